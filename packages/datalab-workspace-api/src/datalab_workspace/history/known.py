"""The links that were made last, among which the original of a copy is looked for."""

from __future__ import annotations

import weakref
from collections import deque
from typing import Any

from datalab_workspace.history import identity
from datalab_workspace.history.identity import Arrays, Marker

#: The links that a search goes through, and those that code is taken to use.
_MOST = 256
_MOST_USED = 16


#: The links that were made last, oldest first.
_known: deque[Marker] = deque(maxlen=_MOST)
_got: deque[Marker] = deque(maxlen=_MOST_USED)
_last_got: tuple[Marker, ...] | None = ()
_count = 0


def count() -> int:
    """Return the number of links that have been made."""
    return _count


def note(marker: Marker, obj: Any = None) -> None:
    """Note a link.

    Args:
        marker: The link.
        obj: The object, if no record has its data.
    """
    global _count
    if obj is not None:
        marker.obj = weakref.ref(obj)
    _known.append(marker)
    _count += 1


def note_got(marker: Marker, obj: Any = None) -> None:
    """Note the link of an object that code may use to make others; see `note`.

    What the same cell has made is none: the code that made it is known.
    """
    global _count, _last_got
    if obj is not None:
        marker.obj = weakref.ref(obj)
    _known.append(marker)
    _count += 1
    _got.append(marker)
    _last_got = None


def last_got() -> tuple[Marker, ...]:
    """Return the links of the objects that the user got last."""
    global _last_got
    found = _last_got
    if found is None:
        found = _last_got = tuple(_got)
    return found


def original_of(arrays: Arrays, before: int) -> Marker | None:
    """Return the link of an object that has the same data, if one is known.

    All of the data is compared, because a copy may have been changed.

    Args:
        arrays: The arrays of the copy.
        before: The number of links that had been made when it was added.
    """
    seen = identity.glance(arrays)
    # The last ones first: an earlier workspace may have had the same data.
    for marker in list(_known)[: max(0, before - _count + len(_known))][::-1]:
        obj = None if marker.obj is None else marker.obj()
        held = marker.arrays
        if held is None and obj is not None:
            held = identity.arrays_of(obj)
        if held is None and not identity.is_exact(arrays):
            continue
        if marker.seen is None:
            if held is None:
                continue
            marker.seen = identity.glance(held)
        if marker.seen != seen:
            continue
        if held is None or identity.same_data(arrays, held):
            return marker
    return None
