"""How pictures look: sizes, colours, and texts made safe to draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib
from matplotlib.colors import Colormap
from matplotlib.figure import FigureBase
from matplotlib.ticker import MaxNLocator

from datalab_kernel_core.plotter.reduce import LARGEST as LARGEST
from datalab_workspace.errors import close_matches
from datalab_workspace.model.record import Record

Limits = tuple[float | None, float | None]

DPI = 100
#: Width of a picture and height of one of a signal, inches.
WIDTH, HEIGHT = 6.4, 4.0
#: Height of an image, inches.
IMAGE_HEIGHT = 4.8
#: Height of the phase of a complex signal, in that of its modulus.
PHASE_HEIGHT = 0.6
#: Images in a row, and the width of one of several, inches.
IMAGE_COLUMNS, SMALL_IMAGE = 3, 3.6
#: What texts and the colour bar take of the width and of the height of an image.
IMAGE_MARGINS = 1.5, 0.9
#: Lowest height of an image, inches.
LOWEST_IMAGE = 1.6
#: Curves or images that the description of a picture tells of one by one.
DESCRIBED = 5
#: Colours that curves take in turn, then again with the next of the line styles; those
#: of DataLab.
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
#: What pixels without a value look like.
NO_VALUE_COLOR = "0.85"
DEFAULT_COLORMAP = "viridis"
#: -180° and 180° are of one colour.
PHASE_COLORMAP = "twilight"
PHASE_LIMITS = -180.0, 180.0
#: Longest texts drawn, in characters; longer ones would run out of the picture.
TITLE_LENGTH, LABEL_LENGTH, NOTE_LENGTH = 60, 45, 120
TITLE_SIZE = 10


def drawable(text: str | None, length: int = LABEL_LENGTH) -> str:
    """Return `text` so that Matplotlib draws it as it is.

    Titles and labels are data: a dollar sign in them is no mathematics, and a text of
    any length leaves room for the picture.

    Args:
        text: The text; None is empty.
        length: Number of characters to shorten it to.
    """
    flat = " ".join((text or "").split())
    if len(flat) > length:
        flat = flat[: length - 1] + "…"
    printable = "".join(c if c.isprintable() else "\ufffd" for c in flat)
    return printable.replace("$", r"\$")


def axis_label(label: str | None, unit: str | None) -> str:
    """Return "label (unit)", or what there is of it."""
    label, unit = drawable(label), drawable(unit, LABEL_LENGTH // 2)
    return (
        f"{label} ({unit})" if label and unit else label or (f"({unit})" * bool(unit))
    )


def known_colormap(name: str) -> str | None:
    """Return Matplotlib's spelling of the name of a colour map, None if it has none."""
    if name in matplotlib.colormaps:
        return name
    # PlotPy does not tell small letters from capitals.
    spellings = {known.lower(): known for known in matplotlib.colormaps}
    return spellings.get(name.lower())


def checked_colormap(name: str) -> str:
    """Return the name of a colour map that exists.

    Raises:
        ValueError: Matplotlib has no colour map of this name.
    """
    known = known_colormap(name)
    if known is None:
        close = close_matches(name, list(matplotlib.colormaps))
        hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
        raise ValueError(f"there is no colormap {name!r:.80}{hint}")
    return known


def colormap(name: str) -> Colormap:
    """Return a colour map, with a colour for pixels without a value."""
    return matplotlib.colormaps[name].with_extremes(bad=NO_VALUE_COLOR)


def display_option(record: Record, name: str, default: Any) -> Any:
    """Return a display option of an object, where sigima and DataLab keep it."""
    return record.metadata.get(f"__{name}", default)


def number(value: Any, low: float, high: float) -> float:
    """Return `value` as a number from `low` to `high`, 0 if it is none."""
    if not isinstance(value, int | float) or value != value:
        return 0.0
    return float(min(max(value, low), high))


def bounds(record: Record, axis: str) -> Limits:
    """Return the bounds that an object sets for an axis, None for one that is free."""
    low, high = (record.fields[f"{axis}scale{end}"] for end in ("min", "max"))
    return _bound(low), _bound(high)


def _bound(value: Any) -> float | None:
    usable = isinstance(value, int | float) and -LARGEST < value < LARGEST
    return float(value) if usable else None


def joined(limits: Sequence[Limits]) -> Limits:
    """Return bounds that hold for several objects, None where one of them is free."""
    lows, highs = zip(*limits, strict=True)
    low = None if None in lows else min(lows)
    high = None if None in highs else max(highs)
    return low, high


def as_text(value: float) -> str:
    """Return a number in as many digits as a reader looks at."""
    return f"{value:.4g}"


def degree_ticks() -> MaxNLocator:
    """Return where to place the ticks of an axis of angles: at 90° rather than 100°."""
    return MaxNLocator(nbins=5, steps=[1, 1.5, 3, 4.5, 9, 10])


def write_notes(figure: FigureBase, notes: Sequence[str]) -> None:
    """Write below a picture what there is to say about it."""
    if notes:
        text = drawable("; ".join(dict.fromkeys(notes)), NOTE_LENGTH)
        figure.supxlabel(text, x=0.99, ha="right", fontsize=7, color=NOTE_COLOR)
