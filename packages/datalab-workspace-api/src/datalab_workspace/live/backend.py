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
    Entry,
    PanelGroup,
)
from datalab_workspace.live.attached import AttachedBackend
from datalab_workspace.live.catalogue import CatalogueEntry
from datalab_workspace.live.routing import SMALL
from datalab_workspace.live.screenshot import FallbackWindow
from datalab_workspace.model.description import Summary
from datalab_workspace.model.project import Group
from datalab_workspace.model.record import (
    KINDS,
    FieldValue,
    Kind,
    PendingRecord,
    Record,
)
from datalab_workspace.progress import Progress


class LiveBackend(AttachedBackend):
    """The objects of a running DataLab, which its user and other programs change, too.

    Args:
        connection: The clients.
    """

    # -- reading ----------------------------------------------------------------------

    @property
    def refuses_titles_in_use(self) -> bool:
        """See `Backend.refuses_titles_in_use`; the Web API refuses them."""
        return self.connection.web is not None

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
        groups = self._snapshot.groups_of(KINDS if kind is None else (kind,))
        for group in groups:
            self._cache.keep_group(group.title, group.uuids)
        return groups

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

    # -- changes ----------------------------------------------------------------------

    def add(
        self, record: Record, *, group: str | None = None, composed: bool = False
    ) -> None:
        """See `Backend.add`."""
        self.connection.probe_if_silent()
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
        if group is not None:
            self._cache.keep_group(group, [record.uuid])

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

    def edit(
        self,
        uuid: str,
        fields: Mapping[str, FieldValue],
        metadata: Mapping[Any, Any],
        drop: Sequence[Any] = (),
    ) -> None:
        """See `Backend.edit`."""
        changes = dict(fields)
        if "title" in changes:
            self._rename(uuid, str(changes.pop("title")))
        if not changes and not metadata and not drop:
            return
        if (
            not metadata
            and not drop
            and self._router.patch(self._catalogue, uuid, changes)
        ):
            self._cache.keep_fields(uuid, changes)
            self._snapshot.stale = True
            return
        record = self.record(uuid, full=self.connection.rpc is not None)
        record.fields.update(changes)
        for key in drop:
            record.metadata.pop(key, None)
        record.metadata.update(metadata)
        self.replace(uuid, record)

    def _rename(self, uuid: str, title: str) -> None:
        self._router.rename(self._catalogue, uuid, title)
        self._pinned.pin(uuid, title)
        self._cache.keep_fields(uuid, {"title": title})
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

    @property
    def window(self) -> FallbackWindow:
        """See `Backend.window`."""
        return FallbackWindow(self.connection)

    def selections(self) -> Mapping[Kind, Sequence[str] | None]:
        """See `Backend.selections`; only that of the shown panel is reported.

        It is the selection that `selection` has just returned.
        """
        selected = self.known_selection() or []
        kinds = {self.kind_of(uuid) for uuid in selected}
        return {kind: selected if kind in kinds else None for kind in KINDS}
