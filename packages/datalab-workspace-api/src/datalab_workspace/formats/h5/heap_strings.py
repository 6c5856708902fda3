"""Read strings of variable length without HDF5; see `object_headers`."""

from __future__ import annotations

from datalab_workspace.formats.h5.file_blocks import FileBlocks
from datalab_workspace.formats.h5.heaps import HEADER_SIZE, heap_size, walk
from datalab_workspace.formats.h5.object_headers import StoredString, UnfamiliarError

#: Heaps are kept in memory until they have this many bytes in total.
_MOST_BYTES = 1 << 20


class HeapStrings:
    """The strings in the heaps of one file.

    Args:
        blocks: The file.
    """

    def __init__(self, blocks: FileBlocks) -> None:
        self._blocks = blocks
        self._heaps: dict[int, tuple[bytes, dict[int, tuple[int, int]]]] = {}
        self._bytes = 0

    def read(self, string: StoredString) -> bytes:
        """Return a string up to its first NUL, as HDF5 does.

        Raises:
            UnfamiliarError: There is no such string.
            ValueError: The heap is damaged.
        """
        heap = self._heaps.get(string.heap)
        if heap is None:
            heap = self._heaps[string.heap] = self._heap(string.heap)
        buffer, places = heap
        begin, length = places.get(string.number, (0, -1))
        if length != string.length:
            raise UnfamiliarError
        return buffer[begin : begin + length].partition(b"\0")[0]

    def _heap(self, address: int) -> tuple[bytes, dict[int, tuple[int, int]]]:
        size = heap_size(*self._blocks.locate(address, HEADER_SIZE))
        if not size:
            raise UnfamiliarError
        self._bytes += size
        if self._bytes > _MOST_BYTES:
            self._heaps.clear()
            self._bytes = size
        buffer, begin = self._blocks.locate(address, size)
        places: dict[int, tuple[int, int]] = {}
        for number, position, length in walk(buffer, begin, size):
            if number in places:
                raise UnfamiliarError
            places[number] = position, length
        return buffer, places
