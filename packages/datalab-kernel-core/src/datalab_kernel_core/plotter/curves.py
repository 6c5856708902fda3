"""From a signal to its drawing: labels, scales, and curves reduced to what shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from datalab_kernel_core.plotter.annotations import annotation_shapes
from datalab_kernel_core.plotter.looks import look_of
from datalab_kernel_core.plotter.options import Options
from datalab_kernel_core.plotter.overlays import Shape, roi_shapes, undrawn_note
from datalab_kernel_core.plotter.reduce import (
    MAX_POINTS,
    Array,
    Bins,
    curve_indices,
    envelope,
    without_undrawable,
)
from datalab_kernel_core.plotter.results import result_shapes
from datalab_kernel_core.plotter.signals import Curve, SignalDrawing
from datalab_kernel_core.plotter.style import (
    LARGEST,
    TITLE_LENGTH,
    Limits,
    axis_label,
    bounds,
    display_option,
    drawable,
    number,
)
from datalab_workspace.record import Record

#: More error bars than this are drawn as a band.
MAX_BARS = 1000
_STYLES = ("Lines", "Sticks", "Steps", "Dots", "NoCurve")


@dataclass(frozen=True)
class Samples:
    """The samples of a signal.

    Attributes:
        x: Real, shape (N,).
        y: Real or complex, shape (N,).
        dx: Uncertainty of x, shape (N,), None if there is none.
        dy: Uncertainty of y, likewise.
    """

    x: Array
    y: Array
    dx: Array | None = None
    dy: Array | None = None

    @classmethod
    def of(cls, record: Record) -> Samples:
        """Return the samples of a signal, views of its array; NaN for masked ones."""
        xydata = record.array("xydata")
        if xydata is None:
            return cls(np.empty(0), np.empty(0))
        if isinstance(xydata, np.ma.MaskedArray):
            xydata = xydata.filled(np.nan)
        x, y, *errors = xydata
        dx, dy = (_given(row.real) for row in errors) if errors else (None, None)
        return cls(x.real, y, dx, dy)

    def within(self, limits: Limits) -> Samples:
        """Return the samples between two bounds of x and one more on each side.

        Args:
            limits: The bounds, None for none; x increases.
        """
        low, high = limits
        start = 0 if low is None else int(np.searchsorted(self.x, low)) - 1
        stop = len(self.x) if high is None else int(np.searchsorted(self.x, high)) + 1
        part = slice(max(start, 0), max(stop, start + 2))
        errors = (None if row is None else row[part] for row in (self.dx, self.dy))
        return Samples(self.x[part], self.y[part], *errors)


def signal_drawing(record: Record, options: Options) -> SignalDrawing:
    """Work out the picture of a signal.

    Args:
        record: The signal.
        options: What was chosen for the picture.

    Returns:
        A drawing that shares no memory with the signal.
    """
    samples = Samples.of(record)
    notes: list[str] = []
    fields = record.fields
    xlimits: Limits = (None, None)
    ylimits: Limits = (None, None)
    if not fields["autoscale"]:
        xlimits, ylimits = bounds(record, "x"), bounds(record, "y")
    xlog = _log_possible("x", bool(fields["xscalelog"]), samples.x, notes)
    curves = _curves(record, options, samples, xlog, xlimits, notes)
    if not any(np.isfinite(curve.y).any() for curve in curves):
        notes.append("no values" if len(samples.y) else "no data")
    shapes = _shapes(record, options, samples)
    notes += filter(None, [undrawn_note(shapes)])
    style = str(display_option(record, "curvestyle", "Lines"))
    return SignalDrawing(
        drawable(options.text(record, "title"), TITLE_LENGTH),
        axis_label(options.text(record, "xlabel"), options.text(record, "xunit")),
        curves,
        look=look_of(record),
        style=style if style in _STYLES else "Lines",
        shade=number(display_option(record, "shade", 0.0), 0.0, 1.0),
        baseline=number(display_option(record, "baseline", 0.0), -LARGEST, LARGEST),
        xlog=xlog,
        xlimits=xlimits,
        ylimits=ylimits,
        shapes=[shape for shape in shapes if shape is not None],
        notes=notes,
    )


def _curves(
    record: Record,
    options: Options,
    samples: Samples,
    xlog: bool,
    xlimits: Limits,
    notes: list[str],
) -> list[Curve]:
    bins = None
    if len(samples.y) > MAX_POINTS:
        bins = Bins.along(samples.x, log=xlog)
        if bins.increasing and xlimits != (None, None):
            samples = samples.within(xlimits)
            bins = Bins.along(samples.x, log=xlog)
    label, unit = options.text(record, "ylabel"), options.text(record, "yunit")
    wanted = bool(record.fields["yscalelog"])
    if samples.y.dtype.kind != "c":
        log = _log_possible("y", wanted, samples.y, notes)
        label = axis_label(label, unit)
        return [_curve(samples, samples.y, label, xlog, log, bins, notes)]
    with np.errstate(over="ignore", invalid="ignore"):
        modulus, phase = np.abs(samples.y), np.angle(samples.y, deg=True)
    log = _log_possible("y", wanted, modulus, notes)
    label = axis_label(f"modulus of {label}" if label else "modulus", unit)
    bare = Samples(samples.x, phase)
    return [
        _curve(samples, modulus, label, xlog, log, bins, notes),
        _curve(bare, phase, axis_label("phase", "°"), xlog, False, bins, notes),
    ]


def _curve(
    samples: Samples,
    y: Array,
    label: str,
    xlog: bool,
    ylog: bool,
    bins: Bins | None,
    notes: list[str],
) -> Curve:
    lowest = 0.0 if ylog else -LARGEST
    kept = slice(None) if bins is None else curve_indices(samples.x, y, bins, lowest)
    x = without_undrawable(samples.x[kept], 0.0 if xlog else -LARGEST)
    drawn = without_undrawable(y[kept], lowest)
    if len(y) <= MAX_BARS:
        dx, dy = _bars(samples.dx), _bars(samples.dy)
        return Curve(label, x, drawn, dx, dy, log=ylog)
    if samples.dx is not None:
        notes.append("uncertainties of x not drawn")
    return Curve(label, x, drawn, band=_band(samples, y, bins), log=ylog)


def _band(
    samples: Samples, y: Array, bins: Bins | None
) -> tuple[Array, Array, Array] | None:
    dy = samples.dy
    if dy is None:
        return None
    if bins is not None:
        with np.errstate(over="ignore", invalid="ignore"):
            return envelope(
                samples.x,
                lambda part: y[part] - np.abs(dy[part]),
                lambda part: y[part] + np.abs(dy[part]),
                bins,
            )
    middle, half = without_undrawable(y), without_undrawable(np.abs(dy))
    return without_undrawable(samples.x), middle - half, middle + half


def _bars(errors: Array | None) -> Array | None:
    return None if errors is None else without_undrawable(np.abs(errors))


def _given(errors: Array) -> Array | None:
    """Return uncertainties, None if there are none: sigima then has NaN or zeros."""
    return errors if np.any(np.isfinite(errors) & (errors != 0)) else None


def _log_possible(axis: str, wanted: bool, values: Array, notes: list[str]) -> bool:
    possible = wanted and bool(np.any((values > 0) & (values < LARGEST)))
    if wanted and len(values) and not possible:
        notes.append(f"no positive {axis}, so its axis is linear")
    return possible


def _shapes(record: Record, options: Options, samples: Samples) -> list[Shape | None]:
    def to_physical(_axis: int, index: float) -> float:
        places = np.arange(len(samples.x))
        return float(np.interp(index, places, samples.x)) if len(places) else index

    shapes: list[Shape | None] = []
    if options.roi:
        shapes += roi_shapes(record, to_physical)
    if options.results:
        shapes += result_shapes(record)
    if options.annotations:
        shapes += annotation_shapes(record)
    return shapes
