"""Pictures of signals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from datalab_kernel_core.plotter.looks import Look
from datalab_kernel_core.plotter.overlays import Shape, draw_shapes
from datalab_kernel_core.plotter.reduce import Array
from datalab_kernel_core.plotter.style import (
    DPI,
    GRID_COLOR,
    HEIGHT,
    LARGEST,
    LINE_COLOR,
    PHASE_HEIGHT,
    TITLE_SIZE,
    WIDTH,
    Limits,
    write_notes,
)


@dataclass(frozen=True)
class Curve:
    """One curve, reduced to what is drawn.

    Attributes:
        label: Label of its y axis.
        x: float64, shape (N,), NaN where it cannot be drawn; so the others.
        y: float64, shape (N,).
        dx: Half the length of the horizontal error bars, shape (N,).
        dy: Half the length of the vertical error bars, shape (N,).
        band: x, lower and upper edge of the error band, each of shape (M,).
        log: Whether its y axis is logarithmic.
    """

    label: str
    x: Array
    y: Array
    dx: Array | None = None
    dy: Array | None = None
    band: tuple[Array, Array, Array] | None = None
    log: bool = False


@dataclass(frozen=True)
class SignalDrawing:
    """All that the picture of a signal shows, independent of the signal.

    Attributes:
        title: Title of the picture.
        xlabel: Label of the x axis.
        curves: One, or modulus and phase of a complex signal.
        look: Colour, line and symbols of the curves.
        style: "Lines", "Sticks", "Steps", "Dots" or "NoCurve", as DataLab calls them.
        shade: Opacity of the area under the curve, 0 to 1.
        baseline: Where sticks and the shaded area begin.
        xlog: Whether the x axis is logarithmic.
        xlimits: Bounds of the x axis, None for one that the data sets.
        ylimits: Bounds of the first curve's y axis, likewise.
        shapes: What is drawn over the first curve.
        notes: What is to be said about the picture, in it.
    """

    title: str
    xlabel: str
    curves: list[Curve]
    look: Look = field(default_factory=Look)
    style: str = "Lines"
    shade: float = 0.0
    baseline: float = 0.0
    xlog: bool = False
    xlimits: Limits = (None, None)
    ylimits: Limits = (None, None)
    shapes: list[Shape] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def figure(self) -> Figure:
        """Draw the picture on a new figure, which no pyplot knows of."""
        rows = len(self.curves)
        height = HEIGHT * (1 + PHASE_HEIGHT * (rows - 1))
        figure = Figure(figsize=(WIDTH, height), dpi=DPI, layout="constrained")
        panels = curve_panels(figure, rows)
        for axes, curve in zip(panels, self.curves, strict=True):
            axes.set_xscale(*_scale(log=self.xlog))
            self.draw_curve(axes, curve)
        set_limits(panels[0].set_xlim, self.xlimits, log=self.xlog)
        set_limits(panels[0].set_ylim, self.ylimits, log=self.curves[0].log)
        draw_shapes(panels[0], self.shapes)
        panels[0].set_title(self.title, fontsize=TITLE_SIZE)
        panels[-1].set_xlabel(self.xlabel)
        write_notes(figure, self.notes)
        return figure

    def draw_curve(self, axes: Axes, curve: Curve, color: str = LINE_COLOR) -> None:
        """Draw one of the curves in the style of the signal.

        Args:
            axes: Where to; its y axis becomes that of the curve.
            curve: One of `curves`.
            color: Colour of the curve, its error bars and the shaded area, where the
                signal has none of its own.
        """
        look = self.look
        color = look.color or color
        axes.set_yscale(*_scale(log=curve.log))
        axes.set_ylabel(curve.label)
        axes.margins(x=0.02)
        axes.grid(visible=True, color=GRID_COLOR, linewidth=0.6)
        axes.set_axisbelow(True)
        step: Literal["post"] | None = "post" if self.style == "Steps" else None
        if self.shade:
            area: dict[str, Any] = {"color": color, "alpha": self.shade, "lw": 0}
            axes.fill_between(curve.x, curve.y, self.baseline, step=step, **area)
        _draw_errors(axes, curve, color)
        if look.marker:
            _draw_symbols(axes, curve, look, color)
        if self.style == "NoCurve":
            return
        if self.style == "Dots":
            axes.plot(curve.x, curve.y, ".", color=color, ms=4)
            return
        x, y = self._sticks(curve) if self.style == "Sticks" else (curve.x, curve.y)
        drawstyle = "steps-post" if step else "default"
        line: dict[str, Any] = {"ls": look.line, "lw": look.width}
        axes.plot(x, y, color=color, drawstyle=drawstyle, **line)
        alone = _isolated(y)
        if alone.any():
            axes.plot(x[alone], y[alone], ".", color=color, ms=4)

    def _sticks(self, curve: Curve) -> tuple[Array, Array]:
        """Return one line that goes up and down each stick, and is broken between."""
        gap = np.full_like(curve.x, np.nan)
        feet = np.full_like(curve.y, self.baseline)
        x = np.column_stack([curve.x, curve.x, gap]).ravel()
        return x, np.column_stack([feet, curve.y, gap]).ravel()


def curve_panels(figure: Figure | SubFigure, rows: int) -> list[Axes]:
    """Return axes one above the other for a curve and, below it, its phase."""
    ratios = [1, *[PHASE_HEIGHT] * (rows - 1)]
    grid = figure.add_gridspec(rows, 1, height_ratios=ratios)
    return list(grid.subplots(sharex=True, squeeze=False)[:, 0])


def _draw_symbols(axes: Axes, curve: Curve, look: Look, color: str) -> None:
    axes.plot(
        curve.x,
        curve.y,
        look.marker,
        ms=look.size,
        mfc=look.face or color,
        mec=look.edge or color,
    )


def _draw_errors(axes: Axes, curve: Curve, color: str) -> None:
    if curve.band is not None:
        axes.fill_between(*curve.band, color=color, alpha=0.25, lw=0)
    if curve.dx is not None or curve.dy is not None:
        axes.errorbar(
            curve.x,
            curve.y,
            yerr=curve.dy,
            xerr=curve.dx,
            fmt="none",
            ecolor=color,
            elinewidth=0.8,
            capsize=2,
            alpha=0.6,
        )


def _isolated(y: Array) -> Array:
    """Return where a line through `y`, shape (N,), would show nothing."""
    there = np.concatenate([[False], np.isfinite(y), [False]])
    alone: Array = there[1:-1] & ~there[:-2] & ~there[2:]
    return alone


def _scale(*, log: bool) -> tuple[str]:
    return ("log",) if log else ("linear",)


def set_limits(setter: Callable[..., Any], limits: Limits, *, log: bool) -> None:
    """Set the bounds that can be set: on a logarithmic axis, positive ones."""
    lowest = 0.0 if log else -LARGEST
    low, high = (
        limit if limit is not None and lowest < limit < LARGEST else None
        for limit in limits
    )
    if low != high:
        setter(low, high)
