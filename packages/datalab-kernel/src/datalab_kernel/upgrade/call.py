"""A call of a method, as the rules look at it."""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass

from datalab_kernel.upgrade.findings import Edit, Finding, Level
from datalab_kernel.upgrade.source import Source


@dataclass(frozen=True)
class MethodCall:
    """A call of a method of a workspace or plotter.

    Attributes:
        node: The call.
        method: Its function, the attribute of an object.
        source: The source of the cell.
        statement: The statement, if it is nothing else than the call.
        is_tried: True in the body of a `try`.
        targets: The number of names to which the result is unpacked; 0 if it is not.
    """

    node: ast.Call
    method: ast.Attribute
    source: Source
    statement: ast.Expr | None
    is_tried: bool
    targets: int

    @property
    def receiver(self) -> str:
        """The code of the object whose method it is."""
        return self.source.code(self.method.value)

    @property
    def positional(self) -> list[ast.expr]:
        """The arguments by position; none if `*` makes their number unknown."""
        args = self.node.args
        return [] if any(isinstance(a, ast.Starred) for a in args) else args

    def keyword(self, name: str) -> ast.keyword | None:
        """Return the argument with a name, or None."""
        return next((k for k in self.node.keywords if k.arg == name), None)

    def has_any(self, names: Collection[str]) -> bool:
        """Return True if one of the arguments has one of these names."""
        return any(keyword.arg in names for keyword in self.node.keywords)

    def argument(self, position: int, name: str) -> ast.expr | None:
        """Return an argument that is given by position or by name, or None."""
        if position < len(self.positional):
            return self.positional[position]
        keyword = self.keyword(name)
        return None if keyword is None else keyword.value

    def code(self, position: int, name: str, default: str = "name") -> str:
        """Return the code of an argument, or a default if it is not given."""
        argument = self.argument(position, name)
        return default if argument is None else self.source.code(argument)

    def found(
        self,
        level: Level,
        message: str,
        instead: str = "",
        edits: tuple[Edit, ...] = (),
    ) -> Finding:
        """Return a finding at the line of the method's name."""
        line = self.source.line(self.node)
        return Finding(level, line, message, instead, edits)
