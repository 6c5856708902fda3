"""Keep the objects of this package usable in a forked child.

A fork copies the memory of the process, but no thread other than the one that forks. So
a lock that another thread holds at that moment is held forever in the child, and what
the thread was changing stays half done there. Objects with such state follow the fork.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any, Protocol, TypeVar
from weakref import WeakSet

#: The packages that a workspace imports when it first needs them.
_PACKAGES = frozenset({"datalab_workspace", "h5py", "numpy", "sigima"})
_Lock = TypeVar("_Lock", bound=Any)


class Forkable(Protocol):
    """An object that is repaired in a forked child."""

    def after_fork(self) -> None:
        """Repair the object, in the only thread of the child."""


_followers: WeakSet[Any] = WeakSet()


def follow_forks(follower: Forkable) -> None:
    """Call `follower.after_fork()` in each forked child, as long as it exists."""
    _followers.add(follower)


def is_held_elsewhere(lock: Any) -> bool:
    """Return whether a thread that does not exist in this child holds a lock."""
    if lock.acquire(blocking=False):
        lock.release()
        return False
    return True


def usable(lock: _Lock, make: Callable[[], _Lock]) -> _Lock:
    """Return a lock in a child, or a new one if another thread held it."""
    return make() if is_held_elsewhere(lock) else lock


def _finish_imports() -> None:
    """Wait for imports of other threads, which could not be continued in a child.

    A child waits forever for a module that another thread was importing.
    """
    # Each pass waits for all, and an import may be followed by another one.
    while names := [name for name in list(sys.modules) if _is_being_imported(name)]:
        with _hdf5_unlocked():
            for name in names:
                with suppress(ImportError):  # the other thread reports it
                    import_module(name)
        if names == [name for name in list(sys.modules) if _is_being_imported(name)]:
            return  # this thread forks during an import of its own


def _is_being_imported(name: str) -> bool:
    if name.partition(".")[0] not in _PACKAGES:
        return False
    spec = getattr(sys.modules.get(name), "__spec__", None)
    return bool(getattr(spec, "_initializing", False))


@contextmanager
def _hdf5_unlocked() -> Iterator[None]:
    """Release the lock of h5py, which h5py takes before a fork, and may need itself.

    Otherwise the thread that imports h5py would wait for this one.
    """
    lock = getattr(sys.modules.get("h5py._objects"), "phil", None)
    try:
        if lock is not None:
            lock.release()
    except RuntimeError:  # it is not held: h5py has not registered its hook yet
        lock = None
    try:
        yield
    finally:
        if lock is not None:
            lock.acquire()


def _after_fork() -> None:
    for follower in list(_followers):
        follower.after_fork()


if hasattr(os, "register_at_fork"):  # Windows and browsers cannot fork
    os.register_at_fork(before=_finish_imports, after_in_child=_after_fork)
