"""Pictures of signals: one or several curves, in one or two panels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase

from datalab_kernel_core.plotter.curve_style import CurveStyle
from datalab_kernel_core.plotter.overlays import Shape, draw_shapes
from datalab_kernel_core.plotter.reduce import Array
from datalab_kernel_core.plotter.style import (
    DESCRIBED,
    GRID_COLOR,
    HEIGHT,
    LARGEST,
    PHASE_HEIGHT,
    TITLE_SIZE,
    WIDTH,
    Limits,
    as_text,
    degree_ticks,
    write_notes,
)

#: More curves than this have their legend beside the panel.
_INSIDE = 5
#: More curves than this have no legend, which would be longer than the picture.
_NAMED = 40
#: Looking for the emptiest corner takes long where there are more points.
_SEARCHED = 20_000


@dataclass(frozen=True)
class Curve:
    """One curve, reduced to what is drawn.

    Attributes:
        x: float64, shape (N,), NaN where it cannot be drawn; so the others.
        y: float64, shape (N,).
        dx: Half the length of the horizontal error bars, shape (N,).
        dy: Half the length of the vertical error bars, shape (N,).
        band: x, lower and upper edge of the error band, each of shape (M,).
        look: How it looks.
        legend: What the legend says of it.
        count: Number of samples of the signal.
    """

    x: Array
    y: Array
    dx: Array | None = None
    dy: Array | None = None
    band: tuple[Array, Array, Array] | None = None
    look: CurveStyle = field(default_factory=CurveStyle)
    legend: str = ""
    count: int = 0

    @property
    def description(self) -> str:
        """What can be read from the curve."""
        there = self.y[np.isfinite(self.x) & np.isfinite(self.y)]
        what = f"{self.legend}, " if self.legend else ""
        what += f"{self.count} point{'s' * (self.count != 1)}"
        if not len(there):
            return f"{what}, no values"
        return f"{what} from {as_text(there.min())} to {as_text(there.max())}"


@dataclass(frozen=True)
class Panel:
    """Curves that share their axes.

    Attributes:
        label: Label of the y axis.
        curves: The curves.
        log: Whether the y axis is logarithmic.
        limits: Bounds of the y axis, None for one that the data sets.
        named: Whether a legend says what the curves are.
        degrees: Whether y is an angle.
    """

    label: str
    curves: list[Curve]
    log: bool = False
    limits: Limits = (None, None)
    named: bool = False
    degrees: bool = False


@dataclass(frozen=True)
class SignalsDrawing:
    """All that the picture of signals shows, independent of the signals.

    Attributes:
        title: Title of the picture.
        xlabel: Label of the x axis.
        panels: One, or two where complex signals are shown in two components.
        xlog: Whether the x axis is logarithmic.
        xlimits: Bounds of the x axis, None for one that the data sets.
        shapes: What is drawn over the first panel.
        notes: What is to be said about the picture, in it.
    """

    title: str
    xlabel: str
    panels: list[Panel]
    xlog: bool = False
    xlimits: Limits = (None, None)
    shapes: list[Shape] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    layout = "constrained"

    @property
    def size(self) -> tuple[float, float]:
        """Width and height, inches."""
        return WIDTH, HEIGHT * (1 + PHASE_HEIGHT * (len(self.panels) - 1))

    @property
    def description(self) -> str:
        """What the picture shows, for who cannot see it."""
        curves = [curve for panel in self.panels for curve in panel.curves]
        kind = "signal" if len(self.panels[0].curves) == 1 else "signals"
        axes = [self.xlabel, *(panel.label for panel in self.panels)]
        labels = " against ".join(filter(None, (axes[1], axes[0])))
        told = [curve.description for curve in curves[:DESCRIBED]]
        more = len(curves) - DESCRIBED
        said = "; ".join([*told, *([f"{more} more curves"] if more > 0 else [])])
        marked = f"; {len(self.shapes)} marked" if self.shapes else ""
        return f"{kind}{f' of {labels}' * bool(labels)}: {said}{marked}"

    def draw(self, figure: FigureBase) -> None:
        """Draw the picture on an empty figure."""
        rows = len(self.panels)
        ratios = [1, *[PHASE_HEIGHT] * (rows - 1)]
        grid = figure.add_gridspec(rows, 1, height_ratios=ratios)
        axes = grid.subplots(sharex=True, squeeze=False)[:, 0]
        for one, panel in zip(axes, self.panels, strict=True):
            one.set_xscale(*_scale(log=self.xlog))
            _draw_panel(one, panel)
        _set_limits(axes[0].set_xlim, self.xlimits, log=self.xlog)
        for one, panel in zip(axes, self.panels, strict=True):
            _set_limits(one.set_ylim, panel.limits, log=panel.log)
        draw_shapes(axes[0], self.shapes)
        axes[0].set_title(self.title, fontsize=TITLE_SIZE)
        axes[-1].set_xlabel(self.xlabel)
        write_notes(figure, self.notes)


def _draw_panel(axes: Axes, panel: Panel) -> None:
    axes.set_yscale(*_scale(log=panel.log))
    axes.set_ylabel(panel.label)
    if panel.degrees:
        axes.yaxis.set_major_locator(degree_ticks())
    axes.margins(x=0.02)
    axes.grid(visible=True, color=GRID_COLOR, linewidth=0.6)
    axes.set_axisbelow(True)
    for curve in panel.curves:
        _draw_curve(axes, curve)
        _draw_errors(axes, curve)
    if panel.named and len(panel.curves) <= _NAMED:
        _write_legend(axes, panel)


def _write_legend(axes: Axes, panel: Panel) -> None:
    if len(panel.curves) > _INSIDE:
        axes.legend(
            loc="upper left",
            bbox_to_anchor=(1.0, 1.0),
            fontsize=7,
            frameon=False,
            ncols=1 + len(panel.curves) // 25,
        )
        return
    points = sum(len(curve.x) for curve in panel.curves)
    axes.legend(loc="best" if points <= _SEARCHED else "upper right", fontsize=8)


def _draw_curve(axes: Axes, curve: Curve) -> None:
    look = curve.look
    step: Literal["post"] | None = "post" if look.style == "Steps" else None
    if look.shade:
        area: dict[str, Any] = {"color": look.color, "alpha": look.shade, "lw": 0}
        axes.fill_between(curve.x, curve.y, look.baseline, step=step, **area)
    # One artist holds the legend's entry, whatever the curve is made of.
    symbols: dict[str, Any] = {
        "marker": look.marker or "None",
        "ms": look.size,
        "mfc": look.face,
        "mec": look.edge,
    }
    line: dict[str, Any] = {"color": look.color, "ls": look.line, "lw": look.width}
    if look.style in ("Dots", "NoCurve"):
        if look.style == "Dots" and not look.marker:
            symbols |= {"marker": ".", "mfc": look.color, "mec": look.color}
        axes.plot(curve.x, curve.y, **line | {"ls": "none"}, **symbols, **_named(curve))
        return
    if look.style == "Sticks":
        axes.plot(*_sticks(curve), **line, **_named(curve))
        if look.marker:
            axes.plot(curve.x, curve.y, **line | {"ls": "none"}, **symbols)
        return
    drawstyle = "steps-post" if step else "default"
    axes.plot(curve.x, curve.y, **line, **symbols, **_named(curve), drawstyle=drawstyle)
    alone = _isolated(curve.y)
    if alone.any() and not look.marker:
        axes.plot(curve.x[alone], curve.y[alone], ".", color=look.color, ms=4)


def _named(curve: Curve) -> dict[str, Any]:
    # Matplotlib leaves out of a legend what begins with an underscore.
    hidden = curve.legend.startswith("_")
    return {"label": ("\u200b" * hidden + curve.legend) or "_"}


def _sticks(curve: Curve) -> tuple[Array, Array]:
    """Return one line that goes up and down each stick, and is broken between."""
    gap = np.full_like(curve.x, np.nan)
    feet = np.full_like(curve.y, curve.look.baseline)
    x = np.column_stack([curve.x, curve.x, gap]).ravel()
    return x, np.column_stack([feet, curve.y, gap]).ravel()


def _draw_errors(axes: Axes, curve: Curve) -> None:
    color = curve.look.color
    if curve.band is not None:
        axes.fill_between(*curve.band, color=color, alpha=0.25, lw=0)
    if curve.dx is not None or curve.dy is not None:
        axes.errorbar(
            curve.x,
            curve.y,
            yerr=curve.dy,
            xerr=curve.dx,
            fmt="none",
            zorder=1.9,  # behind the curve
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


def _set_limits(setter: Callable[..., Any], limits: Limits, *, log: bool) -> None:
    """Set the bounds that can be set: on a logarithmic axis, positive ones."""
    lowest = 0.0 if log else -LARGEST
    low, high = (
        limit if limit is not None and lowest < limit < LARGEST else None
        for limit in limits
    )
    if low != high:
        setter(low, high)
