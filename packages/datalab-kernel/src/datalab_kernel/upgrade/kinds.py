"""The meanings of the names and expressions of a notebook, as far as they are known."""

from __future__ import annotations

import ast
from enum import Enum

from datalab_kernel.deprecated import NEW_HOMES


class Kind(Enum):
    """An object of version 0.2 that an expression returns."""

    WORKSPACE = "a workspace"
    PLOTTER = "a plotter"
    STATUS = "the result of workspace.status()"
    PLOT = "the result of plotter.plot()"
    ADDED = "the result of workspace.add()"
    CALCULATED = "the result of workspace.calc()"
    FETCHED = "the result of workspace.get()"


#: What the methods of version 0.2 return.
_RETURNED = {
    (Kind.WORKSPACE, "status"): Kind.STATUS,
    (Kind.WORKSPACE, "add"): Kind.ADDED,
    (Kind.WORKSPACE, "calc"): Kind.CALCULATED,
    (Kind.WORKSPACE, "get"): Kind.FETCHED,
    (Kind.PLOTTER, "plot"): Kind.PLOT,
    (Kind.PLOTTER, "set_backend"): Kind.PLOTTER,
}
#: What the classes and functions of modules return, now and in version 0.2.
_MADE = {
    **dict.fromkeys(
        [f"{module}.Workspace" for module in NEW_HOMES]
        + ["datalab_workspace.Workspace", "datalab_workspace.connect"],
        Kind.WORKSPACE,
    ),
    **dict.fromkeys(
        [f"{module}.Plotter" for module in NEW_HOMES] + ["datalab_kernel_core.Plotter"],
        Kind.PLOTTER,
    ),
}
#: The names of `Kind` that a notebook has from the start.
NOTEBOOK = {"workspace": Kind.WORKSPACE, "plotter": Kind.PLOTTER}
_PACKAGES = ("datalab_kernel", "datalab_workspace", "datalab_kernel_core", "sigima")


class Names:
    """The meanings of names at one place in a notebook.

    A name means a `Kind`, or the full name of a module, class or function of DataLab's
    packages, or something that does not matter here.
    """

    def __init__(self, known: dict[str, Kind | str] | None = None) -> None:
        self.known: dict[str, Kind | str] = dict(NOTEBOOK if known is None else known)

    def inner(
        self, function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    ) -> Names:
        """Return the names in a function.

        Its parameters `workspace` and `plotter` mean these, as all others of its
        parameters mean something that is not known.
        """
        names = Names(self.known)
        arguments = function.args
        parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        parameters += [p for p in (arguments.vararg, arguments.kwarg) if p is not None]
        for parameter in parameters:
            meaning: Kind | str | None = NOTEBOOK.get(parameter.arg)
            if parameter.annotation is not None:
                meaning = self._made_by(parameter.annotation) or meaning
            names.bind(parameter.arg, meaning)
        return names

    def bind(self, name: str, meaning: Kind | str | None) -> None:
        """Give a name a meaning; None if it is not known."""
        self.known.pop(name, None)
        if meaning is not None:
            self.known[name] = meaning

    def is_of_notebook(self, name: str) -> bool:
        """Return True if a name is `workspace` or `plotter`, and still means this."""
        return name in NOTEBOOK and self.known.get(name) is NOTEBOOK[name]

    def kind(self, node: ast.expr) -> Kind | None:
        """Return the kind of the value of an expression, or None."""
        if isinstance(node, ast.Name):
            meaning = self.known.get(node.id)
            return meaning if isinstance(meaning, Kind) else None
        if isinstance(node, ast.NamedExpr | ast.Await):
            return self.kind(node.value)
        if isinstance(node, ast.Attribute):
            return NOTEBOOK.get(node.attr) if self._is_package(node.value) else None
        if isinstance(node, ast.Call):
            return self._returned(node)
        return None

    def qualified(self, node: ast.expr) -> str | None:
        """Return the full name of a module, class or function of DataLab's packages."""
        if isinstance(node, ast.Name):
            meaning = self.known.get(node.id)
            return meaning if isinstance(meaning, str) else None
        if isinstance(node, ast.Attribute):
            owner = self.qualified(node.value)
            return None if owner is None else f"{owner}.{node.attr}"
        return None

    def imported(self, name: str, alias: str | None, module: str | None = None) -> None:
        """Note an import: `import name as alias`, or `from module import name`."""
        full = name if module is None else f"{module}.{name}"
        if full.partition(".")[0] not in _PACKAGES:
            self.bind(alias or name.partition(".")[0], None)
        elif module == "datalab_kernel" and name in NOTEBOOK:
            self.bind(alias or name, NOTEBOOK[name])
        elif module is None and alias is None:
            self.bind(name.partition(".")[0], name.partition(".")[0])
        else:
            self.bind(alias or name, full)

    def _returned(self, call: ast.Call) -> Kind | None:
        made = self._made_by(call.func)
        if made is not None or not isinstance(call.func, ast.Attribute):
            return made
        receiver = self.kind(call.func.value)
        return None if receiver is None else _RETURNED.get((receiver, call.func.attr))

    def _made_by(self, node: ast.expr) -> Kind | None:
        full = self.qualified(node)
        return None if full is None else _MADE.get(full)

    def _is_package(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and self.qualified(node) == "datalab_kernel"
