"""The names of items: as short as they can be while each is unique."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from datalab_workspace.model.naming import free_name
from datalab_workspace.model.repeated_strings import repeated

#: The highest level of a name.
_HIGHEST = 255


class ItemNames:
    """The names of items. Only the exceptions are kept in memory.

    Names that occur several times are replaced by longer ones, until each is unique.
    If no name is long enough, a number is appended: "peak (2)".

    Args:
        count: The number of items.
        label: Returns a name of an item by its position and a level, or None; see
            `ItemSource.label`.
    """

    def __init__(self, count: int, label: Callable[[int, int], str | None]) -> None:
        self._count = count
        self._label = label
        self._levels = bytearray(count)
        self._numbered: dict[int, str] = {}
        self._make_unique()

    def __getitem__(self, index: int) -> str:
        numbered = self._numbered.get(index)
        return self._name(index) if numbered is None else numbered

    def _name(self, index: int) -> str:
        name = self._label(index, self._levels[index])
        assert name is not None, "only levels that exist are chosen"
        return name

    def _make_unique(self) -> None:
        while again := repeated(self._count, self._name):
            if not self._lengthen(again):
                self._number(again)
                return

    def _lengthen(self, again: Iterable[int]) -> bool:
        """Choose longer names; return False if there are none.

        Of equal names, only the shortest kind becomes longer: the stem of one file may
        be the name of another.
        """
        lowest: dict[str, int] = {}
        longer = [index for index in again if self._has_longer(index)]
        for index in longer:
            name, level = self._name(index), self._levels[index]
            lowest[name] = min(level, lowest.get(name, level))
        chosen = [i for i in longer if self._levels[i] == lowest[self._name(i)]]
        for index in chosen:
            self._levels[index] += 1
        return bool(chosen)

    def _has_longer(self, index: int) -> bool:
        level = self._levels[index] + 1
        return level <= _HIGHEST and self._label(index, level) is not None

    def _number(self, again: Iterable[int]) -> None:
        """Append numbers to equal names; the first item keeps its name."""
        used = {self._name(index) for index in range(self._count)}
        seen: set[str] = set()
        numbers: dict[str, int] = {}
        for index in again:
            name = self._name(index)
            if name in seen:
                name = self._numbered[index] = free_name(name, used, numbers)
                used.add(name)
            seen.add(name)
