"""Store the results of a call of `calc` as they are computed, several at a time."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from datalab_workspace.error_messages import add_note, list_names
from datalab_workspace.errors import ObjectNotFoundError
from datalab_workspace.model.equality import (
    equal,
    missing_results,
    without_results,
)
from datalab_workspace.model.metadata_values import snapshot, values_equal
from datalab_workspace.model.naming import name_from_title
from datalab_workspace.model.record import Record, independent_copy
from datalab_workspace.model.sigima_objects import to_record
from datalab_workspace.operations.mask_warning import is_masked
from datalab_workspace.processing.calculation import Calculation, Source
from datalab_workspace.processing.operands import LARGE
from datalab_workspace.processing.result_list import (
    Analysis,
    is_analysis,
    result_list,
)
from datalab_workspace.session import Session
from datalab_workspace.transaction import Transaction

#: Seconds after which results are stored, so that the user sees them come.
_INTERVAL = 0.5
#: Seconds for which the last look at a backend is good enough to store a result.
_RECENT = 0.2


@dataclass
class _Waiting:
    """A result that was computed and is not stored yet."""

    source: Source
    places: list[Any]
    index: int
    #: The computed object and its title.
    record: Record | None = None
    title: str = ""
    #: The result of an analysis, its metadata, and whether the source had it before.
    found: Any = None
    entries: Mapping[Any, Any] | None = None
    had: bool = False

    @property
    def nbytes(self) -> int:
        return 0 if self.record is None else self.record.nbytes


class ResultWriter:
    """The results of one call, which are stored in transactions of some size.

    Each of them is one change event. `Workspace.undo` takes them all back together.

    Args:
        session: The session of the workspace.
        total: The number of source objects.

    Attributes:
        outcomes: What the call returns for each source object, once `flush` is called.
        call: Something that stands for the call; see `Session.run`.
        masked: Names of the masked objects that were stored.
    """

    def __init__(self, session: Session, total: int) -> None:
        self.outcomes: list[Any] = []
        self.call = object()
        self.masked: list[str] = []
        self._session = session
        self._total = total
        self._kept: list[str] = []
        self._analyses: list[Analysis] = []
        self._waiting: list[_Waiting] = []
        self._nbytes = 0
        self._next = time.monotonic() + _INTERVAL

    def put(self, done: Sequence[tuple[Calculation, Any]], *, several: bool) -> None:
        """Take over the results of one source object.

        Args:
            done: The calculations and their results.
            several: The call returns a list of them, not the only one.

        Raises:
            WorkspaceError: A result cannot be kept, for example because of its dtype.
        """
        places: list[Any] = [None] * len(done)
        waiting = [_waiting(*each, places, i) for i, each in enumerate(done)]
        for (calculation, _), each in zip(done, waiting, strict=True):
            if each.record is not None:
                self._session.recorder.on_calculated(calculation, each.record)
        self._analyses += [Analysis.of(*each) for each in done if is_analysis(*each)]
        self.outcomes.append(places if several else None)
        if not several:
            (only,) = waiting
            only.places, only.index = self.outcomes, len(self.outcomes) - 1
        self._waiting += waiting
        self._nbytes += sum(each.nbytes for each in waiting)
        if self._nbytes >= LARGE or time.monotonic() >= self._next:
            self.flush()

    def put_stored(self, name: str) -> None:
        """Take note of a result that is in the workspace."""
        self.outcomes.append(name)
        self._kept.append(name)

    def listed(self) -> list[Any]:
        """Return the outcomes as the list that the call returns."""
        return result_list(self.outcomes, self._analyses)

    def flush(self) -> None:
        """Store the results that are waiting."""
        self._flush(len(self._waiting))

    def _flush(self, count: int) -> None:
        """Store some of the results that are waiting, the first ones first."""
        if not count:
            return
        some = self._waiting[:count]
        stored = self._session.run(
            lambda transaction: [_stored(transaction, each) for each in some],
            _RECENT,
            call=self.call,
        )
        for waiting, outcome in zip(some, stored, strict=True):
            waiting.places[waiting.index] = outcome
            name = waiting.source.name if waiting.record is None else outcome
            self._kept.append(name)
            if waiting.record is not None and is_masked(waiting.record):
                self.masked.append(name)
        del self._waiting[:count]
        self._nbytes = sum(w.nbytes for w in self._waiting)
        self._next = time.monotonic() + _INTERVAL

    def rescue(self, error: BaseException) -> None:
        """Store the whole results after an error or interrupt, and describe them in it.

        Args:
            error: The error, which gets a note.
        """
        if self._total == 1:
            return
        try:
            # After an interrupt, some of them may be stored: they are found again. If
            # one of them cannot be stored, those before it can.
            while self._waiting:
                self._flush(1)
        except Exception as another:  # noqa: BLE001  `error` is what the user must see
            if str(another) != str(error):
                add_note(error, f"other results could not be stored: {another}")
        done = len(self.outcomes) - len({id(w.places) for w in self._waiting})
        kept = f"; their results are kept: {list_names(self._kept)}" if done else ""
        add_note(error, f"{done} of {self._total} objects were done before{kept}")


def _stored(transaction: Transaction, waiting: _Waiting) -> Any:
    """Store a result; return what the call returns for it."""
    if waiting.record is not None:
        return _add_result(transaction, waiting)
    _note(transaction, waiting)
    return waiting.found


def _waiting(
    calculation: Calculation, result: Any, places: list[Any], index: int
) -> _Waiting:
    (first, *_) = calculation.sources
    source = Source(first.uuid, first.name, first.short_id, first.kind)
    if not calculation.feature.analysis:
        record = _record_of(calculation, result)
        title = name_from_title(record.title)
        return _Waiting(source, places, index, record, title)
    noted = calculation.noted(result)
    entries = {} if noted is None else snapshot(noted, "the result")
    # Only an object that had the result before is fetched again.
    had = _has(first.obj.metadata, entries)
    return _Waiting(source, places, index, found=result, entries=entries, had=had)


def _record_of(calculation: Calculation, result: Any) -> Record:
    """Return the record of a computed object, with arrays that nothing else holds.

    They are copied only if they share the memory of something else, as a region of an
    image does, or if they are not in C order.
    """
    record = to_record(result, copy=False)
    theirs = [
        array
        for source in calculation.sources
        for array in vars(source.obj).values()
        if isinstance(array, np.ndarray)
    ]
    for name, view in record.arrays.items():
        array = getattr(result, name)
        if view is None:
            continue
        own = (
            type(array) is np.ndarray
            and array.flags.owndata
            and array.flags.writeable
            and array.flags.c_contiguous
            and not any(array is other for other in theirs)
        )
        record.arrays[name] = array if own else independent_copy(array)
    return record


def _add_result(transaction: Transaction, waiting: _Waiting) -> str:
    """Add a computed object under the next free name, unless an equal one has it.

    It joins the group of its source if it is of the same kind, otherwise the first.

    Returns:
        Its name.
    """
    record, title = waiting.record, waiting.title
    assert record is not None, "the caller checks it"
    name, number = title, 1
    while (holder := transaction.names.uuid_of(name)) is not None:
        try:
            held = transaction.record(holder)
        except ObjectNotFoundError:  # another program has just removed it
            transaction.names.release(holder)
            break
        if equal(held, without_results(record)):
            transaction.take_name(name, holder)
            if missing := missing_results(held, record):
                transaction.edit(holder, {}, missing)
            if held.history is None:
                held.history = record.history
            return name
        number += 1
        name = f"{title} ({number})"
    backend, source = transaction.backend, waiting.source
    can = backend.capabilities
    record.fields["title"] = title if can.tells_apart else name
    # The source may have been removed during the computation.
    joins = can.groups and record.kind == source.kind and backend.has(source.uuid)
    transaction.recorder.on_stored(record, name)
    transaction.add_result(record, name, source.uuid if joins else None)
    return name


def _note(transaction: Transaction, waiting: _Waiting) -> None:
    """Put the result of an analysis into the metadata of the object analysed."""
    source, entries = waiting.source, waiting.entries or {}
    removed = ObjectNotFoundError(
        f"cannot store the result in {source.name!r:.80}, which was removed during "
        "the computation; add it again and repeat the call"
    )
    if not transaction.backend.has(source.uuid):
        raise removed
    try:
        known = transaction.record(source.uuid).metadata if waiting.had else {}
        if not waiting.had or not _has(known, entries):
            transaction.edit(source.uuid, {}, entries)
    except ObjectNotFoundError:
        raise removed from None


def _has(metadata: Mapping[Any, Any], entries: Mapping[Any, Any]) -> bool:
    return values_equal({key: metadata.get(key) for key in entries}, entries)
