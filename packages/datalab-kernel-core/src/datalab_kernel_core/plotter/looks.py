"""How a curve looks: what DataLab keeps of it in the metadata of a signal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from matplotlib.colors import is_color_like

from datalab_kernel_core.plotter.style import LINE_WIDTH, number
from datalab_workspace.record import Record

_PENS: dict[str, Any] = {
    "SolidLine": "-",
    "DashLine": "--",
    "DotLine": ":",
    "DashDotLine": "-.",
    "DashDotDotLine": (0, (6, 2, 1, 2, 1, 2)),
    "NoPen": "none",
}
_MARKERS = {
    "Ellipse": "o",
    "Rect": "s",
    "Diamond": "D",
    "Triangle": "^",
    "UTriangle": "^",
    "DTriangle": "v",
    "LTriangle": "<",
    "RTriangle": ">",
    "Cross": "+",
    "XCross": "x",
    "HLine": "_",
    "VLine": "|",
    "Star1": "*",
    "Star2": "*",
    "Hexagon": "h",
}
_WIDEST, _LARGEST_SYMBOL = 10.0, 20.0


@dataclass(frozen=True)
class Look:
    """How a curve looks.

    Attributes:
        color: Its colour, None where the picture chooses one; so the others.
        line: Style of its line, as Matplotlib takes it.
        width: Width of its line, points.
        marker: Matplotlib's sign for the symbol at each sample, "" for none.
        size: Size of the symbols, points.
        face: Colour of the symbols' inside.
        edge: Colour of their outline.
    """

    color: str | None = None
    line: Any = "-"
    width: float = LINE_WIDTH
    marker: str = ""
    size: float = 4.0
    face: str | None = None
    edge: str | None = None


def look_of(record: Record) -> Look:
    """Return how a signal looks, as far as its metadata tells.

    Words such as "width" may be the user's own: those of the line count beside a style,
    those of the symbols beside a symbol, as DataLab writes them together.
    """
    metadata = record.metadata
    pen = _known(metadata.get("style"), _PENS)
    marker = _known(metadata.get("marker"), _MARKERS)
    look = Look(_color(metadata.get("color")))
    width = size = 0.0
    if pen is not None:
        width = number(metadata.get("width"), 0.1, _WIDEST)
    if marker is not None:
        size = number(metadata.get("size"), 1.0, _LARGEST_SYMBOL)
    return Look(
        look.color,
        pen or look.line,
        width or look.width,
        marker or "",
        size or look.size,
        _color(metadata.get("facecolor")) if marker else None,
        _color(metadata.get("edgecolor")) if marker else None,
    )


def _known(name: Any, names: dict[str, Any]) -> Any:
    return names.get(name) if isinstance(name, str) else None


def _color(value: Any) -> str | None:
    return value if isinstance(value, str) and is_color_like(value) else None
