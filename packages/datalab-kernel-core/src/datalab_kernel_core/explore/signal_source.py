"""The data of an interactive view of a signal."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from datalab_kernel_core.explore.messages import Range, ViewRequest
from datalab_kernel_core.explore.visible_samples import (
    VisibleSamples,
    on_screen,
    with_gaps,
)
from datalab_kernel_core.in_page.channel import Reply
from datalab_kernel_core.plotter.dates import drawable_as_dates, has_dates
from datalab_kernel_core.plotter.options import Options
from datalab_kernel_core.plotter.reduce import (
    LARGEST,
    Array,
    without_undrawable,
)
from datalab_kernel_core.plotter.samples import Samples, component
from datalab_kernel_core.plotter.style import TITLE_LENGTH, axis_label, drawable
from datalab_workspace.model.dates import date_text
from datalab_workspace.model.record import Record

#: Up to this number, points are sent in double precision.
MAX_EXACT = 1000


class SignalSource:
    """The samples of a signal.

    Args:
        record: The signal. It is not copied: the view shows changes of its arrays.
        samples: The samples of the signal, if they are not in the record.
        options: The bounds and scales of the view at first.
    """

    def __init__(
        self,
        record: Record,
        samples: Samples | None = None,
        *,
        options: Options | None = None,
    ) -> None:
        self._record = record
        self._options = options or Options()
        samples = samples or Samples.of(record)
        self._x, self._values = samples.x, samples.y
        self._y = samples.y
        if self.complex:
            self._y = component(samples.y, "modulus")
        x = self._x
        self._visible = VisibleSamples(self._x, self._y)
        self._drawn = np.arange(0)
        self._dates = has_dates(record) and drawable_as_dates(x)

    @property
    def complex(self) -> bool:
        """Whether the values are complex."""
        return bool(self._values.dtype.kind == "c")

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
        kept, note = self._visible.indices(request)
        self._drawn = kept
        xlog, ylog = request.log
        x, y = on_screen(self._x[kept], xlog), on_screen(self._y[kept], ylog)
        within = (x >= request.x[0]) & (x <= request.x[1]) & np.isfinite(y)
        ends = y[within] if within.any() else y[np.isfinite(y)]
        low, high = (float(ends.min()), float(ends.max())) if ends.size else (0.0, 1.0)
        x, y = with_gaps(kept, x, y) if note is None else (x, y)
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
            float(on_screen(values[index : index + 1], one)[0])
            for values, one in zip((self._x, self._y), log, strict=True)
        ]
        at = position if np.isfinite(position).all() else None
        return Reply({"text": f"{text}  (sample {index})", "at": at})

    def _nearest(self, x: float, y: float, log: tuple[bool, bool]) -> int | None:
        if not len(self._x):
            return None
        if self._visible.increasing:
            after = int(np.searchsorted(self._x, 10**x if log[0] else x))
            near = np.arange(max(after - 1, 0), min(after + 1, len(self._x)))
            return int(near[np.abs(on_screen(self._x[near], log[0]) - x).argmin()])
        if not len(self._drawn):
            return None
        xs, ys = (
            on_screen(self._x[self._drawn], log[0]),
            on_screen(self._y[self._drawn], log[1]),
        )
        with np.errstate(all="ignore"):
            distance = np.hypot((xs - x) / _span(xs), (ys - y) / _span(ys))
        distance[np.isnan(distance)] = np.inf
        return int(self._drawn[distance.argmin()])


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
