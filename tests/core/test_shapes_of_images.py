"""Images of every shape: a pattern that is visible at the drawn size stays visible."""

from __future__ import annotations

import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.image import imread

from datalab_kernel_core.display import thumbnails
from datalab_kernel_core.explore.image_source import ImageSource
from datalab_kernel_core.explore.messages import ViewRequest
from datalab_kernel_core.plotter.image_builder import MAX_SIDE, build_image_drawings
from datalab_kernel_core.plotter.options import Options
from datalab_kernel_core.plotter.plot_input import PlotItem
from datalab_workspace.model.sigima_objects import to_record

#: Shapes with up to a million pixels, many of them long and narrow.
SHAPES = st.tuples(st.integers(1, 200), st.integers(1, 5000)).flatmap(
    lambda shape: st.sampled_from([shape, shape[::-1]])
)


def bands(shape: tuple[int, int], axis: int, count: int) -> np.ndarray:
    """Bands of 0 and 1 along an axis, as many as asked for if there is room."""
    length = shape[axis]
    profile = np.arange(length) * min(count, length) // length % 2
    along = np.expand_dims(profile.astype(float), 1 - axis)
    return np.broadcast_to(along, shape)


def seen(values: np.ndarray, axis: int) -> int:
    """Return how many bands of dark and bright values there are along an axis."""
    profile = values.mean(axis=1 - axis) > values.mean()
    return 1 + int(np.count_nonzero(profile[1:] != profile[:-1]))


CASES = given(shape=SHAPES, axis=st.sampled_from([0, 1]), count=st.integers(2, 12))


@CASES
def test_bands_are_visible_in_a_plot(
    shape: tuple[int, int], axis: int, count: int
) -> None:
    data = bands(shape, axis, count)

    (drawing,) = build_image_drawings(PlotItem(to_record(data), ""), Options())

    assert drawing.pixels is not None
    assert max(drawing.pixels.shape) <= MAX_SIDE
    assert seen(drawing.pixels, axis) == seen(data, axis)


@CASES
def test_bands_are_visible_in_a_view(
    shape: tuple[int, int], axis: int, count: int
) -> None:
    data = bands(shape, axis, count)
    height, width = shape

    reply = ImageSource(to_record(data)).view(
        ViewRequest((0.0, float(width)), (0.0, float(height)), 300, 200)
    )

    pixels = np.frombuffer(zlib.decompress(reply.arrays[0]), np.uint8)
    values = pixels.reshape(reply.content["shape"]).astype(float)
    assert values.shape[0] <= max(400, height // 2)
    assert seen(values, axis) == seen(data, axis)


@CASES
def test_bands_are_visible_in_a_thumbnail(
    shape: tuple[int, int], axis: int, count: int
) -> None:
    data = bands(shape, axis, count)

    picture = thumbnails.tile(data)

    pixels = imread(BytesIO(picture.png))[..., :3].sum(axis=2)
    assert (seen(pixels, axis) > 1) == (seen(data, axis) > 1)
    if shape[axis] <= 32:
        assert seen(pixels, axis) == seen(data, axis)


@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize("uniform", [False, True])
def test_the_rows_of_a_long_image_keep_their_colors(
    draw, upright: bool, uniform: bool
) -> None:
    from sigima.objects import create_image

    data = np.repeat([[0.0], [5.0], [10.0]], 5000, axis=1)
    image = create_image("long", data.T if upright else data)
    if not uniform:
        height, width = image.data.shape
        image.set_coords(np.arange(width) ** 1.01, np.arange(height) ** 1.01)

    picture = draw(image)

    colors = {
        tuple(picture.color(*((row, 2500) if upright else (2500, row))).round(2))
        for row in (0, 1, 2)
    }
    assert len(colors) == 3


@pytest.mark.parametrize("how", ["max", "min", "extremes"])
@pytest.mark.parametrize("shape", [(6000, 6000), (40, 20_000), (3000, 500)])
def test_one_pixel_is_drawn_if_extremes_are_asked_for(
    draw, how: str, shape: tuple[int, int]
) -> None:
    value = 0.0 if how == "min" else 9.0
    data = np.full(shape, 5.0, np.float32)
    data[shape[0] // 3, shape[1] // 3] = value
    data[0, 0] = 9.0 - value

    picture = draw(data, reduce=how, vmin=0, vmax=9)

    at = shape[1] // 3, shape[0] // 3
    assert picture.shows_near("#fde725" if value else "#440154", *at)


def test_what_a_mean_hides_is_said_with_the_way_to_see_it(draw) -> None:
    data = np.zeros((6000, 100), np.uint16)
    data[3000, 50] = 65535

    notes = " ".join(draw(data).texts)

    assert "each pixel is the mean of 1×4" in notes
    assert "hides values above" in notes
    assert "(see reduce='max')" in notes
