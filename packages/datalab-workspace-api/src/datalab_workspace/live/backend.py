"""The backend that keeps objects in a running DataLab.

The Web API transfers data, because it is fast. XML-RPC does what the Web API cannot: it
reports UUIDs, distinguishes objects of the same title, and gives access to groups and
to every part of an object. If one of the two protocols is not available, an operation
that needs it raises an error that says so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from datalab_workspace.backends.base import (
    Backend,
    BackendStatus,
    BroughtHome,
    Capabilities,
    Entry,
    PanelGroup,
)
from datalab_workspace.encoding.carriers import NATIVE_DTYPES, NPZ
from datalab_workspace.errors import LiveError
from datalab_workspace.live import screenshot
from datalab_workspace.live.attach import describe, find_again
from datalab_workspace.live.catalogue import Catalogue, CatalogueEntry
from datalab_workspace.live.connection import Connection
from datalab_workspace.live.record_cache import RecordCache
from datalab_workspace.live.removal import Remover
from datalab_workspace.live.routing import SMALL, Router
from datalab_workspace.live.snapshot import Snapshot
from datalab_workspace.live.sources import SourceIndex
from datalab_workspace.live.titles import PinnedTitles, TitleKeeper
from datalab_workspace.live.transport.base import Timeouts
from datalab_workspace.live.window import Window
from datalab_workspace.model.description import Summary, WorkspaceMode
from datalab_workspace.model.project import Group
from datalab_workspace.model.record import (
    KINDS,
    FieldValue,
    Kind,
    PendingRecord,
    Record,
)
from datalab_workspace.progress import Progress


class LiveBackend(Backend):
    """The objects of a running DataLab, which its user and other programs change, too.

    Args:
        connection: The clients.
    """

    def __init__(self, connection: Connection) -> None:
        self._snapshot = Snapshot(connection)
        self._pinned = PinnedTitles()
        self._cache = RecordCache()
        self._sources = SourceIndex()
        #: UUIDs of the objects that this program added, and of those that it got.
        self.added: set[str] = set()
        self.got: set[str] = set()
        self._attach(connection)

    def resync(self) -> None:
        """See `Backend.resync`; DataLab may have been restarted on another port."""
        endpoint = find_again(self.connection.endpoint)
        self.connection.close()
        self._attach(Connection(endpoint))

    def check(self, within: float) -> None:
        """Make sure that DataLab accepts the token.

        Args:
            within: Seconds that this may take.

        Raises:
            LiveError: DataLab does not accept the token, or does not answer.
        """
        timeouts = Timeouts(connect=within, read=within)
        if self.connection.web is not None:
            self.connection.web.check(timeouts)

    @property
    def location(self) -> str:
        """See `Backend.location`."""
        return describe(self.connection.endpoint)

    def status(self) -> BackendStatus:
        """See `Backend.status`; it also finds out whether DataLab answers."""
        endpoint = self.connection.endpoint
        notes: tuple[str, ...] = ()
        try:
            self.refresh()
        except LiveError as error:
            notes = (f"DataLab does not answer: {error}",)
        protocols = self.connection.status_names()
        return BackendStatus(endpoint.version, endpoint.url, protocols, notes)

    def _attach(self, connection: Connection) -> None:
        self.connection = connection
        self._snapshot.attach(connection)
        self._router = Router(connection)
        self._window = Window(connection, self._snapshot, self._router, self._sources)
        self._titles = TitleKeeper(
            connection, self._snapshot, self._router, self._pinned
        )
        self._remover = Remover(
            connection, self._snapshot, self._router, self._sources, self._titles
        )

    def close(self) -> None:
        """Close the connections."""
        self.connection.close()

    @property
    def mode(self) -> WorkspaceMode:
        """See `Backend.mode`: the objects are in DataLab."""
        return WorkspaceMode.LIVE

    @property
    def capabilities(self) -> Capabilities:
        """The capabilities that the available protocols provide."""
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
            shared=True,
            computes=True,
            dtypes=frozenset(str(d) for kind in KINDS for d in dtypes[kind]),
        )

    # -- reading ----------------------------------------------------------------------

    @property
    def refuses_titles_in_use(self) -> bool:
        """See `Backend.refuses_titles_in_use`; the Web API refuses them."""
        return self.connection.web is not None

    def refresh(self, max_age: float = 0.0) -> bool:
        """See `Backend.refresh`."""
        return self._snapshot.refresh(max_age)

    @property
    def seen(self) -> bool:
        """See `Backend.seen`; attaching reads nothing."""
        return self._snapshot.seen

    @property
    def _catalogue(self) -> Catalogue:
        return self._snapshot.catalogue

    def entries(self) -> Sequence[Entry]:
        """See `Backend.entries`; groups are left out."""
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
        return self._snapshot.groups_of(KINDS if kind is None else (kind,))

    def preview(self, uuid: str) -> tuple[Summary, Record | None]:
        """See `Backend.preview`; no record, as others may have changed the object."""
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

        The Web API does not carry coordinates of an image that are not evenly spaced.
        For objects that were added here, the sidecar does.
        """
        return self.record(uuid, full=uuid not in self.added)

    def content(self, uuids: Collection[str] | None = None) -> list[Group]:
        """See `Backend.content`."""
        return self._router.content(self._catalogue, self.groups(), uuids)

    def unread(self, path: Path) -> Sequence[str]:  # noqa: ARG002 (of no file)
        """See `Backend.unread`; all data is in DataLab."""
        return ()

    def bring_home(self, *, everything: bool) -> BroughtHome:
        """See `Backend.bring_home`; if DataLab is gone, the cache has small objects."""
        mine = self.added | self.got
        try:
            self.refresh()
            return BroughtHome(self.content(None if everything else mine))
        except LiveError as error:
            reason = str(error)
        items = [i for i in self._catalogue.items if everything or i.uuid in mine]
        return BroughtHome(*self._cache.restore(items), reason)

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
        groups = self._snapshot.groups
        if not self._titles.in_bulk:
            groups.expire()
        last = rpc is None or groups.select_target(rpc, record.kind, group)
        if not composed:
            self._pinned.pin(record.uuid, record.title)
        self._send(record, last=last and rpc is not None)

    def add_to_group_of(self, record: Record, uuid: str) -> None:
        """See `Backend.add_to_group_of`; it switches no panel."""
        rpc = self.connection.require_xmlrpc("a group")
        last = self._snapshot.groups.select_target_of(rpc, record.kind, uuid)
        self._send(record, last=last)

    def _send(self, record: Record, *, last: bool) -> None:
        """Add an object to the group that is selected.

        Args:
            record: The object.
            last: It will be the last object of its panel.
        """
        try:
            new = self._router.send(self._catalogue, record)
        except BaseException:
            self._pinned.forget(record.uuid)
            self._snapshot.stale = True
            raise
        self.added.add(record.uuid)
        self._sources.learn(record)
        self._cache.keep(record)
        before = self._catalogue
        self._snapshot.append(new)
        self._titles.after_change(before, (), new, certain=last)

    def replace(self, uuid: str, record: Record) -> None:
        """See `Backend.replace`; an object with large data may move."""
        known = self._catalogue[uuid]
        if known.kind != record.kind:
            group = self._group_of(known) if self.capabilities.groups else None
            self.move(uuid, record, group)
            return
        if self.connection.rpc is None:  # the object is removed and added
            self._remover.detach_sources([uuid], replace=self.replace)
        before = self._catalogue
        large = max(known.nbytes, record.nbytes) > SMALL
        in_place = large and bool(self._remover.computed_from([uuid]))
        moved = self._router.replace(
            before, record, self._snapshot.groups, in_place=in_place
        )
        self._sources.learn(record)
        self._cache.keep(record)
        if moved is None:
            self._snapshot.catalogue = before.replaced(known.with_data_of(record))
            return
        self._snapshot.groups.forget(moved.kind)
        self._snapshot.catalogue = before.without([uuid]).appended(moved)
        self._titles.after_change(before, (uuid,), moved, certain=False)

    def move(self, uuid: str, record: Record, group: str | None) -> None:
        """See `Backend.move`."""
        self._router.check(record)
        composed, found = not self._pinned.has(uuid), uuid not in self.added
        self.remove([uuid])
        self.add(record, group=group, composed=composed)
        if found:
            self.added.discard(uuid)

    def _group_of(self, known: CatalogueEntry) -> str | None:
        for group in self.groups(known.kind):
            if known.uuid in group.uuids:
                return group.title
        return None

    def remove(self, uuids: Sequence[str]) -> None:
        """See `Backend.remove`."""
        self._remover.remove(uuids, replace=self.replace, forget=self._forget)

    def _forget(self, uuid: str) -> None:
        """Forget an object that was removed."""
        for memory in (self._pinned, self._cache, self._sources):
            memory.forget(uuid)
        self.added.discard(uuid)
        self.got.discard(uuid)

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
            self._snapshot.stale = True
            return
        record = self.record(uuid, full=self.connection.rpc is not None)
        record.fields.update(changes)
        record.metadata.update(metadata)
        self.replace(uuid, record)

    def _rename(self, uuid: str, title: str) -> None:
        self._router.rename(self._catalogue, uuid, title)
        self._pinned.pin(uuid, title)
        self._cache.forget(uuid)
        self._snapshot.catalogue = self._catalogue.retitled({uuid: title})
        self._snapshot.stale |= self.connection.rpc is not None

    def clear(self, *, all: bool = False) -> None:
        """See `Backend.clear`."""
        if not all:
            items = self._catalogue.items
            self.remove([item.uuid for item in items if item.uuid in self.added])
            return
        self._remover.remove_all()

    def extend(self, groups: Sequence[Group]) -> None:
        """See `Backend.extend`; DataLab draws the objects when all are added."""
        count = sum(len(group.items) for group in groups)
        if not count:
            if groups and self.connection.rpc is not None:
                rpc = self.connection.require_xmlrpc("adding groups")
                self._snapshot.groups.add_missing(rpc, groups)
            return
        with self.bulk(), Progress("adding objects to DataLab", count) as progress:
            named = self.capabilities.groups
            for group in groups:
                for item in group.items:
                    record = item.resolve() if isinstance(item, PendingRecord) else item
                    self.add(record, group=group.title if named else None)
                    progress.advance(1)

    def bulk(self) -> AbstractContextManager[None]:
        """See `Backend.bulk`."""
        return self._titles.bulk()

    # -- the window -------------------------------------------------------------------

    def show(self, uuid: str) -> None:
        """Show an object in DataLab's window."""
        self._window.select([uuid], show=True)

    def select(self, uuids: Sequence[str]) -> None:
        """See `Window.select`; only the selection of the shown panel can be read."""
        kinds = {self.kind_of(uuid) for uuid in uuids}
        self._window.select(uuids, show=len(kinds) == 1)

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
