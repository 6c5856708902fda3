"""How pictures look: sizes, colours, and texts made safe to draw."""

from __future__ import annotations

from typing import Any

import matplotlib
from matplotlib.colors import Colormap
from matplotlib.figure import Figure, SubFigure

from datalab_kernel_core.plotter.reduce import LARGEST as LARGEST
from datalab_workspace.errors import close_matches
from datalab_workspace.record import Record

Limits = tuple[float | None, float | None]

DPI = 100
#: Width of a picture and height of one of a signal, inches.
WIDTH, HEIGHT = 6.4, 4.0
#: Height of an image, inches.
IMAGE_HEIGHT = 4.8
#: Width and height of one of several images, inches.
PANEL_WIDTH, PANEL_HEIGHT = 4.0, 3.4
#: Height of the phase of a complex signal, in that of its modulus.
PHASE_HEIGHT = 0.6
LINE_COLOR = "#1f77b4"
LINE_WIDTH = 1.0
#: Colours of signals drawn over one another, the first that of one alone; those of
#: overlays are not among them.
CYCLE = (LINE_COLOR, "#2ca02c", "#9467bd", "#8c564b", "#e377c2", "#17becf", "#7f7f7f")
ROI_COLOR = "#ff3333"
RESULT_COLOR = "#ffb000"
ANNOTATION_COLOR = "#ff9933"
NOTE_COLOR = "0.4"
GRID_COLOR = "0.9"
#: What pixels without a value look like.
NO_VALUE_COLOR = "0.85"
DEFAULT_COLORMAP = "viridis"
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


def has_colormap(name: str) -> bool:
    """Tell whether Matplotlib has the colour map `name`."""
    return name in matplotlib.colormaps


def colormap(name: str) -> Colormap:
    """Return the colour map `name`, with a colour for pixels without a value.

    Raises:
        ValueError: Matplotlib has no colour map of this name.
    """
    if not has_colormap(name):
        close = close_matches(name, list(matplotlib.colormaps))
        hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
        raise ValueError(f"there is no colormap {name!r:.80}{hint}")
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


def write_notes(figure: Figure | SubFigure, notes: list[str]) -> None:
    """Write below a picture what there is to say about it."""
    if notes:
        text = drawable("; ".join(notes), NOTE_LENGTH)
        figure.supxlabel(text, x=0.99, ha="right", fontsize=7, color=NOTE_COLOR)
