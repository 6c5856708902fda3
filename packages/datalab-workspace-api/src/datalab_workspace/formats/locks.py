"""Locks on open files, by which programs see that a file is in use.

HDF5 locks a file with the same call (`flock`) for as long as it is open: exclusively
for writing, shared for reading.
"""

from __future__ import annotations

import errno
from importlib import import_module
from typing import Any

from datalab_workspace.runtime import IN_BROWSER, is_installed

#: The module with the locks, which Windows and browsers lack.
fcntl: Any = import_module("fcntl") if is_installed("fcntl") else None
#: Whether other processes can see a lock. A browser has one process, and stores a file
#: when it is closed, so no file may stay open there for the sake of its lock.
AVAILABLE = fcntl is not None and not IN_BROWSER

_TAKEN = (errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK)


def lock(descriptor: int, *, shared: bool) -> bool | None:
    """Lock an open file without waiting. Closing the file releases the lock.

    Args:
        descriptor: The file descriptor. Some network file systems need it open for
            reading for a shared lock, and for writing for an exclusive one.
        shared: Let others have a shared lock at the same time.

    Returns:
        Whether the file is locked now; None if the system or the file system has no
        locks.
    """
    if not AVAILABLE:
        return None
    try:
        # Not lockf(): its lock would be released as soon as any other descriptor of the
        # file is closed in this process.
        fcntl.flock(
            descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB
        )
    except OSError as error:
        return False if error.errno in _TAKEN else None
    return True
