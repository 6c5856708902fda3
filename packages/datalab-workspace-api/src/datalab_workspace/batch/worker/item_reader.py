"""Read the objects of an item, on a worker."""

from __future__ import annotations

from typing import Any

import numpy as np

from datalab_workspace.batch.items.item import Item, MeasuredFile
from datalab_workspace.errors import StaleFileError
from datalab_workspace.measured_files.notes import Notes
from datalab_workspace.measured_files.reader import read_file
from datalab_workspace.model.naming import free_name
from datalab_workspace.model.record import PendingRecord, Record
from datalab_workspace.model.sigima_objects import to_record
from datalab_workspace.processing.doubtful_results import Doubt, Doubts


def read_item(item: Item, doubts: Doubts | None = None) -> list[Record]:
    """Return the objects of an item.

    Args:
        item: The item.
        doubts: Takes the remarks that `Workspace.read` makes on a measured file.

    Returns:
        One object, whose arrays may be references to a project file; or the objects of
        a measured file, in memory, whose titles are unique if there are several.

    Raises:
        StaleFileError: The file was changed or removed since the run began.
        UnreadableFileError: The file cannot be read, or not in one way only.
        OSError: The file cannot be opened.
    """
    source = item.source
    if isinstance(source, MeasuredFile):
        notes = Notes()
        records = _read_file(source, notes)
        if doubts is not None:
            for remark, sentence in notes.by_remark().items():
                doubts.note(Doubt(f"file: {remark}", sentence, item.name, UserWarning))
        return records
    return [source.record() if isinstance(source, PendingRecord) else source]


def _read_file(file: MeasuredFile, notes: Notes) -> list[Record]:
    _check_unchanged(file)
    objects = read_file(file.path, file.options, notes)
    _check_unchanged(file)
    titles: set[str] = set()
    records = []
    for obj in objects:
        if len(objects) > 1:
            obj.title = free_name(obj.title, titles)
            titles.add(obj.title)
        records.append(_own_record(obj))
    return records


def _own_record(obj: Any) -> Record:
    """Return the record of an object that nothing else uses.

    Its arrays are those of the object, which a function may write to.
    """
    record = to_record(obj, copy=False)
    for name, array in record.arrays.items():
        original = getattr(obj, name)
        if (
            isinstance(original, np.ndarray)
            and isinstance(array, np.ndarray)
            and original.dtype == array.dtype
            and original.shape == array.shape
        ):
            record.arrays[name] = original
    return record


def _check_unchanged(file: MeasuredFile) -> None:
    try:
        status = file.path.stat()
    except FileNotFoundError as error:
        raise StaleFileError(
            f"{str(file.path)!r} was removed since the run began; restore it, and "
            "start the run again"
        ) from error
    if (status.st_size, status.st_mtime_ns) != (file.size, file.mtime_ns):
        raise StaleFileError(
            f"{str(file.path)!r} was changed since the run began; start the run again "
            "to compute the new content"
        )
