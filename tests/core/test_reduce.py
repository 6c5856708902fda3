"""The reduction of curves that are too long to be drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from datalab_kernel_core.plotter.reduce import (
    BINS,
    Bins,
    curve_indices,
    envelope,
)
from datalab_kernel_core.plotter.style import LARGEST


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
