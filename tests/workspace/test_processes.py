"""Copies of a workspace, in this process and in others."""

from __future__ import annotations

import copy
import multiprocessing
import os
import pickle
import sys
import warnings

import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace import open as open_project
from datalab_workspace.backends import Backend
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.errors import StaleFileError
from support.project_files import drop_manifest

PIXELS = np.arange(600, dtype="u2").reshape(20, 30)


def through_pickle(value):
    return pickle.loads(pickle.dumps(value))


@pytest.fixture
def path(tmp_path):
    """A project of a signal, an image, and objects that need a sidecar."""
    workspace = Workspace()
    workspace.add("signal", np.linspace(0, 1, 1000))
    workspace.add("image", PIXELS)
    workspace.add("wide", PIXELS.astype("u8"))
    workspace.edit("wide", metadata={"when": (1, None)})
    return workspace.save(tmp_path / "project.h5")


@pytest.fixture(params=["manifest", "without"])
def opened(path, request):
    """A workspace of unread objects, of a file with and without a manifest."""
    if request.param == "without":
        drop_manifest(path)
    return open_project(path)


def check(workspace):
    assert workspace.list() == ["signal", "image", "wide"]
    np.testing.assert_array_equal(workspace.record("image").array("data"), PIXELS)
    wide = workspace.record("wide")
    assert (wide.dtype, wide.metadata["when"]) == (np.uint64, (1, None))
    np.testing.assert_array_equal(wide.arrays["data"][3:5, ::2], PIXELS[3:5, ::2])


# -- by reference ---------------------------------------------------------------------


@pytest.mark.parametrize("copied", [through_pickle, copy.deepcopy, copy.copy])
def test_a_copy_of_unread_objects_is_complete_and_independent(opened, copied):
    other = copied(opened)
    other.add("more", np.zeros(3))
    other.edit("image", xlabel="there")
    other.remove("more")
    check(other)
    opened.edit("signal", xlabel="here")
    check(opened)
    assert opened.record("image").fields["xlabel"] == ""
    assert other.record("signal").fields["xlabel"] == ""


@pytest.mark.parametrize("copied", [through_pickle, copy.deepcopy, copy.copy])
def test_a_copy_of_read_objects_is_independent(copied):
    workspace = Workspace()
    workspace.add("image", PIXELS)
    workspace.edit("image", metadata={"tags": ["a"]})
    other = copied(workspace)
    other.edit("image", metadata={"tags": ["b"], "own": 1})
    workspace.rename("image", "renamed")
    workspace.add("new", PIXELS, group="another")
    assert (workspace.list(), other.list()) == (["renamed", "new"], ["image"])
    assert workspace.record("renamed").metadata == {"tags": ["a"]}
    assert other.record("image").metadata == {"tags": ["b"], "own": 1}
    workspace.undo()
    assert workspace.list() == ["renamed"]


def test_an_object_of_a_copy_is_read_after_the_first_workspace_saved(path):
    workspace = open_project(path)
    other = copy.copy(workspace)
    workspace.remove("signal")
    workspace.add("image", PIXELS + 1, overwrite=True)
    workspace.save()
    np.testing.assert_array_equal(other.record("wide").array("data"), PIXELS)


def test_a_pickle_of_unread_objects_is_small(tmp_path):
    workspace = Workspace()
    for number in range(300):
        workspace.add(f"signal {number}", np.full(1000, number))
    path = workspace.save(tmp_path / "project.h5")
    workspace = open_project(path)
    assert len(pickle.dumps(workspace)) < 300 * 1000
    groups = workspace._session.backend._all()
    items = [item for group in groups for item in group.items.values()]
    assert max(len(pickle.dumps(item)) for item in items) <= 1000
    records = [workspace.record(name) for name in workspace.list()]
    assert len(pickle.dumps(workspace)) < 300 * 1000
    # They have been looked at, so that their histories are there, too.
    assert max(len(pickle.dumps(record)) for record in records) <= 2000


def test_objects_pickled_one_by_one_read_the_manifest_once(path, monkeypatch):
    from datalab_workspace.formats.h5 import index_source, integrity

    def items():
        groups = open_project(path)._session.backend._all()
        return [item for group in groups for item in group.items.values()]

    pickles = [pickle.dumps(item) for item in items()]
    index_source._sources.clear()
    read = []
    monkeypatch.setattr(
        integrity,
        "read_manifest",
        lambda *args, make=integrity.read_manifest, **options: (
            read.append(1) or make(*args, **options)
        ),
    )
    pending = [pickle.loads(one) for one in pickles]
    assert [item.resolve().title for item in pending] == ["signal", "image", "wide"]
    assert len(read) == 1


@pytest.mark.parametrize("change", ["changed", "removed"])
def test_a_pickle_of_objects_whose_file_changed_is_stale(path, change):
    from datalab_workspace.formats.h5 import index_source

    pickled = pickle.dumps(open_project(path))
    index_source._sources.clear()
    if change == "removed":
        path.unlink()
    else:
        other = Workspace()
        other.add("other", np.zeros(3))
        other.save(path)
    workspace = pickle.loads(pickled)
    assert workspace.list() == ["signal", "image", "wide"]
    with pytest.raises(StaleFileError, match=f"was {change}.*load the file again"):
        workspace.record("image")


def test_a_copy_is_of_one_moment_whatever_other_threads_do():
    from concurrent.futures import ThreadPoolExecutor

    workspace = Workspace()
    stop = []

    def come_and_go():
        number = 0
        while not stop:
            number += 1
            workspace.add("one", np.zeros(2))
            workspace.add("other", np.zeros(2))
            workspace.clear()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(1) as threads:
            done = threads.submit(come_and_go)
            for copied in (through_pickle, copy.copy) * 50:
                other = copied(workspace)
                assert other.list() in ([], ["one"], ["one", "other"])
                assert len(other.describe()) == len(other)
            stop.append(True)
            done.result(30)
    finally:
        stop.append(True)
        sys.setswitchinterval(interval)


def test_what_is_elsewhere_cannot_be_copied():
    class Elsewhere(MemoryBackend):
        location = "http://127.0.0.1:1234"
        independent_copy = Backend.independent_copy

    workspace = Workspace(backend=Elsewhere())
    with pytest.raises(TypeError, match=r"http://127.0.0.1:1234; save\(\) them"):
        copy.copy(workspace)


# -- other processes ------------------------------------------------------------------


def total(workspace):
    """Work for another process: returns what it finds, and a workspace."""
    check(workspace)
    workspace.add("sum", np.full(3, workspace.record("image").arrays["data"].sum()))
    return workspace, int(workspace.record("sum").arrays["xydata"][1, 0])


def _check_total(returned):
    workspace, found = returned
    assert found == PIXELS.sum()
    assert workspace.list() == ["signal", "sum", "image", "wide"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_process_reads_unread_objects(opened):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads of other tests
        with multiprocessing.get_context("fork").Pool(1) as pool:
            _check_total(pool.apply(total, (opened,)))


def test_a_new_process_reads_unread_objects(path):
    from concurrent.futures import ProcessPoolExecutor

    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        _check_total(pool.submit(total, open_project(path)).result(60))


def test_a_process_of_loky_reads_unread_objects(path):
    loky = pytest.importorskip("loky", reason="not installed here")
    with loky.ProcessPoolExecutor(1) as pool:
        task = pool.submit(lambda workspace: total(workspace), open_project(path))
        _check_total(task.result(60))
