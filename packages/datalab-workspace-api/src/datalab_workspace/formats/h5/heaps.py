"""Check the heaps in which HDF5 keeps strings of variable length.

HDF5 steps through a heap from object to object by their sizes. If a size is damaged,
HDF5 may loop forever, and no signal stops it. So heaps are checked before HDF5 reads
them. Source of the layout: HDF5 File Format Specification 3.0, section III.E, "Global
Heap".
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from io import FileIO
from typing import Any

from h5py import h5o

from datalab_workspace.formats.h5.guard import is_dataset
from datalab_workspace.formats.raw_io import read_exactly

_SIGNATURE = b"GCOL"
_VERSION = 1
_COLLECTION = struct.Struct("<4sB3xQ")
_OBJECT = struct.Struct("<HHIQ")
_ALIGNMENT = 8
#: Number of bytes from which `heap_size` reads the size of a heap.
HEADER_SIZE = _COLLECTION.size
_BLOCK = 1 << 20
#: In a file of this size or larger, only the parts outside of arrays are searched.
_LARGE = 1 << 26


class Heaps:
    """The heaps of one file.

    Args:
        raw: The file.
        size: Its size in bytes.
        root: Its low-level HDF5 root group.
        advance: Called with the number of groups and datasets that were looked at.
    """

    def __init__(
        self, raw: FileIO, size: int, root: Any, advance: Callable[[int], object]
    ) -> None:
        self._raw = raw
        self._size = size
        self._root = root
        self._advance = advance
        self._checked = False

    def check(self) -> None:
        """Check that HDF5 reaches the end of every heap. Only the first call reads.

        Raises:
            ValueError: A heap is damaged.
        """
        if self._checked:
            return
        for begin, end in self._without_arrays():
            position = begin
            while (found := self._find(position, end)) is not None:
                position = found + max(self._check_heap(found), len(_SIGNATURE))
        self._checked = True

    def _without_arrays(self) -> Iterator[tuple[int, int]]:
        """Yield the begin and end offsets of the parts that can contain a heap."""
        begin = 0
        for offset, size in sorted(self._arrays()) if self._size >= _LARGE else ():
            yield begin, offset
            begin = max(begin, offset + size)
        yield begin, self._size

    def _arrays(self) -> list[tuple[int, int]]:
        arrays = []

        def visit(name: bytes, info: Any) -> None:
            self._advance(1)
            if info.type != h5o.TYPE_DATASET:
                return
            dataset = h5o.open(self._root, name)
            if is_dataset(dataset) and dataset.get_offset() is not None:
                arrays.append((dataset.get_offset(), dataset.get_storage_size()))

        h5o.visit(self._root, visit, info=True)
        return arrays

    def _find(self, begin: int, end: int) -> int | None:
        """Return the offset of the next signature, or None if there is none."""
        overlap = len(_SIGNATURE) - 1
        for start in range(begin, end, _BLOCK):
            block = self._read(start, min(_BLOCK + overlap, end - start))
            index = block.find(_SIGNATURE)
            if index >= 0:
                return start + index
        return None

    def _check_heap(self, offset: int) -> int:
        """Return the size of the heap at an offset, or 0 if there is no heap.

        Raises:
            ValueError: The heap is damaged.
        """
        room = self._size - offset
        if room < _COLLECTION.size:
            return 0
        size = heap_size(self._read(offset, _COLLECTION.size), 0)
        if not 0 < size <= room:
            return 0  # not a heap, or one that HDF5 itself refuses
        content = self._read(offset, size)
        try:
            for _ in walk(content, 0, size):
                pass
        except ValueError as error:
            raise ValueError(f"the heap at byte {offset} is corrupt") from error
        return size

    def _read(self, offset: int, count: int) -> bytearray:
        content = bytearray(count)
        self._raw.seek(offset)
        read_exactly(self._raw, memoryview(content))
        return content


def heap_size(buffer: bytes | bytearray, position: int) -> int:
    """Return the size of the heap at a position of a buffer, or 0 if there is none."""
    signature, version, size = _COLLECTION.unpack_from(buffer, position)
    is_heap = signature == _SIGNATURE and version == _VERSION
    return int(size) if is_heap and size >= _COLLECTION.size else 0


def walk(
    content: bytes | bytearray, begin: int, size: int
) -> Iterator[tuple[int, int, int]]:
    """Yield the number, position and length of each object in a heap.

    Args:
        content: Bytes that include the heap.
        begin: Position of the heap in them.
        size: Size of the heap.

    Raises:
        ValueError: The heap is damaged.
    """
    position, end = begin + _COLLECTION.size, begin + size
    while end - position >= _OBJECT.size:
        number, _, _, length = _OBJECT.unpack_from(content, position)
        # Object 0 is the free space; its size includes its own header.
        padded = (length + _ALIGNMENT - 1) // _ALIGNMENT * _ALIGNMENT
        step = _OBJECT.size + padded if number else length
        if not _OBJECT.size <= step <= end - position:
            raise ValueError("an object exceeds its heap")
        if number:
            yield number, position + _OBJECT.size, length
        position += step
