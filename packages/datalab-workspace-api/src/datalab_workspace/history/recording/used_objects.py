"""The large objects that calls have used, until all of their data is compared.

A glance at a large object does not see a single pixel that was changed before a call.
The comparison that finds it comes later, and then corrects the inputs of the calls.
"""

from __future__ import annotations

import weakref
from collections import deque
from typing import Any, NamedTuple

from datalab_workspace.history.recording.identity import Marker
from datalab_workspace.history.steps import Code, Step

#: Bytes of objects that are kept alive for the comparison, and calls that are noted.
MOST_HELD = 1 << 25
_MOST_CALLS = 4096


class Use(NamedTuple):
    """The use of an object by a call.

    Attributes:
        obj: A weak reference to the object.
        marker: The link of the object when it was used.
        step: The step of the call.
        position: The position of the object among the inputs of the call.
        code: The code that ran.
        got: The links of the objects that this code may have used before the call.
    """

    obj: weakref.ref[Any]
    marker: Marker
    step: Step
    position: int
    code: Code
    got: tuple[Marker, ...]


_uses: deque[Use] = deque(maxlen=_MOST_CALLS)
#: The objects of a function exist no longer when its cell ends, unless they are held.
_held: dict[int, Any] = {}
_size_held = 0
#: Seconds that comparisons have taken since the last release.
_spent = 0.0


def note(use: Use, obj: Any, *, size: int) -> None:
    """Note the use of an object.

    Args:
        use: The use.
        obj: The object.
        size: The size of its data in bytes.
    """
    global _size_held
    _uses.append(use)
    if id(obj) not in _held and _size_held + size <= MOST_HELD:
        _held[id(obj)] = obj
        _size_held += size


def objects() -> list[Any]:
    """Return the objects that exist, each one once."""
    found = [use.obj() for use in list(_uses)]
    return list({id(obj): obj for obj in found if obj is not None}.values())


def uses_of(marker: Marker) -> list[tuple[Any, Use]]:
    """Return the objects that had a link when they were used, and their uses."""
    found = [(use.obj(), use) for use in list(_uses) if use.marker is marker]
    return [(obj, use) for obj, use in found if obj is not None]


def spend(seconds: float) -> None:
    """Count the time of a comparison."""
    global _spent
    _spent += seconds


def spent() -> float:
    """Return the seconds that comparisons have taken since the last release."""
    return _spent


def release() -> None:
    """Release the objects, and forget the uses that were compared or cannot be."""
    global _size_held, _spent
    _held.clear()
    _size_held, _spent = 0, 0.0
    kept = [use for use in list(_uses) if use.marker.unsure and use.obj() is not None]
    _uses.clear()
    _uses.extend(kept)
