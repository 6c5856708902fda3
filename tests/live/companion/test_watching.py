"""The change events of a notebook while others change the window, and its threads."""

from __future__ import annotations

import queue
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace.events import ChangeEvent, Origin
from support.racing import by_companion
from support.real_datalab.application import Application

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]

#: Longer than anything takes: reaching it means that two threads wait for each other.
_LIMIT = 120.0
_COUNTS = [25, pytest.param(250, marks=pytest.mark.slow)]


@pytest.fixture
def attach(companion_datalab: Application) -> Callable[[], Workspace]:
    """Attach another workspace to the window, as another notebook does."""
    companion = companion_datalab.companion
    return lambda: by_companion({"url": companion.url, "token": companion.token})


class Recorder:
    """What the events of a workspace say about its objects.

    Attributes:
        names: The name of each object by UUID, from the events alone.
        origins: Who has changed each object, by UUID.
        wrong: Events that do not continue the earlier ones.
    """

    def __init__(self) -> None:
        self.names: dict[str, str | None] = {}
        self.origins: dict[str, set[Origin]] = {}
        self.wrong: list[str] = []
        self._revisions = {True: 0, False: 0}
        self._ends: queue.SimpleQueue[None] = queue.SimpleQueue()

    def receive(self, event: ChangeEvent) -> None:
        """Take an event into account."""
        own = event.origin is Origin.NOTEBOOK
        if event.revision <= self._revisions[own]:
            self.wrong.append(f"{event.revision} after {self._revisions[own]}")
        self._revisions[own] = event.revision
        for change in event.changes:
            known = self.names.get(change.uuid)
            if change.before != known:
                self.wrong.append(f"{change} after {known!r}")
            self.names[change.uuid] = change.after
            self.origins.setdefault(change.uuid, set()).add(event.origin)
            if change.after == "the end":
                self._ends.put(None)

    def wait_for_end(self) -> None:
        """Wait until an object "the end" is reported."""
        self._ends.get(timeout=_LIMIT)


class Author:
    """A notebook that adds, renames, edits and removes its objects.

    Args:
        workspace: Its workspace.
        name: The beginning of its names.
    """

    def __init__(self, workspace: Workspace, name: str) -> None:
        self._workspace = workspace
        self._name = name
        self._random = random.Random(name)
        self.mine: list[str] = []
        #: UUIDs of all objects that it has ever had.
        self.all: set[str] = set()

    def work(self, count: int) -> None:
        """Make some calls."""
        for number in range(count):
            self._act(f"{self._name} {number}")

    def _act(self, new: str) -> None:
        act = self._random.choice(["add", "add", "rename", "edit", "remove"])
        if act == "add" or not self.mine:
            self._workspace.add(new, np.arange(3.0))
            self.mine.append(self._workspace.record(new).uuid)
            self.all.add(self.mine[-1])
            return
        uuid = self._random.choice(self.mine)
        if act == "rename":
            self._workspace.rename(uuid, new)
        elif act == "edit":
            self._workspace.edit(uuid, metadata={"new": new})
        else:
            self._workspace.remove(uuid)
            self.mine.remove(uuid)


def use_window(datalab: Application, count: int) -> set[str]:
    """Do what a user does; return the UUIDs of the objects."""
    chance = random.Random(count)
    mine: list[str] = []
    ever: set[str] = set()
    for number in range(count):
        act = chance.choice(["add", "rename", "remove"])
        if act == "add" or not mine:
            mine.append(datalab.act("add", "signal", f"user {number}", [1.0, 2.0]))
            ever.add(mine[-1])
        elif act == "rename":
            uuid = chance.choice(mine)
            datalab.act("rename", "signal", uuid, f"user {number}")
        else:
            uuid = mine.pop(chance.randrange(len(mine)))
            datalab.act("remove", "signal", [uuid])
    return ever


@pytest.mark.parametrize("count", _COUNTS)
def test_each_change_is_reported_once(
    companion_datalab: Application, attach: Callable[[], Workspace], count: int
) -> None:
    """The events alone lead to the present names; each has the right origin."""
    workspace = attach()
    workspace.list()
    recorder = Recorder()
    here, other = Author(workspace, "here"), Author(attach(), "other")
    with workspace.on_change(recorder.receive), ThreadPoolExecutor() as pool:
        works = [pool.submit(author.work, count) for author in (here, other)]
        user = pool.submit(use_window, companion_datalab, count)
        for work in works:
            work.result(_LIMIT * 3)
        users = user.result(_LIMIT * 3)
        companion_datalab.act("add", "signal", "the end", [1.0, 2.0])
        recorder.wait_for_end()
        found = map(workspace.describe, workspace.list())
        present = {described.uuid: described.name for described in found}

    assert recorder.wrong == []
    assert {
        u: name for u, name in recorder.names.items() if name is not None
    } == present
    for uuids, origin in (
        (here.all, Origin.NOTEBOOK),
        (other.all, Origin.OTHER_NOTEBOOK),
        (users, Origin.DATALAB),
    ):
        assert set().union(*(recorder.origins.get(u, set()) for u in uuids)) == {origin}


def test_callbacks_call_the_workspace(attach: Callable[[], Workspace]) -> None:
    """A callback gets what has changed while this thread and another notebook add."""
    workspace, other = attach(), attach()
    workspace.list()
    got: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def get(event: ChangeEvent) -> None:
        for name in event.names_after:
            try:
                got.put((name, workspace.get(name).data.shape))
            except Exception as error:  # noqa: BLE001  what the test is to report
                got.put((name, error))

    def add(target: Workspace, name: str) -> None:
        for number in range(30):
            target.add(f"{name} {number}", np.zeros(number + 2))

    with workspace.on_change(get), ThreadPoolExecutor() as pool:
        adding = [
            pool.submit(add, target, name)
            for target, name in ((workspace, "here"), (other, "there"))
        ]
        for each in adding:
            each.result(_LIMIT)
        received = dict(got.get(timeout=_LIMIT) for _ in range(60))

    assert received == {
        f"{name} {number}": (number + 2,)
        for name in ("here", "there")
        for number in range(30)
    }


def test_threads_share_a_workspace(attach: Callable[[], Workspace]) -> None:
    """Nothing is lost, and no thread gets what another one has asked for."""
    workspace = attach()

    def work(thread: int) -> None:
        for number in range(50):
            name, data = f"{thread}.{number}", np.full(number + 2, float(thread))
            assert workspace.add(name, data) == name
            np.testing.assert_array_equal(workspace.get(name).data, data)
            assert name in workspace.list()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work, thread) for thread in range(4)]:
            done.result(4 * _LIMIT)

    expected = {f"{thread}.{number}" for thread in range(4) for number in range(50)}
    assert {*workspace.list()} == expected == {*attach().list()}
