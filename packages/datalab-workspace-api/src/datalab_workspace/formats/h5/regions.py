"""Read a region of an array whose elements lie in C order in a file."""

from __future__ import annotations

import math
from collections.abc import Callable
from io import FileIO
from typing import Any

import numpy as np

from datalab_workspace.formats.h5.array_io import BLOCK, as_bytes
from datalab_workspace.formats.raw_io import read_exactly
from datalab_workspace.model.index_regions import Region, is_whole, region_shape

#: Bytes that are read in the time of one more call of the system.
_GAP = 16 << 10


class RegionReader:
    """A reader of regions of one array.

    Args:
        file: An unbuffered file.
        dtype: Dtype of the array.
        advance: Called with the number of bytes of the region that were read.
    """

    def __init__(
        self, file: FileIO, dtype: np.dtype[Any], advance: Callable[[int], None]
    ) -> None:
        self._file = file
        self._dtype = dtype
        self._advance = advance

    def read(
        self, offset: int, shape: tuple[int, ...], region: Region
    ) -> np.ndarray[Any, Any]:
        """Return a region in new memory, which needs at most 4 MiB besides.

        Args:
            offset: Position of the first element of the array in the file.
            shape: Shape of the array.
            region: The region to read.

        Raises:
            EOFError: The file ends before the region.
        """
        result = np.empty(region_shape(region), self._dtype)
        if result.size:
            self._fill(result, offset, shape, region)
        return result

    def _fill(
        self,
        target: np.ndarray[Any, Any],
        offset: int,
        shape: tuple[int, ...],
        region: Region,
    ) -> None:
        if not shape:
            self._read(offset, target)
            return
        pitch = math.prod(shape[1:]) * self._dtype.itemsize
        start, step = region[0].start, region[0].step
        if _is_run(region, shape):
            self._read(offset + start * pitch, target)
        elif pitch * step <= BLOCK and pitch * step <= self._cost(shape, region):
            self._read_bands(target, offset + start * pitch, shape, region)
        elif len(shape) > 1 and _is_run(region[1:], shape[1:]):
            inner = math.prod(shape[2:]) * self._dtype.itemsize
            first = offset + start * pitch + region[1].start * inner
            self._read_runs(target, first, pitch * step)
        else:
            for number in range(len(target)):
                position = offset + (start + number * step) * pitch
                self._fill(target[number, ...], position, shape[1:], region[1:])

    def _cost(self, shape: tuple[int, ...], region: Region) -> int:
        """Return the bytes to read for one row, if each row is read by itself."""
        shape, region = shape[1:], region[1:]
        if not shape or is_whole(region, shape):
            return math.prod(shape) * self._dtype.itemsize + _GAP
        pitch = math.prod(shape[1:]) * self._dtype.itemsize
        count: int = region_shape(region)[0]
        if _is_run(region, shape):
            return count * pitch + _GAP
        together: int = pitch * region[0].step
        return count * min(together, self._cost(shape, region)) + _GAP

    def _read_bands(
        self,
        target: np.ndarray[Any, Any],
        offset: int,
        shape: tuple[int, ...],
        region: Region,
    ) -> None:
        """Read consecutive rows whole, and keep what is wanted of them."""
        pitch = math.prod(shape[1:]) * self._dtype.itemsize
        step = region[0].step
        at_once = max(1, BLOCK // (pitch * step))
        buffer = np.empty((at_once * step, *shape[1:]), self._dtype)
        wanted = (slice(None, None, step), *region[1:])
        for first in range(0, len(target), at_once):
            count = min(at_once, len(target) - first)
            rows = buffer[: (count - 1) * step + 1]
            self._file.seek(offset + first * step * pitch)
            read_exactly(self._file, as_bytes(rows))
            target[first : first + count] = rows[wanted]
            self._advance(target[first : first + count].nbytes)

    def _read_runs(self, target: np.ndarray[Any, Any], offset: int, pitch: int) -> None:
        """Read one piece of each row."""
        view = as_bytes(target)
        size = len(view) // len(target)
        for number in range(len(target)):
            self._file.seek(offset + number * pitch)
            read_exactly(self._file, view[number * size : (number + 1) * size])
            self._advance(size)

    def _read(self, offset: int, target: np.ndarray[Any, Any]) -> None:
        self._file.seek(offset)
        view = as_bytes(target)
        for start in range(0, len(view), BLOCK):
            block = view[start : start + BLOCK]
            read_exactly(self._file, block)
            self._advance(len(block))


def _is_run(region: Region, shape: tuple[int, ...]) -> bool:
    """Return whether the elements of a region follow each other in C order."""
    return region[0].step == 1 and is_whole(region[1:], shape[1:])
