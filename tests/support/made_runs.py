"""Runs made by hand: receipts in a list, without a folder or workers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from datalab_workspace.batch.item_results import ItemResult
from datalab_workspace.batch.messages import (
    ItemFailure,
    Receipt,
    ResultObject,
    Row,
)


@dataclass
class MadeState:
    """The state of a run whose receipts are written by hand."""

    items: Sequence[str]
    noted: dict[int, Receipt] = field(default_factory=dict)
    out: Path | None = Path("widths.h5")
    folder: Path = Path("widths.h5.run")
    chain: str = "normalize, fwhm"
    engine: str = "2 processes"
    seconds: float = 192.0
    units: dict[str, str] = field(default_factory=dict)
    at_work: str | None = None
    files: Sequence[Path] = ()
    version: int = 0

    def note(
        self,
        name: str,
        values: dict[str, object] | None = None,
        *,
        failure: ItemFailure | None = None,
        objects: tuple[ResultObject, ...] = (),
        seconds: float = 0.5,
    ) -> None:
        index = self.items.index(name)
        rows = () if failure else (Row(name, values or {}, objects),)
        self.noted[index] = Receipt(index, "", rows, failure, seconds)
        self.version += 1

    def refresh(self) -> int:
        return self.version

    @property
    def total(self) -> int:
        return len(self.items)

    @property
    def done(self) -> int:
        return sum(one.failure is None for one in self.noted.values())

    @property
    def failed(self) -> int:
        return len(self.noted) - self.done

    def __iter__(self) -> Iterator[ItemResult]:
        for index in sorted(self.noted):
            yield ItemResult(self.items[index], self.noted[index], None)

    def failures(self) -> Iterator[ItemResult]:
        return (one for one in self if one.receipt.failure is not None)

    def driver(self) -> str | None:
        return self.at_work

    def projects(self) -> Sequence[Path]:
        return self.files
