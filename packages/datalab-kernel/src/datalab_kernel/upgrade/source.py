"""Positions of syntax in the source of a cell, and changes that keep all else."""

from __future__ import annotations

import ast
import re

from datalab_kernel.upgrade.cell_code import CellCode
from datalab_kernel.upgrade.findings import Edit


class Source:
    """The source of a cell with its syntax tree."""

    def __init__(self, source: str, code: CellCode) -> None:
        self.text = source
        #: True within an f-string. Python 3.11 gives no positions there.
        self.is_in_string = False
        self._first_line = code.first_line
        self._lines = code.python.split("\n")
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def line(self, node: ast.expr | ast.stmt | ast.keyword) -> int:
        """Return the number of the line where a node begins, from 1."""
        return node.lineno - self._first_line + 1

    def start(self, node: ast.expr | ast.stmt | ast.keyword) -> int:
        """Return the index of the first character of a node."""
        return self._index(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt | ast.keyword) -> int:
        """Return the index after the last character of a node."""
        if node.end_lineno is None or node.end_col_offset is None:
            raise ValueError("a node that was not parsed has no end")
        return self._index(node.end_lineno, node.end_col_offset)

    def code(self, node: ast.expr | ast.stmt | ast.keyword) -> str:
        """Return the code of a node."""
        if self.is_in_string:
            return ast.unparse(node)
        return self.text[self.start(node) : self.end(node)]

    def _index(self, line: int, column: int) -> int:
        """Return the index of a position, whose column counts bytes of UTF-8."""
        number = min(max(line - self._first_line, 0), len(self._lines) - 1)
        before = self._lines[number].encode("utf-8", "surrogatepass")[:column]
        return self._starts[number] + len(before.decode("utf-8", "surrogatepass"))

    def replace(self, node: ast.expr | ast.stmt, code: str) -> tuple[Edit, ...]:
        """Return the change of a node to other code."""
        return (Edit(self.start(node), self.end(node), code),)

    def rename_attribute(self, node: ast.Attribute, name: str) -> tuple[Edit, ...]:
        """Return the change of `value.attribute` to `value.name`."""
        end = self.end(node)
        start = end - len(node.attr)
        if self.text[start:end] != node.attr:
            return ()
        return (Edit(start, end, name),)

    def rename_keyword(self, keyword: ast.keyword, name: str) -> tuple[Edit, ...]:
        """Return the change of `old=value` to `name=value`."""
        start = self.start(keyword)
        return (Edit(start, start + len(keyword.arg or ""), name),)

    def name_argument(
        self, call: ast.Call, argument: ast.expr, name: str
    ) -> tuple[Edit, ...]:
        """Return the change of `value` to `name=value`; empty after a parenthesis."""
        start = self.start(argument)
        at = call.args.index(argument)
        before = call.args[at - 1] if at else call.func
        between = self.text[self.end(before) : start]
        if not re.fullmatch(r"\s*,\s*" if at else r"\s*\(\s*", between):
            return ()
        return (Edit(start, start, f"{name}="),)

    def remove_name(self, call: ast.Call, keyword: ast.keyword) -> tuple[Edit, ...]:
        """Return the change of `call(name=value)` to `call(value)`."""
        if call.args or call.keywords != [keyword]:
            return ()
        return (Edit(self.start(keyword), self.start(keyword.value), ""),)

    def remove_argument(
        self, call: ast.Call, argument: ast.expr | ast.keyword
    ) -> tuple[Edit, ...]:
        """Return the removal of an argument that follows another one."""
        others: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
        at = others.index(argument)
        if at == 0:
            return ()
        start, end = self.end(others[at - 1]), self.end(argument)
        if not re.fullmatch(r"\s*,\s*", self.text[start : self.start(argument)]):
            return ()
        return (Edit(start, end, ""),)

    def wrap(self, node: ast.expr, function: str) -> tuple[Edit, ...]:
        """Return the change of `value` to `function(value)`."""
        start, end = self.start(node), self.end(node)
        return (Edit(start, start, f"{function}("), Edit(end, end, ")"))

    def remove_statement(self, node: ast.stmt) -> tuple[Edit, ...]:
        """Return the removal of a statement of a cell that has its lines for itself."""
        start, end = self.start(node), self.end(node)
        line_start = self.text.rfind("\n", 0, start) + 1
        line_end = self.text.find("\n", end)
        line_end = len(self.text) if line_end < 0 else line_end + 1
        rest = self.text[end:line_end].strip()
        if not self.text[line_start:start]:
            if not rest:
                return (Edit(line_start, line_end, ""),)
            if rest.startswith("#"):
                return (Edit(start, self.text.index("#", end), ""),)
        return self.replace(node, "pass")
