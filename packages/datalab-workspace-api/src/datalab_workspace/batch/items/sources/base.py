"""The contract of a source of items."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import NamedTuple

from datalab_workspace.batch.items.item import Source


class Taken(NamedTuple):
    """An item as it is given to a worker.

    Attributes:
        source: What the worker reads or receives.
        identity: See `Item.identity`.
        fingerprint: The string that differs when the object differs.
    """

    source: Source
    identity: str
    fingerprint: str


class ItemSource(ABC):
    """A number of items of the same origin, in order.

    Positions are counted from 0 within the source.
    """

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of items."""

    @abstractmethod
    def label(self, position: int, level: int) -> str | None:
        """Return a name of an item.

        Args:
            position: The position of the item.
            level: 0 for the shortest name. Each level distinguishes the item from more
                others.

        Returns:
            The name; None if the item has no name of this level.
        """

    @abstractmethod
    def group(self, position: int) -> str | None:
        """Return the title of the group for the results; None for no group."""

    @abstractmethod
    def fingerprint(self, position: int) -> str:
        """Return the string that differs when the object differs.

        Raises:
            Exception: As `take` does.
        """

    def reads(self, path: Path) -> bool:  # noqa: ARG002  without files, no
        """Return whether an item is in an existing file."""
        return False

    @abstractmethod
    def take(self, position: int) -> Taken:
        """Return an item as it is given to a worker.

        Raises:
            StaleFileError: The file of the item was changed.
            ObjectNotFoundError: DataLab no longer has the object (a `KeyError`).
            OSError: The file cannot be read, or DataLab does not answer.
        """
