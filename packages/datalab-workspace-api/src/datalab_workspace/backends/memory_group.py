"""A group of the objects that are kept in memory."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from datalab_workspace.model.project import Item
from datalab_workspace.model.record import Kind, Record


@dataclass(eq=False)
class MemoryGroup:
    """A group of objects in memory, in their order.

    Attributes:
        kind: The kind of its objects.
        title: Its title.
        items: The objects by UUID.
        ranks: The order of the items, so that one can be put back where it was.
        count: The next rank.
    """

    kind: Kind
    title: str
    items: dict[str, Item] = field(default_factory=dict)
    ranks: dict[str, int] = field(default_factory=dict)
    count: int = 0
    #: The UUIDs in order and the position of each; empty if they must be found again.
    #: Appending keeps them, so that a loop that adds objects never counts them again.
    _order: list[str] = field(default_factory=list)
    _positions: dict[str, int] = field(default_factory=dict)

    def extend(self, items: Mapping[str, Item]) -> None:
        """Append objects."""
        first, self.count = self.count, self.count + len(items)
        counted = len(self._order) == len(self.items)
        self.items.update(items)
        self.ranks.update(zip(items, range(first, self.count), strict=True))
        if counted:
            at = len(self._order)
            self._order += items
            self._positions.update(zip(items, range(at, len(self._order)), strict=True))

    def drop(self, uuids: Iterable[str]) -> None:
        """Remove objects, some of which may not be here."""
        for uuid in uuids:
            self.items.pop(uuid, None)
            self.ranks.pop(uuid, None)
            self._uncount(uuid)

    def take(self, uuid: str) -> tuple[Item, int]:
        """Remove an object; return it with its rank."""
        self._uncount(uuid)
        return self.items.pop(uuid), self.ranks.pop(uuid)

    def position(self, uuid: str) -> int:
        """Return the position of an object, from 0."""
        self._count()
        return self._positions[uuid]

    def uuid_at(self, position: int) -> str:
        """Return the UUID of the object at a position."""
        self._count()
        return self._order[position]

    def _count(self) -> None:
        if len(self._order) != len(self.items):
            self._order = list(self.items)
            self._positions = dict(
                zip(self._order, range(len(self._order)), strict=True)
            )

    def _uncount(self, uuid: str) -> None:
        if self._order and self._order[-1] == uuid:
            del self._positions[self._order.pop()]
        else:
            self._order, self._positions = [], {}

    def copy(self) -> MemoryGroup:
        """Return a group of objects that can be edited by themselves."""
        items = {uuid: _separate(item) for uuid, item in self.items.items()}
        return MemoryGroup(self.kind, self.title, items, dict(self.ranks), self.count)

    def put_back(self, taken: Sequence[tuple[Item, int]]) -> None:
        """Put objects back where they were, as `take` returned them."""
        for item, rank in taken:
            self.items[item.uuid] = item
            self.ranks[item.uuid] = rank
        self.items = dict(sorted(self.items.items(), key=lambda i: self.ranks[i[0]]))
        self._order, self._positions = [], {}


def _separate(item: Item) -> Item:
    """Return an object that can be edited by itself; it shares the arrays."""
    copied = copy.copy(item)
    if isinstance(copied, Record):
        copied.fields = dict(copied.fields)
        copied.arrays = dict(copied.arrays)
        copied.metadata = dict(copied.metadata)
    return copied
