"""The text that a process and its children write to a file descriptor.

A file takes the place of the descriptor's original target. A pipe cannot: someone has
to empty it, and in this process that needs Python's global lock. A C function that
keeps the lock and writes more than the pipe holds would wait forever. Writing to a
file never waits, and what was written can be read as soon as `write` has returned.

On Linux the file is in memory (`memfd_create`). The part that was read is released at
once, so the file occupies only what waits to be read, and at most `LIMIT` bytes of it
are kept. The file looks like a hole up to the position of the reader. Data in that hole
was therefore written after a program truncated the file, or by a program that opened
`/dev/stdout` and wrote at its beginning, and is read as well. Only text that waits at
the moment of the truncation is lost.

On macOS the file is a temporary one without a name, and it grows until the kernel ends.
Windows has no such mechanism: a descriptor there belongs to one C library of several,
and the handles that children inherit are separate from it.
"""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# Bytes that are read at a time.
CHUNK = 1 << 20
# Bytes that may wait to be read. A program that writes faster than text can be sent
# would otherwise fill the memory.
LIMIT = 256 << 20
DISCARDED = "\n[{count} bytes of output were discarded: the program wrote too fast]\n"

# Flags of `fallocate`, which Python does not provide.
KEEP_SIZE, PUNCH_HOLE = 1, 2
PAGE = 4096

SUPPORTED = sys.platform in {"linux", "darwin"}


class Descriptor:
    """A file descriptor whose output is kept until it is read.

    Args:
        number: The descriptor, for example 1 for the standard output.

    Attributes:
        number: The descriptor.
        file: The descriptor of the file.
        original: A duplicate of the descriptor, which children do not inherit. It
            refers to the original target.

    Raises:
        OSError: If the descriptor is not open, or if there is no room for a file.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.original = os.dup(number)
        try:
            self.file, self._has_holes = _create_file()
        except OSError:
            os.close(self.original)
            raise
        self._position = 0
        os.dup2(self.file, number)

    def has_grown(self) -> bool:
        """Return whether output waits. This may miss output after a truncation."""
        return self._size() != self._position

    def take(self) -> Iterator[bytes]:
        """Yield the output that waits, in pieces, and release it.

        Output that is written in the meantime is left for the next call.
        """
        end = self._size()
        start = self._start(end)
        while start < end:
            known = self._position
            if start < known:  # a hole, in which something was written
                start = min(_first_data(self.file, start, end), known)
            unread = max(start, known)
            excess = self._size() - unread - LIMIT
            if excess > 0:
                self._release(start, unread + excess)
                start = unread + excess
                piece = DISCARDED.format(count=excess).encode()
            else:
                piece = os.pread(self.file, min(CHUNK, end - start), start)
                if not piece:  # a program has truncated the file since
                    return
                self._release(start, start + len(piece))
                old = unread - start
                start += len(piece)
                if old:
                    piece = piece[:old].replace(b"\0", b"") + piece[old:]
            self._position = max(known, start)
            yield piece

    def restore(self) -> None:
        """Give the descriptor its original target, and pass on what was not read."""
        os.dup2(self.original, self.number)
        _refuse_more(self.file)
        with suppress(OSError):  # the target is a pipe to a process that has ended
            for data in self.take():
                _write_all(self.number, data)

    def _size(self) -> int:
        # The offset of the file does not matter to those who write: they append.
        return os.lseek(self.file, 0, os.SEEK_END)

    def _start(self, end: int) -> int:
        """Return the position of the first output that was not read yet."""
        if end < self._position:  # the file was truncated
            self._position = 0
            return 0
        if not self._has_holes:
            return self._position
        first = _first_data(self.file, 0, end)
        self._size()  # puts the offset back
        page = self._position - self._position % PAGE
        if first < page:
            return first
        # A page is released as a whole: the read part of the last one is filled with 0.
        prefix = os.pread(self.file, self._position - page, page)
        return page if prefix.strip(b"\0") else self._position

    def _release(self, start: int, end: int) -> None:
        if self._has_holes:
            # From the beginning of the page, as its first part was read before.
            self._has_holes = _punch_hole(self.file, start - start % PAGE, end)


def _create_file() -> tuple[int, bool]:
    """Create a file for appending; return it, and whether holes can be made in it."""
    import fcntl

    number, has_holes = _open_file()
    fcntl.fcntl(number, fcntl.F_SETFL, os.O_APPEND | os.O_RDWR)
    return number, has_holes


def _open_file() -> tuple[int, bool]:
    if hasattr(os, "memfd_create"):
        flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
        return os.memfd_create("datalab-kernel-output", flags), True
    with tempfile.TemporaryFile(buffering=0) as file:
        return os.dup(file.fileno()), False


def _refuse_more(file: int) -> None:
    """Let a file in memory accept no more output.

    A process that outlives the kernel would fill the memory, as no one reads the file.
    Its writes fail instead, as they would with a pipe.
    """
    import fcntl

    if hasattr(os, "memfd_create"):
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW)


def _first_data(file: int, start: int, end: int) -> int:
    """Return the first position from `start` that is not in a hole, or `end`."""
    try:
        return os.lseek(file, start, os.SEEK_DATA)
    except OSError as error:
        if error.errno == errno.ENXIO:  # nothing but a hole follows
            return end
        raise


def _punch_hole(file: int, start: int, end: int) -> bool:
    """Release a part of a file; return whether the system can."""
    return bool(_fallocate()(file, KEEP_SIZE | PUNCH_HOLE, start, end - start) == 0)


@cache
def _fallocate() -> Any:
    # Imported here because few kernels need it, and it takes milliseconds.
    import ctypes

    function = ctypes.CDLL(None).fallocate
    function.argtypes = ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64
    return function


def _write_all(number: int, data: bytes) -> None:
    while data:
        data = data[os.write(number, data) :]
