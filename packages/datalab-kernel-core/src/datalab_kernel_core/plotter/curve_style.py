"""How a curve looks: what DataLab keeps of it in the metadata of a signal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from matplotlib.colors import is_color_like

from datalab_kernel_core.plotter.style import (
    COLORS,
    LARGEST,
    LINE_STYLES,
    LINE_WIDTH,
    display_option,
    number,
)
from datalab_workspace.model.record import Record

_STYLES = ("Lines", "Sticks", "Steps", "Dots", "NoCurve")
_PENS: dict[str, Any] = {
    "SolidLine": "-",
    "DashLine": "--",
    "DotLine": ":",
    "DashDotLine": "-.",
    "DashDotDotLine": LINE_STYLES[3],
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
_WIDEST = 10.0


@dataclass(frozen=True)
class CurveStyle:
    """How a curve looks.

    Attributes:
        color: Its colour.
        line: Style of its line, as Matplotlib takes it.
        width: Width of its line, points.
        style: "Lines", "Sticks", "Steps", "Dots" or "NoCurve", as DataLab calls them.
        marker: Matplotlib's sign for the symbol at each sample, "" for none.
        size: Size of the symbols, points.
        face: Colour of the symbols' inside.
        edge: Colour of their outline.
        shade: Opacity of the area under the curve, 0 to 1.
        baseline: Where sticks and the shaded area begin.
    """

    color: Any = COLORS[0]
    line: Any = "-"
    width: float = LINE_WIDTH
    style: str = "Lines"
    marker: str = ""
    size: float = 4.0
    face: Any = COLORS[0]
    edge: Any = COLORS[0]
    shade: float = 0.0
    baseline: float = 0.0


def look_of(record: Record, place: int) -> CurveStyle:
    """Return how a signal looks.

    Args:
        record: The signal.
        place: Its number among the signals of the picture, from 0; tells its colour,
            and its line, where the signal does not.
    """
    metadata = record.metadata
    color = _color(metadata.get("color"), COLORS[place % len(COLORS)])
    line = LINE_STYLES[place // len(COLORS) % len(LINE_STYLES)]
    # Words like "width" and "size" may be the user's own: they are about the curve
    # where DataLab wrote all of them.
    pen, marker = _known(metadata.get("style"), _PENS), metadata.get("marker")
    width = metadata.get("width") if pen is not None else None
    symbol = _known(marker, _MARKERS) or ""
    style = str(display_option(record, "curvestyle", "Lines"))
    return CurveStyle(
        color,
        line if pen is None else pen,
        number(width, 0.1, _WIDEST) or LINE_WIDTH,
        style if style in _STYLES else "Lines",
        symbol,
        number(metadata.get("size"), 1.0, 20.0) or 4.0 if symbol else 4.0,
        _color(metadata.get("facecolor"), color) if symbol else color,
        _color(metadata.get("edgecolor"), color) if symbol else color,
        number(display_option(record, "shade", 0.0), 0.0, 1.0),
        number(display_option(record, "baseline", 0.0), -LARGEST, LARGEST),
    )


def _known(name: Any, names: dict[str, Any]) -> Any:
    return names.get(name) if isinstance(name, str) else None


def _color(value: Any, otherwise: Any) -> Any:
    return value if isinstance(value, str) and is_color_like(value) else otherwise
