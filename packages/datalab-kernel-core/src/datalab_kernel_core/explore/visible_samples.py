"""The samples of a curve that are drawn for the part of the axes that is on the screen.

Views in a page and refined Matplotlib figures draw the same samples.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from datalab_kernel_core.explore.messages import ViewRequest
from datalab_kernel_core.plotter.reduce import (
    LARGEST,
    Array,
    Bins,
    curve_indices,
    without_undrawable,
)

#: The largest number of bins of a view. Two samples of each bin take less than 20 kB.
MAX_BINS = 1100


class VisibleSamples:
    """The samples of a curve.

    Args:
        x: Coordinates, shape (N,). They are not copied.
        y: Real values, shape (N,).

    Attributes:
        increasing: Whether x never decreases, and has no NaN at its start.
    """

    def __init__(self, x: Array, y: Array) -> None:
        self._x, self._y = x, y
        self.increasing = bool(len(x) and x[0] == x[0] and (x[1:] >= x[:-1]).all())

    def points(self, request: ViewRequest) -> tuple[Array, Array]:
        """Return x and y to draw, NaN for values that cannot be drawn."""
        kept, note = self.indices(request)
        xlog, ylog = request.log
        x = without_undrawable(self._x[kept], 0.0 if xlog else -LARGEST)
        y = without_undrawable(self._y[kept], 0.0 if ylog else -LARGEST)
        return with_gaps(kept, x, y) if note is None else (x, y)

    def indices(self, request: ViewRequest) -> tuple[Array, str | None]:
        """Return the indices of the samples to draw, and a note if not all are drawn.

        They include one sample on each side of the view, so that the line continues to
        the edges.
        """
        bins = min(MAX_BINS, request.width)
        lowest = 0.0 if request.log[1] else -LARGEST
        if not self.increasing:
            return self._indices_of_path(request, bins, lowest)
        low, high = (_data(end, request.log[0]) for end in request.x)
        n = len(self._x)
        start = max(int(np.searchsorted(self._x, low)) - 1, 0)
        stop = min(int(np.searchsorted(self._x, high, side="right")) + 1, n)
        if stop - start <= 2 * bins:
            return np.arange(start, stop), None
        inner = np.linspace(*request.x, bins + 1)
        indices = np.searchsorted(self._x, _data(inner, request.log[0])) - start
        edges = np.clip([0, *indices, stop - start], 0, stop - start)
        cut = Bins(tuple(np.unique(edges).tolist()), increasing=True)
        x, y = self._x[start:stop], self._y[start:stop]
        note = f"{stop - start} samples, lowest and highest of each column"
        return start + curve_indices(x, y, cut, lowest), note

    def _indices_of_path(
        self, request: ViewRequest, bins: int, lowest: float
    ) -> tuple[Array, str | None]:
        """Return the same for a curve whose x also decreases: samples near the view."""
        near = np.ones(max(len(self._x) - 1, 0), bool)  # one for each line segment
        for values, ends, log in zip(
            (self._x, self._y), (request.x, request.y), request.log, strict=True
        ):
            low, high = (_data(end, log) for end in ends)
            near &= (values[:-1] >= low) | (values[1:] >= low)
            near &= (values[:-1] <= high) | (values[1:] <= high)
        ends_of_near = np.zeros(len(self._x), bool)
        ends_of_near[:-1] |= near
        ends_of_near[1:] |= near
        shown = np.flatnonzero(ends_of_near)
        if len(shown) <= 2 * bins:
            return shown, None
        edges = np.linspace(0, len(shown), bins // 2 + 1).astype(int)
        cut = Bins(tuple(np.unique(edges).tolist()), increasing=False)
        kept = curve_indices(self._x[shown], self._y[shown], cut, lowest)
        return shown[kept], f"{len(shown)} samples, extremes of each block"


def _data(position: Any, log: bool) -> Any:
    """Return the coordinate at a position on the screen's axis."""
    if not log:
        return position
    with np.errstate(over="ignore"):
        return np.power(10.0, position)


def on_screen(values: Array, log: bool) -> Array:
    """Return positions on the screen's axis, NaN for values that cannot be drawn."""
    drawn = without_undrawable(values, 0.0 if log else -LARGEST)
    return np.log10(drawn) if log else drawn


def with_gaps(kept: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """Insert NaN between samples that are not neighbors, to break the line."""
    gaps = np.flatnonzero(np.diff(kept) > 1) + 1
    return np.insert(x, gaps, np.nan), np.insert(y, gaps, np.nan)
