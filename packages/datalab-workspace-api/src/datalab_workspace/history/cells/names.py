"""The names that a cell defines, uses and changes, found from its text.

The analysis runs no code, so it cannot be exact. In case of doubt it finds too much: a
cell that passes an array to an unknown function may have changed the array.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from datalab_workspace.history.cells.common_names import (
    FACTORIES,
    MODULES,
    PACKAGES,
    PURE,
    SHOWING,
    WORKSPACE,
)
from datalab_workspace.history.cells.name_scopes import (
    base_of,
    bound_names,
    free_names,
    global_names,
    path_of,
    shared_names,
)
from datalab_workspace.history.cells.text import PYTHON_MAGICS, parsed

#: Stands for names that are not written: those of a star import, or of `exec`.
ANY = "*"
#: The state of the generators of `random` and `np.random`.
RANDOM = "(random numbers)"
#: The arguments of ``%run`` for a script that does not see the names of the notebook.
_OWN_NAMESPACE = re.compile(r"\s*[^-\s]\S*\.py(\s|\Z)")
_Definition: TypeAlias = "ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef"


@dataclass
class CellNames:
    """The names of one cell.

    Attributes:
        defines: The names that are bound whatever the cell does, so that what they
            meant before does not matter afterwards.
        changes: The names whose objects may have been changed, or which may have been
            bound.
        uses: The names that meant something before the cell.
        reads: All names that it uses.
        functions: The names that each of its functions and classes uses, and those that
            it changes, when it is called.
        aliases: Pairs of names that may share data from then on: the one that is bound,
            and another one.
        workspaces: The names that it binds to a workspace.
        resets: Whether it removes all names.
        runs_files: Whether it runs files in a namespace of their own, whose names it
            binds afterwards.
    """

    defines: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    uses: set[str] = field(default_factory=set)
    reads: set[str] = field(default_factory=set)
    functions: dict[str, tuple[set[str], set[str]]] = field(default_factory=dict)
    aliases: set[tuple[str, str]] = field(default_factory=set)
    workspaces: set[str] = field(default_factory=set)
    resets: bool = False
    runs_files: bool = False


def names_of(tree: ast.Module) -> CellNames:
    """Return the names of a cell.

    Example:
        >>> import ast
        >>> from datalab_workspace.history.cells.names import names_of
        >>> names = names_of(ast.parse("b = a + 1; b[0] = 2; c.sort()"))
        >>> sorted(names.uses), sorted(names.defines), sorted(names.changes)
        (['a', 'c'], ['b'], ['b', 'c'])
    """
    reader = _Reader()
    reader.read(tree.body)
    return reader.names


class _Reader(ast.NodeVisitor):
    """Read the statements of a cell in their order."""

    def __init__(self) -> None:
        self.names = CellNames()
        self._unsure = 0  # how many statements around this one may not run

    def read(self, body: Iterable[ast.stmt]) -> None:
        for statement in body:
            self.visit(statement)

    # -- names ------------------------------------------------------------------------

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._use(node.id)
        else:
            self._define(node.id)

    def _use(self, name: str) -> None:
        self.names.reads.add(name)
        if name not in self.names.defines:
            self.names.uses.add(name)

    def _define(self, name: str) -> None:
        if self._unsure:
            self.names.changes.add(name)
        else:
            self.names.defines.add(name)

    def _change(self, node: ast.expr) -> None:
        name = base_of(node)
        if name is not None and name not in SHOWING and name != WORKSPACE:
            self.names.changes.add(name)

    # -- statements -------------------------------------------------------------------

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)
            self._bind(target, node.value)
            if isinstance(target, ast.Name) and self._is_workspace(node.value):
                self.names.workspaces.add(target.id)

    def _bind(self, target: ast.expr, value: ast.expr) -> None:
        """Note which names may share the data of names that are bound."""
        shared = set(shared_names(value))
        for name in bound_names(target):
            self.names.aliases |= {(name, other) for other in shared - {name}}

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.annotation)
        if node.value is not None:
            self.visit(node.value)
            self.visit(node.target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        if isinstance(node.target, ast.Name):
            self._use(node.target.id)
        self._change(node.target)  # a += 1 changes an array in place
        self.visit(node.target)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._part(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self._part(node)
        self.visit(node.slice)
        self._use_object_names([node.slice])

    def _part(self, node: ast.Attribute | ast.Subscript) -> None:
        self.visit(node.value)
        if not isinstance(node.ctx, ast.Load):
            self._change(node)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._define(alias.asname or alias.name.partition(".")[0])

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*":
                self.names.changes.add(ANY)
            else:
                self._define(alias.asname or alias.name)

    def visit_Expr(self, node: ast.Expr) -> None:
        self.visit(node.value)
        value = node.value.value if isinstance(node.value, ast.Await) else node.value
        if not isinstance(value, ast.Call) or base_of(value.func) in SHOWING:
            return
        # A statement that only calls something is written for its side effects.
        if isinstance(value.func, ast.Attribute):
            self._change(value.func.value)
        for argument in [*value.args, *(k.value for k in value.keywords)]:
            if not isinstance(argument, ast.Call):
                self._change(argument)

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self._maybe([*node.body, *node.orelse])

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self._unsure += 1
        self.visit(node.target)
        self._bind(node.target, node.iter)
        self._unsure -= 1
        self._maybe([*node.body, *node.orelse])

    def visit_AsyncFor(self, node: ast.AsyncFor) -> None:
        self.visit_For(node)

    def visit_While(self, node: ast.While) -> None:
        self.visit(node.test)
        self._maybe([*node.body, *node.orelse])

    def visit_Try(self, node: ast.Try) -> None:
        self._unsure += 1
        self.generic_visit(node)
        self._unsure -= 1

    def visit_TryStar(self, node: Any) -> None:  # Python 3.10 has none
        self.visit_Try(node)

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        self._unsure += 1
        for case in node.cases:
            self.visit(case)
        self._unsure -= 1

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        if node.name is not None:
            self._define(node.name)
        self.generic_visit(node)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        if node.name is not None:
            self._define(node.name)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name is not None:
            self._define(node.name)
        self.generic_visit(node)

    def _maybe(self, body: Iterable[ast.stmt]) -> None:
        self._unsure += 1
        self.read(body)
        self._unsure -= 1

    # -- calls ------------------------------------------------------------------------

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        path = path_of(node.func)
        if path in (["exec"], ["eval"]):
            self.names.changes.add(ANY)
            self.names.uses.add(ANY)
        self._call_magic(node, path)
        if "random" in path[:-1] or path[:1] == ["random"]:
            self.names.uses.add(RANDOM)
            if path[-1] not in ("default_rng", "RandomState", "Random"):
                self.names.changes.add(RANDOM)
        elif isinstance(node.func, ast.Attribute) and node.func.attr not in PURE:
            # rng.normal() changes the generator. A module changes by statements only.
            if isinstance(node.func.value, ast.Name) and path[0] not in MODULES:
                self._change(node.func.value)
        elif path == ["next"] and node.args:
            self._change(node.args[0])
        for keyword in node.keywords:
            if keyword.arg == "out":
                self._change(keyword.value)
        self._use_object_names(node.args)
        if path[-1:] == ["rename"]:
            self.names.changes.update(map(_object_name, node.args[1:]))

    def _use_object_names(self, nodes: Iterable[ast.expr]) -> None:
        """Note the names of objects, which a cell may have given by `rename`."""
        self.names.uses.update(filter(None, map(_object_name, nodes)))

    def _call_magic(self, node: ast.Call, path: list[str]) -> None:
        """Read the calls by which a shell runs magics and other cells."""
        if path[-1:] not in (["run_line_magic"], ["run_cell_magic"], ["run_cell"]):
            return
        texts = [str(a.value) for a in node.args if isinstance(a, ast.Constant)]
        name = "run_cell" if path[-1] == "run_cell" else texts[0] if texts else ""
        if name == "reset":
            self.names.resets = True
            self.names.changes.add(ANY)
        elif name == "run" and path[-1] == "run_line_magic":
            if len(texts) > 1 and _OWN_NAMESPACE.match(texts[1]):
                self.names.runs_files = True
            else:
                self.names.changes.add(ANY)
        elif name in PYTHON_MAGICS | {"run_cell"} and texts:
            tree = parsed(texts[-1])
            if tree is not None:
                self.read(tree.body)

    def _is_workspace(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Name):
            return node.id == WORKSPACE or node.id in self.names.workspaces
        if not isinstance(node, ast.Call):
            return False
        path = path_of(node.func)
        own = path[0] in PACKAGES if path else False
        return path == ["Workspace"] or (own and path[-1] in FACTORIES)

    # -- scopes -----------------------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for part in [*node.decorator_list, node.args]:
            self._defaults(part)
        self._define_function(node.name, node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.visit_FunctionDef(node)

    def _define_function(self, name: str, node: _Definition) -> None:
        inner = _Reader()
        inner.read(node.body)
        changes = (inner.names.changes - bound_names(node)) | global_names(node)
        self.names.functions[name] = free_names(node) - {name}, changes
        self._define(name)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._defaults(node.args)
        for name in free_names(node):
            self._use(name)

    def _defaults(self, part: ast.AST) -> None:
        if isinstance(part, ast.arguments):
            for default in [*part.defaults, *part.kw_defaults]:
                if default is not None:
                    self.visit(default)
        else:
            self.visit(part)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for part in [*node.decorator_list, *node.bases, *node.keywords]:
            self.visit(part)
        inner = _Reader()
        inner.read(node.body)
        for name in inner.names.uses:
            self._use(name)
        self._define_function(node.name, node)

    def _comprehension(self, node: ast.AST) -> None:
        for name in free_names(node):
            self._use(name)
        for call in ast.walk(node):
            if isinstance(call, ast.NamedExpr):
                self._define(call.target.id)
            if isinstance(call, ast.Call):
                uses = set(self.names.uses)
                self.visit_Call(call)
                inner = bound_names(node)
                self.names.uses = uses | (self.names.uses - inner)
                self.names.changes -= inner

    def visit_ListComp(self, node: ast.ListComp) -> None:
        self._comprehension(node)

    def visit_SetComp(self, node: ast.SetComp) -> None:
        self._comprehension(node)

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._comprehension(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        self._comprehension(node)


def _object_name(node: ast.expr) -> str:
    """Return the string of a node in quotes; "" if it is something else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return repr(node.value)
    return ""
