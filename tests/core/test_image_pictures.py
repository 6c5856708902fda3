"""Pictures of images."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from sigima.objects import create_image, create_image_roi

from datalab_kernel_core.plotter.image_builder import MAX_SIDE, PixelAxis
from datalab_kernel_core.plotter.style import NO_VALUE_COLOR, ROI_COLOR
from datalab_workspace.model.record import Record

VIRIDIS, GRAY = mpl.colormaps["viridis"], mpl.colormaps["gray"]
LOWEST, HIGHEST = VIRIDIS(0.0)[:3], VIRIDIS(1.0)[:3]
STAIRS = np.arange(12.0).reshape(3, 4)


def image(data: Any, **options: Any) -> Any:
    return create_image("image", np.asanyarray(data), **options)


def test_each_pixel_has_the_color_of_its_value(draw) -> None:
    picture = draw(image(STAIRS))

    for (row, column), value in np.ndenumerate(STAIRS):
        assert picture.shows(VIRIDIS(value / 11)[:3], column, row)


def test_the_first_row_is_at_the_top_as_in_datalab(draw) -> None:
    axes = draw(image(STAIRS)).plot.figure.axes[0]

    assert axes.get_xlim() == (-0.5, 3.5)
    assert axes.get_ylim() == (2.5, -0.5)
    assert axes.get_aspect() == 1.0


def test_different_data_makes_a_different_picture(plotter) -> None:
    pngs = {plotter.plot(image(STAIRS**k))._repr_png_() for k in (1, 2)}

    assert len(pngs) == 2
    assert plotter.plot(image(STAIRS))._repr_png_() in pngs


def test_axes_and_colors_are_labelled_with_units(draw) -> None:
    labelled = image(STAIRS, labels=("X", "Y", "$I$"), units=("mm", "", "V"))

    assert draw(labelled).texts == ["image", "X (mm)", "Y", r"\$I\$ (V)"]


@pytest.mark.parametrize("sign", [1, -1])
def test_pixels_are_where_their_coordinates_say(draw, sign: int) -> None:
    placed = image(STAIRS)
    placed.set_uniform_coords(sign * 0.5, 2.0, x0=10.0, y0=-3.0)

    picture = draw(placed)

    for (row, column), value in np.ndenumerate(STAIRS):
        x, y = 10 + sign * 0.5 * column, -3 + 2 * row
        assert picture.shows(VIRIDIS(value / 11)[:3], x, y)


@pytest.mark.parametrize("backwards", [False, True])
def test_pixels_of_different_sizes_are_where_their_coordinates_say(
    draw, backwards: bool
) -> None:
    x, y = np.array([0.0, 1.0, 10.0, 100.0]), np.array([0.0, 1.0, 10.0])
    placed = image(STAIRS)
    placed.set_coords(x[::-1] if backwards else x, y)

    picture = draw(placed)

    for column, row in ((2, 0), (3, 1), (2, 2), (3, 2)):
        value = STAIRS[row, 3 - column if backwards else column]
        assert picture.shows(VIRIDIS(value / 11)[:3], x[column], y[row])


@pytest.mark.parametrize(
    "fields",
    [
        {"dx": 0.0},
        {"dx": np.nan},
        {"x0": np.inf},
        {"x0": 1e300},
        {"x0": -1e17},
        {"is_uniform_coords": False},
    ],
)
def test_coordinates_that_cannot_be_drawn_are_replaced_and_reported(
    draw, fields: dict[str, Any]
) -> None:
    odd = image(STAIRS)
    for name, value in fields.items():
        setattr(odd, name, value)

    picture = draw(odd)

    assert picture.shows(HIGHEST, 3, 2)
    assert any("x in pixels" in text for text in picture.texts)


def test_the_range_of_colors_is_that_of_the_object(draw) -> None:
    ranged = image(STAIRS)
    ranged.zscalemin, ranged.zscalemax = 4.0, 6.0

    picture = draw(ranged)

    assert picture.shows(LOWEST, 3, 0)
    assert picture.shows(VIRIDIS(0.5)[:3], 1, 1)
    assert picture.shows(HIGHEST, 3, 1)


@pytest.mark.parametrize("bound", [5.0, np.nan, None])
def test_a_range_that_leaves_nothing_is_survived(draw, bound: Any) -> None:
    odd = image(STAIRS)
    odd.zscalemin = odd.zscalemax = bound

    assert draw(odd).count("white") > 0


@pytest.mark.parametrize("value", [0, 7, -3.5, 1e-320, 1e299])
def test_an_image_of_one_value_is_drawn(draw, value: float) -> None:
    assert draw(image(np.full((3, 4), value))).shows(VIRIDIS(0.5)[:3], 1, 1)


def test_the_colormap_is_the_objects_own_or_the_chosen_one(draw) -> None:
    gray = image(STAIRS)
    gray.set_metadata_option("colormap", "gray")

    assert draw(gray).shows("white", 3, 2)
    assert draw(gray, colormap="viridis").shows(HIGHEST, 3, 2)


@pytest.mark.parametrize("name", ["no such map", 3, None])
def test_an_objects_colormap_that_does_not_exist_is_ignored(draw, name: Any) -> None:
    odd = image(STAIRS)
    odd.metadata["__colormap"] = name

    assert draw(odd).shows(HIGHEST, 3, 2)


def test_the_view_has_the_bounds_of_the_object(draw) -> None:
    bounded = image(STAIRS)
    bounded.autoscale = False
    bounded.xscalemin, bounded.xscalemax, bounded.yscalemax = 1.0, 2.0, 1.5

    axes = draw(bounded).plot.figure.axes[0]

    assert axes.get_xlim() == (1.0, 2.0)
    assert axes.get_ylim() == (1.5, -0.5)


@pytest.mark.parametrize("hole", ["nan", "inf", "mask", "huge"])
def test_pixels_without_a_value_differ_from_all_others(draw, hole: str) -> None:
    data: Any = STAIRS.copy()
    if hole == "mask":
        data = np.ma.masked_equal(data, 11)
    else:
        data[2, 3] = {"nan": np.nan, "inf": np.inf, "huge": 1e305}[hole]

    picture = draw(image(data))

    assert picture.shows(NO_VALUE_COLOR, 3, 2)
    assert picture.shows(HIGHEST, 2, 2)
    assert picture.shows(LOWEST, 0, 0)


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (np.empty((0, 0)), "no data"),
        (np.empty((3, 0)), "no data"),
        (np.full((2, 2), np.nan), "no values"),
        (np.ma.masked_all((2, 2)), "no values"),
        (np.full((2, 2), np.inf), "4 pixels with |z| ≥ 1e300 not drawn; no values"),
    ],
)
def test_a_picture_of_nothing_says_so(draw, data: Any, note: str) -> None:
    picture = draw(data)

    assert picture.texts == [note]
    assert len(picture.plot.figure.axes) == 1


def test_an_object_without_data_is_drawn(draw) -> None:
    assert draw(create_image("empty")).texts == ["empty", "no data"]


def test_a_complex_image_is_shown_as_its_modulus(draw) -> None:
    picture = draw(image(STAIRS * 1j))

    assert picture.shows(HIGHEST, 3, 2)
    assert picture.shows(LOWEST, 0, 0)
    assert "modulus of complex values" in picture.texts


def test_true_and_false_are_the_highest_and_the_lowest(draw) -> None:
    picture = draw(np.eye(3, dtype=bool))

    assert picture.shows(HIGHEST, 1, 1)
    assert picture.shows(LOWEST, 0, 1)


def test_integers_beyond_the_precision_of_floats_keep_their_order(draw) -> None:
    picture = draw(np.array([[2**63 - 1, -(2**63)]]))

    assert picture.shows(HIGHEST, 0, 0)
    assert picture.shows(LOWEST, 1, 0)


@pytest.mark.parametrize("uniform", [True, False])
def test_a_large_image_is_averaged_in_place(draw, uniform: bool) -> None:
    height, width = MAX_SIDE + 501, 2 * MAX_SIDE + 7
    data = np.zeros((height, width), np.uint8)
    data[-600:, -700:] = 200
    large = image(data)
    if not uniform:
        large.set_coords(np.arange(width) ** 1.01, np.arange(height) ** 1.01)
    scale = 1.0 if uniform else 1.01

    picture = draw(large)

    for x, y, color in (
        (width - 690, height - 590, HIGHEST),
        (width - 710, height - 590, LOWEST),
        (width - 690, height - 610, LOWEST),
        (width - 20, height - 20, HIGHEST),
    ):
        assert picture.shows_near(color, x**scale, y**scale)
    assert any("mean of" in text for text in picture.texts)
    assert picture.plot.figure.axes[0].get_xlim()[1] == pytest.approx(
        (width - 0.5) if uniform else width**1.01, rel=1e-2
    )


def test_the_colors_of_a_large_image_are_those_of_all_its_pixels(draw) -> None:
    data = np.zeros((2 * MAX_SIDE, 2 * MAX_SIDE), np.uint16)
    data[:100] = np.tile([0, 1000], MAX_SIDE)  # each block has the mean 500

    mappable = draw(image(data)).plot.figure.axes[0].images[0]

    assert mappable.get_clim() == (0, 1000)


def test_one_hot_pixel_does_not_make_the_rest_one_color_and_is_said(draw) -> None:
    data = np.random.default_rng(0).normal(100, 10, (300, 300))
    data[150, 20] = 65535

    picture = draw(image(data))

    _low, high = picture.plot.figure.axes[0].images[0].get_clim()
    assert high < 1000
    assert any(f"values are from {data.min():.4g} to" in t for t in picture.texts)
    assert picture.plot.axes[0].child_axes[0].patches  # the tip of the color bar


def test_the_range_of_colors_in_the_object_comes_first(draw) -> None:
    data = np.zeros((300, 300))
    data[0, 0] = 65535
    limited = image(data)
    limited.zscalemin, limited.zscalemax = 0.0, 65535.0

    assert draw(limited).plot.axes[0].images[0].get_clim() == (0, 65535)


@pytest.mark.parametrize("shape", [(1, 5000), (5000, 1), (1, 1)])
def test_a_thin_image_fills_its_picture(draw, shape: tuple[int, int]) -> None:
    picture = draw(np.arange(np.prod(shape), dtype=float).reshape(shape))

    assert (picture.pixels.std(axis=2) > 0.05).mean() > 0.3


SHAPES = {
    "rectangle": ([10, 20, 20, 10], [(10, 25), (30, 25), (20, 20), (20, 30)]),
    "circle": ([20, 25, 8], [(12, 25), (28, 25), (20, 17), (20, 33)]),
    "polygon": ([10, 10, 30, 10, 20, 35], [(20, 10), (15, 22.5), (25, 22.5)]),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("indices", [False, True])
def test_regions_of_interest_are_outlined(draw, shape: str, indices: bool) -> None:
    coords, outline = SHAPES[shape]
    marked = image(np.zeros((50, 40)))
    marked.set_uniform_coords(0.5, 0.5, x0=100.0, y0=0.0)
    scaled = np.array(coords, dtype=float)
    if not indices:
        scaled *= 0.5
        scaled[0] += 100
        if shape == "polygon":
            scaled[2::2] += 100
    marked.roi = create_image_roi(shape, scaled, indices=indices)

    picture = draw(marked)

    for x, y in outline:
        place = 100 + 0.5 * x, 0.5 * y
        assert picture.shows_near(ROI_COLOR, *place, tolerance=0.45)
    assert not picture.shows_near(ROI_COLOR, 110, 11.5)
    assert draw(marked, roi=False).count(ROI_COLOR) == 0


def test_a_pixel_axis_tells_where_blocks_of_pixels_end() -> None:
    axis = PixelAxis(np.array([0.0, 1.0, 3.0, 7.0, 9.0]), None)

    assert axis.edges().tolist() == [-0.5, 0.5, 2.0, 5.0, 8.0, 10.0]
    assert axis.edges(2).tolist() == [-0.5, 2.0, 8.0, 10.0]
    assert (axis.at(1), axis.at(2.5)) == (1.0, 5.0)


def test_a_single_pixel_is_as_wide_as_its_step() -> None:
    record = Record("image", {"x0": 5.0, "dx": 2.0})

    axis = PixelAxis.of(record, "x", 1, [])

    assert axis.edges().tolist() == [4.0, 6.0]
    assert axis.at(3) == 11.0
