"""Zip archives as a list of buffers, and members of one without copies.

Only what NPZ needs. Members are *stored*: what takes time with large arrays is not the
archive but copying them, which the standard library's `zipfile` does several times.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from datalab_workspace.errors import DamagedFileError

Buffer: TypeAlias = "bytes | bytearray | memoryview"

_STORED, _DEFLATED = 0, 8
_UTF8 = 1 << 11
_ENCRYPTED = 1
# 1980-01-01, the first day that there is in a zip: the same object, the same bytes.
_DATE = (1 << 5) | 1
_FULL = 0xFFFFFFFF
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")


def stored(members: Iterable[tuple[str, Sequence[Buffer]]]) -> list[Buffer]:
    """Lay out an archive.

    Args:
        members: Name of each member and the buffers that it consists of.

    Returns:
        Buffers that make up the archive, those of the members among them.
    """
    buffers: list[Buffer] = []
    directory: list[bytes] = []
    offset = 0
    for name, parts in members:
        size = sum(len(part) for part in parts)
        crc = 0
        for part in parts:
            crc = zlib.crc32(part, crc)
        local, entry = _headers(name.encode(), crc, size, offset)
        buffers += [local, *parts]
        directory.append(entry)
        offset += len(local) + size
    return [*buffers, *directory, _end(directory, offset)]


def _headers(name: bytes, crc: int, size: int, offset: int) -> tuple[bytes, bytes]:
    """Return the header before a member and its entry in the directory."""
    big = size >= _FULL
    version = 45 if big or offset >= _FULL else 20
    common = (version, _UTF8, _STORED, 0, _DATE, crc)
    shown = _FULL if big else size
    extra = struct.pack("<2H2Q", 1, 16, size, size) if big else b""
    local = _LOCAL.pack(b"PK\3\4", *common, shown, shown, len(name), len(extra))
    if offset >= _FULL:
        wide = ([size, size] if big else []) + [offset]
        below = struct.pack(f"<2H{len(wide)}Q", 1, 8 * len(wide), *wide)
    else:
        below = extra
    numbers = (len(name), len(below), 0, 0, 0, 0, min(offset, _FULL))
    central = _CENTRAL.pack(b"PK\1\2", version, *common, shown, shown, *numbers)
    return local + name + extra, central + name + below


def _end(directory: Sequence[bytes], offset: int) -> bytes:
    count, size = len(directory), sum(map(len, directory))
    wide = b""
    if offset >= _FULL:
        numbers = (44, 45, 45, 0, 0, count, count, size, offset)
        wide = _END64.pack(b"PK\6\6", *numbers)
        wide += _LOCATOR64.pack(b"PK\6\7", 0, offset + size, 1)
    place = min(offset, _FULL)
    return wide + _END.pack(b"PK\5\6", 0, 0, count, count, size, place, 0)


class Archive:
    """The members of an archive in memory; nothing is trusted but what is checked.

    Args:
        data: The archive.
        most: How many members it may have.
        largest: Size that a compressed member may declare.

    Raises:
        DamagedFileError: It is no archive, or has too many members, or two of a name.
    """

    def __init__(self, data: Buffer, *, most: int, largest: int) -> None:
        self._data = memoryview(data).cast("B")
        self._largest = largest
        try:
            # A view of the end alone would do, but for prefixes that zips may have.
            with zipfile.ZipFile(_Reader(self._data)) as directory:
                infos = directory.infolist()
        except (zipfile.BadZipFile, struct.error, ValueError, OSError) as error:
            raise DamagedFileError(f"it is no zip archive ({error!s:.80})") from error
        except NotImplementedError as error:
            raise DamagedFileError(f"it is no plain zip archive ({error})") from error
        self._infos = {info.filename: info for info in infos}
        if len(infos) > most or len(self._infos) != len(infos):
            raise DamagedFileError(
                f"it has {len(infos)} members of {len(self._infos)} names"
            )

    def __contains__(self, name: str) -> bool:
        return name in self._infos

    def read(self, name: str) -> memoryview:
        """Return a member, which is a view of the archive where it is not compressed.

        Raises:
            DamagedFileError: It is not there, or not what the archive says it is.
        """
        if name not in self._infos:
            raise DamagedFileError(f"it has no {name}")
        info = self._infos[name]
        packed = self._packed(info)
        if info.compress_type == _STORED:
            content = packed
        elif info.compress_type == _DEFLATED:
            content = self._inflated(info, packed)
        else:
            raise DamagedFileError(f"{name} is compressed by an unknown method")
        if len(content) != info.file_size or zlib.crc32(content) != info.CRC:
            raise DamagedFileError(f"{name} is damaged")
        return content

    def _packed(self, info: zipfile.ZipInfo) -> memoryview:
        if info.flag_bits & _ENCRYPTED:
            raise DamagedFileError(f"{info.filename} is encrypted")
        header = self._data[info.header_offset :][: _LOCAL.size]
        if (
            info.header_offset < 0
            or len(header) < _LOCAL.size
            or bytes(header[:2]) != b"PK"
        ):
            raise DamagedFileError(f"{info.filename} lies outside")
        *_, name, extra = _LOCAL.unpack(header)
        start = info.header_offset + _LOCAL.size + name + extra
        packed = self._data[start : start + info.compress_size]
        if len(packed) != info.compress_size:
            raise DamagedFileError(f"{info.filename} is cut off")
        return packed

    def _inflated(self, info: zipfile.ZipInfo, packed: memoryview) -> memoryview:
        if info.file_size > self._largest:
            raise DamagedFileError(
                f"{info.filename} would unfold to {info.file_size} bytes, beyond the "
                f"limit of {self._largest}"
            )
        try:
            # One byte more than declared would be one too many, and is told so.
            content = zlib.decompressobj(-15).decompress(packed, info.file_size + 1)
        except zlib.error as error:
            raise DamagedFileError(f"{info.filename} is damaged: {error}") from error
        return memoryview(content)


class _Reader(io.RawIOBase):
    """A buffer as a file, without the copy that `io.BytesIO` makes of it."""

    def __init__(self, data: memoryview) -> None:
        super().__init__()
        self._data = data
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0, /) -> int:
        start = (0, self._at, len(self._data))[whence]
        if start + offset < 0:
            raise OSError("before the beginning")
        self._at = start + offset
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        end = len(self._data) if size < 0 else self._at + size
        piece = bytes(self._data[self._at : end])
        self._at += len(piece)
        return piece
