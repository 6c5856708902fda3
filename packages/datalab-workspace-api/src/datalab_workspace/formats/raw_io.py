"""Open regular files, and read, write and copy unbuffered files completely."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path

from datalab_workspace.runtime import IN_BROWSER

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
#: The flag with which opening a named pipe does not wait. A browser has no pipes, and
#: JupyterLite stores every file again that was opened with this flag, even for reading.
WITHOUT_WAITING = 0 if IN_BROWSER else getattr(os, "O_NONBLOCK", 0)
# A single call of the system that reads at an offset; Windows has none.
_pread = getattr(os, "pread", None)
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
}


def kind_of(mode: int) -> str:
    """Return in words what a file that is not a regular one is."""
    return _KINDS.get(stat.S_IFMT(mode), "a device")


def check_regular(path: Path) -> None:
    """Check that a path is that of a regular file, before anything opens it.

    Opening a named pipe waits for another program, and opening a device may change it.

    Raises:
        FileNotFoundError: There is no such file.
        IsADirectoryError: `path` is a folder.
        OSError: `path` is a named pipe, a socket or a device.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(
            errno.EINVAL, f"this is {kind_of(mode)}, and not a file", str(path)
        )


def open_regular(path: Path) -> FileIO:
    """Open a regular file for reading, unbuffered.

    Raises:
        OSError: See `check_regular`, or the file cannot be opened.
    """
    check_regular(path)
    # A named pipe that takes the place of the file now does not block either.
    return FileIO(
        str(path),
        opener=lambda name, flags: os.open(name, flags | WITHOUT_WAITING),
    )


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Add the name of the file to an error of the system that lacks it."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


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


def read_available(file: FileIO, buffer: memoryview) -> None:
    """Fill `buffer` as far as the file reaches."""
    while buffer:
        count = file.readinto(buffer)
        if not count:
            return
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


def read_at(file: FileIO, offset: int, count: int) -> bytes | bytearray:
    """Return `count` bytes at an offset.

    Raises:
        EOFError: The file ends before them.
    """
    if _pread is not None:
        found: bytes = _pread(file.fileno(), count, offset)
        if len(found) == count:
            return found
    buffer = bytearray(count)
    file.seek(offset)
    read_exactly(file, memoryview(buffer))
    return buffer
