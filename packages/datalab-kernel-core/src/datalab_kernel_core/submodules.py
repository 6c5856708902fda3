"""Make `import sigima` enough to use `sigima.proc.image`.

By itself, `import sigima` does not import the submodules: `sigima` has no attribute
`proc`, and `sigima.proc` has no attribute `image`, until some code imports them. While
the extension is loaded, both packages import a submodule when it is first accessed. The
extension changes nothing else in these packages.
"""

# The defect is reported in docs/upstream/sigima_submodules.md.

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from datalab_kernel_core.imports import ImportHook

PACKAGES = ("sigima", "sigima.proc")


class _Addition:
    """A function that replaces the package's own, `previous`."""

    previous: Any


class SubmoduleFallback(_Addition):
    """A package's `__getattr__` that imports its submodules.

    Args:
        package: The package. If it has a `__getattr__`, that is called first.
    """

    def __init__(self, package: ModuleType) -> None:
        self.name = package.__name__
        self.previous = vars(package).get("__getattr__")

    def __call__(self, attribute: str) -> Any:
        """Return an attribute of the package, or one of its submodules."""
        if self.previous is not None:
            try:
                return self.previous(attribute)
            except AttributeError:
                pass
        submodule = f"{self.name}.{attribute}"
        if not attribute.startswith("_") and find_spec(submodule) is not None:
            return import_module(submodule)
        raise AttributeError(f"module {self.name!r} has no attribute {attribute!r}")


class SubmoduleListing(_Addition):
    """A package's `__dir__` that lists its submodules, for completion.

    Args:
        package: The package. If it has a `__dir__`, the names from there are kept.
    """

    def __init__(self, package: ModuleType) -> None:
        self.package = package
        self.previous = vars(package).get("__dir__")

    def __call__(self) -> list[str]:
        """Return the package's attributes and submodules."""
        from pkgutil import iter_modules

        listed = self.previous() if self.previous else vars(self.package)
        found = (module.name for module in iter_modules(self.package.__path__))
        return sorted({*listed, *found})


_ADDITIONS = {"__getattr__": SubmoduleFallback, "__dir__": SubmoduleListing}


def _extend(package: ModuleType) -> None:
    for name, addition in _ADDITIONS.items():
        if not isinstance(vars(package).get(name), addition):
            setattr(package, name, addition(package))


def _restore(package: ModuleType) -> None:
    for name in _ADDITIONS:
        ours = vars(package).get(name)
        if isinstance(ours, _Addition):
            if ours.previous is None:
                delattr(package, name)
            else:
                setattr(package, name, ours.previous)


_finder = ImportHook(PACKAGES, _extend)


def install() -> None:
    """Extend the packages, at once or after their import."""
    _finder.install()


def uninstall() -> None:
    """Restore the packages; submodules that were imported stay."""
    _finder.uninstall()
    for name in PACKAGES:
        if name in sys.modules:
            _restore(sys.modules[name])
