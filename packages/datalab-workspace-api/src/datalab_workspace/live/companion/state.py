"""The state of DataLab's window, as the answers of the companion report it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from datalab_workspace.backends.base import Observation
from datalab_workspace.encoding import typed_json
from datalab_workspace.errors import ConnectionLostError, DataLabError
from datalab_workspace.events import ObjectChangeKind
from datalab_workspace.model.record import KINDS, FieldValue, Kind, Record, roi_count
from datalab_workspace.model.record import result_keys as results_of


@dataclass(frozen=True)
class ObjectState:
    """One object of the window, without its arrays and metadata.

    Attributes:
        uuid: UUID of the object.
        kind: "signal" or "image".
        name: Its name, which all clients of the window share.
        fields: Its fields, with the title.
        shape: See `Record.shape`.
        dtype: See `Record.dtype`.
        nbytes: Size of its arrays in bytes.
        rois: Number of its regions of interest.
        results: Number of its results.
        changed: The revision at which each part changed last.
        author: The client that changed it last; None if that was the window.
    """

    uuid: str
    kind: Kind
    name: str
    fields: Mapping[str, FieldValue] = field(repr=False)
    shape: tuple[int, ...] = ()
    dtype: np.dtype[Any] | None = None
    nbytes: int = 0
    rois: int = 0
    results: int = 0
    changed: Mapping[str, int] = field(default_factory=dict)
    author: str | None = None

    @property
    def title(self) -> str:
        """The title; "" for an object without one."""
        title = self.fields.get("title")
        return "" if title is None else str(title)

    @classmethod
    def of_record(cls, record: Record, name: str) -> ObjectState:
        """Return the state that an object will have once it is added."""
        return cls(
            record.uuid,
            record.kind,
            name,
            dict(record.fields),
            record.shape,
            record.dtype,
            record.nbytes,
            roi_count(record),
            len(list(results_of(record))),
        )

    @classmethod
    def of_json(cls, data: Mapping[str, Any]) -> ObjectState:
        """Return the state in an entry of a snapshot."""
        if data["kind"] not in KINDS:
            raise ValueError(f"{data['kind']!r:.20} is not a kind of object")
        return cls(
            str(data["uuid"]),
            data["kind"],
            str(data["name"]),
            typed_json.decode(data["fields"]),
            tuple(map(int, data["shape"])),
            None if data["dtype"] is None else np.dtype(str(data["dtype"])),
            int(data["nbytes"]),
            int(data["roi"]),
            int(data["results"]),
            {str(part): int(rev) for part, rev in data.get("changed", {}).items()},
            data.get("by"),
        )


class GroupState(NamedTuple):
    """A group of the window.

    Attributes:
        kind: The kind of its objects.
        title: Its title.
        uuids: UUIDs of its objects, in order.
    """

    kind: Kind
    title: str
    uuids: list[str]


class State:
    """The objects, groups and selection of the window at one revision.

    Attributes:
        boot: UUID of the DataLab process; "" before the first answer.
        rev: The revision.
        objects: The objects by UUID.
        groups: The groups of both panels, in order.
        selection: UUIDs of the selected objects by kind.
        shown: The panel that is shown.
        observed: The changes that answers have reported.
    """

    def __init__(self) -> None:
        self.boot = ""
        self.rev = -1
        self.objects: dict[str, ObjectState] = {}
        self.groups: list[GroupState] = []
        self.selection: dict[Kind, list[str]] = {kind: [] for kind in KINDS}
        self.shown: Kind = "signal"
        self.observed: list[Observation] = []
        # UUIDs of the objects that answers have reported since a revision.
        self._reported: set[str] = set()
        self._reported_since: tuple[str, int] | None = None

    @property
    def revision(self) -> tuple[str, int]:
        """The DataLab process, and the revision of its window."""
        return self.boot, self.rev

    def reported_since(self, revision: object) -> set[str] | None:
        """Return the objects that were added, changed or removed since a revision.

        Returns:
            None if that is unknown, which it is of all revisions but the one of the
            last call.
        """
        reported, self._reported = self._reported, set()
        since, self._reported_since = self._reported_since, self.revision
        return reported if revision == since else None

    def query(self) -> dict[str, Any]:
        """Return the query that asks for the changes since this state."""
        return {"since": self.rev, "boot": self.boot} if self.boot else {"since": -1}

    def copy(self) -> State:
        """Return a copy to try changes on."""
        other = State()
        other.boot, other.rev, other.shown = self.boot, self.rev, self.shown
        other.objects = dict(self.objects)
        other.groups = [group._replace(uuids=[*group.uuids]) for group in self.groups]
        other.selection = {kind: [*uuids] for kind, uuids in self.selection.items()}
        return other

    # -- reading ----------------------------------------------------------------------

    def ordered(self) -> Iterator[tuple[ObjectState, str]]:
        """Yield each object with the title of its group: signals, then images."""
        for group in self.groups:
            for uuid in group.uuids:
                yield self.objects[uuid], group.title

    def group_of(self, uuid: str) -> GroupState:
        """Return the group of an object."""
        return next(group for group in self.groups if uuid in group.uuids)

    # -- answers ----------------------------------------------------------------------

    def apply(self, snapshot: Mapping[str, Any]) -> None:
        """Take over what an answer reports.

        Raises:
            ConnectionLostError: DataLab was restarted.
            DataLabError: The answer makes no sense; the state is as it was.
        """
        try:
            self.observed += self._apply(snapshot)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise DataLabError(
                f"DataLab's companion sent a snapshot that makes no sense: {error!r}"
            ) from error

    def _apply(self, snapshot: Mapping[str, Any]) -> list[Observation]:
        full = bool(snapshot["full"])
        rev, boot = int(snapshot["rev"]), str(snapshot["boot"])
        if self.boot and boot != self.boot:
            raise ConnectionLostError(
                "DataLab was restarted, and the objects of the one before are gone; "
                "resync() puts back those that are known here, and disconnect() "
                "continues in memory with them"
            )
        if not full and boot == self.boot and rev <= self.rev:
            return []  # an answer that another one has overtaken
        new = [ObjectState.of_json(entry) for entry in snapshot["objects"]]
        objects = {} if full else dict(self.objects)
        for uuid in snapshot.get("removed") or ():
            objects.pop(uuid, None)
        objects.update((entry.uuid, entry) for entry in new)
        panels = snapshot.get("panels")
        groups = self.groups if panels is None else _groups(panels)
        placed = [uuid for group in groups for uuid in group.uuids]
        if len(placed) != len(objects) or not objects.keys() >= set(placed):
            raise ValueError("its groups do not hold its objects")
        if panels is not None:
            shown = panels["shown"]
            self.selection = {
                kind: [u for u in panels[kind]["selection"] if u in objects]
                for kind in KINDS
            }
            self.shown = KINDS[KINDS.index(shown)]
        before, self.objects, self.groups = self.objects, objects, groups
        self.rev, self.boot = rev, boot
        self._reported.update(snapshot.get("removed") or (), (e.uuid for e in new))
        if full:
            self._reported_since = None  # others may be gone as well
        authors = snapshot.get("removed_by") or {}
        return _observations(before, objects, [entry.uuid for entry in new], authors)

    # -- expected changes -------------------------------------------------------------

    def add(self, entry: ObjectState, group: str | None, like: str | None) -> None:
        """Expect an object at the end of a group."""
        self.objects[entry.uuid] = entry
        if like is not None:
            self.group_of(like).uuids.append(entry.uuid)
        else:
            self.group(entry.kind, group).uuids.append(entry.uuid)

    def group(self, kind: Kind, title: str | None) -> GroupState:
        """Return a group, which is added to the end of its panel if there is none.

        Args:
            kind: Its panel.
            title: Its title; None for the first group.
        """
        for group in self.groups:
            if group.kind == kind and title in (None, group.title):
                return group
        new = GroupState(kind, title or "", [])
        last = sum(group.kind == "signal" for group in self.groups)
        self.groups.insert(last if kind == "signal" else len(self.groups), new)
        return new

    def remove(self, uuids: Sequence[str]) -> None:
        """Expect objects to be gone."""
        gone = set(uuids)
        for uuid in gone:
            del self.objects[uuid]
        for group in self.groups:
            group.uuids[:] = [uuid for uuid in group.uuids if uuid not in gone]
        for kind, selected in self.selection.items():
            self.selection[kind] = [uuid for uuid in selected if uuid not in gone]

    def update(self, uuid: str, **changes: Any) -> None:
        """Expect an object to differ."""
        self.objects[uuid] = replace(self.objects[uuid], **changes)


def _groups(panels: Mapping[str, Any]) -> list[GroupState]:
    return [
        GroupState(kind, str(group["title"]), [str(u) for u in group["objects"]])
        for kind in KINDS
        for group in panels[kind]["groups"]
    ]


def _observations(
    before: Mapping[str, ObjectState],
    after: Mapping[str, ObjectState],
    reported: Sequence[str],
    authors: Mapping[str, str],
) -> list[Observation]:
    gone = before.keys() - after.keys()
    found = [
        Observation("removed", uuid, before[uuid].name, None, author=authors.get(uuid))
        for uuid in filter(gone.__contains__, before if gone else ())
    ]
    for uuid in reported:
        new, old = after[uuid], before.get(uuid)
        if old is None:
            found.append(Observation("added", uuid, None, new.name, author=new.author))
        elif old != new:
            found.append(_difference(old, new))
    return found


def _difference(old: ObjectState, new: ObjectState) -> Observation:
    parts = frozenset(
        part for part, rev in new.changed.items() if rev > old.changed.get(part, -1)
    )
    kind: ObjectChangeKind = "edited"
    if old.kind != new.kind or "data" in parts:
        kind = "replaced"
    elif old.name != new.name:
        kind = "renamed"
    elif parts == {"group"}:
        kind = "moved"
    return Observation(kind, new.uuid, old.name, new.name, parts, new.author)
