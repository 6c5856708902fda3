"""The lock of a run, by which a second driver is refused."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from pathlib import Path

from datalab_workspace.batch.errors import RunLockedError
from datalab_workspace.forks import follow_forks
from datalab_workspace.formats import locks

_ATTEMPTS, _PAUSE = 5, 0.02  # seconds


class RunLock:
    """An exclusive lock on the folder of a run.

    The system releases it when the process ends, however it ends.

    Args:
        path: The lock file, which stays in the folder.

    Raises:
        RunLockedError: Another driver has the lock.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        if not _taken(self._descriptor):
            who = _owner(self._descriptor)
            self.release()
            raise RunLockedError(
                f"{who} works on the run in {str(path.parent)!r}; wait until it is "
                "done, or pass another out="
            )
        owner = {"host": socket.gethostname(), "pid": os.getpid()}
        os.ftruncate(self._descriptor, 0)
        # A full disk refuses the name of the owner, but not the lock.
        with contextlib.suppress(OSError):
            os.write(self._descriptor, json.dumps(owner).encode())
        # A forked child would keep the lock beyond the death of this process.
        follow_forks(self)

    def release(self) -> None:
        """Release the lock. A second call does nothing."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)

    def after_fork(self) -> None:
        """Close the descriptor in a child; the parent keeps the lock."""
        self.release()


def holder(path: Path) -> str | None:
    """Return the driver that has a lock, such as "process 7 on node2".

    Args:
        path: The lock file.

    Returns:
        None if no driver has the lock.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        free = locks.lock(descriptor, shared=True) is not False
        return None if free else _owner(descriptor)
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    """Lock a file, and return False if another driver has it.

    A process that looks whether there is a driver has the file for an instant.
    """
    for _ in range(_ATTEMPTS):
        if locks.lock(descriptor, shared=False) is not False:
            return True
        time.sleep(_PAUSE)
    return False


def _owner(descriptor: int) -> str:
    try:
        owner = json.loads(os.read(descriptor, 4096))
        return f"process {owner['pid']} on {owner['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
