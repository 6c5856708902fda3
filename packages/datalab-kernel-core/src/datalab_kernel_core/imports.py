"""A hook that changes a module immediately after any code has imported it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec


class ImportHook:
    """A hook that calls a function with modules as soon as they are imported.

    Args:
        names: Full names of the modules.
        action: The function, which is called with each module.
    """

    def __init__(
        self, names: Collection[str], action: Callable[[ModuleType], None]
    ) -> None:
        self.names = names
        self.action = action

    def install(self) -> None:
        """Call the action now for imported modules, and later for the others."""
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)
        for name in self.names:
            if name in sys.modules:
                self.action(sys.modules[name])

    def uninstall(self) -> None:
        """Stop calling the action."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return the spec of the finders that follow, with a loader that acts."""
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
        # The module gets its own loader back before its code runs, because inspect,
        # importlib.resources and pickle use it.
        module.__loader__ = self.loader
        if module.__spec__ is not None:
            module.__spec__.loader = self.loader
        self.loader.exec_module(module)
        self.action(module)
