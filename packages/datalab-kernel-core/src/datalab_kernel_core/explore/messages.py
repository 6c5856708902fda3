"""The messages between an interactive view and the kernel.

A message is JSON, with binary arrays next to it. Positions are those on the axes of the
screen: the logarithm of a coordinate on a logarithmic axis, pixels of an image.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from datalab_kernel_core.in_page.channel import Reply

#: Largest side of a view in pixels.
_MAX_SIDE = 8192

Range = tuple[float, float]


@dataclass(frozen=True)
class ViewRequest:
    """A request for the part of the data that is on the screen.

    Attributes:
        x: Lower and upper bound of the x axis.
        y: Lower and upper bound of the y axis.
        width: Pixels of the screen along x.
        height: Pixels of the screen along y.
        log: Whether the x axis and the y axis are logarithmic.
        limits: Bounds of the color scale, None for those of the whole image.
        colormap: Name of the colormap, None for the image's own.
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
        """Return the request in a message.

        Raises:
            KeyError: A number is missing.
            ValueError: A number is out of range.
        """
        limits, colormap = content.get("limits"), content.get("colormap")
        xlog, ylog = content.get("log", (False, False))
        return cls(
            _range(content["x"], "x"),
            _range(content["y"], "y"),
            _side(content["width"]),
            _side(content["height"]),
            (bool(xlog), bool(ylog)),
            None if limits is None else _range(limits, "the color scale"),
            None if colormap is None else str(colormap),
        )


def _range(ends: Any, what: str) -> Range:
    low, high = (float(end) for end in ends)
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"expected increasing numbers for {what}, got {ends!r}")
    return low, high


def _side(pixels: Any) -> int:
    return min(max(int(pixels), 1), _MAX_SIDE)


class DataSource(Protocol):
    """The data of an interactive view."""

    def about(self) -> dict[str, Any]:
        """Return the labels and extents, which the view needs before any request."""

    def view(self, request: ViewRequest) -> Reply:
        """Return the reduced data of the part that is on the screen."""

    def value(self, x: float, y: float, log: tuple[bool, bool]) -> Reply:
        """Return the exact value at a position, as a string.

        Args:
            x: Position on the x axis of the screen.
            y: Position on the y axis of the screen.
            log: Whether the x axis and the y axis are logarithmic.
        """
