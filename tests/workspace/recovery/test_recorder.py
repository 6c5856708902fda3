"""The recorder: when it writes, how much, and when it stops."""

from __future__ import annotations

import gc
import os
import threading
import time
import warnings
import weakref

import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace.backends import MemoryBackend
from datalab_workspace.model.name_book import NameBook
from datalab_workspace.recovery import recorder as recorder_module
from datalab_workspace.recovery import segments, start, store

A = np.arange(6.0).reshape(2, 3)
MIB = 1 << 20


def image(size=MIB, value=0.0):
    return np.full((size // 8 // 64, 64), value)


@pytest.fixture
def workspace():
    return Workspace()


@pytest.fixture
def written(monkeypatch):
    """The names of the objects that are written, in order."""
    names = []
    write = store.Store.write

    def noted(self, snapshots, *arguments, **options):
        names.extend(snapshot.name for snapshot in snapshots)
        write(self, snapshots, *arguments, **options)

    monkeypatch.setattr(store.Store, "write", noted)
    return names


def size_of(recorder):
    return sum(path.stat().st_size for path in recorder.folder.iterdir())


def test_an_object_that_changes_often_is_written_once(workspace, record, written):
    recorder = record(workspace)
    for number in range(100):
        workspace.add("x", np.full(3, float(number)), overwrite=True)
    recorder.flush()
    assert 1 <= written.count("x") <= 3, "once, or once for each flush"


def test_nothing_is_created_for_an_empty_workspace(workspace, record, folder):
    record(workspace).flush()
    assert not folder.exists()


def test_files_are_private(workspace, record, folder):
    if os.name == "nt":
        pytest.skip("Windows has access lists instead of modes")
    recorder = record(workspace)
    workspace.update({"x": A, "large": image()})
    recorder.flush()
    assert {p.stat().st_mode & 0o777 for p in (folder, recorder.folder)} == {0o700}
    assert {p.stat().st_mode & 0o777 for p in recorder.folder.iterdir()} == {0o600}


def test_replaced_and_removed_data_is_deleted(workspace, record):
    recorder = record(workspace)
    for number in range(10):
        workspace.add("large", image(value=number), overwrite=True)
        recorder.flush()
    assert size_of(recorder) < 1.2 * MIB
    workspace.remove("large")
    recorder.flush()
    assert size_of(recorder) < MIB / 10


def test_segments_of_small_objects_are_compacted(workspace, record, monkeypatch):
    monkeypatch.setattr(store, "_SEGMENT", 20_000)
    recorder = record(workspace)
    for number in range(60):
        workspace.add("kept" if not number else "x", np.ones(500), overwrite=True)
        workspace.add("x", np.full(500, float(number)), overwrite=True)
        recorder.flush()
    assert size_of(recorder) < 120_000


def test_an_object_without_room_is_named_once(workspace, record, crash):
    recorder = record(workspace, limit=3 * MIB)
    for name in ("first", "second", "third"):
        workspace.add(name, image())
        recorder.flush()
    (message,) = recorder.messages()
    assert message.startswith("recovery has no room for 'third' (at most ")
    workspace.edit("third", xunit="mm")
    workspace.remove("first")
    crash(recorder)
    assert recorder.messages() == []
    assert size_below(3 * MIB, recorder)


def size_below(limit, recorder):
    folder = next(iter(recorder._parent.iterdir()))
    return sum(path.stat().st_size for path in folder.iterdir()) <= limit


@pytest.mark.parametrize("large", [False, True])
def test_a_full_disk_stops_it_with_one_warning(
    large, workspace, record, folder, monkeypatch
):
    recorder = record(workspace)
    workspace.add("early", A)
    recorder.flush()
    before = size_of(recorder)
    write_all = segments.write_all

    def fails(file, data):
        write_all(file, data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(segments, "write_all", fails)
    workspace.add("late", image() if large else A)
    recorder.flush()
    monkeypatch.undo()
    workspace.add("later", A)
    recorder.flush()

    (message,) = recorder.messages()
    assert message.startswith("recovery stops: ")
    assert "No space left on device" in message
    assert sum(p.stat().st_size for p in folder.glob("*/*")) == before
    recorder.end(keep=True)
    monkeypatch.setenv("DATALAB_KERNEL_RECOVERY", str(folder))
    assert Workspace().recover(1) == ["early"]


def test_nothing_is_written_while_a_call_is_carried_out(workspace, record, written):
    recorder = record(workspace)
    workspace.add("x", A)
    recorder.flush()
    written.clear()
    workspace.add("y", A)
    with workspace._session.transaction():
        workspace.add("z", A)
        thread = threading.Thread(target=recorder.flush)
        thread.start()
        thread.join(2 * recorder_module.DELAY)
        assert "z" not in written
        unfinished = thread.is_alive() or "y" in written
        assert unfinished, "it waits for the end of the call"
    thread.join()
    recorder.flush()
    assert {"y", "z"} <= set(written)


def test_an_object_that_was_removed_is_not_kept_alive(workspace, record):
    recorder = record(workspace)
    workspace.add("x", image())
    recorder.flush()
    held = weakref.ref(workspace._session.backend.record(workspace.describe("x").uuid))
    workspace.clear()
    workspace._session.journal.clear()
    recorder.flush()
    gc.collect()
    assert held() is None


def test_it_ends_with_its_workspace(record, folder):
    workspace = Workspace()
    recorder = record(workspace)
    workspace.add("x", A)
    recorder.flush()
    del workspace
    gc.collect()
    recorder._thread.join(10)
    assert not recorder._thread.is_alive()
    assert list(folder.iterdir()) == []


def test_a_clean_end_removes_the_folder(workspace, folder):
    recorder = start.start(workspace)
    workspace.add("x", A)
    recorder.flush()
    assert start.start(workspace) is recorder
    start.end()
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_leaves_everything_to_its_parent(workspace, folder):
    recorder = start.start(workspace)
    workspace.add("x", A)
    recorder.flush()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()  # newer Pythons warn of threads
    if not child:
        workspace.add("of the child", A)
        start.end()  # as `atexit` would call it
        os._exit(0)
    os.waitpid(child, 0)
    workspace.add("y", A)
    recorder.flush()
    recorder.end(keep=True)
    start._recorders.clear()
    assert Workspace().recover(1) == ["x", "y"]


def test_a_change_takes_no_time_for_writing(workspace, record, monkeypatch):
    """The call only notes the change, however long the disk takes."""
    slow = threading.Event()
    append = segments.Segment.append

    def waits(self, parts):
        slow.wait(5)
        return append(self, parts)

    monkeypatch.setattr(segments.Segment, "append", waits)
    recorder = record(workspace)
    workspace.add("x", A)
    time.sleep(0)  # the recorder's thread may begin
    workspace.add("y", A)
    assert recorder.folder is None or not slow.is_set()
    slow.set()
    recorder.flush()
    assert "y" in repr(recorder._store.state.groups)


class Elsewhere(MemoryBackend):
    """A backend whose objects outlive this process, as those in DataLab do."""

    @property
    def location(self):
        return "DataLab"


def move(workspace, backend, kind):
    """Do what `connect` and `disconnect` do, without a DataLab."""
    session = workspace._session
    with session.transaction() as transaction:
        names = NameBook()
        backend.extend(session.backend.content())
        names.sync(backend.entries())
        session.switch(backend, names)
        transaction.kind = kind


def test_objects_in_datalab_are_not_recorded(workspace, record, crash, folder):
    recorder = record(workspace)
    workspace.add("x", A)
    recorder.flush()
    move(workspace, Elsewhere(), "attached")
    workspace.add("y", A)
    recorder.flush()
    assert list(folder.iterdir()) == []

    move(workspace, MemoryBackend(), "detached")
    workspace.add("z", A)
    crash(recorder)
    assert Workspace().recover(1) == ["x", "y", "z"]
