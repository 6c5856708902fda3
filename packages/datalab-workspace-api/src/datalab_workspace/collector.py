"""Pause the cyclic garbage collector while very many objects are created.

It would look at all of the new objects again and again, though none is garbage.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from datalab_workspace.forks import follow_forks, usable


class _Pauses:
    """The pauses of all threads, the last of which resumes the collector."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._was_enabled = False
        follow_forks(self)

    def after_fork(self) -> None:
        """Resume the collector in a forked child, where no other thread exists."""
        self._lock = usable(self._lock, threading.Lock)
        if self._count:
            self._count = 1
            self.end()

    def begin(self) -> None:
        with self._lock:
            if not self._count:
                self._was_enabled = gc.isenabled()
                gc.disable()
            self._count += 1

    def end(self) -> None:
        with self._lock:
            # It is 0 already if this thread forked this process within its pause.
            self._count = max(self._count - 1, 0)
            if not self._count and self._was_enabled:
                gc.enable()


_pauses = _Pauses()


@contextmanager
def collections_paused(wanted: bool) -> Iterator[None]:
    """Return a context in which the garbage collector does not run by itself.

    Contexts of several threads may overlap: the last one resumes it. It stays disabled
    if it was disabled before.

    Args:
        wanted: False does nothing.
    """
    if not wanted:
        yield
        return
    _pauses.begin()
    try:
        yield
    finally:
        _pauses.end()
