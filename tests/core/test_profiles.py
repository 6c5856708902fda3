"""The data under the shapes of a view, without a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sigima.params
import sigima.proc.image
from sigima.objects import create_image, create_signal

from datalab_kernel_core import Plotter
from datalab_kernel_core.explore.line_profile import LineProfile
from datalab_kernel_core.explore.view import View
from datalab_workspace import Workspace
from datalab_workspace.model.sigima_objects import to_record

Draw = Callable[..., View]


@pytest.fixture
def workspace() -> Workspace:
    workspace = Workspace()
    values = np.random.default_rng(0).normal(size=(40, 50))
    image = create_image("frame", values, units=("mm", "mm", "lsb"))
    image.zlabel = "counts"
    image.set_uniform_coords(0.3, -0.7, 0.1, 5.0)
    workspace["frame"] = image
    x = np.linspace(0, 10, 101)
    workspace["wave"] = create_signal("wave", x, np.sin(x), units=("s", "V"))
    return workspace


@pytest.fixture
def draw(workspace: Workspace) -> Draw:
    """Draw a shape on an object, as the page does; it is selected then."""

    def draw(name: str, shape: str, coords: Any, title: str = "") -> View:
        view = Plotter(workspace).explore(name, edit_roi=True)
        view._repr_png_()
        what = "region" if shape == "span" else "mark"
        message = {"what": what, "shape": shape, "coords": coords, "title": title}
        view._reply({"ask": "edit", "do": "add", **message})
        return view

    return draw


def image(data: Any, **fields: Any) -> LineProfile:
    record = to_record(np.asanyarray(data))
    record.fields |= fields
    return LineProfile(record)


@pytest.mark.parametrize("direction", ["horizontal", "vertical"])
@pytest.mark.parametrize("number", [0, 17, 39])
def test_a_profile_along_pixels_is_that_of_sigima(
    workspace: Workspace, draw: Draw, direction: str, number: int
) -> None:
    frame = workspace["frame"]
    parameters = sigima.params.LineProfileParam.create(
        direction=direction, row=number, col=number
    )
    expected = sigima.proc.image.line_profile(frame, parameters)
    x, y = (0.1 + 0.3 * np.arange(50)), (5.0 - 0.7 * np.arange(40))
    if direction == "horizontal":
        ends, step = [x[0], y[number], x[-1], y[number]], 0.3
    else:
        ends, step = [x[number], y[0], x[number], y[-1]], 0.7

    selection = draw("frame", "segment", ends).selection

    assert selection is not None
    profile = selection.profile
    assert profile is not None
    assert np.array_equal(profile.y, expected.y)
    assert profile.x == pytest.approx(expected.x * step)
    assert (profile.title, profile.xlabel, profile.xunit) == (
        "profile of frame",
        "Distance",
        "mm",
    )
    assert (profile.ylabel, profile.yunit) == ("counts", "lsb")
    assert workspace.add(profile) == "profile of frame"


def test_a_sloping_line_has_interpolated_values() -> None:
    rows, columns = np.mgrid[:20, :30]
    plane = image(3.0 * rows + 5.0 * columns, xunit="mm", yunit="mm", dx=2.0)

    found = plane.along([4.0, 1.5, 32.0, 9.5])

    assert found is not None
    assert len(found.distance) == 15  # one value for each column
    assert found.distance[-1] == pytest.approx(np.hypot(28, 8))
    part = found.distance / found.distance[-1]
    expected = 3 * (1.5 + 8 * part) + 5 * (2 + 14 * part)
    assert found.values == pytest.approx(expected)
    back = plane.along([32.0, 9.5, 4.0, 1.5])
    assert back is not None
    assert back.values == pytest.approx(expected[::-1])


def test_coordinates_that_are_not_uniform_count() -> None:
    record = to_record(np.arange(20.0).reshape(4, 5))
    record.fields["is_uniform_coords"] = False
    record.arrays["xcoords"] = np.array([0.0, 1, 3, 7, 15])
    record.arrays["ycoords"] = np.array([8.0, 4, 2, 1])
    profile = LineProfile(record)

    found = profile.along([0, 4, 15, 4])

    assert found is not None
    assert found.distance.tolist() == [0, 1, 3, 7, 15]
    assert found.values.tolist() == [5, 6, 7, 8, 9]
    down = profile.along([3, 6, 3, 1])
    assert down is not None
    assert down.values[0] == pytest.approx((2 + 7) / 2)
    assert profile.pixel(14, 1.4) == (3, 4, 19.0)


def test_a_line_that_the_page_would_have_to_bend_is_mentioned(
    workspace: Workspace, draw: Draw
) -> None:
    uneven = create_image("uneven", np.eye(5))
    uneven.set_coords(xcoords=np.array([0.0, 1, 3, 7, 15]), ycoords=np.arange(5.0))
    workspace["uneven"] = uneven

    view = draw("uneven", "segment", [0, 0, 4, 4])
    assert "not uniform" in view._reply(_asked(view)).content["text"]
    view = draw("uneven", "segment", [0, 2, 4, 2])
    assert "not uniform" not in view._reply(_asked(view)).content["text"]


@pytest.mark.parametrize(
    ("ends", "distance", "unit"),
    [
        ([0, 3, 4, 3], 8.0, "s"),
        ([1, 2, 1, 0], 6.0, "m"),
        ([0, 0, 3, 4], 5.0, "pixel"),
    ],
)
def test_the_distance_has_the_unit_of_the_axis(
    ends: list[float], distance: float, unit: str
) -> None:
    profile = image(np.zeros((9, 9)), dx=2.0, dy=3.0, xunit="s", yunit="m")

    found = profile.along(np.multiply(ends, [2, 3, 2, 3]).tolist())

    assert found is not None
    assert (found.distance[-1], found.unit) == (distance, unit)


def test_only_the_part_within_the_image_has_values() -> None:
    profile = image(np.arange(12.0).reshape(3, 4))

    found = profile.along([-6.5, 1, 100, 1])

    assert found is not None
    assert (found.distance[0], found.distance[-1]) == (6, 10)
    assert found.values[[0, -1]].tolist() == [4, 7]
    assert profile.along([-5, -5, -5, 9]) is None
    assert profile.along([0, 5, 5, 9]) is None
    assert profile.along([0, 0, np.nan, 1]) is None
    assert profile.pixel(-0.6, 0) is None
    assert profile.pixel(np.inf, 0) is None
    assert profile.pixel(-0.4, 2.4) == (2, 0, 8.0)
    assert image(np.zeros((0, 0))).along([0, 0, 1, 1]) is None


def test_values_that_do_not_exist_are_nan_and_hide_no_neighbor() -> None:
    data = np.ma.masked_equal(np.arange(16).reshape(4, 4), 5)
    profile = image(data)

    along = profile.along([0, 1, 3, 1])
    next_to = profile.along([0, 2, 3, 2])
    between = profile.along([0, 1.5, 3, 1.5])

    assert along is not None
    assert next_to is not None
    assert between is not None
    assert np.array_equal(along.values, [4, np.nan, 6, 7], equal_nan=True)
    assert next_to.values.tolist() == [8, 9, 10, 11]
    assert np.array_equal(between.values, [6, np.nan, 8, 9], equal_nan=True)
    pixel = profile.pixel(1, 1)
    assert pixel is not None
    assert np.isnan(pixel[2])


def test_a_profile_of_a_complex_image_is_complex(
    workspace: Workspace, draw: Draw
) -> None:
    workspace["field"] = np.full((5, 5), 3 + 4j)
    view = draw("field", "segment", [0, 0, 4, 0], "cut")

    assert view.selection is not None
    profile = view.selection.profile
    assert profile is not None
    assert (profile.title, profile.y.tolist()) == ("cut of field", [3 + 4j] * 5)
    reply = view._reply(_asked(view))
    assert reply.content["text"] == (
        "5 values over 4, lowest 5, highest 5, mean 5, of the modulus"
    )


def test_points_have_the_value_of_the_data(workspace: Workspace, draw: Draw) -> None:
    view = draw("frame", "point", [0.1 + 0.3 * 7.4, 5 - 0.7 * 11.6])
    on_signal = draw("wave", "point", [2.04, 0.5])

    selection, wave = view.selection, on_signal.selection
    assert selection is not None
    assert wave is not None
    assert selection.sample is not None
    assert selection.sample.index == (12, 7)
    assert selection.value == workspace["frame"].data[12, 7]
    assert selection.profile is None
    text = view._reply(_asked(view)).content["text"]
    assert text == f"value {selection.value} lsb (row 12, column 7)"
    assert wave.sample is not None
    assert (wave.sample.index, wave.sample.x, wave.value) == ((20,), 2.0, np.sin(2.0))
    text = on_signal._reply(_asked(on_signal)).content["text"]
    assert text == f"nearest sample: x = 2.0 s, y = {np.sin(2.0)} V (sample 20)"
    outside = draw("frame", "point", [-50, 0])
    assert outside.selection is not None
    assert outside.selection.value is None
    assert outside._reply(_asked(outside)).content["text"] == "no data under it"


@pytest.mark.parametrize(
    ("shape", "coords"), [("span", [2.0, 4.0]), ("segment", [4.0, 0.2, 2.0, 0.9])]
)
def test_the_samples_between_two_positions_of_a_signal(
    workspace: Workspace, draw: Draw, shape: str, coords: list[float]
) -> None:
    view = draw("wave", shape, coords, "top")

    assert view.selection is not None
    part = view.selection.profile
    assert part is not None
    wave = workspace["wave"]
    assert np.array_equal(part.xydata, wave.xydata[:, 20:41])
    assert (part.title, part.xunit, part.yunit) == ("top of wave", "s", "V")
    assert part.roi is None
    text = view._reply(_asked(view)).content["text"]
    assert text.startswith("21 samples, lowest -0.7568")


def test_the_data_under_a_shape_is_added_to_the_workspace(
    workspace: Workspace, draw: Draw
) -> None:
    view = draw("frame", "segment", [0.1, 5, 3.1, 5])
    asked = {**_asked(view), "ask": "keep"}

    view._reply(asked)
    view._reply(asked)

    assert workspace.list("signal")[1:] == ["profile of frame", "profile of frame (2)"]
    assert view._overlay.state()["note"].startswith("added to the workspace as 'prof")
    view._reply({"ask": "undo"})
    assert "profile of frame (2)" not in workspace
    with pytest.raises(ValueError, match="no data under"):
        view._reply({**asked, "key": "gone"})


def test_the_page_receives_as_much_of_a_profile_as_it_can_show(
    workspace: Workspace, draw: Draw
) -> None:
    workspace["long"] = np.ones((3, 100_000))
    view = draw("long", "segment", [0, 1, 99_999, 1])

    reply = view._reply(_asked(view))

    assert reply.content["about"]["xlabel"] == "Distance"
    assert sum(memoryview(array).nbytes for array in reply.arrays) < 20_000
    view._reply({"ask": "edit", "do": "remove", **_shape(view)})
    assert view._reply({**_asked(view), "what": "mark"}).content == {"text": ""}


def _shape(view: View) -> dict[str, Any]:
    shapes = view._overlay.state()["shapes"]
    keys = ("what", "index", "key")
    return {key: shapes[-1][key] for key in keys} if shapes else dict.fromkeys(keys, 0)


def _asked(view: View) -> dict[str, Any]:
    return {"ask": "profile", **_shape(view), "width": 800, "height": 120}
