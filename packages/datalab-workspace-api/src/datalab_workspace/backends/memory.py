"""The backend that keeps objects in the memory of this process."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from datalab_workspace.backends.base import Backend, Capabilities, Entry, PanelGroup
from datalab_workspace.model.description import Summary
from datalab_workspace.model.project import Group, Item
from datalab_workspace.model.record import (
    KINDS,
    FieldValue,
    Kind,
    PendingRecord,
    Record,
)

_CAPABILITIES = Capabilities(shares_views=True)


@dataclass(eq=False)
class _Shelf:
    kind: Kind
    title: str
    items: dict[str, Item] = field(default_factory=dict)


class MemoryBackend(Backend):
    """A backend that keeps records in groups, in the memory of this process.

    Objects of a file that was opened lazily stay pending until they are needed.

    Example:
        >>> from datalab_workspace.backends import MemoryBackend
        >>> len(dlw.Workspace(backend=MemoryBackend()))
        0
    """

    def __init__(self) -> None:
        self._shelves: dict[Kind, list[_Shelf]] = {kind: [] for kind in KINDS}
        self._shelf_of: dict[str, _Shelf] = {}

    @property
    def capabilities(self) -> Capabilities:
        """See `Backend.capabilities`; everything can be done, and views are shared."""
        return _CAPABILITIES

    def entries(self) -> Sequence[Entry]:
        """See `Backend.entries`."""
        return [
            Entry(item.uuid, item.kind, item.title, shelf.title, item.shape, item.dtype)
            for shelf in self._all()
            for item in shelf.items.values()
        ]

    def kind_of(self, uuid: str) -> Kind:
        """See `Backend.kind_of`."""
        return self._shelf_of[uuid].kind

    def title_of(self, uuid: str) -> FieldValue:
        """See `Backend.title_of`."""
        item = self._shelf_of[uuid].items[uuid]
        return item.fields["title"] if isinstance(item, Record) else item.title

    def groups(self, kind: Kind | None = None) -> Sequence[PanelGroup]:
        """See `Backend.groups`."""
        return [
            PanelGroup(shelf.kind, shelf.title, list(shelf.items))
            for shelf in self._all()
            if kind in (None, shelf.kind)
        ]

    def preview(self, uuid: str) -> tuple[Summary, Record | None]:
        """See `Backend.preview`."""
        item = self._shelf_of[uuid].items[uuid]
        if isinstance(item, PendingRecord):
            return Summary.known(item.kind, item.title, item.shape, item.dtype), None
        return Summary.of(item), item

    def record(self, uuid: str, *, full: bool = False) -> Record:  # noqa: ARG002
        """See `Backend.record`; `full` makes no difference in memory."""
        items = self._shelf_of[uuid].items
        item = items[uuid]
        if isinstance(item, PendingRecord):
            item = items[uuid] = item.resolve()
        return item

    def add(
        self,
        record: Record,
        *,
        group: str | None = None,
        composed: bool = False,  # noqa: ARG002
    ) -> None:
        """See `Backend.add`; no title is ever rewritten here."""
        self._put(record, self._shelf(record.kind, group))

    def replace(self, uuid: str, record: Record) -> None:
        """See `Backend.replace`."""
        shelf = self._shelf_of[uuid]
        if shelf.kind == record.kind:
            shelf.items[uuid] = record
        else:
            del shelf.items[uuid]
            self.add(record, group=shelf.title)

    def remove(self, uuids: Sequence[str]) -> None:
        """See `Backend.remove`."""
        for uuid in uuids:
            del self._shelf_of.pop(uuid).items[uuid]

    def edit(
        self, uuid: str, fields: Mapping[str, FieldValue], metadata: Mapping[Any, Any]
    ) -> None:
        """See `Backend.edit`."""
        record = self.record(uuid)
        record.fields.update(fields)
        record.metadata.update(metadata)

    def clear(self, *, all: bool = False) -> None:  # noqa: ARG002
        """See `Backend.clear`."""
        self._shelves = {kind: [] for kind in KINDS}
        self._shelf_of = {}

    def extend(self, groups: Sequence[Group]) -> None:
        """See `Backend.extend`."""
        before = [*reversed(list(self._all()))]
        known = {(shelf.kind, shelf.title): shelf for shelf in before}
        for group in groups:
            shelf = known.get((group.kind, group.title))
            if shelf is None:
                shelf = _Shelf(group.kind, group.title)
                self._shelves[group.kind].append(shelf)
            for item in group.items:
                self._put(item, shelf)

    def content(self, uuids: Collection[str] | None = None) -> list[Group]:
        """See `Backend.content`."""
        groups = []
        for shelf in self._all():
            chosen = [u for u in shelf.items if uuids is None or u in uuids]
            if chosen or uuids is None:
                items: list[Item] = [self.record(uuid) for uuid in chosen]
                groups.append(Group(shelf.kind, shelf.title, items))
        return groups

    def _all(self) -> Iterator[_Shelf]:
        for kind in KINDS:
            yield from self._shelves[kind]

    def _put(self, item: Item, shelf: _Shelf) -> None:
        shelf.items[item.uuid] = item
        self._shelf_of[item.uuid] = shelf

    def _shelf(self, kind: Kind, title: str | None) -> _Shelf:
        for shelf in self._shelves[kind]:
            if title is None or shelf.title == title:
                return shelf
        shelf = _Shelf(kind, title or "")
        self._shelves[kind].append(shelf)
        return shelf
