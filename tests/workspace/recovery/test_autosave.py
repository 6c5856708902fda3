"""Projects that are saved by themselves."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace import open as open_project
from datalab_workspace.errors import NotAProjectError

A = np.arange(6.0)


@pytest.fixture
def workspace():
    workspace = Workspace()
    workspace.add("a", A)
    return workspace


@pytest.fixture
def saved(workspace):
    """An event that is set by each save."""
    event = threading.Event()
    workspace.on_change(lambda change: change.kind == "saved" and event.set())
    return event


def test_a_change_is_saved(workspace, saved, tmp_path):
    with workspace.autosave(tmp_path / "project.h5", every=0.05):
        assert saved.wait(30)
        saved.clear()
        workspace.add("b", A)
        assert saved.wait(30)
    assert open_project(tmp_path / "project.h5").list() == ["a", "b"]


def test_nothing_is_saved_if_nothing_has_changed(workspace, saved, tmp_path):
    path = workspace.save(tmp_path / "project.h5")
    saved.clear()
    saving = workspace.autosave(every=1000)
    saving._save()
    saving._save()
    assert not saved.is_set()
    assert saving.path == path
    saving.stop()


def test_a_transaction_is_not_cut_in_two(workspace, saved, tmp_path):
    with workspace.autosave(tmp_path / "project.h5", every=0.01):
        with workspace._session.transaction():
            workspace.remove("a")
            assert not saved.wait(0.2)
            workspace.add("a", 2 * A)
        assert saved.wait(30)
    assert open_project(tmp_path / "project.h5").list() == ["a"]


def test_a_failure_is_reported_with_the_next_change(workspace, tmp_path):
    saving = workspace.autosave(tmp_path / "missing" / "project.h5", every=1000)
    with pytest.raises(FileNotFoundError) as failure:
        saving._save()
    saving._error = failure.value
    failed = "autosave failed: .*there is no such folder"
    with pytest.warns(UserWarning, match=failed) as warned:
        workspace.add("b", A)
    assert warned[0].filename == __file__
    workspace.add("c", A)  # reported once
    saving.stop(save=False)


def test_the_last_call_counts(workspace, tmp_path):
    first = workspace.autosave(tmp_path / "first.h5", every=1000)
    second = workspace.autosave(tmp_path / "second.h5", every=1000)
    assert (first.active, second.active) == (False, True)
    second.stop()
    assert not (tmp_path / "first.h5").exists()
    assert (tmp_path / "second.h5").exists()


def test_a_path_and_a_positive_time_are_needed(workspace, tmp_path):
    with pytest.raises(ValueError, match="no file to save to"):
        workspace.autosave()
    with pytest.raises(ValueError, match="every must be a positive number"):
        workspace.autosave(tmp_path / "project.h5", every=0)
    with pytest.raises(ValueError, match="every must be a positive number"):
        workspace.autosave(tmp_path / "project.h5", every=float("inf"))
    with pytest.raises(TypeError, match="expected a number of seconds for every"):
        workspace.autosave(tmp_path / "project.h5", every="1")


def test_a_file_that_a_save_refuses_is_refused_at_once(workspace, tmp_path):
    (tmp_path / "notes").write_text("to do")
    for name in ("notes", "table.csv"):
        with pytest.raises(NotAProjectError, match=r"not (saved|replaced)"):
            workspace.autosave(tmp_path / name)


def test_a_project_needs_h5py_from_the_call_on(workspace, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ModuleNotFoundError, match=r"h5py.* ends in \.npz"):
        workspace.autosave(tmp_path / "project.h5")
    with workspace.autosave(tmp_path / "project.npz") as saving:
        assert saving.active


def test_a_script_that_ends_saves_a_last_time(tmp_path):
    code = (
        "import numpy\nfrom datalab_workspace import Workspace\n"
        "workspace = Workspace()\n"
        "workspace.autosave('project.h5', every=1000)\n"
        "workspace.add('a', numpy.ones(10**6))\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    assert open_project(tmp_path / "project.h5").list() == ["a"]
