"""The names of items: as short as they can be while each is unique."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from datalab_workspace.model.naming import free_name

#: The level of the longest names; a file is rarely below more folders.
_LONGEST = 250


class ItemNames:
    """The names of items, of which only the exceptions are kept.

    Names that occur several times are replaced by longer ones, until each is unique.
    Where there is no longer one, a number is appended: "peak (2)".

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
        self._lengthen()

    def __getitem__(self, index: int) -> str:
        numbered = self._numbered.get(index)
        return self._name(index) if numbered is None else numbered

    def _name(self, index: int) -> str:
        name = self._label(index, self._levels[index])
        assert name is not None, "only levels that exist are chosen"
        return name

    def _lengthen(self) -> None:
        """Choose longer names for items with equal ones until none can be chosen."""
        while True:
            repeated = self._repeated()
            longer = [i for i in repeated if self._has_longer(i)]
            if not longer:
                break
            for index in longer:
                self._levels[index] += 1
        if repeated:
            self._number(repeated)

    def _has_longer(self, index: int) -> bool:
        level = self._levels[index] + 1
        return level < _LONGEST and self._label(index, level) is not None

    def _number(self, repeated: Iterable[int]) -> None:
        used = {self._name(index) for index in range(self._count)}
        seen: set[str] = set()
        numbers: dict[str, int] = {}
        for index in repeated:
            name = self._name(index)
            if name in seen:
                name = self._numbered[index] = free_name(name, used, numbers)
                used.add(name)
            seen.add(name)

    def _repeated(self) -> list[int]:
        """Return the positions of the items whose names are not unique."""
        hashes = np.fromiter(
            (hash(self._name(index)) for index in range(self._count)),
            np.int64,
            self._count,
        )
        return same(hashes, self._name)


def same(hashes: np.ndarray, name: Callable[[int], str]) -> list[int]:
    """Return the positions of the strings that occur several times.

    Args:
        hashes: The hash of each string.
        name: Returns a string by its position; it is called where hashes are equal.
    """
    order = np.argsort(hashes, kind="stable")
    equal = np.flatnonzero(np.diff(hashes[order]) == 0)
    suspects = np.unique(np.concatenate((order[equal], order[equal + 1]))).tolist()
    counts: dict[str, int] = {}
    for position in suspects:
        counts[name(position)] = counts.get(name(position), 0) + 1
    return [position for position in suspects if counts[name(position)] > 1]
