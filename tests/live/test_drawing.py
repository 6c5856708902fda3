"""What is drawn on `plotter.explore` is in the real DataLab, which edits it, too."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from sigima.objects import create_image_roi

from datalab_kernel_core import Plotter
from datalab_kernel_core.explore.view import View
from datalab_workspace import Workspace
from support.racing import by_companion
from support.real_datalab.application import CALL, Application

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

_EDITOR = "QApplication.activeModalWidget()"
DRAWN: list[dict[str, Any]] = [
    {"shape": "rectangle", "coords": [1.25, 2, 3, 4]},
    {"shape": "circle", "coords": [4, 4, 1.5], "outside": True, "title": "ring"},
    {"shape": "polygon", "coords": [0, 0, 5.5, 1, 2, 6]},
    {"what": "mark", "shape": "segment", "coords": [0, 1, 6, 5], "title": "profile"},
    {"what": "mark", "shape": "point", "coords": [3, 2]},
]


@pytest.fixture
def workspace(attended_companion_datalab: Application) -> Iterator[Workspace]:
    companion = attended_companion_datalab.companion
    workspace = by_companion({"url": companion.url, "token": companion.token})
    workspace.add("spot", np.eye(8))
    yield workspace
    workspace.disconnect()


def draw(view: View, **shape: Any) -> None:
    """Request a change, as the page does."""
    view._reply({"ask": "edit", "do": "add", "what": "region", **shape})


def in_window(datalab: Application, uuid: str, what: str) -> Any:
    """Evaluate an attribute of an image as DataLab has it."""
    return datalab.evaluate(f"main.imagepanel.objmodel[{uuid!r}].{what}")


def test_what_is_drawn_is_in_datalab_at_once(
    attended_companion_datalab: Application, workspace: Workspace
) -> None:
    datalab, uuid = attended_companion_datalab, workspace.describe("spot").uuid
    view = Plotter(workspace).explore("spot", edit_roi=True)
    view._repr_png_()

    for shape in DRAWN:
        draw(view, **shape)

    rois = datalab.evaluate(
        f"[[type(one).__name__, one.coords.tolist(), one.inverse, one.title] "
        f"for one in main.imagepanel.objmodel[{uuid!r}].roi]"
    )
    assert rois == [
        ["RectangularROI", [1.25, 2, 3, 4], False, ""],
        ["CircularROI", [4, 4, 1.5], True, "ring"],
        ["PolygonalROI", [0, 0, 5.5, 1, 2, 6], False, ""],
    ]
    marks = datalab.evaluate(
        "[[one.kind.value, one.title] for one in "
        f"main.imagepanel.objmodel[{uuid!r}].get_graphical_annotations()]"
    )
    assert marks == [["segment", "profile"], ["point", ""]]

    # DataLab's own editor opens and keeps them. It has no inverse regions.
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(workspace.ask_roi, "spot", timeout=CALL)
        datalab.wait_until(lambda: bool(datalab.act("dialogs")), CALL)
        datalab.evaluate(
            f"[setattr({_EDITOR}, 'modified', True), {_EDITOR}.accept()][1:]"
        )
        accepted = asked.result()
    for one, (kind, coords, _, title) in zip(accepted, rois, strict=True):
        assert type(one).__name__ == kind
        assert one.coords == pytest.approx(coords, abs=0.051)  # it rounds to tenths
        assert not title or one.title == title


def test_the_view_follows_the_user_of_datalab_and_undo_restores(
    attended_companion_datalab: Application, workspace: Workspace
) -> None:
    datalab, uuid = attended_companion_datalab, workspace.describe("spot").uuid
    view = Plotter(workspace).explore("spot", edit_roi=True)
    view._repr_png_()
    draw(view, **DRAWN[1])
    view._reply({"ask": "undo"})
    assert in_window(datalab, uuid, "roi is None")

    draw(view, **DRAWN[0])
    workspace.edit("spot", roi=create_image_roi("circle", [2, 2, 1]))
    assert in_window(datalab, uuid, "roi[0].coords.tolist()") == [2, 2, 1]
    assert [type(one).__name__ for one in view.roi or ()] == ["CircularROI"]

    companion = datalab.companion
    other = by_companion({"url": companion.url, "token": companion.token})
    other.add("spot", np.full((4, 6), 3.0), overwrite=True)
    other.disconnect()
    datalab.wait_until(lambda: view._widget.about["shape"] == (4, 6), CALL)
    asked = {"ask": "value", "x": 5.5, "y": 3.5, "log": [False, False]}
    assert "value = 3.0" in view._reply(asked).content["text"]
