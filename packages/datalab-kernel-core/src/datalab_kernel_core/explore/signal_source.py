"""The data of an interactive view of a signal."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from datalab_kernel_core.explore.messages import Range, ViewRequest
from datalab_kernel_core.in_page.channel import Reply
from datalab_kernel_core.plotter.dates import drawable_as_dates, has_dates
from datalab_kernel_core.plotter.options import Options
from datalab_kernel_core.plotter.reduce import (
    LARGEST,
    Array,
    Bins,
    curve_indices,
    without_undrawable,
)
from datalab_kernel_core.plotter.samples import Samples, component
from datalab_kernel_core.plotter.style import TITLE_LENGTH, axis_label, drawable
from datalab_workspace.model.dates import date_text
from datalab_workspace.model.record import Record

#: The largest number of bins of a view. Two samples of each bin take less than 20 kB.
MAX_BINS = 1100
#: Up to this number, points are sent in double precision.
MAX_EXACT = 1000


class SignalSource:
    """The samples of a signal.

    Args:
        record: The signal. It is not copied: the view shows changes of its arrays.
        samples: The samples of the signal, if they are not in the record.
        phase: Show the phase of complex values, in degrees, instead of their modulus.
        options: The bounds and scales of the view at first.
    """

    def __init__(
        self,
        record: Record,
        samples: Samples | None = None,
        *,
        phase: bool = False,
        options: Options | None = None,
    ) -> None:
        self._record = record
        self._options = options or Options()
        samples = samples or Samples.of(record)
        self._x, self._values = samples.x, samples.y
        self._y = samples.y
        if self.complex:
            self._y = component(samples.y, "phase" if phase else "modulus")
        x = self._x
        self._increasing = bool(len(x) and x[0] == x[0] and (x[1:] >= x[:-1]).all())
        self._drawn = np.arange(0)
        self._dates = has_dates(record) and drawable_as_dates(x)

    @property
    def complex(self) -> bool:
        """Whether the values are complex."""
        return bool(self._values.dtype.kind == "c")

    def points(self, request: ViewRequest) -> tuple[Array, Array]:
        """Return x and y to draw, NaN for values that cannot be drawn."""
        kept, note = self._kept(request)
        xlog, ylog = request.log
        x = without_undrawable(self._x[kept], 0.0 if xlog else -LARGEST)
        y = without_undrawable(self._y[kept], 0.0 if ylog else -LARGEST)
        return _with_gaps(kept, x, y) if note is None else (x, y)

    def about(self) -> dict[str, Any]:
        """See `DataSource.about`."""
        fields = self._record.fields
        extents = {
            f"{axis}{'log' * log}": _extent(values, log=log)
            for axis, values in (("x", self._x), ("y", self._y))
            for log in (False, True)
        }
        label = str(fields["ylabel"] or "")
        if self.complex:
            label = f"modulus of {label}" if label else "modulus"
        log = [
            self._options.scale(axis, bool(fields[f"{axis}scalelog"])) == "log"
            and extents[f"{axis}log"] is not None
            for axis in "xy"
        ]
        return {
            "kind": "signal",
            "title": plain_title(self._record),
            "xlabel": str(fields["xlabel"] or "")
            if self._dates
            else plain_label(self._record, "x"),
            "ylabel": plain_label(self._record, "y", label),
            "extents": extents,
            "log": log,
            "dates": self._dates,
            "home": {
                axis: self._home(axis, is_log)
                for axis, is_log in zip("xy", log, strict=True)
            },
        }

    def _home(self, axis: str, log: bool) -> list[float | None]:
        """Return the bounds of the first view, None for bounds that follow the data."""
        low, high = self._options.limits(axis, (None, None))
        ends = [
            None if end is None or (log and end <= 0) else end for end in (low, high)
        ]
        return [
            None if end is None else math.log10(end) if log else end for end in ends
        ]

    def view(self, request: ViewRequest) -> Reply:
        """See `DataSource.view`."""
        kept, note = self._kept(request)
        self._drawn = kept
        xlog, ylog = request.log
        x, y = _screen(self._x[kept], xlog), _screen(self._y[kept], ylog)
        within = (x >= request.x[0]) & (x <= request.x[1]) & np.isfinite(y)
        ends = y[within] if within.any() else y[np.isfinite(y)]
        low, high = (float(ends.min()), float(ends.max())) if ends.size else (0.0, 1.0)
        x, y = _with_gaps(kept, x, y) if note is None else (x, y)
        middle = (request.x[0] / 2 + request.x[1] / 2, low / 2 + high / 2)
        half = (request.x[1] / 2 - request.x[0] / 2, (high / 2 - low / 2) or 1.0)
        dtype = np.float64 if len(x) <= MAX_EXACT else np.float32
        scaled = [
            ((values - m) / h).astype(dtype)
            for values, m, h in zip((x, y), middle, half, strict=True)
        ]
        content = {
            "points": len(x),
            "exact": dtype is np.float64,
            "middle": middle,
            "half": half,
            "range": (low, high),
            "note": note or "",
        }
        return Reply(content, list(scaled))

    def value(self, x: float, y: float, log: tuple[bool, bool]) -> Reply:
        """See `DataSource.value`; returns the value of the nearest sample."""
        index = self._nearest(x, y, log)
        if index is None:
            return Reply({"text": "", "at": None})
        xunit, yunit = (
            f" {unit}" * bool(unit)
            for unit in (self._record.fields[f"{axis}unit"] for axis in "xy")
        )
        x_text = f"{self._x[index]!s}{xunit}"
        if self._dates:
            x_text = date_text(float(self._x[index]))
        text = f"x = {x_text}, y = {self._values[index]!s}{yunit}"
        if self.complex:
            text += f", modulus = {self._y[index]!s}{yunit}"
        position = [
            float(_screen(values[index : index + 1], one)[0])
            for values, one in zip((self._x, self._y), log, strict=True)
        ]
        at = position if np.isfinite(position).all() else None
        return Reply({"text": f"{text}  (sample {index})", "at": at})

    def _nearest(self, x: float, y: float, log: tuple[bool, bool]) -> int | None:
        if not len(self._x):
            return None
        if self._increasing:
            after = int(np.searchsorted(self._x, 10**x if log[0] else x))
            near = np.arange(max(after - 1, 0), min(after + 1, len(self._x)))
            return int(near[np.abs(_screen(self._x[near], log[0]) - x).argmin()])
        if not len(self._drawn):
            return None
        xs, ys = (
            _screen(self._x[self._drawn], log[0]),
            _screen(self._y[self._drawn], log[1]),
        )
        with np.errstate(all="ignore"):
            distance = np.hypot((xs - x) / _span(xs), (ys - y) / _span(ys))
        distance[np.isnan(distance)] = np.inf
        return int(self._drawn[distance.argmin()])

    # -- the samples to send ----------------------------------------------------------

    def _kept(self, request: ViewRequest) -> tuple[Array, str | None]:
        """Return the indices of the samples to send, and a note if not all are sent.

        They include one sample on each side of the view, so that the line continues to
        the edges.
        """
        bins = min(MAX_BINS, request.width)
        lowest = 0.0 if request.log[1] else -LARGEST
        if not self._increasing:
            return self._kept_of_path(request, bins, lowest)
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

    def _kept_of_path(
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


def _screen(values: Array, log: bool) -> Array:
    """Return positions on the screen's axis, NaN for values that cannot be drawn."""
    drawn = without_undrawable(values, 0.0 if log else -LARGEST)
    return np.log10(drawn) if log else drawn


def _extent(values: Array, *, log: bool) -> Range | None:
    """Return the extent of values on the screen's axis, None without any value."""
    if not values.size:
        return None
    low, high = float(values.min()), float(values.max())
    if log and -LARGEST < low <= 0 < high < LARGEST:
        low = float(np.min(values, where=values > 0, initial=high))
    elif not (0.0 if log else -LARGEST) < low <= high < LARGEST:
        drawn = without_undrawable(values, 0.0 if log else -LARGEST)
        drawn = drawn[np.isfinite(drawn)]
        if not drawn.size:
            return None
        low, high = float(drawn.min()), float(drawn.max())
    if log:
        low, high = float(np.log10(low)), float(np.log10(high))
    if low == high:
        margin = abs(low) * 1e-3 or 0.5
        low, high = low - margin, high + margin
    return low, high


def _span(values: Array) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.max() - finite.min()) or 1.0 if finite.size else 1.0


def _with_gaps(kept: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """Insert NaN between samples that are not neighbors, to break the line."""
    gaps = np.flatnonzero(np.diff(kept) > 1) + 1
    return np.insert(x, gaps, np.nan), np.insert(y, gaps, np.nan)


def plain_label(record: Record, axis: str, label: str | None = None) -> str:
    """Return "label (unit)" of an axis, for a browser.

    Args:
        record: The object.
        axis: "x", "y" or "z".
        label: The label to use instead of the object's own.
    """
    fields = record.fields
    label = str(fields[f"{axis}label"] or "") if label is None else label
    text = axis_label(label, str(fields[f"{axis}unit"] or ""))
    return text.replace(r"\$", "$")  # which is not a formula in a browser


def plain_title(record: Record) -> str:
    """Return the title of an object, for a browser."""
    return drawable(record.title, TITLE_LENGTH).replace(r"\$", "$")
