"""Runs from receipts and records that are made by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import numpy as np

from datalab_workspace.batch.folder.part_file import KeptObject
from datalab_workspace.batch.folder.parts import Part
from datalab_workspace.batch.item_results import ItemResult
from datalab_workspace.batch.messages import ItemFailure, Receipt, ResultObject, Row
from datalab_workspace.model.record import Record


@dataclass
class HandMadeRun:
    """The results of a run whose objects are in parts.

    Attributes:
        folder: The folder of the run.
        results: The results, in the items' order.
        units: The unit of each column that has one.
    """

    folder: Path
    results: list[ItemResult] = field(default_factory=list)
    units: Mapping[str, str] = field(default_factory=dict)

    @property
    def out(self) -> Path:
        """The summary project."""
        return self.folder.with_suffix("")

    def __iter__(self) -> Iterator[ItemResult]:
        return iter(self.results)

    def add_task(self, items: Sequence[tuple[str, Mapping[str, object], int]]) -> None:
        """Add the items of a task: name, values, and number of objects."""
        kept: list[KeptObject] = []
        receipts = []
        for number, (name, values, count) in enumerate(items, len(self.results)):
            records = [_record(name if n == 0 else f"{name}|{n}") for n in range(count)]
            kept += [KeptObject("scans", record) for record in records]
            made = tuple(ResultObject(r.uuid, r.title, r.kind) for r in records)
            row = Row(name, values, made)
            receipts.append((name, Receipt(number, "before", (row,))))
        part = self._write(kept)
        self.results += [ItemResult(name, each, part) for name, each in receipts]

    def add_records(self, records: Sequence[Record]) -> None:
        """Add the items of a task, each of which has a given object as its result."""
        kept = [KeptObject(None, record) for record in records]
        part = self._write(kept)
        for record in records:
            made = ResultObject(record.uuid, record.title, record.kind)
            row = Row(record.title, {}, (made,))
            receipt = Receipt(len(self.results), "before", (row,))
            self.results.append(ItemResult(record.title, receipt, part))

    def _write(self, kept: Sequence[KeptObject]) -> str | None:
        """Write the objects of a task to a part, and return its name."""
        with Part(self.folder, f"task-{len(self.results)}") as part:
            for each in kept:
                part.add([each])
        return part.name

    def add_failure(self, name: str, error: Exception) -> None:
        """Add an item that failed."""
        failure = ItemFailure(type(error).__name__, str(error), "")
        receipt = Receipt(len(self.results), "before", (), failure)
        self.results.append(ItemResult(name, receipt, None))


def _record(title: str) -> Record:
    """Return a signal whose data and UUID depend on its title alone."""
    x = np.arange(50.0)
    data = np.vstack([x, np.sin(x + len(title) + ord(title[-1]))])
    uuid = str(uuid5(NAMESPACE_URL, title))
    return Record("signal", {"title": title}, {"xydata": data}, {"a": [1, 2]}, uuid)
