"""Change a module as soon as it has been imported, whoever imports it and when."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec


class ImportHook:
    """Calls a function with each of some modules, at once or after its import.

    Args:
        names: Full names of the modules.
        action: The function.
    """

    def __init__(
        self, names: Collection[str], action: Callable[[ModuleType], None]
    ) -> None:
        self.names = names
        self.action = action

    def install(self) -> None:
        """Act on the modules that are imported, and on the others once they are."""
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)
        for name in self.names:
            if name in sys.modules:
                self.action(sys.modules[name])

    def uninstall(self) -> None:
        """Act on no module any more."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Find one of the modules as the finders after this one do."""
        if fullname not in self.names:
            return None
        for finder in sys.meta_path[sys.meta_path.index(self) + 1 :]:
            if not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _ActingLoader(spec.loader, self.action)  # type: ignore[assignment]
                return spec
        return None


class _ActingLoader:
    def __init__(self, loader: Loader, action: Callable[[ModuleType], None]) -> None:
        self.loader = loader
        self.action = action

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        # Before any of its code runs the module has its own loader back, which
        # inspect, importlib.resources and pickles look at.
        module.__loader__ = self.loader
        if module.__spec__ is not None:
            module.__spec__.loader = self.loader
        self.loader.exec_module(module)
        self.action(module)
