"""The style of a curve, from the metadata that DataLab writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from datalab_kernel_core.plotter.colors import is_color
from datalab_kernel_core.plotter.style import (
    COLORS,
    LARGEST,
    LINE_STYLES,
    LINE_WIDTH,
    display_option,
    number,
)
from datalab_workspace.model.record import Record

_KINDS = ("Lines", "Sticks", "Steps", "Dots", "NoCurve")
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
    """The style of a curve.

    Attributes:
        color: Color of the curve.
        line: Matplotlib's style of the line.
        width: Width of the line in points.
        kind: DataLab's style: "Lines", "Sticks", "Steps", "Dots" or "NoCurve".
        marker: Matplotlib's marker at each sample, "" for none.
        size: Size of the markers in points.
        face: Color inside the markers.
        edge: Color of the markers' outline.
        shade: Opacity of the area under the curve, 0 to 1.
        baseline: The y at which sticks and the shaded area begin.
    """

    color: Any = COLORS[0]
    line: Any = "-"
    width: float = LINE_WIDTH
    kind: str = "Lines"
    marker: str = ""
    size: float = 4.0
    face: Any = COLORS[0]
    edge: Any = COLORS[0]
    shade: float = 0.0
    baseline: float = 0.0

    @classmethod
    def of(cls, record: Record, index: int) -> CurveStyle:
        """Return the style of a signal.

        Args:
            record: The signal.
            index: Its index among the signals of the picture, which selects the color
                and the line of a signal whose metadata contains neither.
        """
        metadata = record.metadata
        color = _color(metadata.get("color"), COLORS[index % len(COLORS)])
        line = LINE_STYLES[index // len(COLORS) % len(LINE_STYLES)]
        # Keys like "width" and "size" may be the user's own. They describe the curve
        # only if DataLab wrote its other keys too.
        pen = _known(metadata.get("style"), _PENS)
        width = metadata.get("width") if pen is not None else None
        marker = _known(metadata.get("marker"), _MARKERS) or ""
        kind = str(display_option(record, "curvestyle", "Lines"))
        return cls(
            color,
            line if pen is None else pen,
            number(width, 0.1, _WIDEST) or LINE_WIDTH,
            kind if kind in _KINDS else "Lines",
            marker,
            number(metadata.get("size"), 1.0, 20.0) or 4.0 if marker else 4.0,
            _color(metadata.get("facecolor"), color) if marker else color,
            _color(metadata.get("edgecolor"), color) if marker else color,
            number(display_option(record, "shade", 0.0), 0.0, 1.0),
            number(display_option(record, "baseline", 0.0), -LARGEST, LARGEST),
        )


def _known(name: Any, names: dict[str, Any]) -> Any:
    return names.get(name) if isinstance(name, str) else None


def _color(value: Any, default: Any) -> Any:
    return value if is_color(value) else default
