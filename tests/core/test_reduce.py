"""The reduction of data that is too large to be drawn."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from datalab_kernel_core.plotter.reduce import (
    BINS,
    Bins,
    block_mean,
    curve_indices,
    envelope,
    reduction_factor,
    shown_values,
    value_range,
)
from datalab_kernel_core.plotter.style import LARGEST

SHAPES = st.tuples(st.integers(1, 12), st.integers(1, 12))


@given(
    x=nps.arrays(float, st.integers(1, 60), elements=st.floats(-1e3, 1e3)),
    log=st.booleans(),
)
def test_bins_hold_every_sample_and_none_is_empty(x: np.ndarray, log: bool) -> None:
    for samples in (x, np.sort(x)):
        bins = Bins.along(samples, log=log)

        pieces = list(bins)
        assert pieces[0][0] == 0
        assert pieces[-1][1] == len(samples)
        assert all(start < stop for start, stop in pieces)
        assert [stop for _, stop in pieces[:-1]] == [start for start, _ in pieces[1:]]


@pytest.mark.parametrize(
    ("x", "increasing"),
    [
        (np.arange(10.0), True),
        (np.zeros(10), True),
        (np.arange(10.0)[::-1], False),
        (np.array([0.0, np.nan, 2.0]), False),
        (np.full(3, np.nan), False),
    ],
)
def test_bins_know_whether_x_increases(x: np.ndarray, increasing: bool) -> None:
    assert Bins.along(x).increasing is increasing


def test_logarithmic_bins_are_equal_on_the_axis() -> None:
    bins = Bins.along(np.arange(1_000_000.0), log=True)

    ends = np.array([stop for _, stop in bins])
    assert ((ends > 1_000) & (ends <= 10_000)).sum() == pytest.approx(BINS / 6, rel=0.1)


@pytest.mark.parametrize("hole", [np.nan, np.inf, 1e305])
def test_extremes_survive_at_their_own_places(hole: float) -> None:
    rng = np.random.default_rng(0)
    x, y = np.arange(100_000.0), rng.normal(size=100_000)
    y[[11, 50_000]] = 99, -99
    y[rng.integers(0, 100_000, 500)] = hole

    kept = curve_indices(x, y, Bins.along(x), -LARGEST)

    assert (np.diff(kept) > 0).all()
    assert {0, 11, 50_000, 99_999} <= set(kept)
    assert len(kept) <= 2 * BINS + 2


def test_a_gap_stays_a_gap() -> None:
    x, y = np.arange(100_000.0), np.zeros(100_000)
    y[30_000:60_000] = np.nan

    kept = curve_indices(x, y, Bins.along(x), -LARGEST)

    assert np.isnan(y[kept]).sum() > BINS / 4


def test_an_envelope_holds_both_curves() -> None:
    x, y = np.arange(100_000.0), np.random.default_rng(0).normal(size=100_000)

    middle, low, high = envelope(
        x, lambda part: y[part] - 1, lambda part: y[part] + 1, Bins.along(x)
    )

    assert (low.min(), high.max()) == (y.min() - 1, y.max() + 1)
    assert (np.diff(middle) > 0).all()


@pytest.mark.parametrize(
    ("shape", "factor"),
    [((10, 10), 1), ((100, 100), 1), ((101, 3), 2), ((3, 801), 16)],
)
def test_the_factor_is_the_least_power_of_two_that_fits(
    shape: tuple[int, int], factor: int
) -> None:
    assert reduction_factor(shape, 100) == factor


def plain_mean(data: np.ndarray, factor: int) -> np.ndarray:
    """The mean of each block, one by one."""
    height, width = data.shape
    return np.array(
        [
            [
                data[i : i + factor, j : j + factor].astype(float).mean()
                for j in range(0, width, factor)
            ]
            for i in range(0, height, factor)
        ]
    )


@given(
    data=st.sampled_from(["u1", "i2", ">u2", "i4", "f4", ">f8"]).flatmap(
        lambda dtype: nps.arrays(
            dtype, SHAPES, elements={"min_value": 0, "max_value": 100}
        )
    ),
    factor=st.sampled_from([2, 4, 8]),
)
def test_blocks_are_averaged(data: np.ndarray, factor: int) -> None:
    np.testing.assert_allclose(
        block_mean(data, factor), plain_mean(data, factor), rtol=1e-5, atol=1e-5
    )


def test_a_block_is_the_mean_of_the_pixels_that_have_a_value() -> None:
    data = np.array([[1.0, np.nan, 5.0, 5.0], [3.0, np.inf, np.nan, np.nan]])
    masked = np.ma.array(np.full((2, 4), 7.0), mask=[[1, 1, 0, 1], [1, 1, 1, 1]])

    assert block_mean(data, 2).tolist() == [[2.0, 5.0]]
    np.testing.assert_array_equal(block_mean(masked, 2), [[np.nan, 7.0]])


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "i4", "u8"])
def test_sums_do_not_overflow(dtype: str) -> None:
    top = np.iinfo(dtype).max

    mean = block_mean(np.full((256, 256), top, dtype), 256)

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


def test_showing_values_leaves_the_data_alone() -> None:
    data = np.ma.array([[1.0, np.inf]], mask=[[True, False]])

    assert np.isnan(shown_values(data)).all()
    assert data.data.tolist() == [[1.0, np.inf]]


@pytest.mark.parametrize("dtype", ["u2", "f8", "c16"])
def test_a_large_image_is_reduced_without_a_copy_of_it(dtype: str) -> None:
    data = np.ones((4096, 4096), dtype)
    tracemalloc.start()

    value_range(data)
    block_mean(data, 4)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Strips of 2 million pixels, and a result of a million.
    assert peak < 100 * 2**20
