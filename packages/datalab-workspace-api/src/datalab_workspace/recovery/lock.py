"""A lock that the operating system releases when the process ends, however it ends.

A browser has no such locks, and stores a file when it is closed. There, a lock is an
entry in a table of the kernel: it excludes this kernel only, and keeps no file open.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

from datalab_workspace.formats import locks
from datalab_workspace.runtime import IN_BROWSER

if sys.platform == "win32":
    import msvcrt

#: The files that this kernel has locked, in a browser.
_table: set[Path] = set()
#: The locked byte on Windows: behind the content, which others may then read.
_BYTE = 1 << 30


class FileLock:
    """The lock of one open file, held until `close` or the end of the process.

    Attributes:
        descriptor: The descriptor of the file; -1 if it is not open.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def write(self, content: bytes) -> None:
        """Write the content of the locked file."""
        os.write(self.descriptor, content)

    def close(self) -> None:
        """Close the file, which releases the lock.

        In a forked child this leaves the lock of the parent as it is.
        """
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


class _TableLock(FileLock):
    """The lock of a file in a browser."""

    def __init__(self, path: Path) -> None:
        super().__init__(-1)
        self._path = path
        _table.add(path)

    def write(self, content: bytes) -> None:
        """See `FileLock.write`."""
        self._path.write_bytes(content)

    def close(self) -> None:
        """Release the lock."""
        _table.discard(self._path)


def acquire(
    path: Path, *, create: bool = False, shared: bool = False
) -> FileLock | None:
    """Lock a file, without waiting.

    Args:
        path: The file; a symbolic link is not followed.
        create: Create the file, which must not exist.
        shared: Let others have such a lock at the same time (not on Windows).

    Returns:
        The lock; None if another process, or another lock of this one, holds it.

    Raises:
        OSError: The file cannot be opened, or its file system has no locks.
    """
    if IN_BROWSER:
        return None if path in _table else _TableLock(path)
    flags = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
    if create:
        flags |= os.O_CREAT | os.O_EXCL
    lock = FileLock(os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o600))
    try:
        _lock(lock.descriptor, shared)
    except (BlockingIOError, PermissionError):  # Windows raises the latter
        lock.close()
        return None
    except BaseException:
        lock.close()
        raise
    return lock


def _lock(descriptor: int, shared: bool) -> None:
    if sys.platform == "win32":
        os.lseek(descriptor, _BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)
    else:
        locked = locks.lock(descriptor, shared=shared)
        if locked is None:
            raise OSError(errno.ENOLCK, "this file system has no locks")
        if not locked:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
