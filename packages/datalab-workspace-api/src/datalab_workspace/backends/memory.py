"""The backend that keeps objects in the memory of this process."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from datalab_workspace.backends.base import Backend, Capabilities, Entry, PanelGroup
from datalab_workspace.backends.memory_group import MemoryGroup
from datalab_workspace.model.description import Summary
from datalab_workspace.model.project import Group, Item
from datalab_workspace.model.record import (
    KINDS,
    FieldValue,
    Kind,
    PendingRecord,
    Record,
)

_CAPABILITIES = Capabilities(shares_views=True, undo=True, edits_groups=True)


class Ticket:
    """The steps that take a transaction back, last one first.

    Attributes:
        nbytes: Bytes of the data that only the steps hold.
    """

    __slots__ = ("_steps", "nbytes")

    def __init__(self) -> None:
        self._steps: list[Callable[[], object]] = []
        self.nbytes = 0

    def __bool__(self) -> bool:
        return bool(self._steps)

    def note(self, step: Callable[[], object], *held: Item) -> None:
        """Note the step that takes a write back, and the objects that it holds."""
        self._steps.append(step)
        self.nbytes += sum(item.nbytes for item in held if isinstance(item, Record))

    def carry_out(self) -> None:
        """Take the writes back."""
        while self._steps:
            self._steps.pop()()


class MemoryBackend(Backend):
    """A backend that keeps records in groups, in the memory of this process.

    Objects of a file that was opened lazily stay pending until they are needed.

    Example:
        >>> from datalab_workspace.backends import MemoryBackend
        >>> len(dlw.Workspace(backend=MemoryBackend()))
        0
    """

    transactional = True

    def __init__(self) -> None:
        self._memory_groups: dict[Kind, list[MemoryGroup]] = {
            kind: [] for kind in KINDS
        }
        self._group_by_uuid: dict[str, MemoryGroup] = {}
        self._ticket = Ticket()

    # The steps of a transaction are functions, which cannot be pickled or copied.

    def __getstate__(self) -> dict[str, Any]:
        return {key: held for key, held in vars(self).items() if key != "_ticket"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._ticket = Ticket()

    def independent_copy(self) -> MemoryBackend:
        """See `Backend.independent_copy`; unread objects and all arrays are shared."""
        copied = object.__new__(type(self))
        copied.__setstate__(self.__getstate__())
        copied._memory_groups = {
            kind: [stored.copy() for stored in stored_groups]
            for kind, stored_groups in self._memory_groups.items()
        }
        copied._group_by_uuid = {
            uuid: stored for stored in copied._all() for uuid in stored.items
        }
        return copied

    @property
    def capabilities(self) -> Capabilities:
        """See `Backend.capabilities`; everything can be done, and views are shared."""
        return _CAPABILITIES

    def entries(self) -> Sequence[Entry]:
        """See `Backend.entries`."""
        return [
            Entry(
                item.uuid,
                item.kind,
                item.title,
                stored.title,
                item.shape,
                item.dtype,
            )
            for stored in self._all()
            for item in stored.items.values()
        ]

    def uuids(self, kind: Kind | None = None) -> Sequence[str]:
        """See `Backend.uuids`."""
        kinds = KINDS if kind is None else (kind,)
        stored_groups = (
            stored.items for kind in kinds for stored in self._memory_groups[kind]
        )
        return list(chain.from_iterable(stored_groups))

    def count(self, kind: Kind | None = None) -> int:
        """See `Backend.count`."""
        kinds = KINDS if kind is None else (kind,)
        return sum(len(s.items) for kind in kinds for s in self._memory_groups[kind])

    def has(self, uuid: str) -> bool:
        """See `Backend.has`."""
        return uuid in self._group_by_uuid

    def kind_of(self, uuid: str) -> Kind:
        """See `Backend.kind_of`."""
        return self._group_by_uuid[uuid].kind

    def title_of(self, uuid: str) -> FieldValue:
        """See `Backend.title_of`."""
        item = self._group_by_uuid[uuid].items[uuid]
        return item.fields["title"] if isinstance(item, Record) else item.title

    def groups(self, kind: Kind | None = None) -> Sequence[PanelGroup]:
        """See `Backend.groups`."""
        return [
            PanelGroup(stored.kind, stored.title, list(stored.items))
            for stored in self._all()
            if kind in (None, stored.kind)
        ]

    def number_of(self, uuid: str) -> int | None:
        """See `Backend.number_of`; only the groups before that of the object count."""
        own = self._group_by_uuid.get(uuid)
        if own is None:
            return None
        before = 0
        for stored in self._memory_groups[own.kind]:
            if stored is own:
                break
            before += len(stored.items)
        return before + own.position(uuid) + 1

    def group_of(self, uuid: str) -> str | None:
        """See `Backend.group_of`."""
        stored = self._group_by_uuid.get(uuid)
        return None if stored is None else stored.title

    def uuid_at(self, kind: Kind, number: int) -> str | None:
        """See `Backend.uuid_at`."""
        position = number - 1
        for stored in self._memory_groups[kind]:
            if 0 <= position < len(stored.items):
                return stored.uuid_at(position)
            position -= len(stored.items)
        return None

    def preview(self, uuid: str) -> tuple[Summary, Record | None]:
        """See `Backend.preview`."""
        item = self._group_by_uuid[uuid].items[uuid]
        if isinstance(item, PendingRecord):
            return Summary.known(item.kind, item.title, item.shape, item.dtype), None
        return Summary.of(item), item

    def held(self, uuid: str) -> tuple[Item, str] | None:
        """See `Backend.held`."""
        stored = self._group_by_uuid.get(uuid)
        return None if stored is None else (stored.items[uuid], stored.title)

    def record(self, uuid: str, *, full: bool = False) -> Record:  # noqa: ARG002
        """See `Backend.record`; `full` makes no difference in memory."""
        items = self._group_by_uuid[uuid].items
        item = items[uuid]
        if isinstance(item, PendingRecord):
            item = items[uuid] = item.record()
        return item

    # -- transactions -----------------------------------------------------------------

    @property
    def is_writing(self) -> bool:
        """See `Backend.is_writing`."""
        return bool(self._ticket)

    def begin(self) -> None:
        """See `Backend.begin`."""
        if self._ticket:
            self._ticket = Ticket()

    def commit(self, names: Mapping[str, str]) -> Sequence[Ticket]:  # noqa: ARG002
        """See `Backend.commit`; everything has been carried out, and no name is old."""
        if not self._ticket:
            return ()
        ticket, self._ticket = self._ticket, Ticket()
        return (ticket,)

    def abandon(self) -> None:
        """See `Backend.abandon`."""
        self._ticket.carry_out()

    def undo(self, tickets: Sequence[Ticket]) -> None:
        """See `Backend.undo`."""
        for ticket in reversed(tickets):
            ticket.carry_out()

    # -- changes ----------------------------------------------------------------------

    def add(
        self,
        record: Record,
        *,
        group: str | None = None,
        composed: bool = False,  # noqa: ARG002
    ) -> None:
        """See `Backend.add`; no title is ever rewritten here."""
        self._put([record], self._memory_group(record.kind, group))

    def add_to_group_of(self, record: Record, uuid: str) -> None:
        """See `Backend.add_to_group_of`."""
        self._put([record], self._group_by_uuid[uuid])

    def replace(self, uuid: str, record: Record) -> None:
        """See `Backend.replace`."""
        stored = self._group_by_uuid[uuid]
        if stored.kind == record.kind:
            old = stored.items[uuid]
            self._ticket.note(lambda: stored.items.update({uuid: old}), old)
            stored.items[uuid] = record
        else:
            self.remove([uuid])
            self.add(record, group=stored.title)

    def remove(self, uuids: Sequence[str]) -> None:
        """See `Backend.remove`."""
        taken: dict[MemoryGroup, list[tuple[Item, int]]] = {}
        self._ticket.note(
            lambda: None
        )  # writing begins; what it takes is not known yet
        for uuid in uuids:
            stored = self._group_by_uuid.pop(uuid)
            taken.setdefault(stored, []).append(stored.take(uuid))

        def put_back() -> None:
            for stored, items in taken.items():
                stored.put_back(items)
                self._group_by_uuid.update((item.uuid, stored) for item, _ in items)

        held = [item for items in taken.values() for item, _ in items]
        self._ticket.note(put_back, *held)

    def edit(
        self,
        uuid: str,
        fields: Mapping[str, FieldValue],
        metadata: Mapping[Any, Any],
        drop: Sequence[Any] = (),
    ) -> None:
        """See `Backend.edit`."""
        before = self.record(uuid)
        stored = self._group_by_uuid[uuid]
        self._ticket.note(lambda: stored.items.update({uuid: before}))
        kept = {k: v for k, v in before.metadata.items() if k not in drop}
        # A new record, so that a save recognises which objects have changed. Both share
        # the dict of the arrays, so that a save points all into the new file.
        stored.items[uuid] = Record(
            before.kind,
            {**before.fields, **fields},
            before.arrays,
            {**kept, **metadata},
            uuid,
            history=before.history,
        )

    def move_to_group(self, uuids: Sequence[str], group: str) -> None:
        """See `Backend.move_to_group`."""
        items = [self._group_by_uuid[uuid].items[uuid] for uuid in uuids]
        self.remove(uuids)
        for item in items:
            self._put([item], self._memory_group(item.kind, group))

    def rename_group(self, kind: Kind, title: str, new_title: str) -> None:
        """See `Backend.rename_group`."""
        stored = next(s for s in self._memory_groups[kind] if s.title == title)
        self._ticket.note(lambda: setattr(stored, "title", title))
        stored.title = new_title

    def clear(self, *, all: bool = False) -> None:  # noqa: ARG002
        """See `Backend.clear`."""
        before = self._memory_groups, self._group_by_uuid

        def put_back() -> None:
            self._memory_groups, self._group_by_uuid = before

        items = [item for stored in self._all() for item in stored.items.values()]
        self._ticket.note(put_back, *items)
        self._memory_groups = {kind: [] for kind in KINDS}
        self._group_by_uuid = {}

    def extend(self, groups: Sequence[Group]) -> None:
        """See `Backend.extend`."""
        before = [*reversed(list(self._all()))]
        known = {(stored.kind, stored.title): stored for stored in before}
        for group in groups:
            stored = known.get((group.kind, group.title))
            if stored is None:
                stored = self._new_group(group.kind, group.title)
            self._put(group.items, stored)

    def content(self, uuids: Collection[str] | None = None) -> list[Group]:
        """See `Backend.content`; objects of a file stay pending."""
        groups = []
        for stored in self._all():
            chosen = [u for u in stored.items if uuids is None or u in uuids]
            if chosen or uuids is None:
                items = [stored.items[uuid] for uuid in chosen]
                groups.append(Group(stored.kind, stored.title, items))
        return groups

    def _all(self) -> Iterator[MemoryGroup]:
        for kind in KINDS:
            yield from self._memory_groups[kind]

    def _put(self, items: Sequence[Item], stored: MemoryGroup) -> None:
        new = {item.uuid: item for item in items}
        uuids = list(new)  # the ticket must not keep the objects alive

        def take_out() -> None:
            # An interrupt may have come before all of them were put.
            stored.drop(uuids)
            for uuid in uuids:
                self._group_by_uuid.pop(uuid, None)

        self._ticket.note(take_out)
        stored.extend(new)
        self._group_by_uuid.update(dict.fromkeys(new, stored))

    def _memory_group(self, kind: Kind, title: str | None) -> MemoryGroup:
        for stored in self._memory_groups[kind]:
            if title is None or stored.title == title:
                return stored
        return self._new_group(kind, title or "")

    def _new_group(self, kind: Kind, title: str) -> MemoryGroup:
        stored, stored_groups = (
            MemoryGroup(kind, title),
            self._memory_groups[kind],
        )
        self._ticket.note(lambda: stored_groups.remove(stored))
        stored_groups.append(stored)
        return stored
