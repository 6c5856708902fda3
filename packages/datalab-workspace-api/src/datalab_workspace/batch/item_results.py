"""The results of a run, as the driver hands them over in the order of the items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from datalab_workspace.batch.messages import Receipt


@dataclass(frozen=True, slots=True)
class ItemResult:
    """The result of an item, and the part with its objects.

    Attributes:
        name: The name of the item.
        receipt: The latest receipt of the item.
        part: The name of the part that the worker wrote with this receipt; None if it
            kept no object.
    """

    name: str
    receipt: Receipt
    part: str | None


class ItemResults(Protocol):
    """The results of the items that are done or failed, in the items' order.

    They can be iterated over more than once. Items that are left have none.
    """

    @property
    def folder(self) -> Path:
        """The folder of the run."""

    @property
    def units(self) -> Mapping[str, str]:
        """The unit of each column that has one."""

    def __iter__(self) -> Iterator[ItemResult]:
        """Yield the results in the order of the items."""
