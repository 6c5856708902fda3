"""The style of pictures: sizes, colors, and strings that are safe to draw."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from datalab_kernel_core.plotter.reduce import LARGEST as LARGEST
from datalab_workspace.model.record import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase
    from matplotlib.figure import FigureBase
    from matplotlib.ticker import MaxNLocator
    from matplotlib.transforms import Bbox

Limits = tuple[float | None, float | None]

DPI = 100
#: Width of a picture, and height of a signal's picture, in inches.
WIDTH, HEIGHT = 6.4, 4.0
#: Height of an image's picture in inches.
IMAGE_HEIGHT = 4.8
#: Height of the phase panel relative to the modulus panel.
PHASE_HEIGHT = 0.6
#: The number of images in a row, and the width of each in inches.
IMAGE_COLUMNS, SMALL_IMAGE = 3, 3.6
#: Width and height in inches that labels and the color bar of an image take.
IMAGE_MARGINS = 1.5, 0.9
#: Lowest height of an image in inches.
LOWEST_IMAGE = 1.6
#: The number of curves or images that an alternative text describes one by one.
DESCRIBED = 5
#: DataLab's colors of curves; further curves repeat them with the next line style.
COLORS = (
    "#1f77b4",
    "#ff7f0e",
    "#2ca02c",
    "#d62728",
    "#9467bd",
    "#8c564b",
    "#e377c2",
    "#7f7f7f",
    "#bcbd22",
    "#17becf",
)
LINE_STYLES = ("-", "--", "-.", (0, (6, 2, 1, 2, 1, 2)))
LINE_COLOR = COLORS[0]
LINE_WIDTH = 1.0
ROI_COLOR = "#ff3333"
RESULT_COLOR = "#ffb000"
ANNOTATION_COLOR = "#ff9933"
NOTE_COLOR = "0.4"
GRID_COLOR = "0.9"
#: Color of pixels without a value.
NO_VALUE_COLOR = "0.85"
NO_VALUE_RGB = (217, 217, 217)
DEFAULT_COLORMAP = "viridis"
#: A colormap that gives -180° and 180° the same color.
PHASE_COLORMAP = "twilight"
PHASE_LIMITS = -180.0, 180.0
#: Characters that fit into the picture; longer strings are shortened.
TITLE_LENGTH, LABEL_LENGTH, NOTE_LENGTH = 60, 45, 120
#: The largest number of lines of notes.
NOTE_LINES = 3
TITLE_SIZE, LABEL_SIZE = 10, 10


def drawable(text: str | None, length: int = LABEL_LENGTH) -> str:
    """Return a string escaped and shortened for Matplotlib.

    Titles and labels are data: a dollar sign in them does not begin a formula, and a
    long string must leave room for the picture.

    Args:
        text: The string; None is empty.
        length: Number of characters to keep.
    """
    flat = " ".join((text or "").split())
    if len(flat) > length:
        flat = flat[: length - 1] + "…"
    printable = "".join(c if c.isprintable() else "\ufffd" for c in flat)
    return printable.replace("$", r"\$")


def axis_label(label: str | None, unit: str | None) -> str:
    """Return "label (unit)", or only one of them if the other is empty."""
    label, unit = drawable(label), drawable(unit, LABEL_LENGTH // 2)
    return (
        f"{label} ({unit})" if label and unit else label or (f"({unit})" * bool(unit))
    )


def display_option(record: Record, name: str, default: Any) -> Any:
    """Return a display option, which sigima and DataLab keep in the metadata."""
    return record.metadata.get(f"__{name}", default)


def number(value: Any, low: float, high: float) -> float:
    """Return `value` limited to the range from `low` to `high`, 0 if not a number."""
    if not isinstance(value, int | float) or value != value:
        return 0.0
    return float(min(max(value, low), high))


def bounds(record: Record, axis: str) -> Limits:
    """Return the bounds that an object sets for an axis, None for a free bound."""
    low, high = (record.fields[f"{axis}scale{end}"] for end in ("min", "max"))
    return _bound(low), _bound(high)


def _bound(value: Any) -> float | None:
    usable = isinstance(value, int | float) and -LARGEST < value < LARGEST
    return float(value) if usable else None


def joined(limits: Sequence[Limits]) -> Limits:
    """Return bounds that contain those of several objects, None if one is free."""
    lows, highs = zip(*limits, strict=True)
    low = None if None in lows else min(lows)
    high = None if None in highs else max(highs)
    return low, high


def as_text(value: float) -> str:
    """Return a number with four significant digits."""
    return f"{value:.4g}"


def degree_ticks() -> MaxNLocator:
    """Return a locator for an axis of angles: ticks at 90° rather than 100°."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=5, steps=[1, 1.5, 3, 4.5, 9, 10])


def write_notes(figure: FigureBase, notes: Sequence[str]) -> None:
    """Write the notes of a picture below it."""
    if notes:
        text = _note_lines(notes)
        figure.supxlabel(text, x=0.99, ha="right", fontsize=7, color=NOTE_COLOR)


def write_notes_below(axes: Axes, notes: Sequence[str]) -> None:
    """Write the notes of a picture below its axes, their numbers and their label."""
    if notes:
        axes.annotate(
            _note_lines(notes),
            xy=(1.0, 0.0),
            xycoords=("axes fraction", partial(_with_x_axis, axes)),
            ha="right",
            va="top",
            fontsize=6,
            color=NOTE_COLOR,
        )


def _with_x_axis(axes: Axes, renderer: RendererBase) -> Bbox:
    """Return the bounds of axes with the numbers and the label of x."""
    from matplotlib.transforms import Bbox

    below = axes.xaxis.get_tightbbox(renderer)
    return Bbox.union([axes.bbox] if below is None else [axes.bbox, below])


def _note_lines(notes: Sequence[str]) -> str:
    whole = drawable("; ".join(dict.fromkeys(notes)), NOTE_LINES * NOTE_LENGTH)
    lines = textwrap.wrap(whole, NOTE_LENGTH, max_lines=NOTE_LINES, placeholder=" …")
    return "\n".join(lines)
