"""Several objects in one picture: signals over one another, images side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from datalab_kernel_core.plotter.curves import signal_drawing
from datalab_kernel_core.plotter.images import ImageDrawing, image_drawing
from datalab_kernel_core.plotter.options import Options
from datalab_kernel_core.plotter.overlays import draw_shapes
from datalab_kernel_core.plotter.signals import (
    SignalDrawing,
    curve_panels,
    set_limits,
)
from datalab_kernel_core.plotter.style import (
    CYCLE,
    DPI,
    HEIGHT,
    PANEL_HEIGHT,
    PANEL_WIDTH,
    PHASE_HEIGHT,
    TITLE_LENGTH,
    TITLE_SIZE,
    WIDTH,
    Limits,
    drawable,
    write_notes,
)
from datalab_workspace.record import Record

#: More images than this begin a new row.
MAX_COLUMNS = 3
#: The legend of more curves is beside them.
_INSIDE = 5


def several(records: Sequence[Record], options: Options) -> Figure:
    """Draw several objects on a new figure, which no pyplot knows of.

    Args:
        records: Signals and images, at least one.
        options: What was chosen for the picture; its title is that of the whole.

    Returns:
        The signals in one panel, below it the images in rows.

    Raises:
        ValueError: The colour map that was chosen does not exist.
    """
    own = replace(options, title=None)
    signals = _signal_drawings([r for r in records if r.kind == "signal"], own)
    images = [image_drawing(r, own) for r in records if r.kind == "image"]
    if options.shared_scale:
        images = _with_one_scale(images)
    columns = min(len(images), MAX_COLUMNS)
    rows = -(-len(images) // MAX_COLUMNS)
    heights = [PANEL_HEIGHT] * rows
    if signals:
        depth = max(len(signal.curves) for signal in signals)
        heights.insert(0, HEIGHT * (1 + PHASE_HEIGHT * (depth - 1)))
    size = max(WIDTH, columns * PANEL_WIDTH), sum(heights)
    figure = Figure(figsize=size, dpi=DPI, layout="constrained")
    if options.title is not None:
        title = drawable(options.title, TITLE_LENGTH)
        figure.suptitle(title, fontsize=TITLE_SIZE + 2)
    grid = figure.add_gridspec(len(heights), max(columns, 1), height_ratios=heights)
    if signals:
        _draw_signals(figure.add_subfigure(grid[0, :]), signals)
    for place, image in enumerate(images):
        row, column = divmod(place, MAX_COLUMNS)
        image.draw_on(figure.add_subfigure(grid[row + bool(signals), column]))
    return figure


def _signal_drawings(
    records: Sequence[Record], options: Options
) -> list[SignalDrawing]:
    """Work out the signals of one panel, for axes that are the same for all."""
    drawings = [signal_drawing(record, options) for record in records]
    mixed = {
        "xscalelog": len({drawing.xlog for drawing in drawings}) > 1,
        "yscalelog": len({drawing.curves[0].log for drawing in drawings}) > 1,
    }
    if not any(mixed.values()):
        return drawings
    # For a logarithmic axis what is not positive was left out: a linear one shows it.
    linear = {name: False for name, differs in mixed.items() if differs}
    return [
        signal_drawing(replace(record, fields={**record.fields, **linear}), options)
        for record in records
    ]


def _with_one_scale(images: list[ImageDrawing]) -> list[ImageDrawing]:
    limits = [image.limits for image in images if image.limits is not None]
    if not limits:
        return images
    shared = min(low for low, _ in limits), max(high for _, high in limits)
    return [
        image if image.limits is None else replace(image, limits=shared)
        for image in images
    ]


def _draw_signals(figure: SubFigure, signals: list[SignalDrawing]) -> None:
    """Draw signals over one another, each in a colour that the legend names."""
    panels = curve_panels(figure, max(len(signal.curves) for signal in signals))
    xlog = all(signal.xlog for signal in signals)
    for row, axes in enumerate(panels):
        drawn = [signal for signal in signals if row < len(signal.curves)]
        _draw_row(axes, signals, row)
        ylog = all(signal.curves[row].log for signal in drawn)
        axes.set_xscale("log" if xlog else "linear")
        axes.set_yscale("log" if ylog else "linear")
        axes.set_ylabel(_joined([signal.curves[row].label for signal in drawn]))
        if row == 0:
            ylimits = _around([signal.ylimits for signal in signals])
            set_limits(axes.set_ylim, ylimits, log=ylog)
    xlimits = _around([signal.xlimits for signal in signals])
    set_limits(panels[0].set_xlim, xlimits, log=xlog)
    draw_shapes(panels[0], [shape for signal in signals for shape in signal.shapes])
    panels[-1].set_xlabel(_joined([signal.xlabel for signal in signals]))
    notes = [note for signal in signals for note in signal.notes]
    write_notes(figure, list(dict.fromkeys(notes)))


def _draw_row(axes: Axes, signals: list[SignalDrawing], row: int) -> None:
    """Draw the curves of one panel, and a legend whose texts are data."""
    handles, labels = [], []
    for number, signal in enumerate(signals):
        if row >= len(signal.curves):
            continue
        color = CYCLE[number % len(CYCLE)]
        signal.draw_curve(axes, signal.curves[row], color)
        look = signal.look
        color = look.color or color
        dots = signal.style in ("Dots", "NoCurve")
        handles += axes.plot(
            [],
            [],
            color=color,
            marker=look.marker or ("." if dots else ""),
            ls="" if dots else look.line,
        )
        labels.append(signal.title or f"signal {number + 1}")
    # Of many, it would hide the curves.
    place: dict[str, Any] = {}
    if len(labels) > _INSIDE:
        place = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}
    axes.legend(handles, labels, fontsize=8, **place)


def _joined(labels: list[str]) -> str:
    """Return the labels that there are, each once."""
    return " / ".join(dict.fromkeys(filter(None, labels)))


def _around(limits: list[Limits]) -> Limits:
    """Return bounds that hold all others; None where one of them is free."""
    lows, highs = zip(*limits, strict=True)
    low = None if None in lows else min(lows)
    high = None if None in highs else max(highs)
    return low, high
