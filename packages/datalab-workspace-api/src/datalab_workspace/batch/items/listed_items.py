"""The items of a run, in order."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from datalab_workspace.batch.items.item import Item
from datalab_workspace.batch.items.item_names import ItemNames
from datalab_workspace.batch.items.sources.base import ItemSource
from datalab_workspace.errors import WorkspaceError


class ItemList:
    """The items of a run, made when they are asked for; see `Items`.

    Args:
        sources: Where they come from, in order.
    """

    def __init__(self, sources: Sequence[ItemSource]) -> None:
        self._sources = sources
        self._ends = list(itertools.accumulate(map(len, sources)))
        self._names = ItemNames(len(self), self._label)

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, index: int) -> Item:
        """See `Items.__getitem__`."""
        source, position = self._find(index)
        taken = source.take(position)
        name, group = self._names[index], source.group(position)
        return Item(
            index,
            name,
            group,
            taken.source,
            taken.identity,
            _complete(taken.fingerprint, name, group),
        )

    def names(self) -> Iterator[str]:
        """See `Items.names`."""
        return map(self._names.__getitem__, range(len(self)))

    def name(self, index: int) -> str:
        """See `Items.name`."""
        return self._names[index]

    def group(self, index: int) -> str | None:
        """See `Items.group`."""
        source, position = self._find(index)
        return source.group(position)

    def fingerprint(self, index: int) -> str:
        """See `Items.fingerprint`."""
        source, position = self._find(index)
        try:
            found = source.fingerprint(position)
        except (WorkspaceError, OSError, ValueError):
            found = "unavailable"  # the error is raised when the item is computed
        return _complete(found, self._names[index], source.group(position))

    def reads(self, path: Path) -> bool:
        """See `Items.reads`."""
        return any(source.reads(path) for source in self._sources)

    def _find(self, index: int) -> tuple[ItemSource, int]:
        """Return the source of an item, and its position there."""
        if not 0 <= index < len(self):
            raise IndexError(f"there is no item {index}; there are {len(self)}")
        number = bisect.bisect_right(self._ends, index)
        begin = self._ends[number - 1] if number else 0
        return self._sources[number], index - begin

    def _label(self, index: int, level: int) -> str | None:
        source, position = self._find(index)
        return source.label(position, level)


def _complete(fingerprint: str, name: str, group: str | None) -> str:
    # Results have the name and the group of their item: others make new results.
    return f"{fingerprint} {group or ''}/{name}"
