"""Draw signals: one or several curves, in one or two panels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from datalab_kernel_core.plotter.contrast import AxisScale
from datalab_kernel_core.plotter.painting.axes import (
    SMALL,
    SMALL_LINE,
    Axes,
    Axis,
    bottom_margin,
    side_margin,
)
from datalab_kernel_core.plotter.painting.canvas import Canvas, Frame
from datalab_kernel_core.plotter.painting.font import text_width
from datalab_kernel_core.plotter.painting.shapes import draw_shapes
from datalab_kernel_core.plotter.reduce import Array
from datalab_kernel_core.plotter.signal_drawing import (
    Curve,
    Panel,
    SignalsDrawing,
    isolated,
    sticks,
)
from datalab_kernel_core.plotter.style import PHASE_HEIGHT, Limits

#: The share of the data's range that is free at each end of an axis.
_FREE_X, _FREE_Y = 0.02, 0.05
#: Values that differ by less than this share of them are drawn as equal ones.
_ROUNDING = 1e-13
_NUMBERS = np.finfo(float)
_RIGHT, _BETWEEN = 24, 16
_MOST_LEGENDS = 10


def draw_signals(canvas: Canvas, place: Frame, drawing: SignalsDrawing) -> None:
    """Draw signals in an area of a canvas, which also holds their labels."""
    left, top, right, bottom = place
    bottom -= bottom_margin()
    count = len(drawing.panels)
    heights = [1.0, *[PHASE_HEIGHT] * (count - 1)]
    room = bottom - top - _BETWEEN * (count - 1)
    x = _x_axis(drawing)
    ys = [_y_axis(panel) for panel in drawing.panels]
    left += max(side_margin(y, int(room / sum(heights))) for y in ys)
    begin = top
    for number, (panel, y) in enumerate(zip(drawing.panels, ys, strict=True)):
        end = begin + int(room * heights[number] / sum(heights))
        axes = Axes(canvas, (left, begin, right - _RIGHT, end), x, y)
        if drawing.grid:
            axes.grid()
        for curve in panel.curves:
            _draw_curve(axes, curve)
        if not number:
            draw_shapes(axes, drawing.shapes)
        is_last = number == count - 1
        axes.decorate("" if number else drawing.title, x_labels=is_last)
        if panel.named:
            _write_legend(axes, panel)
        begin = end + _BETWEEN


def _x_axis(drawing: SignalsDrawing) -> Axis:
    curves = [curve for panel in drawing.panels for curve in panel.curves]
    rows = [edge for curve in curves for edge in _widths(curve)]
    scale = _scale(drawing.xscale, rows)
    low, high = _bounds(rows, drawing.xlimits, scale, _FREE_X)
    return Axis(low, high, scale, drawing.xlabel, dates=drawing.dates)


def _y_axis(panel: Panel) -> Axis:
    rows = [edge for curve in panel.curves for edge in _heights(curve)]
    scale = _scale(panel.scale, rows)
    low, high = _bounds(rows, panel.limits, scale, _FREE_Y)
    return Axis(low, high, scale, panel.label, degrees=panel.degrees)


def _heights(curve: Curve) -> list[Array]:
    """Return the rows of values that the y axis must contain."""
    if curve.band is not None:
        return [curve.y, *curve.band[1:]]
    if curve.dy is not None:
        return [curve.y, curve.y - curve.dy, curve.y + curve.dy]
    if curve.style.kind == "Sticks":
        return [curve.y, np.array([curve.style.baseline])]
    return [curve.y]


def _widths(curve: Curve) -> list[Array]:
    """Return the rows of values that the x axis must contain."""
    if curve.dx is not None:
        return [curve.x, curve.x - curve.dx, curve.x + curve.dx]
    return [curve.x]


def _scale(kind: str, rows: Sequence[Array]) -> AxisScale:
    largest = max((float(np.nanmax(np.abs(r), initial=0.0)) for r in rows), default=0.0)
    return AxisScale(kind, largest)


def _bounds(
    rows: Sequence[Array], limits: Limits, scale: AxisScale, free: float
) -> tuple[float, float]:
    """Return the bounds of an axis: those that are given, or those of the data."""
    lengths = scale.forward(np.concatenate([np.zeros(0), *rows]))
    lengths = lengths[np.isfinite(lengths)]
    low, high = (lengths.min(), lengths.max()) if len(lengths) else (0.0, 1.0)
    if high / 2 - low / 2 <= _ROUNDING * max(abs(low), abs(high)):
        room = abs(low) * 0.05 if scale.kind == "linear" and low else 0.5
    else:
        room = (high / 2 - low / 2) * 2 * free
    with np.errstate(over="ignore"):
        own = scale.backward(np.array([low - room, high + room]))
    if scale.kind == "log":  # the room may lie beyond all numbers
        own = np.clip(own, _NUMBERS.smallest_subnormal, _NUMBERS.max)
    given = [
        None if end is None or (scale.kind == "log" and end <= 0) else end
        for end in limits
    ]
    begin, end = (
        float(found) if end is None else float(end)
        for found, end in zip(own, given, strict=True)
    )
    return (begin, end) if begin < end else (float(own[0]), float(own[1]))


def _draw_curve(axes: Axes, curve: Curve) -> None:
    style = curve.style
    width = 1.5 * style.width
    if curve.band is not None:
        x, lower, upper = curve.band
        edges = axes.rows(upper), axes.rows(lower)
        axes.canvas.band(axes.frame, axes.columns(x), *edges, style.color)
    if curve.dy is not None:
        axes.line(*_bars(curve.x, curve.y, curve.dy), style.color, width=1, opacity=0.6)
    if curve.dx is not None:
        y, x = _bars(curve.y, curve.x, curve.dx)
        axes.line(x, y, style.color, width=1, opacity=0.6)
    columns, rows = axes.columns(curve.x), axes.rows(curve.y)
    size = max(3.0, 1.4 * style.size)
    if style.kind == "Sticks":
        axes.line(*sticks(curve), style.color, width=width)
    elif style.kind in ("Lines", "Steps") and style.line != "none":
        x, y = _steps(curve) if style.kind == "Steps" else (curve.x, curve.y)
        axes.line(x, y, style.color, width=width, dashed=style.line != "-")
        alone = isolated(curve.y)
        axes.canvas.points(axes.frame, columns[alone], rows[alone], style.color, 3.0)
    if style.marker:
        axes.canvas.points(axes.frame, columns, rows, style.face, size)
    elif style.kind == "Dots":
        axes.canvas.points(axes.frame, columns, rows, style.color, 3.0)


def _steps(curve: Curve) -> tuple[Array, Array]:
    """Return the line of a curve that keeps each value until the next sample."""
    return curve.x.repeat(2)[1:], curve.y.repeat(2)[:-1]


def _bars(x: Array, y: Array, half: Array) -> tuple[Array, Array]:
    """Return a line through both ends of each error bar, with gaps between them."""
    gap = np.full_like(x, np.nan)
    return (
        np.column_stack([x, x, gap]).ravel(),
        np.column_stack([y - half, y + half, gap]).ravel(),
    )


def _write_legend(axes: Axes, panel: Panel) -> None:
    """Write the names of the curves in the upper right corner."""
    _, top, right, _ = axes.frame
    named = panel.curves[:_MOST_LEGENDS]
    entries = [curve.legend[:40] for curve in named]
    if len(panel.curves) > len(named):
        entries.append(f"{len(panel.curves) - len(named)} more curves")
    width = max(text_width(entry, SMALL) for entry in entries) + 36
    bottom = top + 12 + SMALL_LINE * len(entries)
    ground = (right - width - 8, top + 6, right - 8, bottom)
    axes.canvas.fill(ground, "#ffffff", 0.85)
    axes.canvas.outline(ground, "#cccccc")
    for number, entry in enumerate(entries):
        row = top + 11 + number * SMALL_LINE
        if number < len(named):
            color = named[number].style.color
            begin = right - width - 2
            axes.canvas.fill((begin, row + 3, begin + 20, row + 5), color)
        axes.canvas.text((right - width + 24, row), entry, size=SMALL)
