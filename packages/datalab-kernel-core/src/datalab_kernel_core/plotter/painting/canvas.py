"""A canvas of pixels: areas, lines, strings, and its PNG file."""

from __future__ import annotations

from typing import Any

import numpy as np

from datalab_kernel_core.display.png import encode_rgb
from datalab_kernel_core.display.thumbnails import line_points
from datalab_kernel_core.plotter.colors import rgb
from datalab_kernel_core.plotter.painting.font import text_mask
from datalab_kernel_core.plotter.reduce import Array

#: Left, top, right and bottom of an area, in pixels.
Frame = tuple[int, int, int, int]
#: Lines are drawn this many times larger, so that their edges are smooth.
_FINE = 3
#: The length of a dash and of a gap in pixels.
_DASH, _GAP = 6, 4


class Canvas:
    """A white picture.

    Args:
        width: Width in pixels.
        height: Height in pixels.
    """

    def __init__(self, width: int, height: int) -> None:
        self.pixels = np.full((height, width, 3), 255, np.uint8)

    def png(self) -> bytes:
        """Return the picture as a PNG file."""
        return encode_rgb(self.pixels)

    def fill(self, frame: Frame, color: Any, opacity: float = 1.0) -> None:
        """Fill an area; the parts outside of the picture are left out."""
        left, top, right, bottom = (max(side, 0) for side in frame)
        area = self.pixels[top:bottom, left:right]
        self._blend(area, np.full(area.shape[:2], opacity), color)

    def outline(self, frame: Frame, color: Any) -> None:
        """Draw the outline of an area, one pixel wide."""
        left, top, right, bottom = frame
        for side in (
            (left, top, right, top + 1),
            (left, bottom - 1, right, bottom),
            (left, top, left + 1, bottom),
            (right - 1, top, right, bottom),
        ):
            self.fill(side, color)

    def paste(self, frame: Frame, colors: Array) -> None:
        """Copy colors, uint8, shape (H, W, 3), to an area of this size."""
        left, top, right, bottom = frame
        self.pixels[top:bottom, left:right] = colors

    def text(
        self,
        position: tuple[float, float],
        text: str,
        *,
        size: int = 2,
        color: Any = "#000000",
        align: tuple[float, float] = (0.0, 0.0),
        upwards: bool = False,
    ) -> None:
        """Write one line.

        Args:
            position: x and y of the point that `align` refers to.
            text: The line, escaped as by `drawable`.
            size: See `text_mask`.
            color: The color of the line.
            align: The share of the line that is left of the position, and above it.
            upwards: Whether the line is turned to the left, to be read from below.
        """
        mask = text_mask(text.replace(r"\$", "$"), size)
        if upwards:
            mask = np.rot90(mask)
        left, top = (
            round(place - share * length)
            for place, share, length in zip(
                position, align, mask.shape[::-1], strict=True
            )
        )
        # A label at the edge of the picture is moved into it.
        height, width = self.pixels.shape[:2]
        top = max(min(top, height - mask.shape[0]), 0)
        left = max(min(left, width - mask.shape[1]), 0)
        area = self.pixels[top : top + mask.shape[0], left : left + mask.shape[1]]
        self._blend(area, mask[: area.shape[0], : area.shape[1]].astype(float), color)

    def line(
        self,
        frame: Frame,
        x: Array,
        y: Array,
        color: Any,
        *,
        width: float = 1.5,
        dashed: bool = False,
        opacity: float = 1.0,
    ) -> None:
        """Draw a line through points, with a gap where one is NaN.

        Args:
            frame: The area outside of which nothing is drawn.
            x: Positions in pixels, shape (N,).
            y: Positions in pixels, shape (N,), downwards.
            color: The color of the line.
            width: Its width in pixels.
            dashed: Whether it has gaps.
            opacity: Its opacity, from 0 to 1.
        """
        left, top, right, bottom = frame
        high, wide = (bottom - top) * _FINE, (right - left) * _FINE
        columns, rows = line_points(
            *_clipped((x - left) * _FINE, (y - top) * _FINE, wide, high)
        )
        if dashed:
            numbers = np.arange(len(columns)) % ((_DASH + _GAP) * _FINE)
            kept = numbers < _DASH * _FINE
            columns, rows = columns[kept], rows[kept]
        self._draw(frame, columns, rows, max(1, round(width * _FINE)), color, opacity)

    def band(
        self, frame: Frame, x: Array, upper: Array, lower: Array, color: Any
    ) -> None:
        """Shade the area between two lines; x increases, see `line`."""
        left, top, right, bottom = frame
        known = np.isfinite(x) & np.isfinite(upper) & np.isfinite(lower)
        if not known.any():
            return
        centers = np.arange(left, right) + 0.5
        above, below = (
            np.interp(centers, x[known], edge[known], left=np.nan, right=np.nan)
            for edge in (upper, lower)
        )
        rows = np.arange(top, bottom)[:, np.newaxis] + 0.5
        inside = (rows >= above) & (rows <= below)
        self._blend(self.pixels[top:bottom, left:right], inside * 0.25, color)

    def points(self, frame: Frame, x: Array, y: Array, color: Any, size: float) -> None:
        """Draw a square at each point; see `line`."""
        left, top, _, _ = frame
        drawn = np.isfinite(x) & np.isfinite(y)
        columns, rows = (x[drawn] - left) * _FINE, (y[drawn] - top) * _FINE
        self._draw(frame, columns, rows, max(1, round(size * _FINE)), color, 1.0)

    def _draw(
        self,
        frame: Frame,
        columns: Array,
        rows: Array,
        brush: int,
        color: Any,
        opacity: float,
    ) -> None:
        left, top, right, bottom = frame
        high, wide = (bottom - top) * _FINE, (right - left) * _FINE
        inside = (np.abs(columns) < 2 * wide + brush) & (
            np.abs(rows) < 2 * high + brush
        )
        column, row = np.stack([columns[inside], rows[inside]]).astype(int) + brush // 2
        kept = (column >= 0) & (row >= 0)
        kept &= (column < wide + brush) & (row < high + brush)
        mask = np.zeros((high + 2 * brush, wide + 2 * brush), bool)
        mask[row[kept], column[kept]] = True
        thick = mask.copy()
        for shift in range(1, brush):
            thick[shift:] |= mask[:-shift]
        mask = thick.copy()
        for shift in range(1, brush):
            mask[:, shift:] |= thick[:, :-shift]
        seen = mask[brush : brush + high, brush : brush + wide]
        share = seen.reshape(high // _FINE, _FINE, wide // _FINE, _FINE)
        area = self.pixels[top:bottom, left:right]
        self._blend(area, share.mean(axis=(1, 3)) * opacity, color)

    @staticmethod
    def _blend(area: Array, opacity: Array, color: Any) -> None:
        """Mix a color into pixels."""
        opacity = opacity[..., np.newaxis]
        area[...] = np.rint(area * (1 - opacity) + np.array(rgb(color)) * opacity)


def _clipped(x: Array, y: Array, wide: float, high: float) -> tuple[Array, Array]:
    """Return the parts of a line within a frame, with NaN between separate ones.

    The method is that of Liang and Barsky, "A New Concept and Method for Line
    Clipping", 1984.
    """
    inside = (x >= 0) & (x <= wide) & (y >= 0) & (y <= high)
    if (inside | np.isnan(x) | np.isnan(y)).all():
        return x, y
    start = np.stack([x[:-1], y[:-1]])
    step = np.stack([x[1:], y[1:]]) - start
    begin, end = np.zeros(len(x) - 1), np.ones(len(x) - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        for axis, far in ((0, wide), (1, high)):
            ends = np.stack([-start[axis], far - start[axis]]) / step[axis]
            still = step[axis] == 0
            out = still & ((start[axis] < 0) | (start[axis] > far))
            begin = np.where(still, begin, np.maximum(begin, ends.min(axis=0)))
            end = np.where(still, end, np.minimum(end, ends.max(axis=0)))
            end[out] = -1.0
    kept = begin <= end  # False for NaN
    first = start[:, kept] + step[:, kept] * begin[kept]
    last = start[:, kept] + step[:, kept] * end[kept]
    gap = np.full_like(first, np.nan)
    parts = np.stack([first, last, gap], axis=2).reshape(2, -1)
    return parts[0], parts[1]
