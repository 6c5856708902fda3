"""The classes of version 0.2 whose arguments have changed."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from datalab_kernel.upgrade.findings import Finding, Level
from datalab_kernel.upgrade.source import Source


def check(node: ast.Call, full: str, source: Source) -> Iterator[Finding]:
    """Check the arguments of `Workspace` and `Plotter`.

    Args:
        node: The call.
        full: The full name of the called class or function, or an empty string.
        source: The source of the cell.
    """
    package, _, name = full.rpartition(".")
    if name == "Workspace":
        yield from _workspace(node, package, source)
    elif name == "Plotter":
        yield from _plotter(node, source)


def _workspace(node: ast.Call, package: str, source: Source) -> Iterator[Finding]:
    line = source.line(node)
    if node.args:
        backend = source.code(node.args[0])
        yield Finding(
            Level.GONE,
            line,
            "The backend is passed by name now.",
            f"Workspace(backend={backend})",
            source.name_argument(node, node.args[0], "backend"),
        )
    elif not node.keywords and package.startswith("datalab_kernel"):
        yield Finding(
            Level.NOTE,
            line,
            "Workspace() holds its objects in memory; version 0.2 looked for a running "
            "DataLab first.",
            "datalab_workspace.connect(), to work with a running DataLab",
        )


def _plotter(node: ast.Call, source: Source) -> Iterator[Finding]:
    backend: ast.expr | ast.keyword | None = next(
        (keyword for keyword in node.keywords if keyword.arg == "backend"), None
    )
    if len(node.args) > 1:
        backend = node.args[1]
    if backend is not None:
        yield Finding(
            Level.OLD,
            source.line(node),
            "The backend has no effect: Matplotlib draws every picture.",
            f"Plotter({source.code(node.args[0])})" if node.args else "",
            source.remove_argument(node, backend),
        )
