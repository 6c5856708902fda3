"""Complete reads and writes of unbuffered files, which may do less in one call."""

from __future__ import annotations

import os
from io import FileIO


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
