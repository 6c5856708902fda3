"""Zip archives of uncompressed members, in memory and without copying the members.

An archive is written as a list of buffers, so that large arrays need not be copied into
one. An archive from a server is read within bounds: no member is larger than it says.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from datalab_workspace.errors import DamagedFileError

Buffer: TypeAlias = "bytes | bytearray | memoryview"

_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 1
_LOCAL = struct.Struct("<4s5H3L2H")


def stored(members: Iterable[tuple[str, Sequence[Buffer]]]) -> list[Buffer]:
    """Return an archive as a list of buffers.

    Args:
        members: The name of each member and the buffers of its content, each a
            contiguous buffer of bytes.

    Returns:
        The buffers of the archive, in order; those of the members are not copied. Equal
        members give equal archives.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, parts in members:
            # A ZipInfo has a fixed date; a name would get the current time.
            info = zipfile.ZipInfo(name)
            # Known in advance, so that zipfile chooses ZIP64 headers where needed.
            info.file_size = sum(len(part) for part in parts)
            with archive.open(info, "w") as member:
                for part in parts:
                    member.write(part)
    return sink.buffers


class _Sink(io.RawIOBase):
    """A file that keeps the buffers that are written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.buffers: list[Buffer] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self.buffers.append(data)
        return len(data)


class Archive:
    """The members of an archive in memory, read within bounds.

    Args:
        data: The archive.
        most: The largest number of members.
        largest: The largest size of a compressed member, unpacked, in bytes.

    Raises:
        DamagedFileError: `data` is not an archive, has too many members, or has two
            members of the same name.
    """

    def __init__(self, data: Buffer, *, most: int, largest: int) -> None:
        self._data = memoryview(data).cast("B")
        self._largest = largest
        try:
            # The whole archive, because an archive may begin with other data.
            with zipfile.ZipFile(_Reader(self._data)) as directory:
                infos = directory.infolist()
        except (zipfile.BadZipFile, struct.error, ValueError, OSError) as error:
            raise DamagedFileError(
                f"it is not a zip archive ({error!s:.80})"
            ) from error
        except NotImplementedError as error:
            raise DamagedFileError(
                f"it is not a plain zip archive ({error})"
            ) from error
        self._infos = {info.filename: info for info in infos}
        if len(infos) > most or len(self._infos) != len(infos):
            raise DamagedFileError(
                f"it has {len(infos)} members under {len(self._infos)} names; at most "
                f"{most} members are read, each under its own name"
            )

    def __contains__(self, name: str) -> bool:
        return name in self._infos

    def read(self, name: str) -> memoryview:
        """Return the content of a member: a view of the archive if it is uncompressed.

        Raises:
            DamagedFileError: There is no such member, or it differs from what the
                archive declares.
        """
        if name not in self._infos:
            raise DamagedFileError(f"it has no member {name}")
        info = self._infos[name]
        packed = self._packed(info)
        if info.compress_type == _STORED:
            content = packed
        elif info.compress_type == _DEFLATED:
            content = self._inflated(info, packed)
        else:
            raise DamagedFileError(f"{name} is compressed with an unknown method")
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
            raise DamagedFileError(f"{info.filename} is outside the archive")
        *_, name, extra = _LOCAL.unpack(header)
        start = info.header_offset + _LOCAL.size + name + extra
        packed = self._data[start : start + info.compress_size]
        if len(packed) != info.compress_size:
            raise DamagedFileError(f"{info.filename} is truncated")
        return packed

    def _inflated(self, info: zipfile.ZipInfo, packed: memoryview) -> memoryview:
        if info.file_size > self._largest:
            raise DamagedFileError(
                f"{info.filename} would unpack to {info.file_size} bytes, more than "
                f"the limit of {self._largest}"
            )
        try:
            # One byte more than declared, so that `read` notices a longer member.
            content = zlib.decompressobj(-15).decompress(packed, info.file_size + 1)
        except zlib.error as error:
            raise DamagedFileError(f"{info.filename} is damaged: {error}") from error
        return memoryview(content)


class _Reader(io.RawIOBase):
    """A file that reads from a buffer; `io.BytesIO` would copy the buffer."""

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
            raise OSError("the position is before the beginning")
        self._at = start + offset
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        end = len(self._data) if size < 0 else self._at + size
        piece = bytes(self._data[self._at : end])
        self._at += len(piece)
        return piece
