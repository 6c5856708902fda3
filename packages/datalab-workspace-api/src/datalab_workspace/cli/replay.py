"""Make the objects of a file again, and compare them with those in the file."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from datalab_workspace.history.replay.verdict import Replay, Verdict
from datalab_workspace.result_text import printable
from datalab_workspace.workspace import Workspace

#: The exit codes of the command. A missing file or another error also gives 2.
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
