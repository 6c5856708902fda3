"""Zip archives in memory and in files, written and read without copying the members.

In memory, an archive is a list of buffers, so that large arrays need not be copied into
one. An archive is read within bounds: no member is larger than it says.
"""

from __future__ import annotations

import errno
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from io import FileIO
from types import TracebackType
from typing import Any, TypeAlias

from datalab_workspace.errors import DamagedFileError
from datalab_workspace.formats.raw_io import read_exactly

Buffer: TypeAlias = "bytes | bytearray | memoryview"

_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 1
#: Deflate makes incompressible bytes no larger than by this factor.
_GROWTH = 1.05
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
    with ArchiveWriter(sink) as archive:
        for name, parts in members:
            archive.add(name, parts)
    return sink.buffers


class ArchiveWriter:
    """A zip archive in the making.

    Used as a context manager, it completes the archive when the block ends without an
    error.

    Args:
        file: The file to write to. Its `write` must write everything.
        level: Level of the compression by deflate; None for no compression.
    """

    def __init__(self, file: Any, level: int | None = None) -> None:
        self._file = _Abandonable(file)
        self._archive = zipfile.ZipFile(
            self._file,
            "w",
            zipfile.ZIP_STORED if level is None else zipfile.ZIP_DEFLATED,
            compresslevel=level,
        )

    def add(self, name: str, parts: Sequence[Buffer]) -> None:
        """Add a member.

        Args:
            name: Its name.
            parts: The buffers of its content, each a contiguous buffer of bytes.
        """
        size = sum(len(part) for part in parts)
        # Opened by its name, a member has a fixed date, not the current one.
        member = self._archive.open(
            name, "w", force_zip64=size * _GROWTH > zipfile.ZIP64_LIMIT
        )
        try:
            for part in parts:
                member.write(part)
        except BaseException:
            self._file.is_abandoned = True
            raise
        finally:
            member.close()

    def __enter__(self) -> ArchiveWriter:  # noqa: PYI034 - typing.Self needs Python 3.11
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.is_abandoned |= kind is not None
        self._archive.close()


class _Abandonable(io.RawIOBase):
    """A file that is not written to any more once it is abandoned.

    zipfile insists on completing its archive, even after an error.
    """

    def __init__(self, file: Any) -> None:
        super().__init__()
        self._file = file
        self.is_abandoned = False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return bool(self._file.seekable())

    def write(self, data: Any, /) -> int:
        if not self.is_abandoned:
            self._file.write(data)
        return len(data)

    def tell(self) -> int:
        return int(self._file.tell())

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return int(self._file.seek(offset, whence))


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
    """The members of an archive in memory or in a file, read within bounds.

    Args:
        data: The archive: a buffer, or a file open for reading.
        most: The largest number of members.
        largest: The largest size of a compressed member, unpacked, in bytes.

    Raises:
        DamagedFileError: `data` is not an archive, has too many members, or has two
            members of the same name.
    """

    def __init__(self, data: Buffer | FileIO, *, most: int, largest: int) -> None:
        self._largest = largest
        self._source: _Buffered | _Stored = (
            _Stored(data) if isinstance(data, FileIO) else _Buffered(data)
        )
        try:
            # The whole archive, because an archive may begin with other data.
            with zipfile.ZipFile(self._source.stream()) as directory:
                infos = directory.infolist()
        except OSError as error:
            if error.errno not in (None, errno.EINVAL):
                raise
            raise _not_an_archive(error) from error
        except (zipfile.BadZipFile, struct.error, ValueError) as error:
            raise _not_an_archive(error) from error
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

    def sizes(self, name: str) -> tuple[int, int]:
        """Return the size of a member, and its size in the archive, in bytes.

        Raises:
            DamagedFileError: There is no such member.
        """
        if name not in self._infos:
            raise DamagedFileError(f"it has no member {name!r:.80}")
        return self._infos[name].file_size, self._infos[name].compress_size

    def read(self, name: str) -> memoryview:
        """Return the content of a member.

        It is a view of the archive if that is in memory and the member uncompressed.

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
        header = self._source.piece(info.header_offset, _LOCAL.size)
        if (
            info.header_offset < 0
            or len(header) < _LOCAL.size
            or bytes(header[:2]) != b"PK"
        ):
            raise DamagedFileError(f"{info.filename} is outside the archive")
        *_, name, extra = _LOCAL.unpack(header)
        start = info.header_offset + _LOCAL.size + name + extra
        packed = self._source.piece(start, info.compress_size)
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


def _not_an_archive(error: Exception) -> DamagedFileError:
    return DamagedFileError(f"it is not a zip archive ({error!s:.80})")


class _Buffered:
    """An archive in memory."""

    def __init__(self, data: Buffer) -> None:
        self._data = memoryview(data).cast("B")

    def stream(self) -> Any:
        return _Reader(self._data)

    def piece(self, start: int, length: int) -> memoryview:
        """Return a part of the archive, shorter at its end; nothing before it."""
        return self._data[start : start + length] if start >= 0 else self._data[:0]


class _Stored:
    """An archive in a file."""

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self._size = os.fstat(file.fileno()).st_size

    def stream(self) -> Any:
        return self._file

    def piece(self, start: int, length: int) -> memoryview:
        """Return a part of the archive, in new memory; see `_Buffered.piece`."""
        content = bytearray(max(0, min(length, self._size - start)) * (start >= 0))
        self._file.seek(max(start, 0))
        try:
            read_exactly(self._file, memoryview(content))
        except EOFError as error:
            raise DamagedFileError("it was truncated while it was read") from error
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
