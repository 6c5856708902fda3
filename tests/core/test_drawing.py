"""The kernel's half of drawing on `plotter.explore`, without a page."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sigima.objects import create_image, create_image_roi, create_signal_roi

from datalab_kernel_core import Plotter
from datalab_kernel_core.explore.selected import Selected
from datalab_kernel_core.explore.view import View
from datalab_workspace import Workspace


@pytest.fixture
def workspace() -> Workspace:
    workspace = Workspace()
    workspace.add("wave", (np.linspace(0, 10, 101), np.ones(101)))
    spot = create_image("spot", np.eye(40), units=("mm", "", ""))
    spot.roi = create_image_roi("circle", [20, 10, 5], title="ring", inverse=True)
    workspace["spot"] = spot
    return workspace


def explore(workspace: Workspace, name: str) -> View:
    view = Plotter(workspace).explore(name, edit_roi=True)
    view._repr_png_()
    return view


def shapes(view: View) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = view._overlay.state()["shapes"]
    return found


def ask(view: View, do: str, old: dict[str, Any] | None = None, /, **more: Any) -> Any:
    """Request a change, as the page does."""
    seen = {key: old[key] for key in ("what", "index", "key")} if old else {}
    message = {"what": "region", **seen, "ask": "edit", "do": do, **more}
    return view._reply(message).content


REGIONS = {
    "rectangle": ([3, 4, -2, 5], [1, 4, 2, 5]),
    "circle": ([3.25, 4, 2], [3.25, 4, 2]),
    "polygon": ([0, 0, 4, 0.5, 1, 3], [0, 0, 4, 0.5, 1, 3]),
}


@pytest.mark.parametrize("shape", REGIONS)
def test_a_region_is_drawn_as_sigima_has_it(workspace: Workspace, shape: str) -> None:
    drawn, coords = REGIONS[shape]
    view, events = explore(workspace, "spot"), []
    handle = workspace.on_change(events.append)

    reply = ask(view, "add", shape=shape, coords=drawn, outside=True)

    expected = create_image_roi(shape, coords, inverse=True)  # type: ignore[arg-type]
    assert workspace["spot"].roi[1] == expected[0]
    assert workspace["spot"].roi[0].title == "ring"
    assert [event.parts for event in events] == [{"roi"}]
    assert reply["index"] == 1
    assert view.selection == Selected(shape, "ROI01", tuple(coords), True, 1)
    assert view.roi == workspace["spot"].roi
    handle.cancel()


def test_the_segments_of_a_signal(workspace: Workspace) -> None:
    view = explore(workspace, "wave")
    assert view.roi is None

    ask(view, "add", shape="span", coords=[7.5, 2])
    assert workspace["wave"].roi == create_signal_roi([2, 7.5])
    (segment,) = shapes(view)
    assert (segment["label"], segment["coords"]) == ("ROI00", [2, 7.5])
    ask(view, "change", segment, coords=[2, 8])
    ask(view, "rename", shapes(view)[0], title="top")
    assert workspace["wave"].roi[0].to_dict()["title"] == "top"
    ask(view, "remove", shapes(view)[0])
    assert workspace["wave"].roi is None

    for _ in range(3):
        view._reply({"ask": "undo"})
    assert workspace["wave"].roi == create_signal_roi([2, 7.5])


def test_points_and_lines_are_annotations(workspace: Workspace) -> None:
    view = explore(workspace, "spot")

    ask(view, "add", what="mark", shape="segment", coords=[1, 2, 3, 4])
    ask(view, "add", what="mark", shape="point", coords=[5, 6], title="here")
    line, point = shapes(view)[1:]
    ask(view, "change", line, shape="segment", coords=[1, 2, 9, 9])
    ask(view, "rename", point, title="there")

    found = workspace["spot"].get_graphical_annotations()
    assert [(one.kind.value, one.title) for one in found] == [
        ("segment", ""),
        ("point", "there"),
    ]
    assert (found[0].x1, found[0].y1, found[1].x) == (9, 9, 5)
    assert view.selection == Selected("point", "there", (5, 6))


def test_what_others_have_changed_is_not_overwritten(workspace: Workspace) -> None:
    view = explore(workspace, "spot")
    (seen,) = shapes(view)
    theirs = create_image_roi("circle", [1, 1, 1], title="theirs")
    workspace.edit("spot", roi=theirs)

    ask(view, "change", seen, shape="circle", coords=[30, 30, 2])

    titles = [one.title for one in workspace["spot"].roi]
    assert titles == ["theirs", ""]
    assert "what you have drawn was added" in view._overlay.state()["note"]
    with pytest.raises(ValueError, match="changed or removed elsewhere"):
        ask(view, "remove", seen)


def test_what_is_drawn_on_a_removed_object_is_kept(workspace: Workspace) -> None:
    view = explore(workspace, "spot")
    workspace.remove("spot")

    ask(view, "add", shape="rectangle", coords=[1, 2, 3, 4])

    assert len(view.roi or ()) == 2
    assert "'spot' is no longer in the workspace" in view._overlay.state()["note"]
    workspace.undo()
    assert view._overlay.state()["note"] == ""


def test_a_refused_change_stays_in_the_view(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = explore(workspace, "spot")

    def edit(*_args: Any, **_options: Any) -> None:
        raise ConnectionError("DataLab is gone")

    with monkeypatch.context() as context:
        context.setattr(workspace, "edit", edit)
        with pytest.raises(ConnectionError, match="DataLab is gone"):
            ask(view, "add", shape="circle", coords=[3, 3, 3])
    assert len(view.roi or ()) == 2
    assert len(workspace["spot"].roi) == 1

    ask(view, "add", shape="circle", coords=[4, 4, 4])
    assert len(workspace["spot"].roi) == 3


def test_undo_takes_back_nothing_else(workspace: Workspace) -> None:
    view = explore(workspace, "spot")
    ask(view, "add", shape="circle", coords=[3, 3, 3])
    workspace.rename("wave", "w")

    with pytest.raises(LookupError, match="nothing that was drawn here"):
        view._reply({"ask": "undo"})
    assert "w" in workspace


def test_coordinates_that_are_not_uniform_are_exact(workspace: Workspace) -> None:
    image = create_image("uneven", np.eye(5))
    image.set_coords(xcoords=np.array([0.0, 1, 3, 7, 15]), ycoords=np.arange(5.0))
    image.roi = create_image_roi("rectangle", [0.1, 0.3, 2.6, 2])
    workspace["uneven"] = image
    view = explore(workspace, "uneven")

    (shape,) = shapes(view)
    assert shape["coords"] == pytest.approx([0.1, 0.3, 1.75, 2])
    ask(view, "change", shape, coords=[0.1, 1.3, *shape["coords"][2:]])
    assert workspace["uneven"].roi[0].coords.tolist()[:1] == [0.1]
    assert workspace["uneven"].roi[0].coords == pytest.approx([0.1, 1.3, 2.6, 2])
    ask(view, "add", shape="polygon", coords=[0, 0, 4, 0, 5, 4])
    assert workspace["uneven"].roi[1].coords.tolist() == [0, 0, 15, 0, 23, 4]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"do": "add", "shape": "span", "coords": [1, 2]}, "not of the type"),
        ({"do": "add", "shape": "circle", "coords": [1, 2]}, "3 numbers"),
        ({"do": "add", "shape": "circle", "coords": [1, 2, "nan"]}, "3 numbers"),
        ({"do": "add", "what": "other"}, "expected 'region' or 'mark'"),
        ({"do": "add", "what": "mark", "shape": "circle"}, "'point' or 'segment'"),
    ],
)
def test_a_wrong_request_changes_nothing(
    workspace: Workspace, more: dict[str, Any], reason: str
) -> None:
    view = explore(workspace, "spot")

    with pytest.raises(ValueError, match=reason):
        view._reply({"ask": "edit", "what": "region", **more})
    assert len(workspace["spot"].roi) == 1


def test_without_leave_nothing_is_changed(workspace: Workspace) -> None:
    view = Plotter(workspace).explore("spot")
    assert shapes(view)[0]["label"] == "ring"

    with pytest.raises(ValueError, match="edit_roi=True"):
        ask(view, "remove", shapes(view)[0])


def test_only_objects_of_the_workspace_are_drawn_on(workspace: Workspace) -> None:
    plotter = Plotter(workspace)
    with pytest.raises(ValueError, match="add\\(\\) it to the workspace"):
        plotter.explore(np.eye(3), edit_roi=True)
    with pytest.raises(TypeError, match="edit_roi"):
        plotter.explore("spot", edit_roi=1)  # type: ignore[arg-type]
    assert plotter.explore(workspace["spot"]).roi == workspace["spot"].roi


def test_the_code_is_called_after_each_change(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    view, seen = explore(workspace, "spot"), []

    def fail(_view: View) -> None:
        raise RuntimeError("mine")

    view.on_change(fail)
    handle = view.on_change(lambda one: seen.append(len(one.roi or ())))
    ask(view, "add", shape="circle", coords=[3, 3, 3])
    workspace.edit("spot", roi=None)
    view._reply({"ask": "select"})
    view._reply({"ask": "select"})
    handle.cancel()
    ask(view, "add", shape="circle", coords=[3, 3, 3])

    assert seen == [2, 0, 0]  # the selection has changed, too
    assert "on_change() failed" in caplog.text
    with pytest.raises(TypeError, match="expects a function"):
        view.on_change(5)  # type: ignore[arg-type]
