"""Shapes over pictures: their positions, and those that cannot be drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sigima.objects import create_image, create_image_roi, create_signal

from datalab_kernel_core.plotter.overlays import MAX_SHAPES, NAME_LENGTH, shape_of
from datalab_kernel_core.plotter.style import RESULT_COLOR
from datalab_workspace.model.record import ROI_KEY

GEOMETRIES = {
    "segment": ([10, 10, 30, 20], (20, 15)),
    "rectangle": ([10, 10, 20, 15], (30, 17)),
    "circle": ([20, 20, 8], (28, 20)),
    "ellipse": ([20, 20, 10, 5, np.pi / 2], (20, 30)),
    "polygon": ([10, 10, 30, 10, 20, 30, np.nan, np.nan], (20, 10)),
    "point": ([20, 20], (20.45, 20)),
    "marker": ([20, 20], (20, 20)),
}


def with_results(kind: str, *rows: Any) -> Any:
    obj = create_image("image", np.zeros((40, 40)))
    obj.metadata["Geometry_it_dict"] = {"title": "it", "kind": kind, "coords": rows}
    return obj


@pytest.mark.parametrize("kind", GEOMETRIES)
def test_geometry_results_are_drawn(draw, kind: str) -> None:
    coords, (x, y) = GEOMETRIES[kind]
    measured = with_results(kind, coords)

    shown = draw(measured)

    assert "it" in shown.texts
    assert shown.shows_near(RESULT_COLOR, x, y, tolerance=0.45)
    assert draw(measured, results=False).count(RESULT_COLOR) == 0
    assert draw(measured, results=False).count(RESULT_COLOR) == 0


def test_the_results_of_a_real_analysis_are_drawn(draw) -> None:
    from sigima.proc.signal import fwhm

    x = np.linspace(-10, 10, 501)
    peak = create_signal("peak", x, np.exp(-(x**2) / 8))
    result = fwhm(peak, method="gauss")
    peak.metadata["Geometry_fwhm_dict"] = result.to_dict()

    picture = draw(peak)

    assert picture.shows_near(RESULT_COLOR, 0.5, 0.5)


@pytest.mark.parametrize("axis", ["x", "y"])
def test_a_marker_of_one_coordinate_is_a_line_across(draw, axis: str) -> None:
    coords = (20, np.nan) if axis == "x" else (np.nan, 20)

    picture = draw(with_results("marker", coords))

    crossed = [(20, k) if axis == "x" else (k, 20) for k in range(2, 38)]
    hits = [picture.shows_near(RESULT_COLOR, *place) for place in crossed]
    assert sum(hits) > len(hits) / 2


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        ("circle", [(1, 2)]),
        ("circle", [(1, 2, np.nan)]),
        ("circle", [("a", "b", "c")]),
        ("spiral", [(1, 2, 3)]),
        ("polygon", [(1, 2, np.nan, np.nan)]),
        ("marker", [(np.nan, np.nan)]),
    ],
)
def test_shapes_that_cannot_be_drawn_are_counted_in_a_note(
    draw, kind: str, rows: Any
) -> None:
    picture = draw(with_results(kind, *rows))

    assert "1 of 1 shapes not drawn" in picture.texts


@pytest.mark.parametrize(
    "result", [{}, {"coords": None, "kind": "circle"}, {"coords": "circle"}]
)
def test_a_result_of_another_form_is_reported_not_drawn(draw, result: Any) -> None:
    obj = create_image("image", np.zeros((4, 4)))
    obj.metadata["Geometry_it_dict"] = result

    assert "1 of 1 shapes not drawn" in draw(obj).texts


def test_so_many_results_are_drawn_and_no_more(draw) -> None:
    rows = np.tile([20.0, 20.0], (MAX_SHAPES + 5, 1))

    picture = draw(with_results("point", *rows))

    assert f"5 of {MAX_SHAPES + 5} shapes not drawn" in picture.texts


@pytest.mark.parametrize("roi", [{"single_rois": [3, {"type": "Other"}]}, 5, {}])
def test_regions_of_another_form_do_not_break_the_picture(
    workspace, draw, roi: Any
) -> None:
    workspace.add("odd", np.zeros((4, 4)))
    workspace.edit("odd", metadata={ROI_KEY: roi})

    assert draw("odd").pixels.size


def test_the_label_of_a_shape_is_never_a_formula() -> None:
    shape = shape_of("point", (1, 2), "$\n" + "x" * 100, "red")

    assert shape is not None
    assert shape.label == r"\$ " + "x" * (NAME_LENGTH - 3) + "…"


def test_regions_outside_an_image_are_named(draw) -> None:
    obj = create_image("image", np.zeros((20, 30)))
    obj.roi = create_image_roi("rectangle", [100, 5, 10, 5], title="far")
    obj.roi.add_roi(create_image_roi("circle", [5, 5, 3], title="near"))
    obj.roi.add_roi(create_image_roi("circle", [31, 5, 3], title="partly"))

    assert "outside the image: far" in draw(obj).texts
