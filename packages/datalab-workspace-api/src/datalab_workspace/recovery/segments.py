"""The files of a recovery folder: entries, one after the other, that only grow.

An entry is a head (`_HEAD`) and a frame (`datalab_workspace.live.codecs.frame`) with
objects. The head has a checksum of the frame's header, and the header has one of each
array. An entry that a crash has cut off, or that the disk has lost, is recognised by
them and ignored. They are no protection from a forger; whatever is read creates
numbers and the types of typed JSON only, and no more than the file has bytes.
"""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np

from datalab_workspace.errors import DamagedFileError
from datalab_workspace.formats.raw_io import read_exactly, write_all
from datalab_workspace.live.codecs import frame
from datalab_workspace.recovery.folder import open_private

#: Bytes that are written in one call, during which other threads run.
PIECE = 4 << 20
_MAGIC = b"DLR1"
#: Magic, CRC-32 of the rest of the head and of the frame's header, bytes of the frame
#: up to its first array, bytes of the whole frame.
_HEAD = struct.Struct("<4sIQQ")
_LONGEST_START = 1 << 27
_NAME = re.compile(r"([0-9]{8})\.segment\Z")


class SummedWriter(frame.FrameWriter):
    """A frame in the making, with a checksum of each of its arrays."""

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays so far."""
        return sum(blob.nbytes for blob in self.blobs)

    def buffers(self, header: Mapping[str, Any]) -> list[frame.Buffer]:
        """Return a complete entry, in parts to write one after the other."""
        sums = [checksum(blob) for blob in self.blobs]
        parts = self.parts({**header, "sums": sums})
        total = sum(len(part) for part in parts)
        rest = _HEAD.pack(_MAGIC, 0, len(parts[0]), total)[8:]
        crc = zlib.crc32(parts[0], zlib.crc32(rest))
        return [_MAGIC + struct.pack("<I", crc) + rest, *parts]


def checksum(array: np.ndarray[Any, Any]) -> int:
    """Return a checksum of the bytes of an array in C order.

    It is the sum of their 64-bit words, because that takes a fraction of the time of
    writing them. It detects bytes that are missing, zero or changed.
    """
    flat = array.reshape(-1).view(np.uint8)
    words = flat.size & ~7
    total = int(flat[:words].view(np.uint64).sum(dtype=np.uint64))
    return total ^ zlib.crc32(flat[words:]) if words < flat.size else total


class Segment:
    """A segment that is being written.

    Attributes:
        path: The file.
        size: Its size in bytes.
        synced: Whether everything in it has been flushed to the disk.
    """

    def __init__(self, folder: Path, number: int) -> None:
        """Create the file.

        Raises:
            OSError: It cannot be created.
        """
        self.path = folder / f"{number:08}.segment"
        self._file = FileIO(str(self.path), "x", opener=_create)
        self.size = 0
        self.synced = True

    def append(self, buffers: list[frame.Buffer]) -> int:
        """Write one entry; return its size in bytes.

        Raises:
            OSError: It cannot be written. The part that was written is removed.
        """
        before = self.size
        self.synced = False
        try:
            for piece in _pieces(buffers):
                write_all(self._file, piece)
                self.size += len(piece)
        except BaseException:
            self.size = before
            with suppress(OSError):
                self._file.truncate(before)
                self._file.seek(before)
            raise
        return self.size - before

    def sync(self) -> None:
        """Flush everything to the disk.

        Raises:
            OSError: The disk reports an error.
        """
        if not self.synced:
            os.fsync(self._file.fileno())
            self.synced = True

    def close(self) -> None:
        """Close the file, which stays."""
        self._file.close()


def _create(name: str, flags: int) -> int:
    return os.open(name, flags | getattr(os, "O_CLOEXEC", 0), 0o600)


def _pieces(buffers: list[frame.Buffer]) -> Iterator[memoryview]:
    """Yield the bytes of buffers: small ones joined, large ones split."""
    small: list[frame.Buffer] = []
    size = 0
    for buffer in buffers:
        if size + len(buffer) > PIECE and small:
            yield memoryview(b"".join(small))
            small, size = [], 0
        if len(buffer) > PIECE // 4:
            if small:
                yield memoryview(b"".join(small))
                small, size = [], 0
            view = memoryview(buffer)
            yield from (view[i : i + PIECE] for i in range(0, len(view), PIECE))
        else:
            small.append(buffer)
            size += len(buffer)
    if small:
        yield memoryview(b"".join(small))


@dataclass(frozen=True)
class Entry:
    """An entry of a segment.

    Attributes:
        path: The segment.
        offset: Position of the frame in it.
        size: Bytes of the frame.
        header: The header of the frame.
    """

    path: Path
    offset: int
    size: int
    header: dict[str, Any]

    def arrays(self) -> list[np.ndarray[Any, Any] | None]:
        """Read the arrays of the entry; None for one that is damaged.

        Raises:
            DamagedFileError: The entry is damaged as a whole (an `OSError`).
            OSError: It cannot be read.
        """
        body = np.empty(self.size, np.uint8)
        with _opened(self.path) as file:
            file.seek(self.offset)
            try:
                read_exactly(file, body.data)
            except EOFError as error:
                raise DamagedFileError(f"{str(self.path)!r} is cut off") from error
        header, arrays = frame.read(body.data)
        sums = header.get("sums")
        if not isinstance(sums, list) or len(sums) != len(arrays):
            raise DamagedFileError(f"{str(self.path)!r} has the wrong checksums")
        return [
            array if checksum(array) == expected else None
            for array, expected in zip(arrays, sums, strict=True)
        ]


def read_folder(folder: Path) -> Iterator[Entry]:
    """Yield the complete entries of a recovery folder, the oldest first.

    Arrays are not read. The rest of a segment is left out from the first entry that is
    damaged or cut off.
    """
    names = sorted(filter(_NAME.match, os.listdir(folder)))  # noqa: PTH208  names only
    for name in names:
        try:
            yield from _read_segment(folder / name)
        except OSError:
            continue  # it belongs to someone else, or the disk cannot read it


def _read_segment(path: Path) -> Iterator[Entry]:
    with _opened(path) as file:
        total = os.fstat(file.fileno()).st_size
        position = 0
        while position + _HEAD.size <= total:
            file.seek(position)
            head = bytearray(_HEAD.size)
            read_exactly(file, memoryview(head))
            magic, crc, start_size, size = _HEAD.unpack(head)
            position += _HEAD.size
            if magic != _MAGIC or not start_size <= size <= total - position:
                return
            if start_size > _LONGEST_START:
                return
            start = bytearray(start_size)
            read_exactly(file, memoryview(start))
            if zlib.crc32(start, zlib.crc32(head[8:])) != crc:
                return
            yield Entry(path, position, size, frame.read_header(start))
            position += size


def _opened(path: Path) -> closing[FileIO]:
    return closing(FileIO(open_private(path), "r"))
