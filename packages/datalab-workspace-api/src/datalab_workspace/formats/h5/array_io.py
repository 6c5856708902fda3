"""Read and write the bytes of arrays, and compute their checksum on the way.

The checksum is computed in a second thread during the transfer: `zlib.crc32` and the
read and write calls of the system release the interpreter lock.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from io import FileIO
from types import TracebackType
from typing import Any

import numpy as np

from datalab_workspace.formats.raw_io import read_exactly, write_all
from datalab_workspace.runtime import IN_BROWSER

#: Size of the blocks in which arrays are transferred, in bytes.
BLOCK = 4 << 20
_BUFFERS = 3


class Checksum:
    """The CRC-32 of consecutive blocks, as a context manager that ends its thread.

    Args:
        total: Size of all blocks in bytes. No thread is used if one block is enough,
            or in a browser, which has no threads.
    """

    def __init__(self, total: int) -> None:
        threaded = total > BLOCK and not IN_BROWSER
        self._pool = ThreadPoolExecutor(1) if threaded else None
        self._pending: Future[None] | None = None
        self._value = 0

    def update(self, block: memoryview) -> None:
        """Add the next block. The block before it is not used after this call."""
        if self._pool is None:
            self._add(block)
            return
        self._wait()
        self._pending = self._pool.submit(self._add, block)

    def close(self) -> int:
        """End the thread and return the checksum of all blocks."""
        self._wait()
        if self._pool is not None:
            self._pool.shutdown()
        return self._value

    def __enter__(self) -> Checksum:  # noqa: PYI034 (Self is of Python 3.11)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _add(self, block: memoryview) -> None:
        self._value = zlib.crc32(block, self._value)

    def _wait(self) -> None:
        if self._pending is not None:
            self._pending.result()
            self._pending = None


def split_into_blocks(
    shape: tuple[int, ...], itemsize: int
) -> Iterator[tuple[tuple[Any, ...], tuple[int, ...]]]:
    """Split an array into contiguous parts of at most `BLOCK` bytes.

    Args:
        shape: Shape of the array.
        itemsize: Size of an element in bytes.

    Yields:
        The index and the shape of each part, in C order. An array without elements has
        no parts.
    """
    size = math.prod(shape) * itemsize
    if size <= BLOCK:
        if size:
            yield (...,), shape
        return
    axis, rows = split_axis(shape, itemsize, BLOCK)
    for outer in np.ndindex(shape[:axis]):
        for start in range(0, shape[axis], rows):
            stop = min(start + rows, shape[axis])
            yield (*outer, slice(start, stop)), (stop - start, *shape[axis + 1 :])


def split_axis(shape: tuple[int, ...], itemsize: int, limit: int) -> tuple[int, int]:
    """Return the axis to split and how many of its rows fit into `limit` bytes."""
    for axis in range(len(shape)):
        row = math.prod(shape[axis + 1 :]) * itemsize
        if row <= limit:
            return axis, min(shape[axis], limit // row)
    raise AssertionError("an element is smaller than any limit")


def array_blocks(
    array: np.ndarray[Any, Any],
) -> Iterator[tuple[tuple[Any, ...], np.ndarray[Any, Any]]]:
    """Yield the index and content of each block, a view of the array if possible."""
    for index, shape in split_into_blocks(array.shape, array.itemsize):
        yield index, np.ascontiguousarray(array[index]).reshape(shape)


def as_bytes(block: np.ndarray[Any, Any]) -> memoryview:
    """Return a view of the bytes of a contiguous array."""
    return block.reshape(-1).view(np.uint8).data


def write_blocks(
    file: FileIO, offset: int, blocks: Iterable[np.ndarray[Any, Any]], total: int
) -> int:
    """Write consecutive blocks to a file.

    Args:
        file: An unbuffered file.
        offset: Position of the first block in the file.
        blocks: Contiguous arrays. Each may be overwritten two blocks later.
        total: Size of all blocks in bytes.

    Returns:
        The CRC-32 of all blocks.
    """
    with Checksum(total) as checksum:
        file.seek(offset)
        for block in blocks:
            view = as_bytes(block)
            checksum.update(view)
            write_all(file, view)
        return checksum.close()


def read_into(
    file: FileIO,
    offset: int,
    array: np.ndarray[Any, Any],
    advance: Callable[[int], None],
) -> int:
    """Fill an array from a file.

    Args:
        file: An unbuffered file.
        offset: Position of the elements in the file, which are in C order.
        array: A contiguous array.
        advance: Called with the size of each block.

    Returns:
        The CRC-32 of the bytes.

    Raises:
        EOFError: The file ends before the array is full.
    """
    view = as_bytes(array)
    with Checksum(len(view)) as checksum:
        file.seek(offset)
        for start in range(0, len(view), BLOCK):
            block = view[start : start + BLOCK]
            read_exactly(file, block)
            checksum.update(block)
            advance(len(block))
        return checksum.close()


def read_blocks(
    file: FileIO, offset: int, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> Iterator[tuple[tuple[Any, ...], np.ndarray[Any, Any]]]:
    """Read an array from a file block by block.

    Args:
        file: An unbuffered file.
        offset: Position of the elements in the file, which are in C order.
        shape: Shape of the array.
        dtype: Dtype of the array.

    Yields:
        The index and the content of each block. Its memory is used again two blocks
        later.

    Raises:
        EOFError: The file ends before the last block.
    """
    buffers: list[np.ndarray[Any, Any]] = []
    file.seek(offset)
    for number, (index, part) in enumerate(split_into_blocks(shape, dtype.itemsize)):
        count = math.prod(part)
        if number < _BUFFERS:
            buffers.append(np.empty(count, dtype))
        block = buffers[number % _BUFFERS][:count]
        read_exactly(file, as_bytes(block))
        yield index, block.reshape(part)
