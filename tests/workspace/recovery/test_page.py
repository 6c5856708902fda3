"""The recorder and the autosave of a browser's kernel, on the disk of this machine."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace.history.cells import running_cell
from datalab_workspace.recovery import autosave_calls
from datalab_workspace.recovery.folder import left_folders
from datalab_workspace.recovery.in_browser import offer
from datalab_workspace.recovery.in_browser.autosave import PageAutosave
from datalab_workspace.recovery.in_browser.store import PageStore
from datalab_workspace.recovery.lock import FileLock

A = np.arange(6.0)


@pytest.fixture
def workspace():
    return Workspace()


@pytest.fixture
def saving(workspace, folder):
    """The autosave of a workspace whose cells are reported."""
    saving = PageAutosave(workspace._session, None, 60.0)
    yield saving
    saving.stop()


@pytest.fixture
def run(saving):
    """`run(call)`: do something in a cell."""

    def run(call):
        cell = running_cell.begin(1, "")
        call()
        running_cell.end(cell)

    return run


@pytest.fixture
def dead(saving):
    """`dead()`: what can be recovered when the page has ended."""

    def dead():
        saving._recorder.end(keep=True)
        found = Workspace().recover()
        return [item.names for item in found]

    return dead


def segments(saving):
    return sorted(saving._recorder.folder.glob("*.segment"))


def test_changes_are_written_at_the_end_of_a_cell(workspace, saving, run, dead):
    run(lambda: (workspace.add("a", A), saving._recorder.folder is None or 1 / 0))
    assert dead() == [("a",)]


@pytest.mark.usefixtures("saving")
def test_a_change_outside_of_cells_is_written_at_once(workspace, dead):
    workspace.add("a", A)
    assert dead() == [("a",)]


def test_names_groups_and_removals_come_back(workspace, saving, run, folder):
    run(lambda: workspace.update({"a": A, "b": A, "c": A}, group="g"))
    run(lambda: workspace.rename("b", "d"))
    run(lambda: workspace.remove("a"))
    saving._recorder.end(keep=True)
    again = Workspace()
    assert again.recover(1) == ["d", "c"]
    assert [(i.name, i.group) for i in again.describe()] == [("d", "g"), ("c", "g")]


def test_a_large_object_is_written_once(workspace, saving, run):
    run(lambda: workspace.add("large", np.zeros((512, 512))))
    (large,) = segments(saving)
    before = large.stat()
    run(lambda: workspace.rename("large", "renamed"))
    run(lambda: workspace.add("a", A))
    assert large.stat().st_mtime_ns == before.st_mtime_ns
    assert sum(path.stat().st_size for path in segments(saving)) < 1.1 * before.st_size


def test_many_cells_leave_few_files(workspace, saving, run, dead):
    for number in range(100):
        run(lambda number=number: workspace.add(f"s{number}", A))
    assert len(segments(saving)) < 40
    assert dead() == [tuple(f"s{number}" for number in range(100))]


def test_an_object_without_room_is_named(workspace, run, dead, monkeypatch):
    monkeypatch.setattr(
        "datalab_workspace.recovery.in_browser.store.free_bytes", lambda: 900
    )
    run(lambda: workspace.add("small", A))
    with pytest.warns(UserWarning, match="no room to keep 'large' in case the page"):
        run(lambda: workspace.add("large", np.zeros(1000)))
    assert dead() == [("small",)]


def test_a_failing_folder_ends_recovery_only(workspace, run, monkeypatch):
    def fail(*_args, **_options):
        raise OSError("the storage is gone")

    monkeypatch.setattr(PageStore, "write", fail)
    with pytest.warns(UserWarning, match="recovery stops: the storage is gone"):
        run(lambda: workspace.add("a", A))
    run(lambda: workspace.add("b", A))
    assert workspace.list() == ["a", "b"]


def test_the_kernel_of_another_page_restores_or_removes_them(
    workspace, saving, run, dead, folder, monkeypatch
):
    """Nothing keeps it from that: a browser has no locks."""

    def unlocked(path, **_options):
        return FileLock(os.open(path, os.O_RDONLY))

    run(lambda: workspace.add("a", A))
    with monkeypatch.context() as other:
        other.setattr("datalab_workspace.recovery.folder.acquire", unlocked)
        (left,) = left_folders(folder)
        left.mark_restored()
        run(lambda: workspace.add("b", A))
        (left,) = left_folders(folder)
        assert not left.restored
    shutil.rmtree(left.path)
    run(lambda: workspace.add("c", A))
    assert dead() == [("a", "b", "c")]


def test_a_project_is_saved_as_well(workspace, folder, tmp_path):
    saving = PageAutosave(workspace._session, tmp_path / "p.npz", 1e-9)
    workspace.add("a", A)
    saving._pause = 1000.0
    workspace.add("b", A)
    again = Workspace()
    again.load(tmp_path / "p.npz")
    assert again.list() == ["a"]
    saving.stop()
    assert not workspace.modified


def test_a_file_of_an_earlier_session_is_not_replaced(
    workspace, folder, tmp_path, monkeypatch
):
    other = Workspace()
    other.add("a", A)
    path = other.save(tmp_path / "p.npz")
    monkeypatch.setattr(autosave_calls, "IN_BROWSER", True)
    with pytest.raises(FileExistsError, match="load it first"):
        workspace.autosave(path)
    workspace.load(path)
    workspace.autosave(path).stop()


def test_an_offer_is_made_until_it_is_declined(workspace, folder, monkeypatch):
    monkeypatch.setattr(autosave_calls, "IN_BROWSER", True)
    assert "workspace.autosave()" in offer.offer()
    workspace.autosave(every=None)
    assert offer.offer() is None
