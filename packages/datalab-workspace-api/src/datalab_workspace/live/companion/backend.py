"""The backend that keeps objects in a running DataLab, by its companion.

Every answer reports the changes in the window since the last one. So an operation
begins with the state that is known, and its request fails if that state is out of date;
see `Session.run`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from datalab_workspace.backends.base import (
    Entry,
    PanelGroup,
    Reported,
)
from datalab_workspace.live.codecs.frame import decode_record
from datalab_workspace.live.companion.attachment import CompanionAttachment
from datalab_workspace.live.companion.state import ObjectState
from datalab_workspace.live.companion.writes import LARGE, Writes
from datalab_workspace.model.description import TEXT_FIELDS, Summary
from datalab_workspace.model.project import Group
from datalab_workspace.model.record import (
    FieldValue,
    Kind,
    PendingRecord,
    Record,
)
from datalab_workspace.progress import Progress


class CompanionBackend(CompanionAttachment):
    """The objects of a running DataLab, which its user and other programs change, too.

    Args:
        endpoint: The address of the companion.
    """

    # -- looking ----------------------------------------------------------------------

    def entries(self) -> Sequence[Entry]:
        """See `Backend.entries`."""
        return [
            Entry(o.uuid, o.kind, o.title, group, o.shape, o.dtype, o.name)
            for o, group in self._now.ordered()
        ]

    def nameables(self) -> Iterator[ObjectState]:
        """See `Backend.nameables`; no entries are made."""
        return (known for known, _ in self._now.ordered())

    def reported_since(self, revision: object) -> Reported | None:
        """See `Backend.reported_since`."""
        state = self._state
        uuids = None if self._writes else state.reported_since(revision)
        if uuids is None:
            return None
        present = uuids & state.objects.keys()
        return Reported([state.objects[uuid] for uuid in present], uuids - present)

    def uuids(self, kind: Kind | None = None) -> Sequence[str]:
        """See `Backend.uuids`."""
        groups = (g.uuids for g in self._now.groups if kind in (None, g.kind))
        return list(chain.from_iterable(groups))

    def has(self, uuid: str) -> bool:
        """See `Backend.has`."""
        return uuid in self._now.objects

    def group_of(self, uuid: str) -> str | None:
        """See `Backend.group_of`."""
        return self._now.group_of(uuid).title if self.has(uuid) else None

    def kind_of(self, uuid: str) -> Kind:
        """See `Backend.kind_of`."""
        return self._now.objects[uuid].kind

    def title_of(self, uuid: str) -> FieldValue:
        """See `Backend.title_of`."""
        return self._now.objects[uuid].fields.get("title")

    def fields_of(self, uuid: str) -> Mapping[str, FieldValue]:
        """See `Backend.fields_of`."""
        return self._now.objects[uuid].fields

    def groups(self, kind: Kind | None = None) -> Sequence[PanelGroup]:
        """See `Backend.groups`."""
        return [
            PanelGroup(group.kind, group.title, [*group.uuids])
            for group in self._now.groups
            if kind in (None, group.kind)
        ]

    def summary(self, uuid: str) -> Summary:
        """See `Backend.summary`."""
        return _summary(self._now.objects[uuid])

    def preview(self, uuid: str) -> tuple[Summary, Record | None]:
        """See `Backend.preview`; no record, as others may have changed the object."""
        return self.summary(uuid), None

    # -- reading ----------------------------------------------------------------------

    def record(self, uuid: str, *, full: bool = False) -> Record:  # noqa: ARG002
        """See `Backend.record`; every part comes with it."""
        [record] = self._fetch([uuid])
        return record

    def records(self, uuids: Sequence[str]) -> Sequence[Record]:
        """See `Backend.records`."""
        return self._fetch(uuids)

    def records_without_data(self, uuids: Sequence[str]) -> Sequence[Record]:
        """See `Backend.records_without_data`; one request fetches the metadata."""
        return self._decoded(uuids, "rest") if uuids else []

    def operands(self, uuids: Sequence[str]) -> Sequence[Record]:
        """See `Backend.operands`."""
        return self._fetch(uuids)

    def _fetch(self, uuids: Sequence[str]) -> list[Record]:
        found = self._decoded(uuids, "all")
        self.got.update(uuids)
        for record in found:
            self._keep(record)
        return found

    def _decoded(self, uuids: Sequence[str], parts: str) -> list[Record]:
        if self._writes is not None and not self._writes.touched.isdisjoint(uuids):
            self._send()
        received = self.client.read("objects", {"uuids": uuids, "parts": parts})
        return [
            decode_record(entry, received.arrays)
            for entry in received.header["objects"]
        ]

    def _keep(self, record: Record) -> None:
        self._cache.keep(record)
        group = self._state.group_of(record.uuid).title
        self._cache.keep_group(group, [record.uuid])

    def content(self, uuids: Collection[str] | None = None) -> list[Group]:
        """See `Backend.content`; small objects are fetched together."""
        chosen = [
            (group, [u for u in group.uuids if uuids is None or u in uuids])
            for group in self.groups()
        ]
        wanted = [uuid for _, members in chosen for uuid in members]
        records: dict[str, Record] = {}
        with Progress("getting objects", len(wanted)) as progress:
            for batch in self._batches(wanted):
                records.update((record.uuid, record) for record in self._fetch(batch))
                progress.advance(len(batch))
        return [
            Group(group.kind, group.title, [records[uuid] for uuid in members])
            for group, members in chosen
            if members or uuids is None
        ]

    def _batches(self, uuids: Sequence[str]) -> Iterator[list[str]]:
        batch: list[str] = []
        size = 0
        for uuid in uuids:
            batch.append(uuid)
            size += self._now.objects[uuid].nbytes
            if size > LARGE // 4 or len(batch) == 1000:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    def unread(self, path: Path) -> Sequence[str]:  # noqa: ARG002 (of no file)
        """See `Backend.unread`; all data is in DataLab."""
        return ()

    # -- transactions -----------------------------------------------------------------

    def begin(self) -> None:
        """See `Backend.begin`."""
        self._writes, self._tickets, self._given = None, [], {}
        self._sent = set()

    def commit(self, names: Mapping[str, str]) -> tuple[str, ...]:
        """See `Backend.commit`."""
        # What was sent before may have given its objects other names.
        self._send({n: uuid for n, uuid in names.items() if uuid not in self._sent})
        tickets, self._tickets = tuple(self._tickets), []
        return tickets

    def abandon(self) -> None:
        """See `Backend.abandon`."""
        self._writes, tickets = None, self._tickets
        self._tickets = []
        self.undo(tickets)

    def undo(self, tickets: Sequence[str]) -> None:
        """See `Backend.undo`."""
        for ticket in reversed(tickets):
            self.client.write("undo", {"ticket": ticket})

    def give_names(self, names: Mapping[str, str]) -> None:
        """See `Backend.give_names`."""
        self._given.update(names)

    def _change(self) -> Writes:
        if self._writes is None:
            self._writes = Writes(self._state)
        elif self._writes.nbytes > LARGE:
            self._send()
            self._writes = Writes(self._state)
        return self._writes

    def _send(self, names: Mapping[str, str] | None = None) -> None:
        writes, self._writes = self._writes, None
        if not writes:
            return
        answer = self.client.write("transaction", *writes.body(names or {})).header
        self._note_ticket(answer)
        self._sent |= writes.touched
        for uuid in writes.touched:
            self._cache.drop(uuid)
        for record in writes.records:
            if record.uuid in self._state.objects:
                self._keep(record)

    # -- changes ----------------------------------------------------------------------

    def add(
        self, record: Record, *, group: str | None = None, composed: bool = False
    ) -> None:
        """See `Backend.add`."""
        self._change().add(
            record, self._given.get(record.uuid), group=group, composed=composed
        )
        self.added.add(record.uuid)

    def add_to_group_of(self, record: Record, uuid: str) -> None:
        """See `Backend.add_to_group_of`."""
        name = self._given.get(record.uuid)
        self._change().add(record, name, like=uuid, composed=True)
        self.added.add(record.uuid)

    def replace(self, uuid: str, record: Record) -> None:
        """See `Backend.replace`."""
        if self.kind_of(uuid) == record.kind:
            self._change().replace(uuid, record, None)
        else:
            self.move(uuid, record, self._now.group_of(uuid).title)

    def move(self, uuid: str, record: Record, group: str | None) -> None:
        """See `Backend.move`."""
        if self.kind_of(uuid) == record.kind and group is not None:
            self._change().replace(uuid, record, group)
            return
        name = self._now.objects[uuid].name
        self._change().remove([uuid])
        self._change().add(record, name, group=group)

    def remove(self, uuids: Sequence[str]) -> None:
        """See `Backend.remove`."""
        self._change().remove(uuids)

    def edit(
        self,
        uuid: str,
        fields: Mapping[str, FieldValue],
        metadata: Mapping[Any, Any],
        drop: Sequence[Any] = (),
    ) -> None:
        """See `Backend.edit`."""
        others = {name: value for name, value in fields.items() if name != "title"}
        if "title" in fields:
            self._change().rename(uuid, str(fields["title"]))
        if others or metadata or drop:
            self._change().edit(uuid, others, metadata, drop)

    def clear(self, *, all: bool = False) -> None:
        """See `Backend.clear`."""
        mine = [uuid for uuid in self._now.objects if uuid in self.added]
        self._change().clear(None if all else mine)

    def extend(self, groups: Sequence[Group]) -> None:
        """See `Backend.extend`."""
        count = sum(len(group.items) for group in groups)
        with Progress("adding objects to DataLab", count) as progress:
            for group in groups:
                self._change().add_group(group.kind, group.title)
                for item in group.items:
                    record = item.resolve() if isinstance(item, PendingRecord) else item
                    self.add(record, group=group.title)
                    progress.advance(1)

    # -- groups -----------------------------------------------------------------------

    def move_to_group(self, uuids: Sequence[str], group: str) -> None:
        """See `Backend.move_to_group`."""
        self._change().move(uuids, group)

    def rename_group(self, kind: Kind, title: str, new_title: str) -> None:
        """See `Backend.rename_group`."""
        self._change().rename_group(kind, title, new_title)

    # -- the window -------------------------------------------------------------------

    def show(self, uuid: str) -> None:
        """Show an object in DataLab's window."""
        self._change().show(self.kind_of(uuid))
        self._change().select([uuid])

    def select(self, uuids: Sequence[str]) -> None:
        """See `Backend.select`."""
        self._change().select(uuids)

    def compute(
        self, uuid: str, name: str, parameters: Mapping[str, Any] | None
    ) -> Sequence[str]:
        """See `Backend.compute`."""
        self._send()
        request = {"name": name, "on": [uuid], "parameters": dict(parameters or {})}
        answer = self.client.write("compute", request).header
        self._note_ticket(answer)
        added = [str(each) for each in answer["uuids"]]
        self.added.update(added)
        return added


def _summary(known: ObjectState) -> Summary:
    return Summary(
        known.kind,
        known.title,
        known.shape,
        known.dtype,
        {name: str(known.fields.get(name) or "") for name in TEXT_FIELDS},
        known.rois,
        known.results,
        known.nbytes,
    )
