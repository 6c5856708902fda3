"""The backend that keeps objects in a running DataLab, by its companion.

Every answer reports what has changed in the window since the last one. So an operation
begins with the state that is known, and its request fails if that state is not true any
more; see `Session.run`.
"""

from __future__ import annotations

import weakref
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from datalab_workspace.backends.base import (
    Backend,
    BackendStatus,
    BroughtHome,
    Capabilities,
    Entry,
    Observation,
    PanelGroup,
)
from datalab_workspace.encoding.carriers import COMPANION
from datalab_workspace.errors import LiveError
from datalab_workspace.live.codecs.frame import decode_record
from datalab_workspace.live.companion.client import CompanionClient
from datalab_workspace.live.companion.state import ObjectState, State
from datalab_workspace.live.companion.writes import LARGE, Writes
from datalab_workspace.live.discovery import Endpoint
from datalab_workspace.live.record_cache import RecordCache
from datalab_workspace.live.transport.base import Timeouts
from datalab_workspace.model.description import TEXT_FIELDS, Summary, WorkspaceMode
from datalab_workspace.model.project import Group
from datalab_workspace.model.record import (
    KINDS,
    FieldValue,
    Kind,
    PendingRecord,
    Record,
)
from datalab_workspace.progress import Progress

_CAPABILITIES = Capabilities(
    window=True,
    shared=True,
    computes=True,
    events=True,
    undo=True,
    edits_groups=True,
    dtypes=frozenset(str(d) for kind in KINDS for d in COMPANION.dtypes[kind]),
)


class CompanionBackend(Backend):
    """The objects of a running DataLab, which its user and other programs change, too.

    Args:
        endpoint: The address of the companion.
    """

    transactional = True
    optimistic = True

    def __init__(self, endpoint: Endpoint) -> None:
        self._state = State()
        self._writes: Writes | None = None
        self._tickets: list[str] = []
        self._given: dict[str, str] = {}
        self._cache = RecordCache()
        #: UUIDs of the objects that this program added, and of those that it got.
        self.added: set[str] = set()
        self.got: set[str] = set()
        self._attach(endpoint)

    def _attach(self, endpoint: Endpoint) -> None:
        assert endpoint.companion is not None
        self.endpoint = endpoint
        address = endpoint.companion
        self.client = CompanionClient(address.url, address.token)
        self.client.known = self._state.query
        self.client.on_snapshot = self._state.apply
        #: Closes the connection; called at the latest when this object is destroyed.
        self._close = weakref.finalize(self, self.client.close)

    # -- the program ------------------------------------------------------------------

    @property
    def capabilities(self) -> Capabilities:
        """See `Backend.capabilities`; everything can be done."""
        return _CAPABILITIES

    @property
    def mode(self) -> WorkspaceMode:
        """See `Backend.mode`: the objects are in DataLab."""
        return WorkspaceMode.LIVE

    @property
    def location(self) -> str:
        """See `Backend.location`."""
        return f"DataLab {self.endpoint.version} at {self.client.url}"

    def check(self, within: float) -> None:
        """Make sure that the companion accepts the token.

        Args:
            within: Seconds that this may take.

        Raises:
            LiveError: It does not accept the token, or does not answer.
        """
        self.client.hello(Timeouts(connect=within, read=within))

    def status(self) -> BackendStatus:
        """See `Backend.status`; it also finds out whether the companion answers."""
        notes: tuple[str, ...] = ()
        try:
            said = self.client.hello(Timeouts(connect=1.0, read=2.0))
        except LiveError as error:
            notes = (f"DataLab does not answer: {error}",)
        else:
            if dialog := said.get("dialog"):
                notes = (f"a dialog is open in DataLab's window: {dialog!r:.80}",)
            self.refresh()
        return BackendStatus(
            self.endpoint.version, self.client.url, ("companion",), notes
        )

    def close(self) -> None:
        """Close the connection."""
        self._close()

    # -- looking ----------------------------------------------------------------------

    def refresh(self, max_age: float = 0.0) -> bool:  # noqa: ARG002 (one quick request)
        """See `Backend.refresh`."""
        rev, boot = self._state.rev, self._state.boot
        self._state.apply(self.client.read("snapshot").header)
        return (self._state.rev, self._state.boot) != (rev, boot)

    @property
    def seen(self) -> bool:
        """See `Backend.seen`; attaching reads nothing."""
        return bool(self._state.boot)

    @property
    def revision(self) -> object:
        """See `Backend.revision`."""
        return self._state.boot, self._state.rev

    def observed(self) -> Sequence[Observation]:
        """See `Backend.observed`; what this client did is left out."""
        found, self._state.observed = self._state.observed, []
        return [each for each in found if each.author != self.client.name]

    @property
    def _now(self) -> State:
        """The state with the writes that were not sent yet."""
        return self._state if self._writes is None else self._writes.state

    def entries(self) -> Sequence[Entry]:
        """See `Backend.entries`."""
        return [
            Entry(o.uuid, o.kind, o.title, group, o.shape, o.dtype, o.name)
            for o, group in self._now.ordered()
        ]

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

    def operands(self, uuids: Sequence[str]) -> Sequence[Record]:
        """See `Backend.operands`."""
        return self._fetch(uuids)

    def _fetch(self, uuids: Sequence[str]) -> list[Record]:
        if self._writes is not None and not self._writes.touched.isdisjoint(uuids):
            self._send()
        received = self.client.read("objects", {"uuids": uuids, "parts": "all"})
        found = [
            decode_record(entry, received.arrays)
            for entry in received.header["objects"]
        ]
        self.got.update(uuids)
        for record in found:
            self._cache.keep(record)
        return found

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

    def bring_home(self, *, everything: bool) -> BroughtHome:
        """See `Backend.bring_home`; if DataLab is gone, the cache has some objects."""
        mine = self.added | self.got
        try:
            self.refresh()
            return BroughtHome(self.content(None if everything else mine))
        except LiveError as error:
            reason = str(error)
        items = [
            o for o in self._state.objects.values() if everything or o.uuid in mine
        ]
        return BroughtHome(*self._cache.restore(items), reason)

    # -- transactions -----------------------------------------------------------------

    def begin(self) -> None:
        """See `Backend.begin`."""
        self._writes, self._tickets, self._given = None, [], {}

    def commit(self, names: Mapping[str, str]) -> tuple[str, ...]:
        """See `Backend.commit`."""
        self._send(names)
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
        ticket = answer.get("ticket")
        if isinstance(ticket, str):
            self._tickets.append(ticket)
        for uuid in writes.touched:
            self._cache.forget(uuid)

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
        self, uuid: str, fields: Mapping[str, FieldValue], metadata: Mapping[Any, Any]
    ) -> None:
        """See `Backend.edit`."""
        others = {name: value for name, value in fields.items() if name != "title"}
        if "title" in fields:
            self._change().rename(uuid, str(fields["title"]))
        if others or metadata:
            self._change().edit(uuid, others, metadata)

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

    def selection(self) -> Sequence[str]:
        """See `Backend.selection`: that of the shown panel."""
        return self._now.selection[self._now.shown]

    def compute(
        self, uuid: str, name: str, parameters: Mapping[str, Any] | None
    ) -> Sequence[str]:
        """See `Backend.compute`."""
        self._send()
        request = {"name": name, "on": [uuid], "parameters": dict(parameters or {})}
        answer = self.client.write("compute", request).header
        added = [str(each) for each in answer["uuids"]]
        self.added.update(added)
        return added

    def screenshot(self) -> bytes:
        """See `Backend.screenshot`."""
        return self.client.picture("screenshot", what="window")


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
