"""The objects in a running DataLab.

Data goes by the Web API, which is quick; XML-RPC does what that cannot: it tells UUIDs,
tells objects of the same title apart, knows of groups and of all that an object has.
With one of the two alone, what only the other can do is refused with an error that says
so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from datalab_workspace.backends.base import Backend, Capabilities, Entry, PanelGroup
from datalab_workspace.encoding.carriers import NATIVE_DTYPES, NPZ
from datalab_workspace.errors import (
    LiveError,
    ObjectNotFoundError,
)
from datalab_workspace.live import screenshot
from datalab_workspace.live.catalogue import Catalogue, Known
from datalab_workspace.live.connection import Connection
from datalab_workspace.live.discovery import Endpoint
from datalab_workspace.live.groups import GroupTargets
from datalab_workspace.live.pinned_titles import PinnedTitles
from datalab_workspace.live.record_cache import RecordCache
from datalab_workspace.live.routing import SMALL, Router
from datalab_workspace.live.snapshot import Snapshot
from datalab_workspace.live.sources import SourceIndex, cut
from datalab_workspace.live.transport.base import Timeouts
from datalab_workspace.live.window import Window
from datalab_workspace.model.description import Summary, WorkspaceMode
from datalab_workspace.model.project import Group, Item
from datalab_workspace.model.record import (
    KINDS,
    FieldValue,
    Kind,
    PendingRecord,
    Record,
)
from datalab_workspace.progress import Progress


class LiveBackend(Backend):
    """Keeps objects in a running DataLab, whose user and other programs use it, too.

    Args:
        connection: The clients.
    """

    def __init__(self, connection: Connection) -> None:
        self._snapshot = Snapshot(connection)
        self._bulk = 0
        self._targets = GroupTargets()
        self._pinned = PinnedTitles()
        self._cache = RecordCache()
        self._sources = SourceIndex()
        #: UUIDs of what was added here, and of what was got.
        self.added: set[str] = set()
        self.got: set[str] = set()
        self._attach(connection)

    def reattach(self, endpoint: Endpoint) -> None:
        """Go on with the DataLab that was there, or another, wherever it is now."""
        self.connection.close()
        self._attach(Connection(endpoint))

    def check(self, within: float) -> None:
        """Make sure that DataLab lets us in.

        Args:
            within: Seconds that this may take.

        Raises:
            LiveError: It does not, or does not answer.
        """
        timeouts = Timeouts(connect=within, read=within)
        if self.connection.web is not None:
            self.connection.web.objects(timeouts)

    def connection_status(self) -> tuple[Mapping[str, Any], tuple[str, ...]]:
        """Return what `Status` tells of DataLab, and notes."""
        endpoint = self.connection.endpoint
        notes: tuple[str, ...] = ()
        try:
            self.refresh()
        except LiveError as error:
            notes = (f"DataLab does not answer: {error}",)
        known = {"version": endpoint.version, "url": endpoint.url}
        return known | {"protocols": self.connection.status_names()}, notes

    def _attach(self, connection: Connection) -> None:
        self.connection = connection
        self._snapshot.attach(connection)
        self._router = Router(connection)
        self._window = Window(connection, self._snapshot, self._router, self._sources)
        self._targets.forget()

    def close(self) -> None:
        """Close the connections."""
        self.connection.close()

    @property
    def mode(self) -> WorkspaceMode:
        """The objects are in DataLab."""
        return WorkspaceMode.LIVE

    @property
    def capabilities(self) -> Capabilities:
        """What can be done over the protocols that are available."""
        rpc = self.connection.rpc is not None
        dtypes = NATIVE_DTYPES if self.connection.web is None else NPZ.dtypes
        return Capabilities(
            groups=rpc,
            in_place_overwrite=rpc,
            any_name=rpc,
            noncharacters=not rpc,
            full_metadata=rpc,
            tells_apart=rpc,
            window=True,
            dtypes=frozenset(str(d) for kind in KINDS for d in dtypes[kind]),
        )

    # -- what there is ----------------------------------------------------------------

    @property
    def refuses_titles_in_use(self) -> bool:
        """The Web API does so."""
        return self.connection.web is not None

    def refresh(self, max_age: float = 0.0) -> bool:
        """See `Backend.refresh`."""
        return self._snapshot.refresh(max_age)

    @property
    def seen(self) -> bool:
        """See `Backend.seen`; attaching looks at nothing."""
        return self._snapshot.seen

    @property
    def _catalogue(self) -> Catalogue:
        return self._snapshot.catalogue

    def entries(self) -> Sequence[Entry]:
        """See `Backend.entries`; groups are not told."""
        return [
            Entry(item.uuid, item.kind, item.title, "", item.shape, item.dtype)
            for item in self._catalogue.items
        ]

    def kind_of(self, uuid: str) -> Kind:
        """See `Backend.kind_of`."""
        return self._catalogue[uuid].kind

    def title_of(self, uuid: str) -> FieldValue:
        """See `Backend.title_of`."""
        return self._catalogue[uuid].title

    def groups(self, kind: Kind | None = None) -> Sequence[PanelGroup]:
        """See `Backend.groups`; by the Web API alone, each kind is one group."""
        kinds = KINDS if kind is None else (kind,)
        of_kind = {
            k: [item.uuid for item in self._catalogue.items if item.kind == k]
            for k in kinds
        }
        if self.connection.rpc is None:
            return [PanelGroup(k, "", uuids) for k, uuids in of_kind.items() if uuids]
        rpc = self.connection.require_xmlrpc("telling groups")
        return [
            PanelGroup(k, group.title, [u for u in group.uuids if u in self._catalogue])
            for k in kinds
            for group in self._targets.of(rpc, k)
        ]

    def preview(self, uuid: str) -> tuple[Summary, Record | None]:
        """See `Backend.preview`; what was got may have changed since."""
        known = self._catalogue[uuid]
        return Summary.known(
            known.kind, known.title, known.shape, known.dtype, known.texts
        ), None

    def summary(self, uuid: str) -> Summary:
        """See `Backend.summary`."""
        return self._router.summary(self._catalogue, self._catalogue[uuid])

    def record(self, uuid: str, *, full: bool = False) -> Record:
        """See `Backend.record`."""
        record = self._router.fetch(self._catalogue, uuid, full=full)
        self.got.add(uuid)
        self._cache.keep(record)
        if self.connection.rpc is not None:
            self._sources.learn(record)
        return record

    def operand(self, uuid: str) -> Record:
        """See `Backend.operand`.

        The Web API tells no coordinates of an image that are not evenly spaced, but of
        what was added here the sidecar does.
        """
        return self.record(uuid, full=uuid not in self.added)

    def content(self, uuids: Collection[str] | None = None) -> list[Group]:
        """See `Backend.content`."""
        chosen = [
            (group, [u for u in group.uuids if uuids is None or u in uuids])
            for group in self.groups()
        ]
        groups = []
        with Progress("getting objects", sum(len(u) for _, u in chosen)) as progress:
            for group, members in chosen:
                if members or uuids is None:
                    items: list[Item] = []
                    for uuid in members:
                        fetched = self._router.fetch(self._catalogue, uuid, full=True)
                        items.append(fetched)
                        progress.advance(1)
                    groups.append(Group(group.kind, group.title, items))
        return groups

    def cached_records(self) -> Mapping[str, Record]:
        """Return what is remembered of objects, by UUID, for when DataLab is gone."""
        return self._cache.records

    # -- changes ----------------------------------------------------------------------

    def add(
        self, record: Record, *, group: str | None = None, composed: bool = False
    ) -> None:
        """See `Backend.add`."""
        rpc = (
            self.connection.xmlrpc_if_alive()
            if group is None
            else self.connection.require_xmlrpc("a group")
        )
        last = rpc is None or self._targets.select_target_group(rpc, record.kind, group)
        if not composed:
            self._pinned.give(record.uuid, record.title)
        try:
            new = self._router.send(self._catalogue, record)
        except BaseException:
            self._pinned.forget(record.uuid)
            self._snapshot.unsure = True
            raise
        self.added.add(record.uuid)
        self._sources.learn(record)
        self._cache.keep(record)
        before = self._catalogue
        self._snapshot.append(new)
        self._changed(before, (), new, certain=last and rpc is not None)

    def replace(self, uuid: str, record: Record) -> None:
        """See `Backend.replace`; of large data the place may not stay the same."""
        known = self._catalogue[uuid]
        if known.kind != record.kind:
            group = self._group_of(known) if self.capabilities.groups else None
            self.move(uuid, record, group)
            return
        if self.connection.rpc is None:  # it is removed and added then
            self._detach_sources([uuid])
        before = self._catalogue
        large = max(known.nbytes, record.nbytes) > SMALL
        in_place = large and bool(self._computed_of([uuid]))
        moved = self._router.replace(before, record, self._targets, in_place=in_place)
        self._sources.learn(record)
        self._cache.keep(record)
        if moved is None:
            self._snapshot.catalogue = before.replaced(
                Known(
                    uuid,
                    record.kind,
                    known.title,
                    record.shape,
                    record.dtype,
                    listed=known.listed,
                )
            )
            return
        self._snapshot.catalogue = before.without([uuid]).appended(moved)
        self._changed(before, (uuid,), moved, certain=False)

    def move(self, uuid: str, record: Record, group: str | None) -> None:
        """See `Backend.move`."""
        self._router.check(record)
        composed, found = not self._pinned.has(uuid), uuid not in self.added
        self.remove([uuid])
        self.add(record, group=group, composed=composed)
        if found:
            self.added.discard(uuid)

    def _group_of(self, known: Known) -> str | None:
        for group in self.groups(known.kind):
            if known.uuid in group.uuids:
                return group.title
        return None

    def remove(self, uuids: Sequence[str]) -> None:
        """See `Backend.remove`."""
        self._detach_sources(uuids)
        first = self._catalogue
        for place, uuid in enumerate(uuids, 1):
            before = self._catalogue
            try:
                self._remove(uuid)
            except BaseException:
                self._snapshot.unsure = True
                raise
            self._snapshot.remove(uuid)
            if any(first[u].may_be_retitled() for u in uuids[place:]):
                self._look(before, (uuid,), None)
            for memory in (self._pinned, self._cache, self._sources):
                memory.forget(uuid)
            self.added.discard(uuid)
            self.got.discard(uuid)
        self._changed(first, uuids, None, certain=self.connection.rpc is not None)

    def _computed_of(self, uuids: Collection[str]) -> list[str]:
        return self._sources.computed_of(
            uuids, self._catalogue, self.connection.xmlrpc_if_alive()
        )

    def _detach_sources(self, uuids: Sequence[str]) -> None:
        """Have nothing that stays come from objects that are to be removed."""
        for uuid in self._computed_of(uuids):
            by_rpc = self.connection.rpc is not None
            try:
                record = self._router.fetch(self._catalogue, uuid, full=by_rpc)
            except ObjectNotFoundError:
                continue  # another program has removed it meanwhile
            cut(record, uuids)
            self._sources.learn(record)
            if by_rpc:
                self._router.replace(
                    self._catalogue, record, self._targets, in_place=True
                )
            else:  # it is removed, too, and added again
                self.replace(uuid, record)

    def _remove(self, uuid: str) -> None:
        # The Web API needs nothing to be selected, where others could be in the way.
        address = self._catalogue.address(uuid)
        if self.connection.web is not None and address is not None:
            self.connection.web.remove(address)
        elif self.connection.rpc is None:
            self._router.addressed(self._catalogue, uuid)  # raises
        else:
            rpc = self.connection.require_xmlrpc("removing an object by its UUID")
            rpc.remove([uuid], self._catalogue[uuid].kind)

    def edit(
        self, uuid: str, fields: Mapping[str, FieldValue], metadata: Mapping[Any, Any]
    ) -> None:
        """See `Backend.edit`."""
        changes = dict(fields)
        if "title" in changes:
            self._rename(uuid, str(changes.pop("title")))
        if not changes and not metadata:
            return
        if not metadata and self._router.patch(self._catalogue, uuid, changes):
            self._cache.forget(uuid)
            self._snapshot.unsure = True
            return
        record = self.record(uuid, full=self.connection.rpc is not None)
        record.fields.update(changes)
        record.metadata.update(metadata)
        self.replace(uuid, record)

    def _rename(self, uuid: str, title: str) -> None:
        self._router.rename(self._catalogue, uuid, title)
        self._pinned.give(uuid, title)
        self._cache.forget(uuid)
        self._snapshot.catalogue = self._catalogue.retitled({uuid: title})
        self._snapshot.unsure |= self.connection.rpc is not None

    def clear(self, *, all: bool = False) -> None:
        """See `Backend.clear`."""
        if not all:
            self.remove([u for u in self.added if u in self._catalogue])
            return
        rpc = self.connection.xmlrpc_if_alive()
        if rpc is None:
            assert self.connection.web is not None
            for item in self._catalogue.items:
                # Of several with one title, whichever is first: all of them are to go.
                self.connection.web.remove(item.title)
        else:
            for kind in KINDS:
                rpc.remove_all(kind)
        self._snapshot.clear()
        self._targets.forget()

    def extend(self, groups: Sequence[Group]) -> None:
        """See `Backend.extend`; nothing is drawn until all are there."""
        count = sum(len(group.items) for group in groups)
        if not count:
            return self._add_groups(groups)
        with self.bulk(), Progress("adding objects to DataLab", count) as progress:
            named = self.capabilities.groups
            for group in groups:
                for item in group.items:
                    record = item.resolve() if isinstance(item, PendingRecord) else item
                    self.add(record, group=group.title if named else None)
                    progress.advance(1)
        return None

    def _add_groups(self, groups: Sequence[Group]) -> None:
        if not groups or self.connection.rpc is None:
            return
        rpc = self.connection.require_xmlrpc("adding groups")
        for kind in {group.kind for group in groups}:
            titles = [group.title for group in self._targets.of(rpc, kind)]
            for group in groups:
                if group.kind == kind and group.title not in titles:
                    rpc.add_group(kind, group.title)
                    titles.append(group.title)
        self._targets.forget()

    @contextmanager
    def bulk(self) -> Iterator[None]:
        """See `Backend.bulk`."""
        with ExitStack() as stack:
            rpc = None if self._bulk else self.connection.xmlrpc_if_alive()
            if rpc is not None:
                stack.enter_context(rpc.refresh_off())
            before = self._catalogue
            self._bulk += 1
            try:
                yield
            finally:
                self._bulk -= 1
            if not self._bulk:
                self._put_back(before, self._snapshot.refresh_now())

    # -- afterwards -------------------------------------------------------------------

    def _changed(
        self,
        before: Catalogue,
        gone: Collection[str],
        new: Known | None,
        *,
        certain: bool,
    ) -> None:
        """Find out what a change of ours made of the other objects, and mend it.

        Args:
            before: What there was before.
            gone: UUIDs of what was removed.
            new: What was added.
            certain: It is known where everything is now.
        """
        if self._bulk:  # looked at once, at its end
            self._snapshot.unsure |= not certain
        elif not certain or self._pinned.are_at_risk():
            self._put_back(before, self._look(before, gone, new))

    def _look(
        self, before: Catalogue, gone: Collection[str], new: Known | None
    ) -> Catalogue:
        """Return what there is after a change of ours; see `_changed`."""
        web = self.connection.web
        if web is not None and self.connection.rpc is None:
            followed = before.follow(web.objects(), gone, new)
            if followed is not None:
                self._snapshot.catalogue = followed
                return followed
        return self._snapshot.refresh_now()

    def _put_back(self, before: Catalogue, after: Catalogue) -> None:
        for uuid, title in self._pinned.rewritten(before, after).items():
            self._router.rename(self._catalogue, uuid, title)
            self._snapshot.catalogue = self._catalogue.retitled({uuid: title})
            self._snapshot.unsure = True

    # -- the window -------------------------------------------------------------------

    def show(self, uuid: str) -> None:
        """Have DataLab's window show an object."""
        self._window.select([uuid], show=True)

    def select(self, uuids: Sequence[str]) -> None:
        """See `Window.select`."""
        self._window.select(uuids)

    def selection(self) -> list[str]:
        """See `Window.selection`."""
        return self._window.selection()

    def compute(
        self, uuid: str, name: str, parameters: Mapping[str, Any] | None
    ) -> list[str]:
        """See `Window.compute`."""
        return self._window.compute(uuid, name, parameters)

    def screenshot(self) -> bytes:
        """See `Backend.screenshot`; needs XML-RPC."""
        rpc = self.connection.require_xmlrpc("a picture of DataLab's window")
        return screenshot.take(rpc.screenshot)
