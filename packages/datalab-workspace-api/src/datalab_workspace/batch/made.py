"""The identity and the history of the objects that a run makes.

Neither depends on the worker, the time, or the order of the items, so that a run gives
the same bytes on every engine.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from datalab_workspace.batch.items import Item, MeasuredFile
from datalab_workspace.history.environment import here
from datalab_workspace.history.recording.file_steps import file_read
from datalab_workspace.history.steps import (
    Cell,
    Code,
    FileRead,
    RecordHistory,
    Step,
    Stored,
)
from datalab_workspace.history.storage.writer import latest_of
from datalab_workspace.model.record import ROI_KEY, Record

if TYPE_CHECKING:
    from datalab_workspace.batch.steps import FunctionStep

_NAMESPACE = bytes.fromhex("5f1c3c1e7c0e5b1f9d5a3d0a6e6f2b19")


def made_uuid(*parts: str) -> str:
    """Return the UUID that is determined by some strings."""
    text = "\n".join(parts).encode("utf-8", "surrogatepass")
    digest = bytearray(hashlib.sha1(_NAMESPACE + text, usedforsecurity=False).digest())
    # As `uuid.uuid5` does, in a fifth of its time.
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    hexa = digest.hex()
    return f"{hexa[:8]}-{hexa[8:12]}-{hexa[12:16]}-{hexa[16:20]}-{hexa[20:32]}"


def first_step(item: Item, record: Record, title: str, uuid: str) -> Step:
    """Return the step with which the history of the results of an item begins.

    Args:
        item: The item.
        record: The object that was read.
        title: The title of the object in its file, if that holds several; "" otherwise.
        uuid: The UUID of the object, which is the same on every worker.
    """
    known = latest_of(record)
    if known is not None:
        return known
    if isinstance(item.source, MeasuredFile):
        read = file_read(item.source.path)
        action = FileRead(
            read.name, read.reader, read.size, read.checksum, read.path, title
        )
    else:
        action = _project(record)
    return Step(action, stored=Stored(uuid, item.name))


def _project(record: Record) -> FileRead:
    path = getattr(record.data, "path", None)
    if path is None:
        return FileRead("the workspace", "load", title=record.title)
    return FileRead(path.name, "load", path=str(path), title=record.title)


def code_step(step: FunctionStep, source: Step) -> Step:
    """Return the step of a function that was called with an object."""
    cell = Cell(0, step.source or None, needs=())
    return Step(Code(cell), (source,), environment=here())


def note_history(record: Record, step: Step) -> None:
    """Give a record the history that ends with a step."""
    step.stored = Stored(record.uuid, record.title, record.version)
    record.history = RecordHistory(step, record.fields, record.metadata.get(ROI_KEY))
