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

from datalab_workspace.batch.driver.ledger import Ledger
from datalab_workspace.batch.driver.run_journal import encode_line, read_lines
from datalab_workspace.batch.items.item import Items


def read_ledger(journal: Path) -> Ledger:
    """Return the ledger of a journal without the items themselves."""
    length = 0
    for _, line in read_lines(journal):
        length = line.get("items", length)
    ledger = Ledger(journal, length)
    for offset, line in read_lines(journal):
        for position, receipt in enumerate(line.get("receipts", ())):
            if receipt[0] < length:
                _note(ledger, receipt[0], offset, position, line)
        ledger.note_line(line)
    return ledger


def match_items(journal: Path, items: Items) -> Ledger:
    """Return the ledger of the present items.

    A journal whose items have other positions now is rewritten, so that it always
    agrees with the newest list.

    Args:
        journal: The run journal.
        items: The present items.
    """
    if not journal.exists():
        return Ledger(journal, len(items))
    places = _Places(items)
    ledger, moved = _load(journal, places)
    if not moved:
        return ledger
    _rewrite(journal, places, ledger)
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


def _load(journal: Path, places: _Places) -> tuple[Ledger, bool]:
    ledger, moved = Ledger(journal, len(places)), False
    for offset, line in read_lines(journal):
        moved |= line.get("items", len(places)) != len(places)
        for position, receipt in enumerate(line.get("receipts", ())):
            index = places.find(receipt)
            moved |= index != receipt[0]
            if index >= 0:
                _note(ledger, index, offset, position, line)
        ledger.note_line(line)
    return ledger, moved


def _note(
    ledger: Ledger, index: int, offset: int, position: int, line: dict[str, Any]
) -> None:
    failed = line["receipts"][position][5] is not None
    ledger.note(index, offset, position, failed=failed)


def _rewrite(journal: Path, places: _Places, ledger: Ledger) -> None:
    """Write the newest receipts of the present items, with their present positions."""
    temporary = journal.with_name(f"{journal.name}.new")
    with temporary.open("wb") as file:
        head = {"items": len(places), "seconds": ledger.seconds}
        file.write(encode_line(head))
        for line in _present_lines(journal, places, ledger):
            file.write(encode_line(line))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(journal)


def _present_lines(
    journal: Path, places: _Places, ledger: Ledger
) -> Iterator[dict[str, Any]]:
    for offset, line in read_lines(journal):
        kept = []
        for position, receipt in enumerate(line.get("receipts", ())):
            index = places.find(receipt)
            if index >= 0 and ledger.place(index) == (offset, position):
                kept.append([index, *receipt[1:]])
        if kept:
            yield {**line, "receipts": kept}


def _digest(name: str, fingerprint: str) -> int:
    text = f"{name}\0{fingerprint}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little")
