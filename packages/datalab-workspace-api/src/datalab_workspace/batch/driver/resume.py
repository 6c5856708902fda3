"""Find in the journal of an earlier call which of the present items are done.

An item is done if the journal has a receipt for an item of the same name and
fingerprint, wherever it was in the list. Items that have left the list are dropped.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from datalab_workspace.batch.driver.item_states import ItemStates
from datalab_workspace.batch.folder.run_journal import encode_line, read_lines
from datalab_workspace.batch.items.item import Items


def read_states(journal: Path) -> ItemStates:
    """Return the states of a journal without the items themselves."""
    length = 0
    for _, line in read_lines(journal):
        length = line.get("items", length)
    states = ItemStates(journal, length)
    for offset, line in read_lines(journal):
        for position, receipt in enumerate(line.get("receipts", ())):
            if receipt[0] < length:
                _note(states, receipt[0], offset, position, line)
        states.note_line(line)
    return states


def match_items(journal: Path, items: Items) -> ItemStates:
    """Return the states of the present items.

    A journal whose items have other positions now is rewritten, so that it always
    agrees with the newest list.

    Args:
        journal: The run journal.
        items: The present items.
    """
    if not journal.exists():
        return ItemStates(journal, len(items))
    places = _Places(items)
    states, moved = _load(journal, places)
    if not moved:
        return states
    _rewrite(journal, places, states)
    return _load(journal, places)[0]


class _Places:
    """The position of each item by its name and fingerprint."""

    def __init__(self, items: Items) -> None:
        digests = array("Q")
        for index, name in enumerate(items.names()):
            digests.append(_digest(name, items.fingerprint(index)))
        self._digests = np.frombuffer(digests, np.uint64) if digests else np.empty(0)
        self._sorted: np.ndarray[Any, Any] | None = None

    def __len__(self) -> int:
        return len(self._digests)

    def find(self, receipt: list[Any]) -> int:
        """Return the present position of the item of a receipt; -1 without one."""
        digest = _digest(receipt[1], receipt[2])
        index: int = receipt[0]
        if index < len(self) and self._digests[index] == digest:
            return index
        if self._sorted is None:
            self._sorted = np.argsort(self._digests, kind="stable")
        place = np.searchsorted(self._digests, np.uint64(digest), sorter=self._sorted)
        if place == len(self):
            return -1
        found = int(self._sorted[place])
        return found if self._digests[found] == digest else -1


def _load(journal: Path, places: _Places) -> tuple[ItemStates, bool]:
    states, moved = ItemStates(journal, len(places)), False
    for offset, line in read_lines(journal):
        moved |= line.get("items", len(places)) != len(places)
        for position, receipt in enumerate(line.get("receipts", ())):
            index = places.find(receipt)
            moved |= index != receipt[0]
            if index >= 0:
                _note(states, index, offset, position, line)
        states.note_line(line)
    return states, moved


def _note(
    states: ItemStates, index: int, offset: int, position: int, line: dict[str, Any]
) -> None:
    failed = line["receipts"][position][5] is not None
    states.note(index, offset, position, failed=failed)


def _rewrite(journal: Path, places: _Places, states: ItemStates) -> None:
    """Write the newest receipts of the present items, with their present positions."""
    temporary = journal.with_name(f"{journal.name}.new")
    with temporary.open("wb") as file:
        head = {
            "items": len(places),
            "seconds": states.seconds,
            "written": states.written,
        }
        file.write(encode_line(head))
        for line in _present_lines(journal, places, states):
            file.write(encode_line(line))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(journal)


def _present_lines(
    journal: Path, places: _Places, states: ItemStates
) -> Iterator[dict[str, Any]]:
    for offset, line in read_lines(journal):
        kept = []
        for position, receipt in enumerate(line.get("receipts", ())):
            index = places.find(receipt)
            if index >= 0 and states.place(index) == (offset, position):
                kept.append([index, *receipt[1:]])
        if kept:
            yield {**line, "receipts": kept}


def _digest(name: str, fingerprint: str) -> int:
    text = f"{name}\0{fingerprint}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little")
