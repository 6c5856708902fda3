"""The most recent links. The original of a copy is searched among them."""

from __future__ import annotations

import weakref
from collections import deque
from typing import Any

from datalab_workspace.history.recording import identity
from datalab_workspace.history.recording.identity import Arrays, Glance, Marker

#: The number of links that a search covers, and of those that code may have used.
_MOST = 256
_MOST_USED = 16


#: The most recent links, the oldest first.
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

    An object that the same cell has made does not count: its code is known.
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


def original_of(
    arrays: Arrays, title: str, before: int, place: object = None
) -> Marker | None:
    """Return the link of the object that an object is a copy of, if one is known.

    It has the same title. All of the data is compared, because a copy may have been
    changed.

    Args:
        arrays: The arrays of the copy.
        title: The title of the copy.
        before: The number of links that had been made when it was added.
        place: Stands for the workspace whose objects are compared; None for all. An
            object of another one may be equal by chance.
    """
    seen: Glance | None = None
    # The last ones first: an earlier workspace may have had the same data.
    for marker in list(_known)[: max(0, before - _count + len(_known))][::-1]:
        if place is not None and marker.place not in (None, place):
            continue
        held = _data_of(marker, title)
        if held is None or not _alike(held, arrays):
            continue
        if seen is None:
            seen = identity.glance(arrays)
        if marker.seen is None:
            marker.seen = identity.glance(held)
        if marker.seen == seen and identity.same_data(arrays, held):
            return marker
    return None


def _data_of(marker: Marker, title: str) -> Arrays | None:
    """Return the data of an object with a title, if it still exists."""
    record = None if marker.record is None else marker.record()
    if record is not None:
        return record.arrays if record.title == title else None
    obj = None if marker.obj is None else marker.obj()
    if obj is None or obj.title != title:
        return None
    return identity.arrays_of(obj)


def _alike(one: Arrays, other: Arrays) -> bool:
    """Return whether two sets of arrays may be equal, without a look at the data."""
    return one.keys() == other.keys() and all(
        getattr(one[name], "shape", None) == getattr(other[name], "shape", None)
        for name in one
    )
