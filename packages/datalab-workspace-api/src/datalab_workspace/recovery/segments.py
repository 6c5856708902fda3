"""The files of a recovery folder: entries, one after the other, that only grow.

An entry is a head (`_HEAD`), a frame (`datalab_workspace.live.codecs.frame`) with
objects, and a checksum of each array of the frame. The head has a checksum of the
frame's header. An entry that a crash has cut off, or that the disk has lost, is
recognised by them and ignored. They do not protect from a forger; but reading
creates numbers and the types of typed JSON only, not more than the file has bytes.
"""

from __future__ import annotations

import math
import os
import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np

from datalab_workspace.errors import DamagedFileError
from datalab_workspace.formats.raw_io import read_exactly, write_all
from datalab_workspace.live.codecs import frame
from datalab_workspace.recovery.folder import open_private
from datalab_workspace.runtime import IN_BROWSER

#: Bytes that are written in one call. They stay in the processor's cache between the
#: computation of the checksum and the writing.
_PIECE = 1 << 18
#: Arrays of fewer bytes share larger ones.
_ALONE = 1 << 16
_MAGIC = b"DLR1"
#: Magic, CRC-32 of the rest of the head and of the frame's header, bytes of the frame
#: up to its first array, bytes of the whole frame.
_HEAD = struct.Struct("<4sIQQ")
_LONGEST_START = 1 << 27
_MODULUS = 1 << 64
#: Added to each checksum: a crash may replace both an array and its checksum by zeros.
_SALT = 0x9E3779B97F4A7C15
_NAME = re.compile(r"([0-9]{8})\.segment\Z")


class EntryWriter(frame.FrameWriter):
    """An entry in the making: a frame in which small arrays share larger ones.

    Describing and checking many small arrays would take longer than writing them. The
    header says which part of which array of the frame each of them is ("pieces").

    Attributes:
        nbytes: Bytes of the arrays so far.
    """

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[np.ndarray[Any, Any]] = []
        self.nbytes = 0

    def put(self, array: np.ndarray[Any, Any]) -> int | None:
        """See `FrameWriter.put`."""
        if not frame.can_hold(array.dtype):
            return None
        self._pieces.append(array)
        self.nbytes += array.nbytes
        return len(self._pieces) - 1

    def entry(self, header: Mapping[str, Any]) -> Iterator[frame.Buffer]:
        """Yield the entry, in parts to write one after the other."""
        start, *rest = self.parts({**header, "pieces": self._pack()})
        size = len(start) + sum(map(len, rest))
        sizes = _HEAD.pack(_MAGIC, 0, len(start), size)[8:]
        crc = zlib.crc32(start, zlib.crc32(sizes))
        yield _MAGIC + struct.pack("<I", crc) + sizes + start
        sums = []
        for part in rest:
            if isinstance(part, bytes):  # zeros between two arrays
                yield part
                continue
            total = _SALT
            for position in range(0, len(part), _PIECE):
                piece = part[position : position + _PIECE]
                total += checksum(piece)
                yield piece
            sums.append(total % _MODULUS)
        yield struct.pack(f"<{len(sums)}Q", *sums)

    def _pack(self) -> list[tuple[int, int, tuple[int, ...]]]:
        """Add the arrays to the frame; return blob, first element and shape of each."""
        alone: list[np.ndarray[Any, Any]] = []
        packed: dict[str, list[np.ndarray[Any, Any]]] = {}
        sizes: dict[str, int] = {}
        places: list[tuple[str | int, int, tuple[int, ...]]] = []
        for array in self._pieces:
            if array.nbytes >= _ALONE:
                places.append((len(alone), 0, array.shape))
                alone.append(array)
                continue
            name = array.dtype.str
            start = sizes.get(name, 0)
            places.append((name, start, array.shape))
            sizes[name] = start + array.size
            packed.setdefault(name, []).append(array.ravel())
        numbers = {name: len(alone) + n for n, name in enumerate(packed)}
        for blob in (*alone, *map(np.concatenate, packed.values())):
            super().put(blob)
        return [
            (numbers[b] if isinstance(b, str) else b, start, shape)
            for b, start, shape in places
        ]


def checksum(data: frame.Buffer) -> int:
    """Return a checksum of bytes: the sum of their 64-bit words.

    It takes a fraction of the time of writing them, and detects bytes that are missing,
    zero or changed. The checksums of parts add up to that of the whole, modulo 2**64,
    if only the last one has a length that is not a multiple of 8.
    """
    words = len(data) & ~7
    total = int(np.frombuffer(data, np.uint64, words >> 3).sum(dtype=np.uint64))
    if words < len(data):
        total += int.from_bytes(data[words:], "little")
    return total


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

    def append(self, parts: Iterable[frame.Buffer]) -> int:
        """Write one entry; return its size in bytes.

        Raises:
            OSError: It cannot be written. The part that was written is removed.
        """
        before = self.size
        self.synced = False
        try:
            for part in parts:
                write_all(self._file, memoryview(part))
                self.size += len(part)
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
        sums = np.empty(_count(self.header), np.uint64)
        with _opened(self.path) as file:
            file.seek(self.offset)
            try:
                read_exactly(file, body.data)
                read_exactly(file, sums.data.cast("B"))
            except EOFError as error:
                raise DamagedFileError(f"{str(self.path)!r} is cut off") from error
        header, blobs = frame.read(body.data)
        try:
            return list(_unpacked(header, blobs, sums.tolist()))
        except (TypeError, ValueError, LookupError) as error:
            message = f"{str(self.path)!r} has a damaged entry: {error}"
            raise DamagedFileError(message) from error


def _unpacked(
    header: Mapping[str, Any], blobs: list[np.ndarray[Any, Any]], sums: list[int]
) -> Iterator[np.ndarray[Any, Any] | None]:
    """Yield the pieces of the arrays of a frame; None for those of a damaged one."""
    filled = iter(sums)
    sound = [
        not blob.size or (_SALT + checksum(_bytes(blob))) % _MODULUS == next(filled)
        for blob in blobs
    ]
    for blob, start, shape in header["pieces"]:
        size = math.prod(shape)
        if min(blob, start, size, *shape, 0) < 0:
            raise ValueError("an array begins or ends before its blob")
        piece = blobs[blob].reshape(-1)[start : start + size].reshape(shape)
        yield piece if sound[blob] else None


def read_folder(folder: Path) -> Iterator[Entry]:
    """Yield the complete entries of a recovery folder, the oldest first.

    Arrays are not read. The rest of a segment is left out from the first entry that is
    damaged or cut off.
    """
    names = sorted(filter(_NAME.match, os.listdir(folder)))  # noqa: PTH208  names only
    for name in names:
        try:
            yield from _read(folder / name)
        except OSError:  # noqa: PERF203  a file each
            continue  # it belongs to another user, or the disk cannot read it


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
            header = frame.read_header(start)
            end = position + size + 8 * _count(header)
            if end > total:
                return
            yield Entry(path, position, size, header)
            position = end


@cache
def _read_once(path: Path) -> list[Entry]:
    return list(_read_segment(path))


# In a browser, opening a file reads all of it, and a segment is written only once.
_read = _read_once if IN_BROWSER else _read_segment


def _count(header: Mapping[str, Any]) -> int:
    """Return the number of checksums behind a frame: one for each array with bytes.

    Raises:
        DamagedFileError: The header is damaged.
    """
    try:
        return sum(0 not in shape for _, shape, _ in header["blobs"])
    except (TypeError, ValueError) as error:
        raise DamagedFileError(f"its list of arrays is damaged: {error}") from error


def _bytes(array: np.ndarray[Any, Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _opened(path: Path) -> closing[FileIO]:
    return closing(FileIO(open_private(path), "r"))
