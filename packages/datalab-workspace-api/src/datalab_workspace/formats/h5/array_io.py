"""Moving the bytes of arrays between memory and files, with their checksum.

The checksum is computed in a thread beside the transfer: `zlib.crc32` and the system's
read and write let other threads run.
"""

from __future__ import annotations

import contextlib
import math
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from io import FileIO
from typing import Any

import numpy as np

from datalab_workspace.formats.raw_io import read_exactly, write_all
from datalab_workspace.runtime import IN_BROWSER

#: Size of the pieces in which arrays are moved, in bytes.
BLOCK = 4 << 20
_BUFFERS = 3


class Checksum:
    """CRC-32 of blocks that come one after the other.

    Args:
        total: Size of all blocks in bytes; where it is one block, no thread is used,
            and none where there are no threads.
    """

    def __init__(self, total: int) -> None:
        threaded = total > BLOCK and not IN_BROWSER
        self._pool = ThreadPoolExecutor(1) if threaded else None
        self._pending: Future[None] | None = None
        self._value = 0

    def update(self, block: memoryview) -> None:
        """Take the next block; the one before is done with when this returns."""
        if self._pool is None:
            self._add(block)
            return
        self._wait()
        self._pending = self._pool.submit(self._add, block)

    def close(self) -> int:
        """Return the checksum of all blocks."""
        self._wait()
        if self._pool is not None:
            self._pool.shutdown()
        return self._value

    def _add(self, block: memoryview) -> None:
        self._value = zlib.crc32(block, self._value)

    def _wait(self) -> None:
        if self._pending is not None:
            self._pending.result()
            self._pending = None


def slabs(
    shape: tuple[int, ...], itemsize: int
) -> Iterator[tuple[tuple[Any, ...], tuple[int, ...]]]:
    """Cut an array into parts of at most a block that lie one after the other.

    Args:
        shape: Shape of the array.
        itemsize: Size of an element in bytes.

    Yields:
        Index and shape of each part, in the order of the elements in memory (C order).
        There is none of an array without elements.
    """
    size = math.prod(shape) * itemsize
    if size <= BLOCK:
        if size:
            yield (...,), shape
        return
    axis, rows = cut(shape, itemsize, BLOCK)
    for outer in np.ndindex(shape[:axis]):
        for start in range(0, shape[axis], rows):
            stop = min(start + rows, shape[axis])
            yield (*outer, slice(start, stop)), (stop - start, *shape[axis + 1 :])


def cut(shape: tuple[int, ...], itemsize: int, limit: int) -> tuple[int, int]:
    """Return which axis to cut, and how many rows of it are at most `limit` bytes."""
    for axis in range(len(shape)):
        row = math.prod(shape[axis + 1 :]) * itemsize
        if row <= limit:
            return axis, min(shape[axis], limit // row)
    raise AssertionError("an element is smaller than any limit")


def array_blocks(
    array: np.ndarray[Any, Any],
) -> Iterator[tuple[tuple[Any, ...], np.ndarray[Any, Any]]]:
    """Yield the index and the content of each slab; views where possible."""
    for index, shape in slabs(array.shape, array.itemsize):
        yield index, np.ascontiguousarray(array[index]).reshape(shape)


def as_bytes(block: np.ndarray[Any, Any]) -> memoryview:
    """Return the bytes of a contiguous array."""
    return block.reshape(-1).view(np.uint8).data


def store(
    file: FileIO, offset: int, blocks: Iterable[np.ndarray[Any, Any]], total: int
) -> int:
    """Write blocks one after the other.

    Args:
        file: An unbuffered file.
        offset: Where the first begins.
        blocks: Contiguous arrays; each may be overwritten two blocks later.
        total: Size of all of them in bytes.

    Returns:
        Their CRC-32.
    """
    with checksumming(total) as checksum:
        file.seek(offset)
        for block in blocks:
            view = as_bytes(block)
            checksum.update(view)
            write_all(file, view)
        return checksum.close()


@contextlib.contextmanager
def checksumming(total: int) -> Iterator[Checksum]:
    """Make a `Checksum` whose thread ends with the block."""
    checksum = Checksum(total)
    try:
        yield checksum
    finally:
        checksum.close()


def fetch(
    file: FileIO,
    offset: int,
    array: np.ndarray[Any, Any],
    advance: Callable[[int], None],
) -> int:
    """Fill an array from a file.

    Args:
        file: An unbuffered file.
        offset: Where the elements begin, in C order.
        array: A contiguous array.
        advance: Told of the size of each block.

    Returns:
        The CRC-32 of its bytes.

    Raises:
        EOFError: The file ends before.
    """
    view = as_bytes(array)
    with checksumming(len(view)) as checksum:
        file.seek(offset)
        for start in range(0, len(view), BLOCK):
            block = view[start : start + BLOCK]
            read_exactly(file, block)
            checksum.update(block)
            advance(len(block))
        return checksum.close()


def file_blocks(
    file: FileIO, offset: int, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> Iterator[tuple[tuple[Any, ...], np.ndarray[Any, Any]]]:
    """Yield index and content of each slab of an array in a file.

    Args:
        file: An unbuffered file.
        offset: Where the elements begin, in C order.
        shape: Shape of the array.
        dtype: Dtype of the array.

    Yields:
        Blocks in memory that is used again two blocks later.

    Raises:
        EOFError: The file ends before.
    """
    buffers: list[np.ndarray[Any, Any]] = []
    file.seek(offset)
    for number, (index, part) in enumerate(slabs(shape, dtype.itemsize)):
        count = math.prod(part)
        if number < _BUFFERS:
            buffers.append(np.empty(count, dtype))
        block = buffers[number % _BUFFERS][:count]
        read_exactly(file, as_bytes(block))
        yield index, block.reshape(part)
