"""Keep the objects of this package usable in a forked child.

A fork copies the memory of the process, but no thread other than the one that forks. So
a lock that another thread holds at that moment is held forever in the child, and what
the thread was changing stays half done there. Objects with such state follow the fork.
"""

from __future__ import annotations

import concurrent.futures.thread  # noqa: F401  its own hooks must exist before a fork
import os
import sys
from collections.abc import Callable
from contextlib import suppress
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
#: The lock of h5py while it is held for a fork; empty without h5py.
_taken: list[Any] = []


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


def _before_fork() -> None:
    names = _modules_being_imported()
    if names:
        # The import of h5py may need the lock that h5py takes before a fork. Otherwise
        # the thread that imports it and this one would wait for each other.
        _release_hdf5()
        _finish_imports(names)
    objects = sys.modules.get("h5py._objects")
    lock = getattr(objects, "phil", None)
    if lock is not None:
        lock.acquire()  # older versions of h5py do not take it themselves
        _taken.append(lock)
        if names and hasattr(objects, "_phil_before_fork"):
            lock.acquire()  # h5py will release it, even if it did not take it


def _finish_imports(names: list[str]) -> None:
    """Wait for imports of other threads, which nothing could continue in a child.

    A child would wait forever for a module that another thread was importing.
    """
    while names:
        for name in names:
            with suppress(ImportError):  # the other thread reports it
                import_module(name)
        finished, names = names, _modules_being_imported()
        if names == finished:
            return  # this thread itself forks during an import


def _modules_being_imported() -> list[str]:
    return [
        name
        for name in list(sys.modules)
        if name.partition(".")[0] in _PACKAGES and _is_being_imported(name)
    ]


def _is_being_imported(name: str) -> bool:
    spec = getattr(sys.modules.get(name), "__spec__", None)
    return bool(getattr(spec, "_initializing", False))


def _release_hdf5() -> None:
    lock = getattr(sys.modules.get("h5py._objects"), "phil", None)
    if lock is not None:
        with suppress(RuntimeError):  # h5py had not registered its hook in time
            lock.release()


def _in_parent() -> None:
    while _taken:
        _taken.pop().release()


def _in_child() -> None:
    _in_parent()
    for follower in list(_followers):
        follower.after_fork()


if hasattr(os, "register_at_fork"):  # Windows and browsers cannot fork
    os.register_at_fork(
        before=_before_fork, after_in_parent=_in_parent, after_in_child=_in_child
    )
