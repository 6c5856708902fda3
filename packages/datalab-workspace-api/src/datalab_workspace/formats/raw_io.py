"""Complete reads, writes and copies of unbuffered files.

One call of the system may do less than it is asked to.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from io import FileIO

_PIECE = 64 << 20
_BUFFER = 4 << 20
#: The request that makes a file share the blocks of another one, on Linux.
_FICLONE = 0x40049409
#: The errors of file systems that cannot copy, which differ from system to system.
_CANNOT_COPY = frozenset(
    {
        errno.EBADF,
        errno.EINVAL,
        errno.ENOSYS,
        errno.ENOTTY,
        errno.EOPNOTSUPP,
        errno.EPERM,
        errno.ETXTBSY,
        errno.EXDEV,
    }
)


def write_all(file: FileIO, data: memoryview) -> None:
    """Write every byte of `data`."""
    while data:
        data = data[file.write(data) :]


def read_exactly(file: FileIO, buffer: memoryview) -> None:
    """Fill `buffer`.

    Raises:
        EOFError: The file ends before the buffer is full.
    """
    while buffer:
        count = file.readinto(buffer)
        if not count:
            raise EOFError("the file ends too early")
        buffer = buffer[count:]


def copy_file(
    source: FileIO, target: FileIO, size: int, advance: Callable[[int], None]
) -> None:
    """Copy a whole file into an empty one.

    On a file system with copy-on-write, both files share their blocks afterwards.

    Args:
        source: The file to copy.
        target: The empty file.
        size: Size of the file in bytes.
        advance: Called with the size of each piece.

    Raises:
        EOFError: The file is shorter.
    """
    if not _clone(source, target):
        copy_range(source, 0, target, 0, size, advance)


def _clone(source: FileIO, target: FileIO) -> bool:
    if sys.platform != "linux":
        return False
    import fcntl

    try:
        fcntl.ioctl(target.fileno(), _FICLONE, source.fileno())
    except OSError as error:
        if error.errno in _CANNOT_COPY:
            return False
        raise
    return True


def copy_range(
    source: FileIO,
    start: int,
    target: FileIO,
    offset: int,
    size: int,
    advance: Callable[[int], None],
) -> None:
    """Copy bytes from file to file, inside the kernel if possible.

    Args:
        source: The file to copy from.
        start: Position of the first byte there.
        target: The file to copy to.
        offset: Position of the first byte there.
        size: Number of bytes.
        advance: Called with the size of each piece.

    Raises:
        EOFError: `source` ends before the last byte.
    """
    end = start + size
    while start < end:
        copied = _copy_piece(source, start, target, offset, min(end - start, _PIECE))
        if not copied:
            break
        start += copied
        offset += copied
        advance(copied)
    if start == end:
        return
    source.seek(start)
    target.seek(offset)
    buffer = memoryview(bytearray(min(end - start, _BUFFER)))
    while start < end:
        piece = buffer[: end - start]
        read_exactly(source, piece)
        write_all(target, piece)
        start += len(piece)
        advance(len(piece))


def _copy_piece(
    source: FileIO, start: int, target: FileIO, offset: int, size: int
) -> int:
    """Let the kernel copy bytes; return how many, 0 if it cannot."""
    copy = getattr(os, "copy_file_range", None)
    if copy is None:
        return 0
    try:
        return int(copy(source.fileno(), target.fileno(), size, start, offset))
    except OSError as error:
        if error.errno in _CANNOT_COPY:
            return 0
        raise
