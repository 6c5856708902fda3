"""Changes of objects that `get` returned, which no longer change the workspace."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from datalab_kernel.upgrade.findings import Finding, Level
from datalab_kernel.upgrade.kinds import Kind, Names

_MESSAGE = (
    "get() returns a copy, so this does not change the object in the workspace; in "
    "memory, version 0.2 changed it."
)


@dataclass
class Copies:
    """The changed copies of a notebook, until they are added again.

    Attributes:
        pending: For each name, the findings with the list of findings of their cell.
    """

    pending: dict[str, list[tuple[list[Finding], Finding]]] = field(
        default_factory=dict
    )

    def changed(
        self, target: ast.expr, line: int, names: Names, found: list[Finding]
    ) -> None:
        """Note an assignment to a part of an object."""
        root = target
        while isinstance(root, ast.Attribute | ast.Subscript):
            root = root.value
        if root is target or names.kind(root) is not Kind.FETCHED:
            return
        name = root.id if isinstance(root, ast.Name) else ""
        instead = (
            f"workspace.add(…, {name or 'obj'}, overwrite=True), or workspace.edit"
        )
        finding = Finding(Level.NOTE, line, _MESSAGE, instead)
        self.pending.setdefault(name, []).append((found, finding))

    def added(self, value: ast.expr) -> None:
        """Note that an object was added, so that its changes are in the workspace."""
        if isinstance(value, ast.Name):
            self.pending.pop(value.id, None)

    def report(self) -> None:
        """Add the findings of the copies that were not added again to their cells."""
        for findings in self.pending.values():
            for found, finding in findings:
                found.append(finding)
