"""Stand-ins for packages that are not built for the Pyodide of the tests.

sigima imports them at once, but most of it needs nothing of them. A name of a stand-in
can be imported and handed over, and raises as soon as it is used.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NoReturn

PACKAGES = ("h5py", "pywt", "skimage")
#: Asked for while sigima is imported: not one of them is ever a number of a result.
WHILE_IMPORTING = {"skimage.__version__": "0", "pywt.wavelist": lambda: ["db1"]}


class NotBuiltError(RuntimeError):
    """The use of a package for which there is only a stand-in."""


class Missing:
    """A function or class of a missing package."""

    def __init__(self, name: str) -> None:
        self.__name__ = self.__qualname__ = self._name = name

    def _used(self, *_: Any, **__: Any) -> NoReturn:
        raise NotBuiltError(f"{self._name} was used, and is not built for this Pyodide")

    def __getattr__(self, name: str) -> Missing:
        # Python and its libraries look up such names on anything that they are given.
        if name.startswith("__"):
            raise AttributeError(name)
        return Missing(f"{self._name}.{name}")

    def __or__(self, other: object) -> Missing:
        return self  # an alias of types, for annotations

    __ror__ = __or__
    __call__ = __iter__ = __bool__ = __len__ = __getitem__ = __contains__ = _used
    __enter__ = __instancecheck__ = __subclasscheck__ = __mro_entries__ = _used
    __array__ = __float__ = __int__ = __index__ = __str__ = __format__ = _used


class _StandIn(ModuleType):
    """A module of a missing package."""

    __path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        full = f"{self.__name__}.{name}"
        if full in WHILE_IMPORTING:
            return WHILE_IMPORTING[full]
        if name.startswith("__"):
            raise AttributeError(name)
        return Missing(full)


class _Finder:
    """Find the modules of the missing packages, and load stand-ins for them."""

    def find_spec(self, name: str, *_: Any) -> ModuleSpec | None:
        package = name.partition(".")[0]
        return ModuleSpec(name, self, is_package=True) if package in PACKAGES else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """A stand-in has nothing to run."""


def install() -> None:
    """Stand in for the missing packages from now on."""
    sys.meta_path.insert(0, _Finder())
