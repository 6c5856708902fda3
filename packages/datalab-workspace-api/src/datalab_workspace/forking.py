"""Keep the objects of this package usable in a forked child.

A fork copies the memory of the process, but no thread other than the one that forks. So
a lock that another thread holds at that moment is held forever in the child, and what
the thread was changing stays half done there. Objects with such state follow the fork.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Protocol, TypeVar
from weakref import WeakSet

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


def _after_fork() -> None:
    for follower in list(_followers):
        follower.after_fork()


if hasattr(os, "register_at_fork"):  # Windows and browsers cannot fork
    os.register_at_fork(after_in_child=_after_fork)
