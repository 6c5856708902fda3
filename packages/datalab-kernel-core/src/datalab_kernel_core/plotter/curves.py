"""From signals to their drawing: labels, scales, and curves reduced to what shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from datalab_kernel_core.plotter.annotations import annotation_shapes
from datalab_kernel_core.plotter.curve_style import CurveStyle, look_of
from datalab_kernel_core.plotter.options import Options
from datalab_kernel_core.plotter.overlays import Shape, roi_shapes, undrawn_note
from datalab_kernel_core.plotter.plot_input import PlotItem
from datalab_kernel_core.plotter.reduce import (
    MAX_POINTS,
    Array,
    Bins,
    curve_indices,
    envelope,
    without_undrawable,
)
from datalab_kernel_core.plotter.results import result_shapes
from datalab_kernel_core.plotter.samples import Samples, component
from datalab_kernel_core.plotter.signals import Curve, Panel, SignalsDrawing
from datalab_kernel_core.plotter.style import (
    LARGEST,
    TITLE_LENGTH,
    Limits,
    axis_label,
    bounds,
    drawable,
    joined,
)

#: More error bars than this are drawn as a band.
MAX_BARS = 1000
_UNITLESS = {"phase": "°"}


@dataclass(frozen=True)
class _Axes:
    """What the curves of one panel have in common."""

    xlog: bool
    ylog: bool
    xlimits: Limits


def signals_drawing(
    subjects: Sequence[PlotItem], options: Options, title: str | None
) -> SignalsDrawing:
    """Work out the picture of signals, drawn over each other.

    Args:
        subjects: The signals, at least one.
        options: What was chosen for the picture.
        title: Title of the picture, instead of the signal's own.

    Returns:
        A drawing that shares no memory with the signals.
    """
    notes: list[str] = []
    records = [subject.record for subject in subjects]
    fixed = not any(record.fields["autoscale"] for record in records)
    xlimits: Limits = (None, None)
    if fixed:
        xlimits = joined([bounds(record, "x") for record in records])
    xs = [_samples(subject).x for subject in subjects]
    wanted = all(record.fields["xscalelog"] for record in records)
    xlog = _log_possible("x", wanted, xs, notes)
    panels = _panels(subjects, options, xlog, xlimits, notes)
    if not any(np.isfinite(curve.y).any() for one in panels for curve in one.curves):
        notes.append("no values" if any(map(len, xs)) else "no data")
    shapes = [shape for one in subjects for shape in _shapes(one, options)]
    notes += filter(None, [undrawn_note(shapes)])
    if title is None:
        title = subjects[0].title if len(subjects) == 1 else ""
    return SignalsDrawing(
        drawable(title, TITLE_LENGTH),
        _x_label(subjects, options),
        panels,
        xlog=xlog,
        xlimits=xlimits,
        shapes=[shape for shape in shapes if shape is not None],
        notes=notes,
    )


def _samples(subject: PlotItem) -> Samples:
    if subject.samples is None:
        raise TypeError(f"{subject.title!r} is no signal")
    return subject.samples


def _panels(
    subjects: Sequence[PlotItem],
    options: Options,
    xlog: bool,
    xlimits: Limits,
    notes: list[str],
) -> list[Panel]:
    """Return one panel, or one each of the components that share no axis."""
    names: list[tuple[str, ...]] = [("",)] * len(subjects)
    for place, subject in enumerate(subjects):
        if _samples(subject).y.dtype.kind == "c":
            names[place] = options.components("polar")
    together = options.complex_as == "cartesian"
    rows = 1 if together else max(map(len, names))
    panels = []
    for row in range(rows):
        drawn = [
            (place, name)
            for place, own in enumerate(names)
            for name in (own if together else own[row : row + 1])
        ]
        panels.append(_panel(subjects, drawn, options, xlog, xlimits, notes))
    return panels


def _panel(
    subjects: Sequence[PlotItem],
    drawn: list[tuple[int, str]],
    options: Options,
    xlog: bool,
    xlimits: Limits,
    notes: list[str],
) -> Panel:
    """Return the panel of components, given as the number of a signal and a name."""
    owners = [subjects[place] for place, _ in drawn]
    values = [
        component(_samples(owner).y, name) if name else _samples(owner).y
        for owner, (_, name) in zip(owners, drawn, strict=True)
    ]
    is_phase = all(name in _UNITLESS for _, name in drawn)
    records = [owner.record for owner in owners]
    wanted = not is_phase and all(record.fields["yscalelog"] for record in records)
    axes = _Axes(xlog, _log_possible("y", wanted, values, notes), xlimits)
    legends = _legends(subjects, drawn, options)
    curves = []
    for (place, name), owner, y, legend in zip(
        drawn, owners, values, legends, strict=True
    ):
        samples = _samples(owner)
        if name:  # what the uncertainty of a component is, is not known
            samples = Samples(samples.x, y)
        look = _component_look(look_of(owner.record, place), name)
        curves.append(_curve(samples, y, look, legend, axes, notes))
    fixed = not is_phase and not any(record.fields["autoscale"] for record in records)
    label = axis_label("phase", "°") if is_phase else _y_label(owners, options)
    return Panel(
        label,
        curves,
        log=axes.ylog,
        limits=joined([bounds(r, "y") for r in records]) if fixed else (None, None),
        named=len(curves) > 1 or any(name for _, name in drawn),
        degrees=is_phase,
    )


def _component_look(look: CurveStyle, name: str) -> CurveStyle:
    if name != "imaginary":
        return look
    return CurveStyle(**{**vars(look), "line": "--"})


def _legends(
    subjects: Sequence[PlotItem], drawn: list[tuple[int, str]], options: Options
) -> list[str]:
    """Return what tells the curves of a panel apart: title, component, unit."""
    if len(subjects) == 1:
        return [name for _, name in drawn]
    titles = [drawable(subject.title) for subject in subjects]
    titles = [
        title or f"signal {number}" for number, title in enumerate(titles, start=1)
    ]
    for place, title in enumerate(titles):
        if (earlier := titles[:place].count(title)) > 0:
            titles[place] = f"{title} ({earlier + 1})"
    labels = [
        axis_label(
            options.text(subject.record, "ylabel"),
            options.text(subject.record, "yunit"),
        )
        for subject in subjects
    ]
    if len(set(labels)) == 1:
        labels = [""] * len(labels)
    return [
        ", ".join(filter(None, (titles[place], name, labels[place])))
        for place, name in drawn
    ]


def _x_label(subjects: Sequence[PlotItem], options: Options) -> str:
    """Return the label of the x axis: all that there are, each once."""
    records = [subject.record for subject in subjects]
    labels = [
        axis_label(options.text(record, "xlabel"), options.text(record, "xunit"))
        for record in records
    ]
    return " / ".join(dict.fromkeys(filter(None, labels)))


def _y_label(subjects: Sequence[PlotItem], options: Options) -> str:
    """Return the label of a y axis as far as it is that of all signals.

    What they do not share is told in the legend.
    """
    label, unit = (
        texts.pop() if len(texts) == 1 else ""
        for texts in (
            {options.text(subject.record, f"y{part}") for subject in subjects}
            for part in ("label", "unit")
        )
    )
    return axis_label(label, unit)


def _curve(
    samples: Samples,
    y: Array,
    look: CurveStyle,
    legend: str,
    axes: _Axes,
    notes: list[str],
) -> Curve:
    count = len(y)
    bins = None
    if count > MAX_POINTS:
        bins = Bins.along(samples.x, log=axes.xlog)
        if bins.increasing and axes.xlimits != (None, None):
            seen = Samples(samples.x, y, samples.dx, samples.dy).within(axes.xlimits)
            samples, y = seen, seen.y
            bins = Bins.along(samples.x, log=axes.xlog)
    lowest = 0.0 if axes.ylog else -LARGEST
    kept = slice(None) if bins is None else curve_indices(samples.x, y, bins, lowest)
    x = without_undrawable(samples.x[kept], 0.0 if axes.xlog else -LARGEST)
    drawn = without_undrawable(y[kept], lowest)
    if len(y) <= MAX_BARS:
        dx, dy = _bars(samples.dx), _bars(samples.dy)
        return Curve(x, drawn, dx, dy, None, look, legend, count)
    if samples.dx is not None:
        notes.append("uncertainties of x not drawn")
    band = _band(samples, y, bins)
    return Curve(x, drawn, band=band, look=look, legend=legend, count=count)


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


def _log_possible(
    axis: str, wanted: bool, rows: Sequence[Array], notes: list[str]
) -> bool:
    if not wanted:
        return False
    possible = any(bool(np.any((row > 0) & (row < LARGEST))) for row in rows)
    if not possible and any(map(len, rows)):
        notes.append(f"no positive {axis}, so its axis is linear")
    return possible


def _shapes(subject: PlotItem, options: Options) -> list[Shape | None]:
    x = _samples(subject).x

    def to_physical(_axis: int, index: float) -> float:
        if not len(x):
            return index
        before = min(max(int(index), 0), len(x) - 1)
        after = min(before + 1, len(x) - 1)
        return float(np.interp(index, (before, before + 1), (x[before], x[after])))

    record = subject.record
    shapes: list[Shape | None] = []
    if options.roi:
        shapes += roi_shapes(record, to_physical)
    shapes += result_shapes(record, options.results)
    if options.annotations:
        shapes += annotation_shapes(record)
    return shapes
