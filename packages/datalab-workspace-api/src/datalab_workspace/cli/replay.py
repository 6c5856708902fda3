"""Make the objects of a file again, and compare them with those in the file."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from datalab_workspace.cli.output import printable
from datalab_workspace.history.steps import Cell, in_order
from datalab_workspace.history.verdict import Replay, Verdict
from datalab_workspace.workspace import Workspace

#: The exit codes of the command. An error, such as a missing file, is not a verdict.
SAME, DIFFERENT, NOT_REPLAYABLE = 0, 1, 2


def replays(
    workspace: Workspace, names: Sequence[str], *, code: bool = False
) -> list[Replay]:
    """Return the replays of some objects.

    Args:
        workspace: The workspace.
        names: The names; by default all objects that were computed.
        code: Also run the code of cells.
    """
    chosen = names or [name for name in workspace.list() if _is_made(workspace, name)]
    return [workspace.replay(name, code=code) for name in chosen]


def _is_made(workspace: Workspace, name: str) -> bool:
    """Return whether an object was made from others, and not only edited."""
    return any(step.what != "edit" for step in workspace.history(name).steps)


def cells_text(workspace: Workspace, names: Sequence[str]) -> str:
    """Return the cells that ``--code`` may run, as lines for a terminal.

    Args:
        workspace: The workspace.
        names: See `replays`.
    """
    cells: dict[int, Cell] = {}
    for name in names or workspace.list():
        cells.update({id(cell): cell for cell in workspace.history(name).cells})
    shown = [_cell_text(cell) for cell in in_order(cells.values())]
    return "\n".join(["these cells may run:", *shown]) if shown else ""


def _cell_text(cell: Cell) -> str:
    lines = (cell.text or "(its text was not kept)").splitlines()
    return "\n".join([f"  [{cell.number}]", *(f"    {printable(x)}" for x in lines)])


def text(found: Sequence[Replay]) -> str:
    """Return the replays as lines for a terminal."""
    if not found:
        return "no object was computed from others"
    return "\n".join(printable(str(each)) for each in found)


def as_json(replay: Replay) -> dict[str, Any]:
    """Return a replay as data for JSON."""
    values = {
        each.name: getattr(replay, each.name)
        for each in dataclasses.fields(replay)
        if each.name != "obj"
    }
    values["verdict"] = str(replay.verdict)
    values["versions"] = dict(replay.versions)
    values["results"] = {name: str(found) for name, found in replay.results.items()}
    values["recorded"] = dict(replay.recorded)
    if replay.largest is not None and not math.isfinite(replay.largest):
        values["largest"] = None
    return values


def exit_code(found: Sequence[Replay]) -> int:
    """Return the exit code: the worst verdict of all."""
    verdicts = {each.verdict for each in found}
    if Verdict.DIFFERENT in verdicts:
        return DIFFERENT
    if verdicts & {Verdict.NOT_REPLAYABLE, Verdict.RANDOM}:
        return NOT_REPLAYABLE
    return SAME
