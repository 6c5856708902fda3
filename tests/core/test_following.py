"""Views of `plotter.explore` that follow changes of their object, without a page."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sigima.objects import create_image, create_signal

from datalab_kernel_core import Plotter
from datalab_kernel_core.explore.view import View
from datalab_workspace import Workspace


@pytest.fixture
def workspace() -> Workspace:
    workspace = Workspace()
    x = np.linspace(0, 10, 101)
    workspace["wave"] = create_signal("wave", x, np.sin(x))
    workspace["spot"] = create_image("spot", np.eye(40), units=("mm", "", ""))
    return workspace


@pytest.fixture
def view(workspace: Workspace) -> View:
    view = Plotter(workspace).explore("spot", edit_roi=True)
    view._repr_png_()
    return view


def about(view: View) -> dict[str, Any]:
    found: dict[str, Any] = view._widget.about
    return found


def value(view: View, x: float, y: float) -> str:
    message = {"ask": "value", "x": x, "y": y, "log": [False, False]}
    text: str = view._reply(message).content["text"]
    return text


def note(view: View) -> str:
    text: str = view._widget.overlay["note"]
    return text


def test_new_data_is_shown(workspace: Workspace, view: View) -> None:
    seen: list[View] = []
    view.on_change(seen.append)
    before = about(view)["version"]

    workspace.add("spot", np.full((30, 20), 7.0), overwrite=True)

    assert about(view)["version"] > before
    assert about(view)["shape"] == (30, 20)
    assert value(view, 3, 29).startswith("x = 3, y = 29, value = 7.0")
    assert seen == [view]
    assert note(view) == ""


def test_new_data_of_a_signal_is_shown(workspace: Workspace) -> None:
    view = Plotter(workspace).explore("wave")
    view._repr_png_()

    workspace.add("wave", (np.arange(5.0), np.full(5, 3.0)), overwrite=True)

    assert about(view)["extents"]["x"] == (0, 4)
    assert value(view, 2.2, 0) == "x = 2.0, y = 3.0  (sample 2)"


def test_labels_are_followed_without_reading_the_data(
    workspace: Workspace, view: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[bool] = []
    record = workspace.record

    def watched(name: str, *, data: bool = True) -> Any:
        read.append(data)
        return record(name, data=data)

    monkeypatch.setattr(workspace, "record", watched)
    workspace.edit("spot", xunit="µm", zscalemin=-1.0, zscalemax=2.0)
    workspace.rename("spot", "beam")

    assert about(view)["xlabel"] == "(µm)"
    assert about(view)["title"] == "beam"
    assert about(view)["limits"] == (-1, 2)
    assert read
    assert not any(read)
    version = about(view)["version"]
    workspace.edit("beam", roi=None)
    assert about(view)["version"] == version


def test_profiles_follow_the_data(workspace: Workspace, view: View) -> None:
    message = {"what": "mark", "shape": "segment", "coords": [0, 5, 39, 5]}
    view._reply({"ask": "edit", "do": "add", **message})
    assert view.selection is not None
    before = view.selection.profile

    changed = workspace["spot"]
    changed.data = np.full((40, 40), 2.0)
    workspace.add("spot", changed, overwrite=True)

    after = view.selection.profile
    assert before is not None
    assert after is not None
    assert before.y.tolist().count(1.0) == 1
    assert after.y.tolist() == [2.0] * 40


def test_another_kind_of_object_is_not_shown(workspace: Workspace, view: View) -> None:
    workspace.add("spot", np.arange(5.0), overwrite=True)

    assert note(view) == "'spot' is a signal now; run the cell again to see it"
    assert about(view)["kind"] == "image"
    assert value(view, 0, 0).startswith("x = 0 mm, y = 0, value = 1.0")


def test_data_that_cannot_be_read_leaves_the_old_picture(
    workspace: Workspace, view: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = workspace.record

    def refused(name: str, *, data: bool = True) -> Any:
        if data:
            raise ConnectionError("DataLab does not answer")
        return record(name, data=data)

    with monkeypatch.context() as context:
        context.setattr(workspace, "record", refused)
        workspace.add("spot", np.full((30, 20), 7.0), overwrite=True)
    assert "cannot be read: DataLab does not answer" in note(view)
    assert about(view)["shape"] == (40, 40)

    workspace.add("spot", np.full((30, 20), 8.0), overwrite=True)
    assert note(view) == ""
    assert about(view)["shape"] == (30, 20)


def test_a_removal_that_is_undone(workspace: Workspace, view: View) -> None:
    workspace.remove("spot")
    assert "'spot' is no longer in the workspace" in note(view)
    workspace.undo()
    assert note(view) == ""
    workspace.add("spot", np.full((30, 20), 8.0), overwrite=True)
    assert about(view)["shape"] == (30, 20)


def test_a_view_that_is_shown_later_has_the_new_picture(workspace: Workspace) -> None:
    view = Plotter(workspace).explore("spot")
    same = Plotter(workspace).explore("spot")
    picture = same._repr_png_()
    workspace.add("spot", np.full((30, 20), 7.0), overwrite=True)

    assert len(view._repr_png_()) != len(picture)
    assert about(view)["shape"] == (30, 20)
    assert same._repr_png_() == picture  # the notebook has it already


def test_a_closed_view_follows_nothing(workspace: Workspace, view: View) -> None:
    view.close()
    workspace.add("spot", np.full((30, 20), 7.0), overwrite=True)

    assert value(view, 0, 0).startswith("x = 0 mm, y = 0, value = 1.0")


def test_drawing_is_offered_only_where_it_can_be_switched_on(
    workspace: Workspace,
) -> None:
    plain = Plotter(workspace).explore("spot")
    plain._repr_png_()
    assert not plain._widget.overlay["offers"]
    with pytest.raises(ValueError, match="edit_roi=True"):
        plain._reply({"ask": "draw", "draws": True})
