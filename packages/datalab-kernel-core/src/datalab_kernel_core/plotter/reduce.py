"""Reduce long curves to the resolution of a picture.

Matplotlib copies its data several times, so the data is reduced first. A curve keeps
the lowest and the highest sample of every column of pixels, with their own x, so that a
spike of one sample stays visible. Values that cannot be drawn are ignored: NaN,
infinity, and values beyond `LARGEST`. Images are reduced by
`datalab_workspace.model.image_reduction`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from datalab_workspace.model.image_reduction import LARGEST as LARGEST
from datalab_workspace.model.image_reduction import Array as Array

#: Curves with up to this number of points are not reduced.
MAX_POINTS = 50_000
#: The number of bins to which longer curves are reduced, about four for each column of
#: pixels.
BINS = 2000


def without_undrawable(values: Array, lowest: float = -LARGEST) -> Array:
    """Return values as float64, NaN in place of those that cannot be drawn.

    Args:
        values: Real values of any shape.
        lowest: Values up to this one cannot be drawn; pass 0 for a logarithmic axis.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # of long doubles
        floats = np.array(values, dtype=np.float64)
    floats[~((floats > lowest) & (floats < LARGEST))] = np.nan
    return floats


@dataclass(frozen=True)
class Bins:
    """The bins of a curve.

    Attributes:
        edges: Increasing indices from 0 to the number of samples; no bin is empty.
        increasing: Whether x never decreases.
    """

    edges: tuple[int, ...]
    increasing: bool

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self.edges[:-1], self.edges[1:], strict=True)

    @classmethod
    def along(cls, x: Array, *, log: bool = False) -> Bins:
        """Return the bins of a curve of many samples.

        Args:
            x: Shape (N,). If it increases, the bins have equal widths on the axis;
                otherwise, as in a hysteresis loop, equal numbers of samples.
            log: Whether the axis is logarithmic.
        """
        n = len(x)
        increasing = bool(x[0] == x[0] and (x[1:] >= x[:-1]).all())
        start = int(np.searchsorted(x, 0.0, side="right")) if log and increasing else 0
        if start == n:
            start, log = 0, False
        low, high = float(x[start]), float(x[-1])
        if increasing and -LARGEST < low < high < LARGEST:
            spaced = np.geomspace if log else np.linspace
            inner = spaced(low, high, BINS + 1)[1:-1].astype(x.dtype)
            edges = np.array([0, start, n, *np.searchsorted(x, inner)])
        else:
            edges = np.linspace(0, n, (BINS if increasing else BINS // 2) + 1)
        return cls(tuple(np.unique(edges.astype(int)).tolist()), increasing)


def curve_indices(x: Array, y: Array, bins: Bins, lowest: float) -> Array:
    """Choose the samples that show a curve.

    Args:
        x: Shape (N,).
        y: Shape (N,).
        bins: The bins of the curve.
        lowest: Values of y up to this one cannot be drawn.

    Returns:
        Increasing indices of the first and last sample and, for every bin, of the
        samples with the lowest and highest y, and the lowest and highest x too if x
        decreases. A bin without a value that can be drawn keeps one sample, so that
        the gap stays visible.
    """
    rows = [(y, lowest)] if bins.increasing else [(y, lowest), (x, -LARGEST)]
    kept = [0, len(y) - 1]
    for start, stop in bins:
        for row, limit in rows:
            low, high = _extremes(row[start:stop], limit)
            kept += [start + low, start + high]
    return np.unique(kept)


def envelope(
    x: Array,
    lower: Callable[[slice], Array],
    upper: Callable[[slice], Array],
    bins: Bins,
) -> tuple[Array, Array, Array]:
    """Return the band between two curves, one point for each bin.

    Args:
        x: Shape (N,).
        lower: Returns the lower curve for a slice of the samples.
        upper: Returns the upper curve for a slice of the samples.
        bins: The bins of the curve.

    Returns:
        x of the middle sample, the lowest value of `lower` and the highest of `upper`,
        NaN if nothing can be drawn; each of shape (number of bins,).
    """
    rows = []
    for start, stop in bins:
        low, high = lower(slice(start, stop)), upper(slice(start, stop))
        lowest, highest = _extremes(low, -LARGEST)[0], _extremes(high, -LARGEST)[1]
        rows.append((x[(start + stop) // 2], low[lowest], high[highest]))
    middle, lows, highs = without_undrawable(np.array(rows)).T
    return middle, lows, highs


def _extremes(values: Array, lowest: float) -> tuple[int, int]:
    """Return the indices of the lowest and highest values that can be drawn."""
    low, high = int(values.argmin()), int(values.argmax())
    if float(values[low]) > lowest and float(values[high]) < LARGEST:
        return low, high
    cleaned = without_undrawable(values, lowest)
    drawable = np.flatnonzero(np.isfinite(cleaned))
    if not len(drawable):
        return 0, 0
    kept = cleaned[drawable]
    return int(drawable[kept.argmin()]), int(drawable[kept.argmax()])
