"""Subscriptions: who is called, in which thread, in which order."""

from __future__ import annotations

import asyncio
import copy
import gc
import logging
import pickle
import queue
import threading

import numpy as np
import pytest

from datalab_workspace import ChangeEvent, Workspace
from datalab_workspace.backends import Capabilities, MemoryBackend
from datalab_workspace.events import Origin
from datalab_workspace.subscriptions import THREAD_NAME

ONES = np.ones(3)


class SharedBackend(MemoryBackend):
    """A backend that other programs change, too."""

    looks = 0

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(shares_views=True, shared=True)

    def refresh(self, max_age: float = 0.0) -> bool:
        self.looks += 1
        return True


@pytest.fixture
def workspace() -> Workspace:
    return Workspace(backend=MemoryBackend())


@pytest.fixture
def shared() -> Workspace:
    workspace = Workspace(backend=SharedBackend())
    workspace.add("a", ONES)
    return workspace


def retitle(workspace: Workspace) -> None:
    uuid = workspace.describe("a").uuid
    workspace.backend.edit(uuid, {"title": "theirs"}, {})


# -- the callback ---------------------------------------------------------------------


def test_a_callback_runs_in_the_thread_that_made_the_change(workspace):
    threads = []
    workspace.on_change(lambda event: threads.append(threading.current_thread()))
    workspace.add("a", ONES)
    other = threading.Thread(target=workspace.add, args=("b", ONES))
    other.start()
    other.join()
    assert threads == [threading.main_thread(), other]


def test_the_lock_is_free_while_a_callback_runs(workspace):
    seen: queue.Queue[list[str]] = queue.Queue()

    def callback(_event: ChangeEvent) -> None:
        reader = threading.Thread(target=lambda: seen.put(workspace.list()))
        reader.start()
        reader.join(30)

    workspace.on_change(callback)
    workspace.add("a", ONES)
    assert seen.get_nowait() == ["a"]


def test_what_a_callback_changes_is_a_later_event(workspace):
    order = []

    def first(event: ChangeEvent) -> None:
        order.append(("first", event.revision))
        if event.names_after == ("a",):
            workspace.add("b", ONES)

    workspace.on_change(first)
    workspace.on_change(lambda event: order.append(("second", event.revision)))
    workspace.add("a", ONES)
    assert order == [("first", 1), ("second", 1), ("first", 2), ("second", 2)]


def test_a_callback_that_raises_is_logged_and_harms_nobody(workspace, caplog):
    seen = []

    def broken(event: ChangeEvent) -> None:
        raise ZeroDivisionError("of the callback")

    workspace.on_change(broken)
    workspace.on_change(seen.append)
    with caplog.at_level(logging.ERROR):
        assert workspace.add("a", ONES) == "a"
    assert len(seen) == 1
    (record,) = caplog.records
    assert "broken" in record.getMessage()
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ZeroDivisionError)


def test_an_interrupted_callback_loses_no_later_event(workspace):
    seen = []

    def interrupted(event: ChangeEvent) -> None:
        if event.revision == 1:
            workspace.add("b", ONES)
            raise KeyboardInterrupt

    workspace.on_change(seen.append)
    workspace.on_change(interrupted)
    with pytest.raises(KeyboardInterrupt):
        workspace.add("a", ONES)
    workspace.add("c", ONES)
    assert [event.names_after for event in seen] == [("a",), ("b",), ("c",)]


@pytest.mark.parametrize("value", [None, "print", 3])
def test_only_a_function_can_be_called(workspace, value):
    with pytest.raises(TypeError, match="expects a function, got"):
        workspace.on_change(value)


def test_a_coroutine_function_is_refused(workspace):
    async def callback(event: ChangeEvent) -> None:
        pass

    with pytest.raises(TypeError, match="'callback' is a coroutine function"):
        workspace.on_change(callback)


def test_a_method_of_an_object_without_weak_references_is_called(workspace):
    class Slotted:
        __slots__ = ("events",)

        def follow(self, event: ChangeEvent) -> None:
            self.events = event.kind

    display = Slotted()
    workspace.on_change(display.follow)
    workspace.add("a", ONES)
    assert display.events == "added"


# -- the handle -----------------------------------------------------------------------


def test_a_handle_ends_the_calls(workspace):
    seen = []
    handle = workspace.on_change(seen.append)
    workspace.add("a", ONES)
    assert handle.active
    handle.cancel()
    handle.cancel()
    assert not handle.active
    workspace.add("b", ONES)
    assert [event.names_after for event in seen] == [("a",)]


def test_a_callback_may_end_its_own_calls(workspace):
    seen = []

    def once(event: ChangeEvent) -> None:
        seen.append(event)
        handle.cancel()

    handle = workspace.on_change(once)
    workspace.add("a", ONES)
    workspace.add("b", ONES)
    assert len(seen) == 1


def test_a_method_does_not_keep_its_object_alive(workspace):
    class Display:
        events = 0

        def follow(self, event: ChangeEvent) -> None:
            Display.events += 1

    display = Display()
    handle = workspace.on_change(display.follow)
    workspace.add("a", ONES)
    assert handle.active
    del display
    gc.collect()
    workspace.add("b", ONES)
    assert Display.events == 1
    assert not handle.active


def test_a_handle_does_not_keep_the_workspace_alive():
    handle = Workspace(backend=MemoryBackend()).on_change(print)
    gc.collect()
    assert not handle.active


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda w: pickle.loads(pickle.dumps(w))]
)
def test_a_copy_has_no_subscribers(workspace, copied):
    seen = []
    workspace.on_change(lambda event: seen.append(event))
    other = copied(workspace)
    other.add("a", ONES)
    assert seen == []


# -- changes that were made elsewhere -------------------------------------------------


def test_in_a_script_they_arrive_on_one_named_thread(shared):
    seen: queue.Queue[tuple[str, ChangeEvent]] = queue.Queue()
    shared.on_change(lambda event: seen.put((threading.current_thread().name, event)))
    retitle(shared)
    shared.list()
    thread, event = seen.get(timeout=30)
    assert thread == THREAD_NAME
    assert (event.origin, event.kind, event.parts) == (
        Origin.DATALAB,
        "renamed",
        frozenset({"title"}),
    )


def test_a_rename_elsewhere_is_an_event_though_the_object_is_changed_here(shared):
    shared.list()
    uuid = shared.describe("a").uuid
    seen: queue.Queue[ChangeEvent] = queue.Queue()
    retitle(shared)
    with shared.on_change(seen.put):
        shared.edit(uuid, xlabel="t")
        events = [seen.get(timeout=30), seen.get(timeout=30)]
    changes = {event.kind: (event.origin, *event.changes[0][1:4]) for event in events}
    assert changes == {
        "renamed": (Origin.DATALAB, uuid, "a", "theirs"),
        "edited": (Origin.NOTEBOOK, uuid, "theirs", "theirs"),
    }


def test_in_a_kernel_they_arrive_on_its_event_loop(shared):
    async def cell() -> tuple[threading.Thread, ChangeEvent]:
        arrived: asyncio.Future[tuple[threading.Thread, ChangeEvent]]
        arrived = asyncio.get_running_loop().create_future()
        shared.on_change(
            lambda event: arrived.set_result((threading.current_thread(), event))
        )
        retitle(shared)
        # Found by another thread, delivered on the loop all the same.
        await asyncio.to_thread(shared.list)
        return await asyncio.wait_for(arrived, 30)

    thread, event = asyncio.run(cell())
    assert thread is threading.main_thread()
    assert event.origin is Origin.DATALAB


def test_when_the_loop_is_closed_they_arrive_on_the_thread(shared):
    seen: queue.Queue[str] = queue.Queue()

    async def cell() -> None:
        shared.on_change(lambda event: seen.put(threading.current_thread().name))

    asyncio.run(cell())
    retitle(shared)
    shared.list()
    assert seen.get(timeout=30) == THREAD_NAME


def test_they_make_the_workspace_modified(shared, tmp_path):
    shared.save(tmp_path / "a.h5")
    assert not shared.modified
    retitle(shared)
    shared.list()
    assert shared.modified
