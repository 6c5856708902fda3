"""The provenance of the objects that a run makes: their identity and history.

Neither depends on the worker, the time, or the order of the items, so that a run gives
the same bytes on every engine.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from datalab_workspace.batch.items.item import Item, MeasuredFile
from datalab_workspace.encoding.arrays import data_fingerprint, is_known
from datalab_workspace.history.environment import here
from datalab_workspace.history.recording.file_steps import file_read
from datalab_workspace.history.recording.observer import CalledStep, shared_call
from datalab_workspace.history.steps import (
    Cell,
    Code,
    FileRead,
    Fingerprint,
    RecordHistory,
    Reference,
    Step,
    Stored,
    Unknown,
)
from datalab_workspace.history.storage.writer import latest_of
from datalab_workspace.model.array_reference import ArrayReference
from datalab_workspace.model.record import PRIMARY_ARRAY, ROI_KEY, Record

if TYPE_CHECKING:
    from datalab_workspace.batch.chains.steps import FunctionStep
    from datalab_workspace.processing.calculation import Calculation

_NAMESPACE = bytes.fromhex("5f1c3c1e7c0e5b1f9d5a3d0a6e6f2b19")


def derived_uuid(*parts: str) -> str:
    """Return the UUID that is determined by some strings."""
    text = "\n".join(parts).encode("utf-8", "surrogatepass")
    digest = bytearray(hashlib.sha1(_NAMESPACE + text, usedforsecurity=False).digest())
    # As `uuid.uuid5` does, in a fifth of its time.
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    hexa = digest.hex()
    return f"{hexa[:8]}-{hexa[8:12]}-{hexa[12:16]}-{hexa[16:20]}-{hexa[20:32]}"


def first_step(item: Item, record: Record, obj: Any, name: str, uuid: str) -> Step:
    """Return the step with which the history of the results of an item begins.

    Args:
        item: The item.
        record: The object that was read.
        obj: The sigima object of the record, with its data.
        name: The name of its row.
        uuid: The UUID of the object, which is the same on every worker.
    """
    if isinstance(item.source, MeasuredFile):
        title = "" if name == item.name else record.title
        step = Step(replace(file_read(item.source.path), title=title))
    else:
        step = origin_of(record, uuid)
    if step.stored is None:
        # A replay finds the object by it, if a workspace has it.
        mark = _fingerprint(record, obj)
        if isinstance(step.action, Reference):
            step.action = replace(step.action, fingerprint=mark)
        step.stored = Stored(uuid, name, fingerprint=mark, elsewhere=True)
    return step


def _fingerprint(record: Record, obj: Any) -> Fingerprint | None:
    """Return the fingerprint of the data that was read into an object."""
    if isinstance(record.data, ArrayReference) and not is_known(record.data):
        # A sample of the data in memory takes a tenth of one of the file.
        key = PRIMARY_ARRAY[record.kind]
        record = Record(record.kind, record.fields, {key: getattr(obj, key)})
    return data_fingerprint(record)


def origin_of(record: Record, uuid: str) -> Step:
    """Return the step that made an object which was in a project or in memory.

    Args:
        record: The object.
        uuid: See `first_step`.
    """
    path = getattr(record.data, "path", None)
    if path is not None:
        # The file has the steps before.
        return Step(FileRead(path.name, "load", path=str(path), title=record.title))
    return latest_of(record) or Step(Reference(uuid, record.title))


def call_step(calculation: Calculation) -> Step:
    """Return the step of a feature that was computed."""
    noted = calculation.noted_call()
    inputs = tuple([s.step for s in calculation.sources if s.step is not None])
    if noted is None:
        return Step(Unknown("a feature that is not part of sigima made it"), inputs)
    return CalledStep(shared_call(noted), inputs, None)


def code_step(step: FunctionStep, source: Step | None) -> Step:
    """Return the step of a function that was called with an object."""
    inputs = () if source is None else (source,)
    return Step(_code(step), inputs, environment=here())


@functools.lru_cache(maxsize=16)
def _code(step: FunctionStep) -> Code:
    """Return the action of a function, which all of its calls share."""
    return Code(Cell(0, step.source or None, needs=()))


def note_history(record: Record, step: Step) -> None:
    """Give a record the history that ends with a step."""
    step.stored = Stored(record.uuid, record.title, record.version)
    record.history = RecordHistory(step, record.fields, record.metadata.get(ROI_KEY))
