"""The drawing of signals: one or several curves, in one or two panels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from datalab_kernel_core.plotter.contrast import linear_part
from datalab_kernel_core.plotter.curve_style import CurveStyle
from datalab_kernel_core.plotter.overlays import Shape
from datalab_kernel_core.plotter.reduce import Array
from datalab_kernel_core.plotter.style import (
    DESCRIBED,
    GRID_COLOR,
    HEIGHT,
    LABEL_SIZE,
    LARGEST,
    PHASE_HEIGHT,
    TITLE_SIZE,
    WIDTH,
    Limits,
    as_text,
    degree_ticks,
    write_notes,
)
from datalab_kernel_core.plotter.text_layout import BEYOND, broken, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

#: Up to this number of curves, the legend is inside the panel; otherwise next to it.
_INSIDE = 5
#: Curves that have a legend; that of more would be longer than the picture.
_NAMED = 40
#: The share of a panel's width that a legend may take, and the inches that the lines
#: next to its entries take.
_LEGEND_SHARE, _HANDLE = 0.5, 0.45
#: Points up to which Matplotlib looks for the emptiest corner, which takes long.
_SEARCHED = 20_000


@dataclass(frozen=True)
class Curve:
    """One curve, reduced to what is drawn.

    Attributes:
        x: float64, shape (N,), NaN for values that cannot be drawn.
        y: float64, shape (N,), NaN for values that cannot be drawn.
        dx: Half the length of the horizontal error bars, shape (N,).
        dy: Half the length of the vertical error bars, shape (N,).
        band: x, lower and upper edge of the error band, each of shape (M,).
        style: Style of the curve.
        legend: Its entry in the legend.
        count: Number of samples of the signal.
    """

    x: Array
    y: Array
    dx: Array | None = None
    dy: Array | None = None
    band: tuple[Array, Array, Array] | None = None
    style: CurveStyle = field(default_factory=CurveStyle)
    legend: str = ""
    count: int = 0

    @property
    def description(self) -> str:
        """The legend, number of samples and range of the curve."""
        drawn = self.y[np.isfinite(self.x) & np.isfinite(self.y)]
        what = f"{self.legend}, " if self.legend else ""
        what += f"{self.count} point{'s' * (self.count != 1)}"
        if not len(drawn):
            return f"{what}, no values"
        return f"{what} from {as_text(drawn.min())} to {as_text(drawn.max())}"


@dataclass(frozen=True)
class Panel:
    """Curves that share their axes.

    Attributes:
        label: Label of the y axis.
        curves: The curves.
        scale: Scale of the y axis: "linear", "log" or "symlog".
        limits: Bounds of the y axis, None for a bound that follows the data.
        named: Whether the panel has a legend.
        degrees: Whether y is an angle.
    """

    label: str
    curves: list[Curve]
    scale: str = "linear"
    limits: Limits = (None, None)
    named: bool = False
    degrees: bool = False


@dataclass(frozen=True)
class SignalsDrawing:
    """The content of a picture of signals, independent of the signals.

    Attributes:
        title: Title of the picture.
        xlabel: Label of the x axis.
        panels: One panel, or two for the two components of complex signals.
        xscale: Scale of the x axis: "linear", "log" or "symlog".
        xlimits: Bounds of the x axis, None for a bound that follows the data.
        shapes: The shapes over the first panel.
        notes: Notes about the picture, written below it.
        dates: Whether x is dates, in seconds since 1970.
        grid: Whether to draw grid lines.
        aspect: As in `AxesOptions`.
    """

    title: str
    xlabel: str
    panels: list[Panel]
    xscale: str = "linear"
    xlimits: Limits = (None, None)
    shapes: list[Shape] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    dates: bool = False
    grid: bool = True
    aspect: str | float | None = None

    layout = "constrained"

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return WIDTH, HEIGHT * (1 + PHASE_HEIGHT * (len(self.panels) - 1))

    @property
    def description(self) -> str:
        """Alternative text for screen readers."""
        curves = [curve for panel in self.panels for curve in panel.curves]
        kind = "signal" if len(self.panels[0].curves) == 1 else "signals"
        axes = [self.xlabel, *(panel.label for panel in self.panels)]
        labels = " against ".join(filter(None, (axes[1], axes[0])))
        described = [curve.description for curve in curves[:DESCRIBED]]
        more = len(curves) - DESCRIBED
        if more > 0:
            described.append(f"{more} more curves")
        marked = f"; {len(self.shapes)} marked" if self.shapes else ""
        return f"{kind}{f' of {labels}' * bool(labels)}: {'; '.join(described)}{marked}"

    @property
    def panel_count(self) -> int:
        """Number of axes that the drawing needs."""
        return len(self.panels)

    @property
    def all_notes(self) -> list[str]:
        """The notes about the picture."""
        return self.notes

    def draw(self, figure: FigureBase) -> None:
        """Draw the picture on an empty figure."""
        rows = len(self.panels)
        ratios = [1, *[PHASE_HEIGHT] * (rows - 1)]
        grid = figure.add_gridspec(rows, 1, height_ratios=ratios)
        self.draw_on(list(grid.subplots(sharex=True, squeeze=False)[:, 0]))
        write_notes(figure, self.notes)

    def draw_on(self, axes: Sequence[Axes]) -> None:
        """Draw the picture, but not its notes, on axes: one for each panel."""
        from datalab_kernel_core.plotter.shapes_drawing import draw_shapes

        for one, panel in zip(axes, self.panels, strict=True):
            if self.dates:
                from datalab_kernel_core.plotter.date_axes import show_dates

                show_dates(one)
            _set_scale(one.set_xscale, self.xscale, [c.x for c in panel.curves])
            _draw_panel(one, panel, grid=self.grid)
            if self.aspect is not None:
                one.set_aspect(self.aspect)  # type: ignore[arg-type]  # a name or a number
            _set_limits(one.set_xlim, self.xlimits, log=self.xscale == "log")
            _set_limits(one.set_ylim, panel.limits, log=panel.scale == "log")
        draw_shapes(axes[0], self.shapes)
        width = axes[0].get_window_extent().width / axes[0].figure.dpi
        if self.title:
            title = broken(self.title, width + BEYOND, TITLE_SIZE)
            axes[0].set_title(title, fontsize=TITLE_SIZE)
        if self.xlabel:
            axes[-1].set_xlabel(broken(self.xlabel, width + BEYOND, LABEL_SIZE, 3))


def _draw_panel(axes: Axes, panel: Panel, *, grid: bool) -> None:
    _set_scale(axes.set_yscale, panel.scale, [curve.y for curve in panel.curves])
    if panel.label:
        axes.set_ylabel(panel.label)
    if panel.degrees:
        axes.yaxis.set_major_locator(degree_ticks())
    axes.margins(x=0.02)
    if grid:
        axes.grid(visible=True, color=GRID_COLOR, linewidth=0.6)
    axes.set_axisbelow(True)
    for curve in panel.curves:
        _draw_curve(axes, curve)
        _draw_errors(axes, curve)
    if panel.named and len(panel.curves) <= _NAMED:
        _write_legend(axes, panel)


def _write_legend(axes: Axes, panel: Panel) -> None:
    outside = len(panel.curves) > _INSIDE
    columns = 1 + len(panel.curves) // 25 if outside else 1
    size = 7 if outside else 8
    artists, entries = axes.get_legend_handles_labels()
    share = _LEGEND_SHARE * axes.get_window_extent().width / axes.figure.dpi
    width = share / columns - _HANDLE
    labels = [shortened(entry, width, size) for entry in entries]
    if outside:
        axes.legend(
            artists,
            labels,
            loc="upper left",
            bbox_to_anchor=(1.0, 1.0),
            fontsize=size,
            frameon=False,
            ncols=columns,
        )
        return
    points = sum(len(curve.x) for curve in panel.curves)
    axes.legend(
        artists,
        labels,
        loc="best" if points <= _SEARCHED else "upper right",
        fontsize=size,
    )


def _draw_curve(axes: Axes, curve: Curve) -> None:
    style = curve.style
    step: Literal["post"] | None = "post" if style.kind == "Steps" else None
    if style.shade:
        area: dict[str, Any] = {"color": style.color, "alpha": style.shade, "lw": 0}
        axes.fill_between(curve.x, curve.y, style.baseline, step=step, **area)
    # Only the first artist of a curve has an entry in the legend.
    symbols: dict[str, Any] = {
        "marker": style.marker or "None",
        "ms": style.size,
        "mfc": style.face,
        "mec": style.edge,
    }
    line: dict[str, Any] = {"color": style.color, "ls": style.line, "lw": style.width}
    if style.kind in ("Dots", "NoCurve"):
        if style.kind == "Dots" and not style.marker:
            symbols |= {"marker": ".", "mfc": style.color, "mec": style.color}
        axes.plot(curve.x, curve.y, **line | {"ls": "none"}, **symbols, **_named(curve))
        return
    if style.kind == "Sticks":
        axes.plot(*sticks(curve), **line, **_named(curve))
        if style.marker:
            axes.plot(curve.x, curve.y, **line | {"ls": "none"}, **symbols)
        return
    drawstyle = "steps-post" if step else "default"
    axes.plot(curve.x, curve.y, **line, **symbols, **_named(curve), drawstyle=drawstyle)
    alone = isolated(curve.y)
    if alone.any() and not style.marker:
        axes.plot(curve.x[alone], curve.y[alone], ".", color=style.color, ms=4)


def _named(curve: Curve) -> dict[str, Any]:
    # Matplotlib leaves labels that begin with an underscore out of a legend.
    hidden = curve.legend.startswith("_")
    return {"label": ("\u200b" * hidden + curve.legend) or "_"}


def sticks(curve: Curve) -> tuple[Array, Array]:
    """Return a line through the foot and top of each stick, with gaps between them."""
    gap = np.full_like(curve.x, np.nan)
    feet = np.full_like(curve.y, curve.style.baseline)
    x = np.column_stack([curve.x, curve.x, gap]).ravel()
    return x, np.column_stack([feet, curve.y, gap]).ravel()


def _draw_errors(axes: Axes, curve: Curve) -> None:
    color = curve.style.color
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


def isolated(y: Array) -> Array:
    """Return a mask of the samples without neighbors, which no line connects.

    Args:
        y: Shape (N,), NaN for values that are not drawn.
    """
    drawn = np.concatenate([[False], np.isfinite(y), [False]])
    isolated: Array = drawn[1:-1] & ~drawn[:-2] & ~drawn[2:]
    return isolated


def _set_scale(setter: Callable[..., Any], scale: str, rows: Sequence[Array]) -> None:
    """Set the scale of an axis; the linear part of symlog depends on the values."""
    if scale != "symlog":
        if scale != "linear":  # which the axes of a user need not be
            setter(scale)
        return
    largest = max((float(np.nanmax(np.abs(r), initial=0.0)) for r in rows), default=0.0)
    setter(scale, linthresh=linear_part(largest))


def _set_limits(setter: Callable[..., Any], limits: Limits, *, log: bool) -> None:
    """Set the bounds of an axis; a logarithmic one accepts only positive bounds."""
    lowest = 0.0 if log else -LARGEST
    low, high = (
        limit if limit is not None and lowest < limit < LARGEST else None
        for limit in limits
    )
    if low != high:
        setter(low, high)
