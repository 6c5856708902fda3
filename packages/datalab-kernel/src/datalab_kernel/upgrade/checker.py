"""Walk through the code of a notebook, cell by cell, and apply the rules."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from datalab_kernel.deprecated import GONE_NAMES, NEW_HOMES
from datalab_kernel.upgrade import (
    class_rules,
    command_rules,
    import_rules,
    plotter_rules,
    value_rules,
    workspace_rules,
)
from datalab_kernel.upgrade.call import MethodCall
from datalab_kernel.upgrade.cell_code import parse
from datalab_kernel.upgrade.copies import Copies
from datalab_kernel.upgrade.findings import Finding, Level, apply
from datalab_kernel.upgrade.kinds import NOTEBOOK, Kind, Names
from datalab_kernel.upgrade.source import Source

_RULES = {
    Kind.WORKSPACE: workspace_rules.RULES,
    Kind.PLOTTER: plotter_rules.RULES,
}


class Checker(ast.NodeVisitor):
    """The check of one notebook, whose cells share their names."""

    def __init__(self) -> None:
        self._names = Names()
        self._source = Source("", parse(""))
        self._found: list[Finding] = []
        self._statements: dict[ast.Call, ast.Expr] = {}
        self._targets: dict[ast.Call, int] = {}
        self._copies = Copies()
        self._tried = 0
        self._string: ast.JoinedStr | None = None

    def notebook(self, sources: Iterable[str]) -> list[list[Finding]]:
        """Return the findings of each cell, in the order of its lines.

        A note is given once in a notebook.
        """
        cells = [self._cell(source) for source in sources]
        self._copies.report()
        noted: set[str] = set()
        for found in cells:
            found.sort(key=lambda finding: finding.line)
            for finding in [f for f in found if f.level is Level.NOTE]:
                if finding.message in noted:
                    found.remove(finding)
                noted.add(finding.message)
        return cells

    def _cell(self, source: str) -> list[Finding]:
        code = parse(source)
        self._source = Source(source, code)
        self._found = [
            finding
            for command in code.commands
            for finding in command_rules.check(command)
        ]
        if code.tree is None:
            message = (
                f"The cell is not checked, because it is not Python: {code.error}."
            )
            self._found.append(Finding(Level.NOTE, 1, message))
        else:
            try:
                self.visit(code.tree)
            except RecursionError:
                message = "The cell is nested too deeply to be checked."
                self._found.append(Finding(Level.NOTE, 1, message))
        self._found[:] = _parsable(source, self._found)
        return self._found

    def _report(self, *found: Finding) -> None:
        for finding in found:
            if self._string is not None:  # see `Source.is_in_string`
                line = self._source.line(self._string)
                finding = replace(finding, line=line, edits=())
            self._found.append(finding)

    # -- statements ------------------------------------------------------------------

    def visit_Expr(self, node: ast.Expr) -> None:
        """Note a call that is a statement."""
        if isinstance(node.value, ast.Call):
            self._statements[node.value] = node
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        """Give names their meanings, and check the results of calls."""
        for target in node.targets:
            if isinstance(target, ast.Tuple | ast.List) and isinstance(
                node.value, ast.Call
            ):
                self._targets[node.value] = len(target.elts)
        self.visit(node.value)
        if len(node.targets) == 1 and isinstance(node.targets[0], ast.Subscript):
            self._check_item(node.targets[0], node.value)
        for target in node.targets:
            self._bind(target, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Give a name its meaning."""
        if node.value is not None:
            self.visit(node.value)
            self._bind(node.target, node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """Check the change of an object."""
        line = self._source.line(node)
        self._copies.changed(node.target, line, self._names, self._found)
        self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        """Give a name its meaning."""
        self.visit(node.value)
        self._bind(node.target, node.value)

    def _bind(self, target: ast.expr, value: ast.expr) -> None:
        kind = self._names.kind(value)
        meaning = self._names.qualified(value) if kind is None else kind
        line = self._source.line(target)
        self._copies.changed(target, line, self._names, self._found)
        self.visit(target)
        if isinstance(target, ast.Name):
            self._names.bind(target.id, meaning)

    def visit_Name(self, node: ast.Name) -> None:
        """Forget the meaning of a name that gets a value."""
        if not isinstance(node.ctx, ast.Load):
            self._names.bind(node.id, None)

    def visit_Import(self, node: ast.Import) -> None:
        """Check an import."""
        self._report(*import_rules.statement(node, self._source))
        for alias in node.names:
            self._names.imported(alias.name, alias.asname)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Check an import."""
        self._report(*import_rules.statement(node, self._source))
        for alias in node.names:
            module = "." * node.level + (node.module or "")
            self._names.imported(alias.name, alias.asname, module)

    def visit_Try(self, node: ast.Try) -> None:
        """Note what is tried."""
        self._tried += 1
        for statement in node.body:
            self.visit(statement)
        self._tried -= 1
        for rest in (*node.handlers, *node.orelse, *node.finalbody):
            self.visit(rest)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        """Forget the meaning of the name of the exception."""
        if node.name is not None:
            self._names.bind(node.name, None)
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Check a function, whose parameters have their own meanings."""
        for outside in (*node.decorator_list, node.args):
            self.visit(outside)
        self._names.bind(node.name, None)
        with self._inside(self._names.inner(node)):
            for statement in node.body:
                self.visit(statement)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        """Check a function that is awaited."""
        self.visit_FunctionDef(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Check a function, whose parameters have their own meanings."""
        self.visit(node.args)
        with self._inside(self._names.inner(node)):
            self.visit(node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Check a class."""
        self._names.bind(node.name, None)
        with self._inside(Names(self._names.known)):
            self.generic_visit(node)

    @contextmanager
    def _inside(self, names: Names) -> Iterator[None]:
        outer, self._names = self._names, names
        try:
            yield
        finally:
            self._names = outer

    # -- expressions -----------------------------------------------------------------

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Check the expressions of an f-string."""
        outer = self._string
        self._string = outer or node
        self._source.is_in_string = True
        self.generic_visit(node)
        self._string = outer
        self._source.is_in_string = outer is not None

    def visit_Call(self, node: ast.Call) -> None:
        """Check a call of a method, function or class."""
        if isinstance(node.func, ast.Attribute):
            self._check_method(node, node.func)
        self._check_function(node)
        self.generic_visit(node)

    def _check_method(self, node: ast.Call, method: ast.Attribute) -> None:
        kind = self._names.kind(method.value)
        if kind is Kind.WORKSPACE and method.attr in ("add", "update"):
            for argument in (*node.args, *(k.value for k in node.keywords)):
                self._copies.added(argument)
        if kind is Kind.STATUS:
            self._report(*value_rules.status_method(node, self._source))
        rule = _RULES[kind].get(method.attr) if kind in _RULES else None
        if rule is not None:
            call = MethodCall(
                node,
                method,
                self._source,
                self._statements.get(node),
                bool(self._tried),
                self._targets.get(node, 0),
            )
            self._report(*rule(call))

    def _check_function(self, node: ast.Call) -> None:
        full = self._names.qualified(node.func) or ""
        if full.startswith("sigima."):
            for argument in node.args:
                if self._names.kind(argument) is Kind.ADDED:
                    workspace = self._workspace()
                    self._report(
                        value_rules.added_object(argument, self._source, workspace)
                    )
        elif isinstance(node.func, ast.Name) and node.func.id == "dict":
            for argument in node.args:
                if self._names.kind(argument) is Kind.STATUS:
                    self._report(
                        value_rules.status_as_dict(node, argument, self._source)
                    )
        self._report(*class_rules.check(node, full, self._source))

    def _workspace(self) -> str | None:
        return "workspace" if self._names.is_of_notebook("workspace") else None

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Check an attribute of a result or module."""
        kind = self._names.kind(node.value)
        if kind is Kind.ADDED:
            workspace = self._workspace()
            self._report(*value_rules.added_attribute(node, self._source, workspace))
        elif kind is Kind.PLOT:
            self._report(*value_rules.plot_attribute(node, self._source))
        elif kind in (Kind.WORKSPACE, Kind.PLOTTER):
            self._report(*value_rules.private(node, self._source))
        if kind is Kind.PLOTTER:
            self._report(*value_rules.plotter_attribute(node, self._source))
        self._check_module(node)
        self.generic_visit(node)

    def _check_module(self, node: ast.Attribute) -> None:
        module = self._names.qualified(node.value)
        if module is None or module.partition(".")[0] != "datalab_kernel":
            return
        finding = import_rules.name(self._source.line(node), module, node.attr)
        if finding is None or self._is_method(module, node):
            return
        if module == "datalab_kernel" and self._names.is_of_notebook(node.attr):
            finding = replace(finding, edits=self._source.replace(node, node.attr))
        self._report(finding)

    def _is_method(self, module: str, node: ast.Attribute) -> bool:
        """Return True for `datalab_kernel.workspace.get`, which names no module."""
        names = {**NEW_HOMES.get(module, {}), **GONE_NAMES.get(module, {})}
        is_object = (
            isinstance(node.value, ast.Attribute) and node.value.attr in NOTEBOOK
        )
        return is_object and node.attr not in names

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """Check a key of the status."""
        if self._names.kind(node.value) is Kind.STATUS:
            self._report(*value_rules.status_item(node, self._source))
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """Check a test for a key of the status."""
        is_in = len(node.ops) == 1 and isinstance(node.ops[0], ast.In | ast.NotIn)
        if is_in and self._names.kind(node.comparators[0]) is Kind.STATUS:
            self._report(*value_rules.status_key(node, self._source))
        self.generic_visit(node)

    def visit_For(self, node: ast.For | ast.AsyncFor | ast.comprehension) -> None:
        """Check a loop over the status."""
        if self._names.kind(node.iter) is Kind.STATUS:
            self._report(value_rules.status_as_dict(node.iter, node.iter, self._source))
        self.generic_visit(node)

    def visit_AsyncFor(self, node: ast.AsyncFor) -> None:
        """Check a loop over the status."""
        self.visit_For(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        """Check a comprehension over the status."""
        self.visit_For(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """Check the name of an environment variable."""
        if node.value == command_rules.PLOTTER_VARIABLE:
            line = self._source.line(node)
            self._report(Finding(Level.OLD, line, command_rules.NO_EFFECT))

    def _check_item(self, target: ast.Subscript, value: ast.expr) -> None:
        """Check `workspace[name] = obj` and `os.environ[variable] = value`."""
        if self._names.kind(target.value) is Kind.WORKSPACE:
            self._copies.added(value)
        variable = (
            target.slice.value if isinstance(target.slice, ast.Constant) else None
        )
        if variable != command_rules.MODE_VARIABLE:
            return
        mode = value.value if isinstance(value, ast.Constant) else None
        if isinstance(mode, str) and mode != mode.lower():
            new = f'"{mode.lower()}"'
            edits = self._source.replace(value, new)
            line = self._source.line(value)
            self._report(
                Finding(Level.GONE, line, command_rules.LOWER_CASE, new, edits)
            )


def _parsable(source: str, found: list[Finding]) -> list[Finding]:
    """Return findings, without their changes if these would make no valid code."""
    edits = [edit for finding in found for edit in finding.edits]
    if not edits or parse(apply(source, edits)).tree is not None:
        return found
    return [replace(finding, edits=()) for finding in found]
