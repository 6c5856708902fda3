"""The values of an image along a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from datalab_kernel_core.explore.page_coordinates import extended
from datalab_kernel_core.plotter.image_builder import PixelAxis
from datalab_kernel_core.plotter.reduce import Array
from datalab_kernel_core.plotter.samples import unmasked
from datalab_workspace.model.record import Record

#: An index this close to that of a pixel's center is that of the center.
_CLOSE = 1e-6


@dataclass(frozen=True)
class ValuesOnLine:
    """Values along a line.

    Attributes:
        distance: Distances from the beginning of the line, shape (N,), increasing.
        values: Values, shape (N,), float64 or complex128; NaN where the image has none.
        unit: The unit of the distances.
    """

    distance: Array
    values: Array
    unit: str


class LineProfile:
    """The values of an image along lines and at points.

    A line is straight in the coordinates of the image. Its values are interpolated
    between the centers of four pixels (bilinear interpolation), at points that are at
    most one pixel apart. So the values along a row or a column are those of its pixels.
    Only the part of the line within the image has values.

    Args:
        record: The image. It is not copied.
    """

    def __init__(self, record: Record) -> None:
        data = record.array("data")
        self._data: Array = np.zeros((0, 0)) if data is None else data
        height, width = self._data.shape
        self._axes, self._units = [], []
        for axis, length in (("x", width), ("y", height)):
            notes: list[str] = []
            self._axes.append(PixelAxis.of(record, axis, max(length, 1), notes))
            unit = str(record.fields[f"{axis}unit"] or "")
            self._units.append("pixel" if notes else unit)

    def along(self, coords: Sequence[float]) -> ValuesOnLine | None:
        """Return the values along a line.

        Args:
            coords: x and y of both of its ends.

        Returns:
            The values, None if no part of the line is within the image.
        """
        begin, end = np.array(coords[:2], float), np.array(coords[2:4], float)
        part = self._part_within(begin, end)
        if part is None:
            return None
        points, indices = self._points(begin, end, part)
        distance, unit = self._distances(begin, end, points, indices)
        return ValuesOnLine(distance, self._interpolated(*indices), unit)

    def pixel(self, x: float, y: float) -> tuple[int, int, Any] | None:
        """Return row, column and value of the pixel at a point, None outside."""
        if not np.isfinite([x, y]).all():
            return None
        column, row = (
            int(np.rint(self._index(axis, np.array(value))))
            for axis, value in enumerate((x, y))
        )
        height, width = self._data.shape
        if not (0 <= row < height and 0 <= column < width):
            return None
        (value,) = unmasked(self._data[row : row + 1, column]).tolist()
        return row, column, value

    def center(self, row: int, column: int) -> tuple[float, float]:
        """Return x and y of the center of a pixel."""
        return self._axes[0].at(column), self._axes[1].at(row)

    def _part_within(self, begin: Array, end: Array) -> tuple[float, float] | None:
        """Return the part of a line within the image: two numbers from 0 to 1."""
        if not self._data.size or not np.isfinite([begin, end]).all():
            return None
        first, last = 0.0, 1.0
        for axis, start, length in zip(self._axes, begin, end - begin, strict=True):
            edges = axis.edges()
            low, high = sorted((float(edges[0]), float(edges[-1])))
            if length == 0:
                if not low <= start <= high:
                    return None
                continue
            ends = sorted(((low - start) / length, (high - start) / length))
            first, last = max(first, ends[0]), min(last, ends[1])
        return (first, last) if first <= last else None

    def _points(
        self, begin: Array, end: Array, part: tuple[float, float]
    ) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        """Return x and y, and columns and rows, of the points at which to read.

        They are equally far apart along the axis of which the line crosses more pixels.
        """
        ends = [
            self._index(axis, begin[axis] + np.array(part) * (end[axis] - begin[axis]))
            for axis in (0, 1)
        ]
        spans = [abs(float(last - first)) for first, last in ends]
        main = int(spans[1] > spans[0])
        count = int(np.ceil(spans[main] - _CLOSE)) + 1
        steps = np.linspace(ends[main][0], ends[main][1], count)
        centers = self._axes[main].centers
        along = extended(steps, np.arange(len(centers)), centers)
        length = end[main] - begin[main]
        fractions = (along - begin[main]) / (length or 1.0)
        other = begin[1 - main] + fractions * (end[1 - main] - begin[1 - main])
        others = self._index(1 - main, other)
        if main == 0:
            return (along, other), (steps, others)
        return (other, along), (others, steps)

    def _index(self, axis: int, coords: Array) -> Array:
        """Return the indices, which may be fractional, of coordinates along an axis."""
        centers = self._axes[axis].centers
        indices = np.arange(len(centers))
        if len(centers) > 1 and centers[0] > centers[-1]:
            centers, indices = centers[::-1], indices[::-1]
        found = extended(coords, centers, indices)
        nearest = np.rint(found)
        return np.where(np.abs(found - nearest) < _CLOSE, nearest, found)

    def _distances(
        self,
        begin: Array,
        end: Array,
        points: tuple[Array, Array],
        indices: tuple[Array, Array],
    ) -> tuple[Array, str]:
        """Return the distances of points from the beginning of a line, and their unit.

        If the axes have different units, the distance along a sloping line has none: it
        is counted in pixels.
        """
        from_begin = [points[axis] - begin[axis] for axis in (0, 1)]
        if self._units[0] == self._units[1]:
            return np.hypot(*from_begin), self._units[0]
        for axis in (0, 1):
            if begin[1 - axis] == end[1 - axis]:
                return np.abs(from_begin[axis]), self._units[axis]
        columns, rows = (
            indices[axis] - self._index(axis, begin[axis]) for axis in (0, 1)
        )
        return np.hypot(columns, rows), "pixel"

    def _interpolated(self, columns: Array, rows: Array) -> Array:
        height, width = self._data.shape
        columns = np.clip(columns, 0, width - 1)
        rows = np.clip(rows, 0, height - 1)
        left, top = np.floor(columns).astype(int), np.floor(rows).astype(int)
        right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
        across, down = columns - left, rows - top
        dtype = np.result_type(self._data.dtype, np.float64)
        values: Array = np.zeros(len(columns), dtype)
        for row, column, weight in (
            (top, left, (1 - down) * (1 - across)),
            (top, right, (1 - down) * across),
            (bottom, left, down * (1 - across)),
            (bottom, right, down * across),
        ):
            pixels = unmasked(self._data[row, column]).astype(dtype)
            # A pixel without weight may be NaN.
            values += np.where(weight > 0, pixels * weight, 0)
        return values
