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

from datalab_kernel_core.feature_arguments import (
    attribute_arguments,
    calc_arguments,
    feature_names,
)
from datalab_kernel_core.lazy import is_unused, target_module
from datalab_kernel_core.method_arguments import MethodArgument, method_arguments
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

    def names(
        self, variable: str, *, subscript: bool, of_kind: str | None = None
    ) -> Sequence[str] | None:
        """Return the names of the objects behind a workspace or plotter."""
        if subscript and not _is_a("Workspace", self._lookup(variable)):
            return None
        workspace = self._workspace(variable)
        if workspace is None:
            return None
        if is_unused(workspace):
            return ()  # to list it would create it, and might attach it to a DataLab
        return workspace.list(of_kind)  # type: ignore[arg-type]  # a kind, or None

    def groups(self, variable: str) -> Sequence[str]:
        """Return the titles of the groups behind a workspace or plotter."""
        workspace = self._workspace(variable)
        if workspace is None or is_unused(workspace):
            return ()
        titles = dict.fromkeys(group.title for group in workspace.groups())
        return [title for title in titles if title]

    def arguments(
        self, path: Sequence[str], feature: str | None, *, parameters: bool = True
    ) -> Sequence[MethodArgument] | None:
        """Return the arguments of a method of a workspace or plotter."""
        variable, *rest = path
        held = self._lookup(variable)
        if self.is_feature(path):
            if len(rest) > 1:
                return attribute_arguments(rest[1], parameters=parameters)
            return calc_arguments(feature, parameters=parameters)
        for name, module in CLASSES.items():
            if len(rest) == 1 and _is_a(name, held):
                return method_arguments(module, name).get(rest[0])
        return None

    def is_feature(self, path: Sequence[str]) -> bool:
        """Return whether a path leads to `calc` of a workspace, or to a feature."""
        variable, *rest = path
        is_calc = rest[:1] == ["calc"] and len(rest) <= len(["calc", "feature"])
        return is_calc and _is_a("Workspace", self._lookup(variable))

    def _workspace(self, variable: str) -> Workspace | None:
        """Return the workspace behind a variable; it may be unused."""
        held = self._lookup(variable)
        if _is_a("Plotter", held):
            held = self._current_workspace()
        return held if _is_a("Workspace", held) else None  # type: ignore[return-value]  # _is_a() has checked it

    def attributes(self, path: Sequence[str]) -> Mapping[str, str] | None:
        """Return the public attributes of a workspace, plotter or known module."""
        variable, *rest = path
        held = self._lookup(variable)
        if rest == ["calc"] and _is_a("Workspace", held):
            return dict.fromkeys(feature_names(), "function")
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
