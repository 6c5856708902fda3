"""The items of a run: objects that a worker reads itself, and objects that it is sent.

An item is light. That of a project is a record whose arrays are unread, and that of a
measured file is its path. Only the objects of a memory or of a running DataLab are sent
with their data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from datalab_workspace.measured_files.options import ReadOptions
    from datalab_workspace.model.record import PendingRecord, Record


@dataclass(frozen=True, slots=True)
class MeasuredFile:
    """A measured file, which the worker reads.

    Attributes:
        path: The absolute path.
        size: Size in bytes when the run began. The worker refuses a changed file.
        mtime_ns: Time of its last change then, in nanoseconds.
        options: The options with which it is read.
    """

    path: Path
    size: int
    mtime_ns: int
    options: ReadOptions


#: The record of an object; one that a worker reads from a project; or a file.
Source: TypeAlias = "Record | PendingRecord | MeasuredFile"


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a run, as a worker receives it.

    Attributes:
        index: Its position among the items.
        name: Its name, which is unique among the items.
        group: The title of the group that its results are put into; None without one.
        source: Where its object comes from.
        identity: The string from which the UUIDs of its results are made. It is the
            same whenever the same object is an item.
        fingerprint: The string by which a changed item is recognised.
    """

    index: int
    name: str
    group: str | None
    source: Source
    identity: str
    fingerprint: str


class Items(Protocol):
    """The items of a run, in order, made when they are asked for.

    A million of them need less than 200 MB.
    """

    def __len__(self) -> int:
        """Return the number of items."""

    def __getitem__(self, index: int) -> Item:
        """Return an item. One of a running DataLab is fetched now.

        Raises:
            StaleFileError: The file of the item changed.
            ObjectNotFoundError: DataLab no longer has the object (a `KeyError`).
            ValueError: The object of a running DataLab is too large to be sent.
            OSError: The file cannot be read, or DataLab does not answer.
        """

    def names(self) -> Iterator[str]:
        """Yield the names of all items, in order. No item is read."""

    def name(self, index: int) -> str:
        """Return the name of an item without reading it."""

    def group(self, index: int) -> str | None:
        """Return the title of the group of an item without reading it."""

    def reads(self, path: Path) -> bool:
        """Return whether an item is in an existing file."""

    def fingerprint(self, index: int) -> str:
        """Return the fingerprint of an item.

        Only an object of a running DataLab is fetched for it. An item that is not
        available has a fingerprint that no other item has.
        """
