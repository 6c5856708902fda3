"""Histories made by hand, for tests of what shows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from datalab_workspace import Workspace
from datalab_workspace.history.resolution import resolve
from datalab_workspace.history.steps import (
    Action,
    Call,
    Cell,
    Code,
    Edit,
    Environment,
    FileRead,
    RecordHistory,
    Reference,
    Step,
    Stored,
    Unknown,
    closure,
)
from datalab_workspace.history.storage.written import Written
from datalab_workspace.history.view.builder import Present, build
from datalab_workspace.history.view.history import History
from datalab_workspace.model.record import ROI_KEY, Record

HERE = Environment({"sigima": "1.3.0", "numpy": "2.4.6", "python": "3.11.2"})
FIRST = Cell(2, "import numpy as np\nraw = np.arange(3.0)\nworkspace.add('raw', raw)")
LATER = Cell(6, "n.y = np.clip(n.y, 0.0)", (FIRST,))


def call(name: str, *inputs: Step, cell: Cell | None = None, **parameters: Any) -> Step:
    """Return the step of a feature for signals."""
    action = Call(f"sigima.signal.{name}", 1, parameters)
    return Step(action, inputs, cell, HERE)


def stored(step: Step, name: str, crc: int | None = None) -> Step:
    """Let a step be that of an object with a name, whose UUID is "uuid of NAME"."""
    print_of = None if crc is None else (crc, "<f8", (2, 3))
    step.stored = Stored(f"uuid of {name}", name, None, print_of)
    return step


def given(name: str, action: Action | None = None) -> Step:
    """Return the first step of an object that a cell has made."""
    return stored(Step(action or Code(FIRST), cell=FIRST), name)


def history_of(
    latest: Step,
    *,
    name: str = "final",
    find: Callable[[Reference], Step | None] = lambda _: None,
    present: Callable[[Step], Present | None] = lambda _: None,
) -> History:
    """Return the history that ends in a step."""
    return build(name, resolve(latest, find), present)


def chain() -> Step:
    """Return the latest step of a history that has a step of each kind."""
    raw = given("raw")
    wave = given("wave", FileRead("wave.csv", "read", size=100, checksum=5))
    smooth = stored(call("moving_average", raw, cell=FIRST, n=7, mode="reflect"), "sm")
    difference = Step(
        Call("sigima.signal.difference", 1, {}, aligned=True),
        (smooth, wave),
        None,
        HERE,
    )
    clipped = Step(Code(LATER), (difference,), LATER, HERE)
    edited = Step(Edit({"xlabel": "Time"}, {"single_rois": [{}]}, True), (clipped,))
    return stored(call("power", edited, cell=LATER, power=2.0), "final")


def unknown(reason: str = "it was in DataLab already", folded: int = 0) -> Step:
    """Return a step about which nothing is known."""
    return Step(Unknown(reason, folded))


def give(workspace: Workspace, name: str, step: Step) -> Step:
    """Let an object of a workspace in memory have a history that ends in a step."""
    record = held(workspace, name)
    step.stored = Stored(record.uuid, name, record.version)
    roi = record.metadata.get(ROI_KEY)
    record.history = RecordHistory(step, record.fields, roi)
    return step


def held(workspace: Workspace, name: str) -> Record:
    """Return the record of a workspace itself, not a copy."""
    session = workspace._session
    return session.backend.record(workspace.describe(name).uuid)


def actions(workspace: Workspace, name: str) -> list[Action]:
    """Return the actions of the history of an object, each one after its inputs."""
    history = held(workspace, name).history
    if isinstance(history, Written):
        history = history.history()
    return [] if history is None else [s.action for s in closure(history.step)]
