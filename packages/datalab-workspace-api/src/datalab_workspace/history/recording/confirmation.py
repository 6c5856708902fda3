"""Find out at the end of a cell which objects its code has changed.

A glance at a large array does not see a single pixel. So all data of an object is
compared if the cell names the object or an array that shares its data, or has passed
the object to a call of sigima. The inputs of the calls are then corrected. A comparison
that would take too long is left to a later cell; the step then says that an earlier
cell may have made the change.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from datalab_workspace.history.cells.running_cell import LoggedCell
from datalab_workspace.history.recording import identity, known, used_objects
from datalab_workspace.history.recording.held_objects import (
    is_read_only,
    note_change,
    settle_added,
)
from datalab_workspace.history.recording.identity import marker_of
from datalab_workspace.model.sigima_objects import object_kind

#: Seconds of CPU time that the comparisons at the end of a cell may take.
BUDGET = 0.1
_NAME = re.compile(r"[^\W\d]\w*")
#: Elements of a list, and names of a namespace, that are looked at.
_MOST = 1000
_CONTAINERS = (list, tuple, dict)
_MEASURABLE = 1 << 24
#: Bytes that are compared in a second; a guess until it is measured.
_rate = 2e9
_clock = getattr(time, "thread_time", time.perf_counter)


def confirm(cell: LoggedCell, namespace: Mapping[str, Any]) -> None:
    """Note the changes of the objects that a cell names.

    Args:
        cell: The cell, which has just ended.
        namespace: The names of the notebook.
    """
    if not known.count() or cell.source is None:
        return
    named = _named_objects(cell.source, namespace)
    known_ids = {id(obj) for _, obj in named}
    used = [obj for obj in used_objects.objects() if id(obj) not in known_ids]
    changes = _Changes(cell)
    left = BUDGET
    for name, obj in sorted(
        [*named, *(("", obj) for obj in used)], key=lambda item: _size(item[1])
    ):
        left -= changes.look_at(name, obj, left)
    used_objects.release()


class _Changes:
    """The changes of objects by one cell."""

    def __init__(self, cell: LoggedCell) -> None:
        self._cell = cell
        self._written: frozenset[str] | None = None

    def look_at(self, name: str, obj: Any, seconds: float) -> float:
        """Compare the data of an object if there is time; return the seconds used."""
        global _rate
        marker = marker_of(obj)
        if marker is None or is_read_only(identity.arrays_of(obj)):
            return 0.0
        settle_added(obj)
        size = _size(obj)
        suspected = self._is_new(marker, size) and name in self._names_written()
        if not suspected and size > identity.EXACT and size / _rate > seconds:
            marker.unsure = True
            return 0.0
        begin = _clock()
        made_here = marker.cell is self._cell
        certain = not marker.unsure and (made_here or not suspected)
        note_change(obj, self._cell, certain=certain, suspected=suspected)
        taken = float(_clock() - begin)
        if size > _MEASURABLE and taken and not suspected:
            _rate = size / taken
        marker.unsure = False
        return taken

    def _is_new(self, marker: identity.Marker, size: int) -> bool:
        """Return whether nothing is known but a glance at the data."""
        return size > identity.EXACT and marker.arrays is None and not marker.checked

    def _names_written(self) -> frozenset[str]:
        """Return the names whose data the cell may have changed, as its text says."""
        if self._written is None:
            from datalab_workspace.history.cells.names import names_of
            from datalab_workspace.history.cells.text import parsed, shell_transform

            tree = parsed(self._cell.source or "", shell_transform())
            self._written = frozenset(names_of(tree).changes if tree else ())
        return self._written


def _named_objects(text: str, namespace: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the objects that a cell names, with the names, each one once."""
    found: dict[int, tuple[str, Any]] = {}
    owners: set[int] = set()
    names: set[str] = set()
    for name, value in list(namespace.items()):
        is_array = issubclass(type(value), np.ndarray)
        may_matter = is_array or type(value) in _CONTAINERS or _is_object(value)
        if not may_matter or name not in text:
            continue
        names = names or set(_NAME.findall(text))
        if name in names and is_array:
            owners.add(_owner(value))
        elif name in names:
            for obj in _objects_in(value):
                found.setdefault(id(obj), (name, obj))
    if owners:
        for name, obj in _sharing(owners, namespace):
            found.setdefault(id(obj), (name, obj))
    return list(found.values())


def _objects_in(value: Any) -> Iterator[Any]:
    """Yield a value that is a signal or image, or those in a container."""
    elements: Iterable[Any] = (value,)
    if type(value) is dict:
        elements = list(value.values())[:_MOST]
    elif type(value) in _CONTAINERS:
        elements = value[:_MOST]
    yield from filter(_is_object, elements)


def _is_object(value: Any) -> bool:
    """Return whether a value is a signal or image; use none of its attributes.

    It may be a proxy, which any use would resolve.
    """
    return object_kind(value) is not None


def _sharing(
    owners: set[int], namespace: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    """Yield the objects of a namespace whose arrays share the memory of others."""
    for name, value in list(namespace.items())[-_MOST:]:
        for obj in _objects_in(value):
            arrays = identity.arrays_of(obj).values()
            if any(isinstance(a, np.ndarray) and _owner(a) in owners for a in arrays):
                yield name, obj


def _owner(array: Any) -> int:
    """Return the `id` of the array that owns the memory of another one."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return id(array)


def _size(obj: Any) -> int:
    return identity.nbytes(identity.arrays_of(obj))
