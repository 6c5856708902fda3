"""Change events: the description of all changes that one call made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

from datalab_workspace.model.record import ROI_KEY, is_result_key

ObjectChangeKind: TypeAlias = Literal[
    "added", "replaced", "edited", "renamed", "moved", "removed"
]
ChangeKind: TypeAlias = Literal[
    "added",
    "replaced",
    "edited",
    "renamed",
    "moved",
    "removed",
    "changed",
    "cleared",
    "saved",
    "loaded",
    "attached",
    "detached",
    "selected",
]

#: Parts of an object, as `ObjectChange.parts` names them.
ALL_PARTS = frozenset(
    {"data", "coordinates", "title", "labels", "display", "metadata", "roi", "results"}
)


class Origin(str, Enum):
    """The program that made a change; equal to the string of its value.

    Example:
        >>> Origin.NOTEBOOK == "notebook"
        True
    """

    NOTEBOOK = "notebook"
    DATALAB = "datalab"
    OTHER_NOTEBOOK = "other notebook"

    __str__ = str.__str__


class ObjectChange(NamedTuple):
    """The change of one object.

    Attributes:
        kind: "added", "replaced" (by another object of its name), "edited", "renamed",
            "moved" (to another group) or "removed".
        uuid: UUID of the object.
        before: Its name before the change, None if it was added.
        after: Its name after the change, None if it was removed.
        parts: The parts that may differ: "data", "coordinates", "title", "labels",
            "display", "metadata", "roi", "results"; and "group".

    Example:
        >>> events = []
        >>> handle = workspace.on_change(events.append)
        >>> workspace.edit("peak", xunit="ms")
        >>> events[0].changes[0].parts
        frozenset({'labels'})
    """

    kind: ObjectChangeKind
    uuid: str
    before: str | None
    after: str | None
    parts: frozenset[str] = ALL_PARTS


@dataclass(frozen=True)
class ChangeEvent:
    """One change of a workspace: everything that one call changed.

    Attributes:
        revision: Number of the change, counted from 1 by each workspace.
        origin: Who made the change: this notebook, DataLab or another notebook.
        kind: The kind of the change. It is that of its `changes` if they all have the
            same, and "changed" otherwise. "cleared", "saved", "loaded", "attached" and
            "detached" concern the whole workspace. "selected" reports that other
            objects are selected, to callbacks that ask for it.
        changes: The change of each object, in order.
        path: The project file that was saved or loaded.

    Example:
        >>> seen = []
        >>> handle = workspace.on_change(seen.append)
        >>> workspace.rename("peak", "line")
        'line'
        >>> seen[0].kind, seen[0].names_before, seen[0].names_after
        ('renamed', ('peak',), ('line',))
    """

    revision: int
    origin: Origin
    kind: ChangeKind
    changes: tuple[ObjectChange, ...] = ()
    path: Path | None = None

    @property
    def uuids(self) -> tuple[str, ...]:
        """UUIDs of the objects that changed."""
        return tuple(change.uuid for change in self.changes)

    @property
    def names_before(self) -> tuple[str | None, ...]:
        """Their names before the change; None for one that was added."""
        return tuple(change.before for change in self.changes)

    @property
    def names_after(self) -> tuple[str | None, ...]:
        """Their names after the change; None for one that was removed."""
        return tuple(change.after for change in self.changes)

    @property
    def parts(self) -> frozenset[str]:
        """The parts of any of the objects that may differ."""
        return frozenset().union(*(change.parts for change in self.changes))


def kind_of(changes: Sequence[ObjectChange]) -> ChangeKind:
    """Return the kind of an event with these changes."""
    kind = changes[0].kind
    return kind if all(change.kind == kind for change in changes) else "changed"


_COORDINATES = ("x0", "y0", "dx", "dy", "is_uniform_coords", "xcoords", "ycoords")


def parts_of(fields: Mapping[str, Any], metadata: Mapping[Any, Any]) -> frozenset[str]:
    """Return the parts of an object that fields and metadata entries belong to."""
    parts = set()
    for name in fields:
        if name in ("xydata", "data", "title"):
            parts.add("title" if name == "title" else "data")
        elif name in _COORDINATES:
            parts.add("coordinates")
        else:
            parts.add("labels" if name.endswith(("label", "unit")) else "display")
    for key in metadata:
        if key == ROI_KEY:
            parts.add("roi")
        else:
            parts.add("results" if is_result_key(key) else "metadata")
    return frozenset(parts)
