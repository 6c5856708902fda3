"""The steps that the recorder of a workspace has noted, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import sigima

import datalab_workspace as dlw
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.history.cells import running_cell
from datalab_workspace.history.steps import Call, Cell, Step, closure

#: The shape of an image that is too large for a glance to see all of it.
LARGE = (512, 512)


def sources() -> dlw.Workspace:
    """Return a workspace with the signals "raw" and "short", and the image "spot"."""
    made = dlw.Workspace(backend=MemoryBackend())
    x = np.linspace(0.0, 1.0, 200)
    made.add("raw", sigima.create_signal("raw", x, np.sin(9 * x)))
    made.add("short", sigima.create_signal("short", x[:80], x[:80]))
    made.add("spot", np.arange(float(np.prod(LARGE))).reshape(LARGE))
    return made


@contextmanager
def cell(number: int) -> Iterator[Cell]:
    """Run code as a cell of a notebook."""
    running = running_cell.begin(number, "some code")
    try:
        yield running
    finally:
        running_cell.end(running)


def latest(workspace: dlw.Workspace, name: str) -> Step:
    """Return the latest step of an object."""
    session = workspace._session
    session.recorder.settle()
    record = session.backend.record(session.names.uuid_of(name))
    return session.recorder.latest(record)


def actions(workspace: dlw.Workspace, name: str) -> list[str]:
    """Return the features and the types of other actions, each after its inputs."""
    return [said(step) for step in closure(latest(workspace, name))]


def said(step: Step) -> str:
    """Return the feature of a step, or the type of its action."""
    action = step.action
    if isinstance(action, Call):
        return action.operation.rpartition(".")[2]
    return type(action).__name__
