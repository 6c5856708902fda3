"""The axes of a picture: their place, ticks and labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from datalab_kernel_core.plotter.contrast import AxisScale
from datalab_kernel_core.plotter.painting.canvas import Canvas, Frame
from datalab_kernel_core.plotter.painting.font import ADVANCE, HEIGHT, text_width
from datalab_kernel_core.plotter.painting.ticks import Ticks, date_ticks, ticks
from datalab_kernel_core.plotter.reduce import Array

#: The size of titles, labels and tick labels, and that of notes and legends.
LARGE, SMALL = 2, 1
#: The height of a line of large and of small characters in pixels.
LINE, SMALL_LINE = LARGE * HEIGHT + 4, SMALL * HEIGHT + 4
_TICK = 5
_INK = "#262626"
_GRID = "#e6e6e6"
#: Pixels between two ticks along each axis, for numbers and for dates.
_DISTANCE_X, _DISTANCE_Y, _DISTANCE_DATES = 90, 48, 130


@dataclass(frozen=True)
class Axis:
    """An axis: its bounds and its scale.

    Attributes:
        low: The bound at the left or at the bottom.
        high: The bound at the right or at the top; lower than `low` on an axis that
            points the other way.
        scale: The scale.
        label: The label.
        dates: Whether the values are dates, in seconds since 1970.
        degrees: Whether the values are angles.
    """

    low: float
    high: float
    scale: AxisScale
    label: str = ""
    dates: bool = False
    degrees: bool = False

    def shares(self, values: Array) -> Array:
        """Return the positions of values: 0 at the lower bound, 1 at the upper one."""
        low, high = self.scale.forward(np.array([self.low, self.high], float))
        half = high / 2 - low / 2  # high - low may overflow
        found: Array = (
            self.scale.forward(np.asarray(values, float)) / 2 - low / 2
        ) / half
        return found

    def values(self, shares: Array) -> Array:
        """Return the values at positions; see `shares`."""
        low, high = self.scale.forward(np.array([self.low, self.high], float))
        return self.scale.backward(low * (1 - shares) + high * shares)

    def ticks(self, length: int, distance: int) -> Ticks:
        """Return the ticks of an axis that is this number of pixels long."""
        low, high = min(self.low, self.high), max(self.low, self.high)
        if self.dates:
            return date_ticks(low, high, max(1, length // _DISTANCE_DATES))
        count = max(2, length // distance)
        return ticks(low, high, self.scale, count, degrees=self.degrees)


@dataclass(frozen=True)
class Axes:
    """Two axes at a place of a canvas.

    Attributes:
        canvas: The canvas.
        frame: The area between the axes.
        x: The axis from left to right.
        y: The axis from bottom to top.
    """

    canvas: Canvas
    frame: Frame
    x: Axis
    y: Axis

    def columns(self, values: Array) -> Array:
        """Return the positions of values of x in pixels."""
        left, _, right, _ = self.frame
        found: Array = left + self.x.shares(values) * (right - left)
        return found

    def rows(self, values: Array) -> Array:
        """Return the positions of values of y in pixels, downwards."""
        _, top, _, bottom = self.frame
        found: Array = bottom - self.y.shares(values) * (bottom - top)
        return found

    def line(
        self,
        x: Array,
        y: Array,
        color: object,
        *,
        width: float = 1.5,
        dashed: bool = False,
        opacity: float = 1.0,
    ) -> None:
        """Draw a line; see `Canvas.line`."""
        columns, rows = self.columns(x), self.rows(y)
        self.canvas.line(
            self.frame,
            columns,
            rows,
            color,
            width=width,
            dashed=dashed,
            opacity=opacity,
        )

    def grid(self) -> None:
        """Draw the grid lines."""
        left, top, right, bottom = self.frame
        for column in self._columns_of(self._x_ticks()):
            self.canvas.fill((column, top, column + 1, bottom), _GRID)
        for row in self._rows_of(self._y_ticks()):
            self.canvas.fill((left, row, right, row + 1), _GRID)

    def decorate(self, title: str, *, x_labels: bool = True) -> None:
        """Draw the frame, the ticks and the labels.

        Args:
            title: Title above the axes.
            x_labels: Whether the x axis has labels.
        """
        left, top, right, bottom = self.frame
        self.canvas.outline(self.frame, _INK)
        found = self._x_ticks()
        written = -np.inf
        for column, label in sorted(
            zip(self._columns_of(found), found.labels, strict=True)
        ):
            self.canvas.fill((column, bottom, column + 1, bottom + _TICK), _INK)
            half = text_width(label, LARGE) / 2
            if x_labels and column - half >= written:  # right of the last one
                self._write((column, bottom + _TICK + 3), label, (0.5, 0.0))
                written = column + half
        along = self._y_ticks()
        for row, label in zip(self._rows_of(along), along.labels, strict=True):
            self.canvas.fill((left - _TICK, row, left, row + 1), _INK)
            self._write((left - _TICK - 3, row + 2), label, (1.0, 0.5))
        below = bottom + _TICK + LINE + 2
        middle = (left + right) / 2
        if x_labels:
            label = " ".join(filter(None, (self.x.label, found.common)))
            self._write((middle, below), _cut(label, right - left + 60), (0.5, 0.0))
        label = " ".join(filter(None, (self.y.label, along.common)))
        place = left - _TICK - 6 - _widest(along), (top + bottom) / 2
        text = _cut(label, bottom - top + 40)
        self.canvas.text(
            place, text, size=LARGE, color=_INK, align=(1.0, 0.5), upwards=True
        )
        if title:
            shown = _cut(title, right - left + 60)
            self._write((middle, top - 6), shown, (0.5, 1.0))

    def _write(
        self, place: tuple[float, float], text: str, align: tuple[float, float]
    ) -> None:
        self.canvas.text(place, text, size=LARGE, color=_INK, align=align)

    def _x_ticks(self) -> Ticks:
        return self.x.ticks(self.frame[2] - self.frame[0], _DISTANCE_X)

    def _y_ticks(self) -> Ticks:
        return self.y.ticks(self.frame[3] - self.frame[1], _DISTANCE_Y)

    def _columns_of(self, found: Ticks) -> list[int]:
        columns: list[int] = (
            np.rint(self.columns(np.array(found.values))).astype(int).tolist()
        )
        return columns

    def _rows_of(self, found: Ticks) -> list[int]:
        rows: list[int] = (
            np.rint(self.rows(np.array(found.values))).astype(int).tolist()
        )
        return rows


def side_margin(y: Axis, length: int) -> int:
    """Return the width that the labels of a vertical axis take, in pixels."""
    widest = _widest(y.ticks(length, _DISTANCE_Y))
    return widest + _TICK + 8 + (LINE if y.label else LARGE * ADVANCE)


def bottom_margin() -> int:
    """Return the height that the labels of a horizontal axis take, in pixels."""
    return _TICK + 2 * LINE + 4


def _widest(found: Ticks) -> int:
    return max((text_width(label, LARGE) for label in found.labels), default=0)


def _cut(text: str, width: float) -> str:
    """Return a string that fits, without its end if it is too long."""
    most = max(int(width) // (LARGE * ADVANCE), 1)
    return text if len(text) <= most else text[: most - 1] + "…"
