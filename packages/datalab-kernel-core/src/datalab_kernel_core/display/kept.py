"""Shown views that stay live, although no variable of the notebook refers to them."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

V = TypeVar("V")

#: The number of views that are kept.
KEPT = 8


class LastShown(Generic[V]):
    """The views that a notebook has shown last; older ones are released."""

    def __init__(self) -> None:
        self._views: deque[V] = deque(maxlen=KEPT)

    def keep(self, view: V) -> None:
        """Keep a view alive that the notebook shows now."""
        self.release(view)
        self._views.append(view)

    def release(self, view: V) -> None:
        """Keep a view no longer."""
        for kept in [kept for kept in self._views if kept is view]:
            self._views.remove(kept)
