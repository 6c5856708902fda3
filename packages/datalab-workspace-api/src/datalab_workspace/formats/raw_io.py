"""Open regular files, and read and write unbuffered files completely."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

_WITHOUT_WAITING = getattr(os, "O_NONBLOCK", 0)
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
        opener=lambda name, flags: os.open(name, flags | _WITHOUT_WAITING),
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


def read_at(file: FileIO, offset: int, count: int) -> bytes | bytearray:
    """Return `count` bytes at an offset.

    Raises:
        EOFError: The file ends before them.
    """
    if hasattr(os, "pread"):  # a single call of the system; Windows has none
        found = os.pread(file.fileno(), count, offset)
        if len(found) == count:
            return found
    buffer = bytearray(count)
    file.seek(offset)
    read_exactly(file, memoryview(buffer))
    return buffer
