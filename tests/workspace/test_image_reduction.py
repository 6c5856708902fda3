"""The reduction of images that are too large to be drawn."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from datalab_workspace.cli import pictures
from datalab_workspace.cli.pictures import Style, picture
from datalab_workspace.model.image_reduction import (
    block_sides,
    histogram,
    lowest_positive,
    reduce_blocks,
    reduced_note,
    shown_values,
    value_range,
)

SHAPES = st.tuples(st.integers(1, 12), st.integers(1, 12))
SIDES = st.sampled_from([1, 2, 3, 4, 8])
INTEGERS_AND_FLOATS = st.sampled_from(["u1", "i2", ">u2", "i4", "f4", ">f8"]).flatmap(
    lambda dtype: nps.arrays(dtype, SHAPES, elements={"min_value": 0, "max_value": 100})
)


@pytest.mark.parametrize(
    ("shape", "sides"),
    [
        ((10, 10), (1, 1)),
        ((100, 100), (1, 1)),
        ((101, 3), (2, 1)),
        ((3, 801), (1, 16)),
        ((64, 100_000), (1, 1024)),
    ],
)
def test_each_axis_has_the_least_power_of_two_that_fits(
    shape: tuple[int, int], sides: tuple[int, int]
) -> None:
    assert block_sides(shape, (100, 100)) == sides


def block_by_block(
    data: np.ndarray, blocks: tuple[int, int], value: Callable[[np.ndarray], Any]
) -> np.ndarray:
    """The value of each block, one by one."""
    height, width = data.shape
    rows, columns = blocks
    return np.array(
        [
            [
                value(data[i : i + rows, j : j + columns].astype(float))
                for j in range(0, width, columns)
            ]
            for i in range(0, height, rows)
        ]
    )


def farther_extreme(block: np.ndarray) -> float:
    low, high, mean = block.min(), block.max(), block.mean()
    return low if mean - low > high - mean else high


@pytest.mark.parametrize(
    ("how", "value"), [("mean", np.mean), ("max", np.max), ("min", np.min)]
)
@given(data=INTEGERS_AND_FLOATS, blocks=st.tuples(SIDES, SIDES))
def test_blocks_are_reduced(
    how: Any, value: Any, data: np.ndarray, blocks: tuple[int, int]
) -> None:
    np.testing.assert_allclose(
        reduce_blocks(data, blocks, how),
        block_by_block(data, blocks, value),
        rtol=1e-5,
        atol=1e-5,
    )


def test_the_extremes_of_blocks_are_far_from_their_mean() -> None:
    data = np.zeros((6, 9))
    data[1, 1], data[4, 4], data[0, 8] = 7.0, -3.0, 1.0

    reduced = reduce_blocks(data, (3, 3), "extremes")

    assert reduced.tolist() == block_by_block(data, (3, 3), farther_extreme).tolist()
    assert reduced.tolist() == [[7.0, 0.0, 1.0], [0.0, -3.0, 0.0]]


@pytest.mark.parametrize("how", ["mean", "max", "min", "extremes"])
def test_a_block_is_made_of_the_pixels_that_have_a_value(how: Any) -> None:
    data = np.array([[3.0, np.nan, 5.0, 5.0], [3.0, np.inf, np.nan, np.nan]])
    masked = np.ma.array(np.full((2, 4), 7.0), mask=[[1, 1, 0, 1], [1, 1, 1, 1]])

    assert reduce_blocks(data, (2, 2), how).tolist() == [[3.0, 5.0]]
    np.testing.assert_array_equal(reduce_blocks(masked, (2, 2), how), [[np.nan, 7.0]])


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "i4", "u8"])
def test_sums_do_not_overflow(dtype: str) -> None:
    top = np.iinfo(dtype).max

    mean = reduce_blocks(np.full((256, 256), top, dtype), (256, 256))

    assert mean[0, 0] == pytest.approx(top)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (np.array([[1, 5], [3, -2]]), (-2, 5)),
        (np.array([[1.0, np.nan], [np.inf, -np.inf]]), (1, 1)),
        (np.array([[3 + 4j, 0]]), (0, 5)),
        (np.array([[True, False]]), (0, 1)),
        (np.ma.masked_greater(np.array([[1, 9]]), 5), (1, 1)),
        (np.full((2, 2), np.nan), None),
        (np.ma.masked_all((2, 2)), None),
    ],
)
def test_the_range_is_that_of_the_values_that_can_be_drawn(
    data: np.ndarray, expected: Any
) -> None:
    assert value_range(data) == expected


def test_the_lowest_positive_value_is_found() -> None:
    assert lowest_positive(np.array([[-1, 0], [3, 2]])) == 2
    assert lowest_positive(np.array([[-1.0, np.nan]])) is None


@given(data=INTEGERS_AND_FLOATS.filter(lambda data: np.ptp(data) > 0))
def test_a_histogram_counts_every_pixel_in_its_bin(data: np.ndarray) -> None:
    ends = float(data.min()), float(data.max())

    counts = histogram(data, ends, 16)

    assert counts.sum() == data.size
    expected = np.histogram(data.astype(float), 16, ends)[0]
    # Values on the border of two bins may be in either.
    assert np.abs(np.cumsum(counts - expected)).max() <= (data.size + 1) // 2
    assert counts[0] >= 1
    assert counts[-1] >= 1


def test_showing_values_leaves_the_data_alone() -> None:
    data = np.ma.array([[1.0, np.inf]], mask=[[True, False]])

    assert np.isnan(shown_values(data)).all()
    assert data.data.tolist() == [[1.0, np.inf]]


@pytest.mark.parametrize("dtype", ["u2", "f8", "c16"])
@pytest.mark.parametrize("shape", [(4096, 4096), (1, 1 << 24)], ids=["square", "row"])
def test_a_large_image_is_reduced_without_a_copy_of_it(
    dtype: str, shape: tuple[int, int]
) -> None:
    data = np.ones(shape, dtype)
    blocks = block_sides(shape, (1024, 1024))
    tracemalloc.start()

    value_range(data)
    reduce_blocks(data, blocks)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Tiles of 2 million pixels, and a result of a million.
    assert peak < 100 * 2**20


def test_a_reduction_is_described_with_its_width_and_height() -> None:
    assert reduced_note((1, 1)) == ""
    assert reduced_note((1, 16)) == "each pixel is the mean of 16×1"
    assert reduced_note((2, 4), "max") == "each pixel is the highest of 4×2"


@given(
    bands=st.integers(2, 12),
    long=st.integers(400, 20_000),
    short=st.integers(12, 60),
    upright=st.booleans(),
)
def test_bands_of_a_long_image_are_visible_in_a_terminal(
    bands: int, long: int, short: int, upright: bool
) -> None:
    along = np.arange(short) * bands // short % 2
    image = np.repeat(along[:, np.newaxis], long, axis=1)

    lines = picture(image.T if upright else image, "image", Style.SHADES)

    cells = np.array([list(line) for line in lines])
    profile = "".join(cells[0] if upright else cells[:, 0])
    if (pictures.COLUMNS if upright else pictures.ROWS) >= short:
        assert profile == "".join(" █"[value] for value in along)
    assert len(set(profile)) > 1
