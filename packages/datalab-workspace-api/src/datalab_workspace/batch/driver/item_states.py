"""The state of the items of a run, with the place of each receipt in the journal.

A run may have a million items. So an item costs one byte of state and two numbers; its
receipt is read from the journal when it is needed.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from datalab_workspace.batch.folder.run_journal import decode_line, result_of
from datalab_workspace.batch.item_results import ItemResult
from datalab_workspace.batch.results.result_columns import merge_units

LEFT, DONE, FAILED, UNDER_WAY = 0, 1, 2, 3
_CACHED_LINES = 16


class ItemStates:
    """The state of each item of a run.

    Args:
        journal: The run journal.
        length: The number of items.

    Attributes:
        units: The unit of each column; "" where items have different ones.
        written: Size and modification time in ns of each output, by name, when the run
            wrote it last; empty if it did not.
        outputs: The same if no receipt is newer than the outputs; None otherwise.
        engine: The workers of the newest call in words; "" if that is not known.
        seconds: The time that the calls took, without those that were killed.
    """

    def __init__(self, journal: Path, length: int) -> None:
        self._journal = journal
        self._state = bytearray(length)
        self._offsets = array("q", [-1]) * length
        self._positions = array("I", [0]) * length
        self._lines: OrderedDict[int, dict[str, Any]] = OrderedDict()
        self._all_units: dict[str, str] = {}
        self._first_left = 0
        self.outputs: Mapping[str, list[int]] | None = None
        self.written: Mapping[str, list[int]] = {}
        self.engine = ""
        self.seconds = 0.0

    def __len__(self) -> int:
        return len(self._state)

    @property
    def done(self) -> int:
        """The number of items that were computed without an error."""
        return self._state.count(DONE)

    @property
    def failed(self) -> int:
        """The number of items with an error."""
        return self._state.count(FAILED)

    @property
    def left(self) -> int:
        """The number of items that were not computed, or whose worker still runs."""
        return len(self) - self.done - self.failed

    @property
    def units(self) -> dict[str, str]:
        """The unit of each column that has the same one for all items."""
        return {column: unit for column, unit in self._all_units.items() if unit}

    def state(self, index: int) -> int:
        """Return the state of an item: LEFT, DONE, FAILED or UNDER_WAY."""
        return self._state[index]

    def place(self, index: int) -> tuple[int, int]:
        """Return the offset of the line of an item, and its position in the line."""
        return self._offsets[index], self._positions[index]

    def note(self, index: int, offset: int, position: int, *, failed: bool) -> None:
        """Note where the newest receipt of an item is."""
        self._state[index] = FAILED if failed else DONE
        self._offsets[index] = offset
        self._positions[index] = position
        self.outputs = None

    def note_units(self, units: Mapping[str, str]) -> None:
        """Note the units of an answer."""
        merge_units(self._all_units, units)

    def note_line(self, line: Mapping[str, Any]) -> None:
        """Note what a line of the journal has in addition to receipts."""
        self.note_units(line.get("units", {}))
        self.outputs = line.get("outputs", self.outputs)
        self.written = line.get("outputs", line.get("written", self.written))
        self.engine = line.get("engine", self.engine)
        self.seconds += line.get("seconds", 0.0)

    def take(self, size: int) -> list[int]:
        """Return up to `size` items that are left, in order; they are under way now."""
        taken: list[int] = []
        position = self._first_left
        while len(taken) < size:
            position = self._state.find(LEFT, position)
            if position < 0:
                position = len(self)
                break
            self._state[position] = UNDER_WAY
            taken.append(position)
            position += 1
        self._first_left = position
        return taken

    def give_back(self, index: int) -> None:
        """Note that an item must be computed, again or for the first time."""
        self._state[index] = LEFT
        self._first_left = min(self._first_left, index)

    def forget(self, index: int) -> None:
        """Note that the receipt of an item is useless: the item must be computed."""
        self._offsets[index] = -1
        self.outputs = None
        self.give_back(index)

    def retry_failed(self) -> None:
        """Note that the items with an error must be computed again."""
        self._state = self._state.replace(bytes([FAILED]), bytes([LEFT]))
        self._first_left = 0

    def waiting(self) -> int:
        """Return the number of items that no worker has been given."""
        return self._state.count(LEFT, self._first_left)

    def settle(self) -> None:
        """Give items that are not under way any more the state of their receipts."""
        for state in (LEFT, UNDER_WAY):
            index = self._state.find(state)
            while index >= 0:
                known = self._offsets[index] >= 0
                self._state[index] = FAILED if known else LEFT
                index = self._state.find(state, index + 1)
        self._first_left = 0

    def result(self, index: int) -> ItemResult | None:
        """Return the result of an item; None if it has none."""
        offset = self._offsets[index]
        if offset < 0:
            return None
        return result_of(self._line(offset), self._positions[index], index)

    def results(self, *, failed_only: bool = False) -> Iterator[ItemResult]:
        """Yield the results in the order of the items."""
        for index, offset in enumerate(self._offsets):
            if offset >= 0 and (not failed_only or self._state[index] == FAILED):
                yield result_of(self._line(offset), self._positions[index], index)

    def _line(self, offset: int) -> dict[str, Any]:
        if offset in self._lines:
            self._lines.move_to_end(offset)
            return self._lines[offset]
        with self._journal.open("rb") as file:
            file.seek(offset)
            line = decode_line(file.readline())
        if line is None:
            raise OSError(f"the run journal {str(self._journal)!r} was changed")
        self._lines[offset] = line
        if len(self._lines) > _CACHED_LINES:
            self._lines.popitem(last=False)
        return line
