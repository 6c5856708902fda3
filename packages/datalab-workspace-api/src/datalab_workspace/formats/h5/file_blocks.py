"""Read small parts of a file, in blocks that are kept in memory for a while."""

from __future__ import annotations

from io import FileIO

from datalab_workspace.formats.raw_io import read_exactly

_BLOCK = 1 << 15
#: A block reaches this far into the next one, so that few parts lie in two blocks.
_OVERLAP = 1 << 13
_MOST_BLOCKS = 128


class FileBlocks:
    """The blocks of one file.

    Args:
        raw: The file, unbuffered.
        size: Its size in bytes.
    """

    def __init__(self, raw: FileIO, size: int) -> None:
        self._raw = raw
        self._size = size
        self._blocks: dict[int, bytes] = {}

    def locate(self, offset: int, size: int) -> tuple[bytes, int]:
        """Return bytes of the file that include a part of it.

        Args:
            offset: Offset of the part in the file.
            size: Size of the part.

        Returns:
            Some bytes of the file, and the position of the part in them.

        Raises:
            EOFError: The part is not in the file.
        """
        number, position = divmod(offset, _BLOCK)
        block = self._blocks.get(number)
        if block is None or position + size > len(block):
            if offset + size > self._size:
                raise EOFError("the file ends too early")
            if position + size > _BLOCK + _OVERLAP:
                return self._read(offset, size), 0
            if len(self._blocks) >= _MOST_BLOCKS:
                self._blocks.clear()
            begin = number * _BLOCK
            block = self._read(begin, min(_BLOCK + _OVERLAP, self._size - begin))
            self._blocks[number] = block
        return block, position

    def _read(self, offset: int, size: int) -> bytes:
        content = bytearray(size)
        self._raw.seek(offset)
        read_exactly(self._raw, memoryview(content))
        return bytes(content)
