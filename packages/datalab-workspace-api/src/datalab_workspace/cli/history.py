"""The history of objects for a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datalab_workspace.history.view.history import History
from datalab_workspace.result_text import printable


def text(found: Sequence[History], *, cells: bool = False) -> str:
    """Return histories as lines for a terminal.

    Args:
        found: The histories.
        cells: Add the code of their cells.
    """
    if not found:
        return "no objects"
    shown = [repr(history) for history in found]
    if cells:
        shown.append(cells_text(found))
    return "\n\n".join(shown)


def cells_text(found: Sequence[History]) -> str:
    """Return the code of the cells of histories, each cell once."""
    cells = {
        (cell.number, cell.text): cell
        for history in found
        for cell in history.cells
        if cell.text is not None
    }
    ordered = sorted(cells.values(), key=lambda cell: cell.number)
    return "\n\n".join(
        "\n".join([f"[{cell.number}]", *map(_indented, (cell.text or "").splitlines())])
        for cell in ordered
    )


def _indented(line: str) -> str:
    return f"    {printable(line)}".rstrip()


def as_json(history: History) -> dict[str, Any]:
    """Return a history as data for JSON."""
    return {
        "name": history.name,
        "complete": history.complete,
        "gaps": list(history.gaps),
        "origin": history.origin,
        "versions": {name: list(found) for name, found in history.versions.items()},
        "inputs": [
            {
                "name": item.name,
                "origin": item.origin,
                "cell": item.cell,
                "uuid": item.uuid,
                "kind": item.kind,
                "shape": list(item.shape),
            }
            for item in history.inputs
        ],
        "steps": [
            {
                "number": step.number,
                "what": step.what,
                "operation": step.operation,
                "inputs": list(step.inputs),
                "settings": dict(step.settings),
                "remarks": list(step.remarks),
                "cell": step.cell,
                "code": step.code,
                "name": step.name,
                "versions": dict(step.versions),
            }
            for step in history.steps
        ],
        "cells": [{"number": cell.number, "text": cell.text} for cell in history.cells],
    }
