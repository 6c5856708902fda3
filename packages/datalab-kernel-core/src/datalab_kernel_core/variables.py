"""The variables of a notebook as completion sees them.

To complete a variable must neither import a large package nor attach a workspace to a
DataLab. A name that has not been used yet is therefore completed from source files.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from datalab_kernel_core.lazy import is_unused, target_module
from datalab_kernel_core.public_names import (
    class_names,
    kind_of,
    loaded_class_names,
    module_names,
)

if TYPE_CHECKING:
    from datalab_workspace import Workspace

#: By name of the class: the module that defines it.
CLASSES = {
    "Workspace": "datalab_workspace.workspace",
    "Plotter": "datalab_kernel_core.plotter.plotter",
}


class ShellVariables:
    """The variables of one shell; see `completion.Variables`.

    Args:
        lookup: Returns the value of a variable, or None.
        current_workspace: Returns the workspace in which the plotter looks up names.
        modules: Full names of the modules whose attributes are completed, with their
            submodules.
    """

    def __init__(
        self,
        lookup: Callable[[str], object],
        current_workspace: Callable[[], Workspace],
        modules: Sequence[str],
    ) -> None:
        self._lookup = lookup
        self._current_workspace = current_workspace
        self._modules = tuple(modules)

    def names(self, variable: str, *, subscript: bool) -> Sequence[str] | None:
        """Return the names of the objects behind a workspace or plotter."""
        held = self._lookup(variable)
        if _is_a("Plotter", held) and not subscript:
            held = self._current_workspace()
        if not _is_a("Workspace", held):
            return None
        if is_unused(held):
            return ()  # to list it would create it, and might attach it to a DataLab
        workspace: Workspace = held  # type: ignore[assignment]  # _is_a() has checked it
        return workspace.list()

    def attributes(self, path: Sequence[str]) -> Mapping[str, str] | None:
        """Return the public attributes of a workspace, plotter or known module."""
        variable, *rest = path
        held = self._lookup(variable)
        target = target_module(held)
        # To ask an unused proxy for its class would create the object.
        if target is None and not is_unused(held) and isinstance(held, ModuleType):
            target = held.__name__
        if target is not None:
            return self._of_module(target, rest)
        if rest:
            return None
        for name, module in CLASSES.items():
            if _is_a(name, held):
                return class_names(module, name) if is_unused(held) else _of(held)
        return None

    def _of_module(self, name: str, rest: Sequence[str]) -> Mapping[str, str] | None:
        if name not in self._modules and name.split(".")[0] not in self._modules:
            return None
        for part in rest:
            loaded = vars(sys.modules[name]) if name in sys.modules else {}
            if not isinstance(loaded.get(part, sys), ModuleType):
                return None
            name = f"{name}.{part}"
        if name in sys.modules:
            return _of(sys.modules[name])
        names = module_names(name)
        if names is not None or rest:
            return names
        try:
            return _of(import_module(name))
        except ImportError:
            return None  # the first use of the name raises the error


def _is_a(name: str, value: object) -> bool:
    """Return whether a value is an instance of a class in `CLASSES`; import nothing."""
    if is_unused(value):
        return type(value).__name__ == name
    # There is no instance before the module is imported.
    class_ = getattr(sys.modules.get(CLASSES[name]), name, None)
    return class_ is not None and isinstance(value, class_)


def _of(value: object) -> Mapping[str, str]:
    """Return the public attributes of a module or an object; compute none."""
    if isinstance(value, ModuleType):
        known = {name: kind_of(one) for name, one in vars(value).items()}
        # A package can list submodules that it imports when they are used.
        default = "module" if hasattr(value, "__path__") else "instance"
    else:
        known, default = loaded_class_names(value.__class__), "instance"
    public = (name for name in dir(value) if not name.startswith("_"))
    return {name: known.get(name, default) for name in public}
