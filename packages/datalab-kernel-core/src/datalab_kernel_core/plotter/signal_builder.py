"""Build the drawing of signals: labels, scales and reduced curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from datalab_kernel_core.plotter.curve_style import CurveStyle
from datalab_kernel_core.plotter.dates import drawable_as_dates, has_dates
from datalab_kernel_core.plotter.object_shapes import object_shapes
from datalab_kernel_core.plotter.options import Options
from datalab_kernel_core.plotter.overlays import Shape, undrawn_note
from datalab_kernel_core.plotter.plot_input import PlotItem
from datalab_kernel_core.plotter.reduce import (
    MAX_POINTS,
    Array,
    Bins,
    curve_indices,
    envelope,
    without_undrawable,
)
from datalab_kernel_core.plotter.samples import Samples, component
from datalab_kernel_core.plotter.signal_drawing import Curve, Panel, SignalsDrawing
from datalab_kernel_core.plotter.style import (
    LARGEST,
    TITLE_LENGTH,
    Limits,
    axis_label,
    bounds,
    drawable,
    joined,
)
from datalab_workspace.model.record import Record

#: More error bars than this are drawn as a band.
MAX_BARS = 1000
#: The longest title in a legend, which the drawing shortens to the room there is.
_LEGEND_LENGTH = 200
_UNITLESS = {"phase": "°"}


@dataclass(frozen=True)
class _Axes:
    """The axes that the curves of one panel share."""

    xscale: str
    yscale: str
    xlimits: Limits


def build_signals_drawing(
    items: Sequence[PlotItem], options: Options, title: str | None
) -> SignalsDrawing:
    """Build the drawing of signals that share a panel.

    Args:
        items: The signals, at least one.
        options: The options of the picture.
        title: Title of the picture, instead of the signal's own.

    Returns:
        A drawing that shares no memory with the signals.
    """
    notes: list[str] = []
    records = [item.record for item in items]
    fixed = not any(record.fields["autoscale"] for record in records)
    xlimits: Limits = (None, None)
    if fixed:
        xlimits = joined([bounds(record, "x") for record in records])
    xlimits = options.limits("x", xlimits)
    xs = [_samples(item).x for item in items]
    dates = _all_dates(records, xs, notes)
    own = all(record.fields["xscalelog"] for record in records)
    xscale = _possible_scale("x", options.scale("x", own and not dates), xs, notes)
    panels = _panels(items, options, xscale, xlimits, notes)
    if not any(
        np.isfinite(curve.y).any() for panel in panels for curve in panel.curves
    ):
        notes.append("no values" if any(map(len, xs)) else "no data")
    shapes = [shape for item in items for shape in _shapes(item, options)]
    notes += filter(None, [undrawn_note(shapes)])
    if title is None:
        title = items[0].title if len(items) == 1 else ""
    return SignalsDrawing(
        drawable(title, TITLE_LENGTH),
        _x_label(items, options, dates=dates),
        panels,
        xscale=xscale,
        xlimits=xlimits,
        shapes=[shape for shape in shapes if shape is not None],
        notes=notes,
        dates=dates,
        grid=options.grid is not False,
        aspect=options.aspect,
    )


def _all_dates(
    records: Sequence[Record], xs: Sequence[Array], notes: list[str]
) -> bool:
    """Return whether the x axis can show dates; a note says why it cannot."""
    dated = [has_dates(record) for record in records]
    if not any(dated):
        return False
    if not all(dated):
        notes.append("x in seconds since 1970: not all signals have dates")
        return False
    if not all(drawable_as_dates(x) for x in xs if len(x)):
        notes.append("x in seconds since 1970: beyond the dates of a calendar")
        return False
    return any(map(len, xs))


def _samples(item: PlotItem) -> Samples:
    if item.samples is None:
        raise TypeError(f"expected a signal, got the image {item.title!r}")
    return item.samples


def _panels(
    items: Sequence[PlotItem],
    options: Options,
    xscale: str,
    xlimits: Limits,
    notes: list[str],
) -> list[Panel]:
    """Return one panel, or two if modulus and phase are drawn."""
    names: list[tuple[str, ...]] = [("",)] * len(items)
    for index, item in enumerate(items):
        if _samples(item).y.dtype.kind == "c":
            names[index] = options.components("polar")
    together = options.complex_as == "cartesian"
    rows = 1 if together else max(map(len, names))
    panels = []
    for row in range(rows):
        drawn = [
            (index, name)
            for index, own in enumerate(names)
            for name in (own if together else own[row : row + 1])
        ]
        panels.append(_panel(items, drawn, options, xscale, xlimits, notes))
    return panels


def _panel(
    items: Sequence[PlotItem],
    drawn: list[tuple[int, str]],
    options: Options,
    xscale: str,
    xlimits: Limits,
    notes: list[str],
) -> Panel:
    """Return a panel; each curve is the index of a signal and a component's name."""
    owners = [items[index] for index, _ in drawn]
    values = [
        component(_samples(owner).y, name) if name else _samples(owner).y
        for owner, (_, name) in zip(owners, drawn, strict=True)
    ]
    is_phase = all(name in _UNITLESS for _, name in drawn)
    records = [owner.record for owner in owners]
    wanted = not is_phase and all(record.fields["yscalelog"] for record in records)
    scale = "linear" if is_phase else options.scale("y", wanted)
    axes = _Axes(xscale, _possible_scale("y", scale, values, notes), xlimits)
    legends = _legends(items, drawn, options)
    curves = []
    for (index, name), owner, y, legend in zip(
        drawn, owners, values, legends, strict=True
    ):
        samples = _samples(owner)
        if name:  # the uncertainty of a component is unknown
            samples = Samples(samples.x, y)
        style = _component_style(CurveStyle.of(owner.record, index), name)
        curves.append(_curve(samples, y, style, legend, axes, notes))
    fixed = not is_phase and not any(record.fields["autoscale"] for record in records)
    label = axis_label("phase", "°") if is_phase else _y_label(owners, options)
    own: Limits = joined([bounds(r, "y") for r in records]) if fixed else (None, None)
    return Panel(
        label,
        curves,
        scale=axes.yscale,
        limits=own if is_phase else options.limits("y", own),
        named=len(curves) > 1 or any(name for _, name in drawn),
        degrees=is_phase,
    )


def _component_style(style: CurveStyle, name: str) -> CurveStyle:
    return replace(style, line="--") if name == "imaginary" else style


def _legends(
    items: Sequence[PlotItem], drawn: list[tuple[int, str]], options: Options
) -> list[str]:
    """Return the legend of each curve of a panel: title, component, axis label."""
    if len(items) == 1:
        return [name for _, name in drawn]
    own = [
        drawable(item.title, _LEGEND_LENGTH) or f"signal {number}"
        for number, item in enumerate(items, start=1)
    ]
    titles = [
        f"{title} ({earlier + 1})" if (earlier := own[:index].count(title)) else title
        for index, title in enumerate(own)
    ]
    labels = [
        axis_label(
            options.text(item.record, "ylabel"),
            options.text(item.record, "yunit"),
        )
        for item in items
    ]
    if len(set(labels)) == 1:
        labels = [""] * len(labels)
    return [
        ", ".join(filter(None, (titles[index], name, labels[index])))
        for index, name in drawn
    ]


def _x_label(items: Sequence[PlotItem], options: Options, *, dates: bool) -> str:
    """Return the label of the x axis: the different labels of all signals.

    Dates have no unit.
    """
    records = [item.record for item in items]
    labels = [
        axis_label(
            options.text(record, "xlabel"),
            options.xunit if dates else options.text(record, "xunit"),
        )
        for record in records
    ]
    return " / ".join(dict.fromkeys(filter(None, labels)))


def _y_label(items: Sequence[PlotItem], options: Options) -> str:
    """Return the label and unit that all signals share.

    Labels that differ are in the legend.
    """
    label, unit = (
        texts.pop() if len(texts) == 1 else ""
        for texts in (
            {options.text(item.record, f"y{part}") for item in items}
            for part in ("label", "unit")
        )
    )
    return axis_label(label, unit)


def _curve(
    samples: Samples,
    y: Array,
    style: CurveStyle,
    legend: str,
    axes: _Axes,
    notes: list[str],
) -> Curve:
    count = len(y)
    bins = None
    if count > MAX_POINTS:
        bins = Bins.along(samples.x, log=axes.xscale == "log")
        if bins.increasing and axes.xlimits != (None, None):
            visible = Samples(samples.x, y, samples.dx, samples.dy).within(axes.xlimits)
            samples, y = visible, visible.y
            bins = Bins.along(samples.x, log=axes.xscale == "log")
    lowest = 0.0 if axes.yscale == "log" else -LARGEST
    notes += _undrawn(samples.x, y, axes)
    kept = slice(None) if bins is None else curve_indices(samples.x, y, bins, lowest)
    x = without_undrawable(samples.x[kept], 0.0 if axes.xscale == "log" else -LARGEST)
    drawn = without_undrawable(y[kept], lowest)
    if len(y) <= MAX_BARS:
        dx, dy = _bars(samples.dx), _bars(samples.dy)
        return Curve(x, drawn, dx, dy, None, style, legend, count)
    if samples.dx is not None:
        notes.append("uncertainties of x not drawn")
    band = _band(samples, y, bins)
    return Curve(x, drawn, band=band, style=style, legend=legend, count=count)


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


def _undrawn(x: Array, y: Array, axes: _Axes) -> list[str]:
    """Return notes about the samples that have values but cannot be drawn."""
    notes = []
    for name, values, scale in (("x", x, axes.xscale), ("y", y, axes.yscale)):
        if scale == "log" and (count := int(np.count_nonzero(values <= 0))):
            notes.append(f"{_samples_with(count)} {name} ≤ 0 not drawn")
        # Numbers of less than 64 bits are never that large.
        if not len(values) or values.dtype != np.float64:
            continue
        # NaN is neither: it stands for a value that does not exist.
        beyond = [
            np.count_nonzero(values >= LARGEST),
            np.count_nonzero(values <= -LARGEST),
        ]
        if count := int(sum(beyond)):
            notes.append(f"{_samples_with(count)} |{name}| ≥ 1e300 not drawn")
    return notes


def _samples_with(count: int) -> str:
    return f"{count} sample{'s' * (count != 1)} with"


def _possible_scale(
    axis: str, wanted: str, rows: Sequence[Array], notes: list[str]
) -> str:
    """Return a scale, or "linear" with a note if nothing is positive on a log axis."""
    if wanted != "log":
        return wanted
    possible = any(bool(np.any((row > 0) & (row < LARGEST))) for row in rows)
    if not possible and any(map(len, rows)):
        notes.append(f"no positive {axis}, so its axis is linear")
    return "log" if possible else "linear"


def _shapes(item: PlotItem, options: Options) -> list[Shape | None]:
    x = _samples(item).x

    def to_physical(_axis: int, index: float) -> float:
        if not len(x):
            return index
        before = min(max(int(index), 0), len(x) - 1)
        after = min(before + 1, len(x) - 1)
        return float(np.interp(index, (before, before + 1), (x[before], x[after])))

    return object_shapes(item.record, options, to_physical)
