"""Threads that share a workspace: each call is carried out as a whole."""

from __future__ import annotations

import copy
import pickle
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace.backends.memory import MemoryBackend


@pytest.fixture
def impatient() -> Iterator[None]:
    """Threads that take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


class Adding(MemoryBackend):
    """Lets another thread run, while it adds an object, for as long as that can."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        super().__init__()
        self._meanwhile = meanwhile

    def add(self, record, *, group=None) -> None:
        self._meanwhile()
        super().add(record, group=group)


def test_a_name_is_given_once_whoever_asks_at_the_same_time():
    other_began, other_done = Event(), Event()

    def meanwhile() -> None:
        # Without a lock the other would be done; with one it can only wait.
        other_began.wait(10)
        other_done.wait(0.05)

    workspace = Workspace(backend=Adding(meanwhile))

    def add_other() -> str:
        other_began.set()
        try:
            return workspace.add("same", np.ones(3))
        finally:
            other_done.set()

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(workspace.add, "same", np.zeros(3))
        second = threads.submit(add_other)
        outcomes = [first.exception(10), second.exception(10)]

    assert [type(error) for error in outcomes].count(type(None)) == 1
    assert workspace.list() == ["same"]
    workspace.remove("same")
    assert len(workspace) == 0


@pytest.mark.usefixtures("impatient")
def test_what_is_there_can_be_listed_while_objects_come_and_go():
    workspace = Workspace()
    together = Barrier(2)

    def come_and_go() -> None:
        together.wait(10)
        for number in range(300):
            workspace.add(f"n{number}", np.zeros(2))
            if number % 2:
                workspace.remove(f"n{number - 1}")

    def look() -> None:
        together.wait(10)
        for _ in range(300):
            workspace.list()
            workspace.describe()
            workspace.groups()

    with ThreadPoolExecutor(2) as threads:
        for task in [threads.submit(come_and_go), threads.submit(look)]:
            task.result(60)

    assert len(workspace) == 150


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda workspace: pickle.loads(pickle.dumps(workspace))]
)
def test_a_copy_of_a_workspace_works_by_itself(copied):
    workspace = Workspace()
    workspace.add("a", np.zeros(2))

    other = copied(workspace)
    other.add("b", np.ones(2))

    assert (workspace.list(), other.list()) == (["a"], ["a", "b"])
