"""Read the objects of an item, on a worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from datalab_workspace.batch.items import Item, MeasuredFile
from datalab_workspace.errors import StaleFileError
from datalab_workspace.history.recording.file_steps import file_read
from datalab_workspace.history.steps import FileRead
from datalab_workspace.measured_files.notes import Notes
from datalab_workspace.measured_files.reader import read_file
from datalab_workspace.model.naming import free_name
from datalab_workspace.model.record import PendingRecord, Record
from datalab_workspace.model.sigima_objects import to_object, to_record

if TYPE_CHECKING:
    from sigima import ImageObj, SignalObj


@dataclass(frozen=True, slots=True)
class ItemObject:
    """An object of an item, with its data.

    Attributes:
        name: Its name: that of the item. The objects of a measured file of several have
            names of their own, such as "run 7|channel 2".
        identity: The string from which the UUIDs of its results are made.
        record: The object. Its arrays may be references to a file.
        is_own: Nothing else uses the arrays of the record.
        read: The file that it comes from; None if it was sent.
    """

    name: str
    identity: str
    record: Record
    is_own: bool
    read: FileRead | None

    def object(self) -> SignalObj | ImageObj:
        """Return the sigima object, to which a function may write. Call it once.

        Raises:
            StaleFileError: The file no longer contains the data.
        """
        return to_object(self.record, own=self.is_own)


def read_item(item: Item, notes: Notes | None = None) -> Sequence[ItemObject]:
    """Return the objects of an item.

    Args:
        item: The item.
        notes: Takes what the user should know about a file.

    Raises:
        StaleFileError: The file was changed or removed since the run began.
        UnreadableFileError: The file cannot be read, or not in one way only.
        OSError: The file cannot be opened.
    """
    source = item.source
    if isinstance(source, MeasuredFile):
        return _read_file(item, source, Notes() if notes is None else notes)
    record = source.record() if isinstance(source, PendingRecord) else source
    own = isinstance(source, PendingRecord)
    return [ItemObject(item.name, item.identity, record, own, _file_of(record))]


def _read_file(item: Item, file: MeasuredFile, notes: Notes) -> list[ItemObject]:
    _check_unchanged(file)
    objects = read_file(file.path, file.options, notes)
    _check_unchanged(file)
    read = file_read(file.path)
    if len(objects) == 1:
        record = _own_record(objects[0])
        return [ItemObject(item.name, item.identity, record, True, read)]
    found: list[ItemObject] = []
    used: set[str] = set()
    for obj in objects:
        record = _own_record(obj)
        name = free_name(f"{item.name}|{record.title}", used)
        used.add(name)
        identity = f"{item.identity}|{len(found)}"
        step = replace(read, title=record.title)
        found.append(ItemObject(name, identity, record, True, step))
    return found


def _own_record(obj: SignalObj | ImageObj) -> Record:
    return to_record(obj, copy=True)


def _check_unchanged(file: MeasuredFile) -> None:
    try:
        status = file.path.stat()
    except FileNotFoundError as error:
        raise StaleFileError(
            f"{str(file.path)!r} was removed since the run began; start the run again"
        ) from error
    if (status.st_size, status.st_mtime_ns) != (file.size, file.mtime_ns):
        raise StaleFileError(
            f"{str(file.path)!r} was changed since the run began; start the run again "
            "to compute the item from the new content"
        )


def _file_of(record: Record) -> FileRead | None:
    path = getattr(record.data, "path", None)
    return None if path is None else FileRead(path.name, "load", path=str(path))
