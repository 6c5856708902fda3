"""Proxies for modules, functions and objects, which are imported at first use.

The kernel must be ready quickly. It therefore imports neither NumPy (0.2 s of CPU) nor
Matplotlib (0.7 s) nor sigima at startup, and does not look for a running DataLab, which
may take 2 s. Instead, the names of a notebook are bound to proxies.

A module or a function replaces its proxy in the namespace at first use. The proxy of an
object stays, so that code which takes a reference early and code which takes one later
have the same object.

No proxy is resolved before a cell runs, because the cell itself may set
``DATALAB_WORKSPACE_URL`` or use the name `workspace` for a variable of its own.
Importlib's lazy loader is not used: it puts unfinished modules into `sys.modules`,
where the imports of other threads find them.
"""

from __future__ import annotations

import operator
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any

from datalab_workspace.runtime import explained, require

OnResolved = Callable[[Any], None]

_own = object.__getattribute__
_own_set = object.__setattr__


class LazyModule(ModuleType):
    """A proxy for a module, which is imported when one of its attributes is used.

    The proxy is never put into `sys.modules`.

    Args:
        target: Full name of the module.
        on_resolved: Called with the module at each use of the proxy.
    """

    def __init__(self, target: str, on_resolved: OnResolved) -> None:
        super().__init__(target)
        _own_set(self, "_target", target)
        _own_set(self, "_on_resolved", on_resolved)

    # With __getattr__ instead, the attributes of ModuleType (__doc__, __dict__,
    # __spec__…) would hide those of the module.
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
    """A proxy for a function, whose module is imported at the first call.

    Reading an attribute of the function imports the module too.

    Args:
        module: Full name of the module.
        name: Name of the function in the module.
        on_resolved: Called with the function at each use of the proxy.
    """

    def __init__(self, module: str, name: str, on_resolved: OnResolved) -> None:
        _own_set(self, "_target", (module, name))
        _own_set(self, "_on_resolved", on_resolved)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        return _function(self)(*args, **kwargs)

    # `inspect` accepts the proxy as a function because of its __class__ and __code__.
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
    package = module.partition(".")[0]
    require(package, "this")
    try:
        return import_module(module)
    except ModuleNotFoundError as error:  # of a package that this one requires
        raise explained(error, package) from None


def _function_of(module: str, name: str) -> Any:
    return getattr(_imported(module), name)


class LazyObject:
    """A proxy for an object, which is made at the first use.

    Every use is forwarded to the object. This includes `__class__`, so that
    `isinstance`, pickle and IPython's displays see its real class. If the object cannot
    be made, the error is raised in the code that uses the proxy, and the next use tries
    again.

    Args:
        make: Makes the object. Only one thread calls it at a time.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        _own_set(self, "_make", make)
        _own_set(self, "_making", threading.RLock())

    def __getattribute__(self, name: str) -> Any:
        return getattr(_object(self), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(_object(self), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(_object(self), name)


def lazy_object(class_name: str, make: Callable[[], Any]) -> Any:
    """Return a proxy for an object, which is made at the first use.

    Args:
        class_name: Name of the object's class. `type()` of the proxy, which cannot be
            forwarded, is a class of this name.
        make: Makes the object.
    """
    return type(class_name, (LazyObject,), {})(make)


def _object(proxy: LazyObject) -> Any:
    attributes = _own(proxy, "__dict__")
    if "_made" not in attributes:
        with attributes["_making"]:
            if "_made" not in attributes:
                attributes["_made"] = attributes["_make"]()
    return attributes["_made"]


def _forward(method: str, operation: Callable[..., Any]) -> None:
    """Forward an operation for which Python looks at the class, not the instance."""

    def forwarded(self: LazyObject, *args: Any) -> Any:
        return operation(_object(self), *args)

    forwarded.__name__ = method
    setattr(LazyObject, method, forwarded)


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
    _forward(_method, _operation)


def is_unused(value: object) -> bool:
    """Return whether `value` is a proxy that has not been used; import nothing."""
    if issubclass(type(value), LazyObject):
        return "_made" not in _own(value, "__dict__")
    return type(value) in (LazyModule, LazyFunction)


def target_module(value: object) -> str | None:
    """Return the name of the module that a `LazyModule` imports, None for others."""
    return _own(value, "_target") if type(value) is LazyModule else None


def stands_for(proxy: object, value: object) -> bool:
    """Return whether `value` is `proxy` or the object behind it; import nothing."""
    if proxy is value:
        return True
    if type(proxy) is LazyModule:
        return sys.modules.get(_own(proxy, "_target")) is value
    if type(proxy) is LazyFunction:
        module, name = _own(proxy, "_target")
        loaded = sys.modules.get(module)
        return loaded is not None and vars(loaded).get(name) is value
    return False
