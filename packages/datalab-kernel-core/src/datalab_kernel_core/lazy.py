"""Stand-ins for what is costly to import, until it is first used.

The kernel must be ready before sigima, Matplotlib or even NumPy is imported. A module
or a function is stood in for by a proxy, which is replaced by the real thing where it
was injected as soon as anything of it is asked for. An object goes further: it
*becomes* the real one, so that there is only ever one object, whoever holds it.

Importlib's own lazy loader is not used: it puts unfinished modules where the imports of
other threads find them.
"""

from __future__ import annotations

import operator
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from types import FunctionType, ModuleType, new_class
from typing import Any

from datalab_workspace.runtime import require

OnResolved = Callable[[Any], None]

_own = object.__getattribute__
_own_set = object.__setattr__


class LazyModule(ModuleType):
    """A module that is imported when an attribute of it is asked for.

    It is never put into `sys.modules`.

    Args:
        target: Full name of the module.
        on_resolved: Called with the module, each time it was asked for.
    """

    def __init__(self, target: str, on_resolved: OnResolved) -> None:
        super().__init__(target)
        _own_set(self, "_target", target)
        _own_set(self, "_on_resolved", on_resolved)

    # ModuleType's own attributes (__doc__, __dict__, __spec__…) would hide the real
    # ones from __getattr__.
    def __getattribute__(self, name: str) -> Any:
        if name == "__class__":
            return LazyModule
        if name == "__name__":
            return _own(self, "_target")
        if name == "__reduce_ex__":
            return _own(self, name)
        return getattr(_module(self), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(_module(self), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(_module(self), name)

    def __dir__(self) -> list[str]:
        return dir(_module(self))

    def __repr__(self) -> str:
        return repr(_module(self))

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return import_module, (_own(self, "_target"),)


class LazyFunction:
    """A function whose module is imported when it is called or looked at.

    Args:
        module: Full name of the module.
        name: Name of the function in it.
        on_resolved: Called with the function, each time it was asked for.
    """

    def __init__(self, module: str, name: str, on_resolved: OnResolved) -> None:
        _own_set(self, "_target", (module, name))
        _own_set(self, "_on_resolved", on_resolved)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        return _function(self)(*args, **kwargs)

    # With its __class__, __code__ and so on, `inspect` takes it for the function.
    def __getattribute__(self, name: str) -> Any:
        if name == "__class__":
            return FunctionType
        if name == "__name__":
            return _own(self, "_target")[1]
        if name == "__reduce_ex__":
            return _own(self, name)
        return getattr(_function(self), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(_function(self), name, value)

    def __dir__(self) -> list[str]:
        return dir(_function(self))

    def __repr__(self) -> str:
        return repr(_function(self))

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return _function_of, _own(self, "_target")


def _module(proxy: LazyModule) -> ModuleType:
    module = _imported(_own(proxy, "_target"))
    _own(proxy, "_on_resolved")(module)
    return module


def _function(proxy: LazyFunction) -> Any:
    function = _function_of(*_own(proxy, "_target"))
    _own(proxy, "_on_resolved")(function)
    return function


def _imported(module: str) -> ModuleType:
    require(module.partition(".")[0], "this")
    return import_module(module)


def _function_of(module: str, name: str) -> Any:
    return getattr(_imported(module), name)


def stands_for(proxy: object, value: object) -> bool:
    """Tell whether `value` is a proxy or what it stands for; imports nothing."""
    if proxy is value:
        return True
    if type(proxy) is LazyModule:
        return sys.modules.get(_own(proxy, "_target")) is value
    if type(proxy) is LazyFunction:
        module, name = _own(proxy, "_target")
        loaded = sys.modules.get(module)
        return loaded is not None and vars(loaded).get(name) is value
    return False


def is_stand_in(value: object) -> bool:
    """Tell whether nobody has used `value` yet; imports nothing."""
    return type(value) in (LazyModule, LazyFunction, LazyInstance)


_becoming = threading.RLock()


class _Vessel:
    """Where an instance's attributes are, before and after it becomes real.

    Python lets an object change its class only where both lay out their instances
    alike: a common base sees to that, whatever the real class inherits from.
    """


class LazyInstance(_Vessel):
    """An object that becomes an instance of its class when it is first touched.

    Its identity stays, so that a reference taken before is as good as one taken after.
    Its type is then a subclass, of the same name, that adds nothing. If the class
    cannot be imported or made, the error is raised where the object was touched, and
    the next touch tries again.

    Args:
        load: Returns the class; a plain one, without slots.
        args: Positional arguments to make the instance with.
        made: Called with the instance once it is one.
    """

    def __init__(
        self,
        load: Callable[[], type[Any]],
        *args: Any,
        made: Callable[[Any], None] | None = None,
    ) -> None:
        _own(self, "__dict__")["pending"] = (load, args, made)

    def __getattribute__(self, name: str) -> Any:
        _become(self)
        if name == "__class__":
            # isinstance() took the type before it asks for the class, and believes
            # the answer only if that differs from what the type is by now.
            return type(self).__bases__[-1]
        return getattr(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        _become(self)
        setattr(self, name, value)

    def __delattr__(self, name: str) -> None:
        _become(self)
        delattr(self, name)


def _become(instance: LazyInstance) -> None:
    with _becoming:
        if type(instance) is not LazyInstance:
            return  # another thread was first
        attributes = _own(instance, "__dict__")
        load, args, made = attributes["pending"]
        real = _renamed(load(), _Vessel)
        _own_set(instance, "__class__", _guarded(real))
        try:
            del attributes["pending"]
            real.__init__(instance, *args)
        except BaseException:
            attributes.clear()
            attributes["pending"] = (load, args, made)
            _own_set(instance, "__class__", LazyInstance)
            raise
        _own_set(instance, "__class__", real)
    if made is not None:
        made(instance)


def _guarded(cls: type[Any]) -> type[Any]:
    """Return a subclass of `cls` that lets no other thread see a half-made instance."""
    lookup: Callable[..., Any] = cls.__getattribute__

    def wait(instance: Any, name: str) -> Any:
        with _becoming:
            return lookup(instance, name)

    return _renamed(cls, __getattribute__=wait)


def _renamed(cls: type[Any], *before: type[Any], **attributes: Any) -> type[Any]:
    """Return a subclass of `cls` that looks like it."""
    for name in ("__doc__", "__module__", "__qualname__"):
        attributes[name] = getattr(cls, name)

    def body(namespace: dict[str, Any]) -> None:
        namespace.update(attributes)

    return new_class(cls.__name__, (*before, cls), exec_body=body)


def _delegate(method: str, operation: Callable[..., Any]) -> None:
    """Let `operation` make an instance become real: Python asks the class for it."""

    def delegated(self: LazyInstance, *args: Any) -> Any:
        _become(self)
        return operation(self, *args)

    delegated.__name__ = method
    setattr(LazyInstance, method, delegated)


_OPERATIONS: dict[str, Callable[..., Any]] = {
    "__bool__": bool,
    "__contains__": operator.contains,
    "__delitem__": operator.delitem,
    "__dir__": dir,
    "__format__": format,
    "__getitem__": operator.getitem,
    "__iter__": iter,
    "__len__": len,
    "__repr__": repr,
    "__setitem__": operator.setitem,
    "__str__": str,
}
for _method, _operation in _OPERATIONS.items():
    _delegate(_method, _operation)
