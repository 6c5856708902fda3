"""The coordinates of an object's data, and those that the page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from datalab_kernel_core.plotter.image_builder import PixelAxis
from datalab_kernel_core.plotter.plot_input import PlotItem
from datalab_kernel_core.plotter.reduce import Array

#: The number of corners of a circle that the axes distort.
_CORNERS = 64


@dataclass(frozen=True)
class PageCoordinates:
    """The conversion between the coordinates of an object and those of the page.

    They differ only along an axis of an image whose coordinates are not uniform: the
    page shows such an axis in pixels.

    Attributes:
        x: Coordinates of the samples of a signal, or of the pixels along x.
        y: Coordinates of the pixels along y, None for a signal.
        in_pixels: Whether the page shows x and y in pixels.
    """

    x: Array
    y: Array | None = None
    in_pixels: tuple[bool, bool] = (False, False)

    @classmethod
    def of(cls, item: PlotItem) -> PageCoordinates:
        """Return the coordinates of an object that is explored."""
        record = item.record
        if item.samples is not None:
            return cls(item.samples.x)
        height, width = record.shape if len(record.shape) == 2 else (1, 1)
        x, y = (
            PixelAxis.of(record, axis, max(length, 1), [])
            for axis, length in (("x", width), ("y", height))
        )
        return cls(x.centers, y.centers, (x.step is None, y.step is None))

    def physical(self, axis: int, index: float) -> float:
        """Return the coordinate at an index along an axis, 0 for x and 1 for y."""
        centers = self.x if axis == 0 or self.y is None else self.y
        return float(extended(index, np.arange(len(centers)), centers))

    def to_page(self, coords: Sequence[float]) -> list[float]:
        """Return points in the coordinates of the page.

        Args:
            coords: x and y of the points in turn.
        """
        return [
            self._index(number % 2, value) if self.in_pixels[number % 2] else value
            for number, value in enumerate(coords)
        ]

    def from_page(self, coords: Sequence[float]) -> list[float]:
        """Return points in the coordinates of the object; see `to_page`."""
        return [
            self.physical(number % 2, value) if self.in_pixels[number % 2] else value
            for number, value in enumerate(coords)
        ]

    def _index(self, axis: int, value: float) -> float:
        centers = self.x if axis == 0 or self.y is None else self.y
        indices = np.arange(len(centers))
        if len(centers) > 1 and centers[0] > centers[-1]:
            centers, indices = centers[::-1], indices[::-1]
        return float(extended(value, centers, indices))

    @property
    def differ(self) -> bool:
        """Whether the page shows an axis in pixels."""
        return any(self.in_pixels)


def extended(at: Any, known: Array, values: Array) -> Array:
    """Interpolate between increasing positions, and extend the line beyond the ends."""
    position: Array = np.asarray(at, np.float64)
    if not len(known):
        return position
    if len(known) == 1:
        return np.asarray(values[0] + (position - known[0]))
    after = np.clip(np.searchsorted(known, position), 1, len(known) - 1)
    start, first = known[after - 1], values[after - 1].astype(np.float64)
    slope = (values[after] - first) / (known[after].astype(np.float64) - start)
    return np.asarray(first + (position - start) * slope)


def circle_corners(x: float, y: float, radius: float) -> list[float]:
    """Return the corners of a polygon that looks like a circle."""
    angles = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    points = np.stack([x + radius * np.cos(angles), y + radius * np.sin(angles)], 1)
    corners: list[float] = points.ravel().tolist()
    return corners
