"""Shown views that stay live, although no variable of the notebook refers to them."""

from __future__ import annotations

from collections import deque

#: The number of views that are kept; the oldest ones are released.
_KEPT = 8
_shown: deque[object] = deque(maxlen=_KEPT)


def keep(view: object) -> None:
    """Keep a view alive that a notebook shows now."""
    _shown.append(view)


def release(view: object) -> None:
    """Keep a view no longer."""
    for kept in [kept for kept in _shown if kept is view]:
        _shown.remove(kept)
