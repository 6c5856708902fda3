"""Take back what DataLab did for a notebook, at a window that shows all dialogs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sigima.objects import create_signal

import datalab_workspace as dlw
from support.real_datalab.application import Application

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

X = np.linspace(0, 10, 50)


def dialogs(datalab: Application) -> list[str]:
    """Return the dialogs that were shown, without DataLab's progress bars."""
    return [box for box in datalab.boxes() if not box.startswith("QProgressDialog")]


@pytest.fixture
def workspace(attended_companion_datalab: Application) -> dlw.Workspace:
    """A workspace at that window, with two signals."""
    companion = attended_companion_datalab.companion
    workspace = dlw.connect(companion.url, companion.token)
    names = ("first", "second")
    workspace.update({name: create_signal(name, X, np.sin(X)) for name in names})
    attended_companion_datalab.forget_boxes()
    return workspace


def test_a_computation_of_datalab_is_undone(
    workspace: dlw.Workspace, attended_companion_datalab: Application
) -> None:
    done = workspace.calc("exp", on=["first", "second"], where="datalab")
    assert workspace.list() == ["first", "second", *done]
    workspace.undo()
    assert workspace.list() == ["first", "second"]
    assert dialogs(attended_companion_datalab) == []


def test_files_that_datalab_has_read_are_removed(
    workspace: dlw.Workspace, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.png"
    np.savetxt(good, np.column_stack([X, X]))
    bad.write_text("nothing")
    workspace.read(good, where="datalab", group="files")
    workspace.undo()
    assert workspace.list() == ["first", "second"]
    with pytest.raises(dlw.DataLabError, match=r"bad\.png"):
        workspace.read([bad, good], where="datalab")
    assert len(workspace) == 3
    workspace.undo()
    assert workspace.list() == ["first", "second"]


@pytest.mark.parametrize("where", ["kernel", "datalab"])
def test_results_of_removed_objects_stay_as_they_are(
    workspace: dlw.Workspace, attended_companion_datalab: Application, where: str
) -> None:
    middle = workspace.calc("exp", on="first", where=where)
    last = workspace.calc("moving_average", on=middle, n=5, where=where)
    before = workspace.get(last)
    workspace.remove(middle)
    workspace.remove("first")
    np.testing.assert_array_equal(workspace.get(last).y, before.y)
    workspace.undo()
    workspace.undo()
    assert set(workspace) == {"first", "second", middle, last}
    assert dialogs(attended_companion_datalab) == []


@pytest.mark.parametrize("call", ["undo", "wait_for_selection"])
def test_a_call_that_fails_hides_no_change_of_the_window(
    workspace: dlw.Workspace, attended_companion_datalab: Application, call: str
) -> None:
    workspace.add("third", X)
    uuid = list(attended_companion_datalab.act("titles", "signal"))[2]
    attended_companion_datalab.act("rename", "signal", uuid, "renamed")
    options = {"timeout": 0.05} if call == "wait_for_selection" else {}
    errors = (dlw.ConcurrentChangeError, TimeoutError)
    with pytest.raises(
        errors, match=r"'renamed' has changed|no object has been selected"
    ):
        getattr(workspace, call)(**options)
    assert workspace.list() == ["first", "second", "renamed"]
