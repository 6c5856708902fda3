"""What an interactive view asks of the kernel, and what it is answered.

All messages are JSON, with numbers in binary beside them. GroupTargets are those of the
screen's axes: the logarithm where an axis is logarithmic, pixels of an image.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from datalab_kernel_core.plotter.reduce import Array

#: A view is never asked to draw on more than this, in pixels.
_MAX_SIDE = 8192

Range = tuple[float, float]


@dataclass(frozen=True)
class ViewRequest:
    """Which part of the data is on the screen.

    Attributes:
        x: Ends of the x axis, the lower first.
        y: Ends of the y axis, likewise.
        width: Pixels of the screen along x.
        height: Pixels of the screen along y.
        log: Whether the axes x and y are logarithmic.
        limits: Ends of the range of colours, None for those of the whole image.
        colormap: Name of the colour map, None for the image's own.
    """

    x: Range
    y: Range
    width: int
    height: int
    log: tuple[bool, bool] = (False, False)
    limits: Range | None = None
    colormap: str | None = None

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> ViewRequest:
        """Read a request.

        Raises:
            ValueError: A number is missing, or out of range.
        """
        limits, colormap = content.get("limits"), content.get("colormap")
        xlog, ylog = content.get("log", (False, False))
        return cls(
            _range(content["x"], "x"),
            _range(content["y"], "y"),
            _side(content["width"]),
            _side(content["height"]),
            (bool(xlog), bool(ylog)),
            None if limits is None else _range(limits, "the range of colours"),
            None if colormap is None else str(colormap),
        )


def _range(ends: Any, what: str) -> Range:
    low, high = (float(end) for end in ends)
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"{what} must go from one number up to another, not {ends!r}")
    return low, high


def _side(pixels: Any) -> int:
    return min(max(int(pixels), 1), _MAX_SIDE)


@dataclass(frozen=True)
class Answer:
    """What the view is told.

    Attributes:
        told: What goes as JSON.
        arrays: What goes in binary.
    """

    told: dict[str, Any]
    arrays: list[Array | bytes] = field(default_factory=list)


class Source(Protocol):
    """Data that is looked at."""

    def about(self) -> dict[str, Any]:
        """Return what the view must know before it asks: labels, extents, scales."""

    def view(self, request: ViewRequest) -> Answer:
        """Return what shows the part that is on the screen."""

    def value(self, x: float, y: float, log: tuple[bool, bool]) -> Answer:
        """Return the value at a place, exactly, in words."""
