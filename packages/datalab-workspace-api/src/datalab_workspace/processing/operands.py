"""Fetch the source objects of a call of `calc`, a few at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from datalab_workspace.backends.base import Backend
from datalab_workspace.history.steps import Step
from datalab_workspace.model.description import Summary
from datalab_workspace.model.naming import short_id
from datalab_workspace.model.record import Record
from datalab_workspace.model.sigima_objects import to_object
from datalab_workspace.processing.calculation import Operand, Source
from datalab_workspace.transaction import Transaction

#: Bytes of data that are fetched together; an object that has more is fetched alone.
LARGE = 1 << 24
#: Number of objects that are fetched together.
_MOST = 100

Fetched: TypeAlias = "deque[tuple[Source, Record]]"


def source_of(transaction: Transaction, uuid: str) -> Source:
    """Return a source object without its data.

    Raises:
        ObjectNotFoundError: Another program has just removed it.
    """
    name, number = transaction.names.name_of(uuid), transaction.short_id(uuid)
    return Source(uuid, name, number, transaction.backend.kind_of(uuid))


def fetch(transaction: Transaction, sources: Sequence[Source]) -> Fetched:
    """Fetch the records of some objects; arrays in a file stay there for now.

    If other programs may have renumbered the objects since they were looked up, their
    short ids are those at present.
    """
    backend = transaction.backend
    uuids = list(dict.fromkeys(source.uuid for source in sources))
    records = dict(zip(uuids, backend.operands(uuids), strict=True))
    if backend.capabilities.shared:
        sources = [_renumbered(backend, source) for source in sources]
    fetched: Fetched = deque()
    for source in sources:
        record = records[source.uuid]
        again = any(record is other for _, other in fetched)
        fetched.append((source, record.copy() if again else record))
    return fetched


def _renumbered(backend: Backend, source: Source) -> Source:
    number = backend.number_of(source.uuid)
    if number is None:
        return source
    return replace(source, short_id=short_id(source.kind, number))


def together(backend: Backend, sources: Sequence[Source]) -> int:
    """Return the number of sources, from the first, that are fetched together."""
    size = 0
    for count, source in enumerate(sources[:_MOST]):
        size += _nbytes(backend.preview(source.uuid)[0])
        if size > LARGE:
            return max(count, 1)
    return min(len(sources), _MOST)


def _nbytes(known: Summary) -> int:
    if known.nbytes or known.dtype is None:
        return known.nbytes
    size = known.dtype.itemsize
    for length in known.shape:
        size *= length
    return size


def operand_of(
    source: Source, record: Record, *, own: bool, step: Step | None = None
) -> Operand:
    """Return a source object with its data, to which a function may write.

    Args:
        source: The source object.
        record: Its record.
        own: Nothing else uses the record, so that its arrays need not be copied.
        step: The step that made it.
    """
    obj: Any = to_object(record, own=own)
    return Operand.of(source, obj, step)
