"""The recorder of a session: it notes how the objects of a workspace are made."""

from __future__ import annotations

import functools
import time
import weakref
from collections.abc import Callable, Container, Iterable
from typing import TYPE_CHECKING, Any, ParamSpec

import numpy as np

from datalab_workspace.history import failures
from datalab_workspace.history.bounds import bounded
from datalab_workspace.history.cells import running_cell
from datalab_workspace.history.recording import (
    held_objects,
    identity,
    known,
    observer,
)
from datalab_workspace.history.recording.added_record import Pending, current
from datalab_workspace.history.recording.confirmation import confirm
from datalab_workspace.history.recording.deferred import Later
from datalab_workspace.history.recording.identity import Marker, mark, marker_of
from datalab_workspace.history.recording.observer import CalledStep
from datalab_workspace.history.recording.origins import Origins
from datalab_workspace.history.steps import (
    FileRead,
    Fingerprint,
    RecordHistory,
    Step,
    Stored,
)
from datalab_workspace.model.array_reference import ArrayReference
from datalab_workspace.model.record import ROI_KEY, Record
from datalab_workspace.model.sigima_objects import object_kind

if TYPE_CHECKING:
    from datalab_workspace.history.storage.written import Written
    from datalab_workspace.model.project import Item
    from datalab_workspace.processing.calculation import Calculation
    from datalab_workspace.session import Session

P = ParamSpec("P")

#: Bytes of replaced data that are kept to be compared later.
_MOST_HELD = 1 << 26
#: The number of pending histories after which those of dead records are dropped.
_MANY = 1 << 10


def _harmless(method: Callable[P, None]) -> Callable[P, None]:
    """Keep the errors of a method away from the calls of the user."""

    @functools.wraps(method)
    def harmless(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            method(*args, **kwargs)
        except Exception as error:  # noqa: BLE001  # it is counted
            failures.note(error)

    return harmless


class HistoryRecorder:
    """The recorder of a session.

    None of its errors reaches the user's code; see `problems`.

    Args:
        session: The session.
    """

    def __init__(self, session: Session) -> None:
        self._session = weakref.ref(session)
        # Stands for the workspace in the links of its objects.
        self._place = object()
        self._origins = Origins(self._session, self.history)
        self._pending: list[weakref.ref[Pending]] = []
        self._sweep_at = _MANY
        self._held = 0
        running_cell.follow(self, confirm)

    # -- cells ------------------------------------------------------------------------

    def begin_cell(self, cell: object) -> None:  # noqa: ARG002  # see `Follower`
        """Observe the calls of the cell."""
        observer.watch()

    @_harmless
    def end_cell(self, cell: object) -> None:  # noqa: ARG002  # see `Follower`
        """Find out the histories, within a tenth of a second."""
        self.settle(seconds=0.1)

    # -- events ---------------------------------------------------------------------

    def on_get(self, obj: Any, record: Record, *, own: bool) -> None:
        """Note that the user got an object.

        Args:
            obj: The sigima object.
            record: Its record.
            own: The object has the arrays of the record, and not copies.
        """
        try:
            cell = running_cell.current()
            observer.watch()
            history = record.history
            if type(history) not in _KNOWN_FORMS:
                history = self._later(record, own=own)
            seen = source = None
            if own or (type(record.data) is not np.ndarray and _is_unread(record)):
                seen, source = identity.glance(identity.arrays_of(obj)), obj
            kept = None if own else record
            marker = Marker(history, kept, seen, cell, self._place)
            if type(history) is Pending and history.is_made_by(cell):
                known.note(marker, source)
            else:
                known.note_got(marker, source)
            mark(obj, marker)
        except Exception as error:  # noqa: BLE001  # the user's call continues
            failures.note(error)

    def on_add(self, obj: Any, record: Record, *, own: bool) -> None:
        """Note that a record is added, before it is stored.

        Args:
            obj: The object of the user.
            record: The record that will be stored.
            own: The record is sent elsewhere, and its arrays are those of the object.
        """
        try:
            cell = running_cell.current()
            observer.watch()
            linked = object_kind(obj) is not None
            found = marker_of(obj) if linked else None
            title = str(obj.title) if linked and found is None else None
            pending = record.history = Pending(record, found, cell, title, self._place)
            seen = None
            if own:
                held_objects.examine_used(seconds=0.1)
                pending.found()
                seen = identity.glance(record.arrays) if linked else None
            else:
                self._pending.append(weakref.ref(pending))
                self._held += pending.held
            if linked:
                kept = None if own else record
                marker = Marker(pending, kept, seen, cell, self._place)
                mark(obj, marker)
                known.note(marker, obj if own else None)
            if self._held > _MOST_HELD:
                self.settle()
            elif len(self._pending) > self._sweep_at:
                self._sweep()
        except Exception as error:  # noqa: BLE001  # the user's call continues
            failures.note(error)

    @_harmless
    def on_edit(self, record: Record) -> None:
        """Note that a record will be replaced by one with the same data.

        Args:
            record: The record before.
        """
        if isinstance(record.history, Pending):
            record.history.found()

    @_harmless
    def on_found(self, obj: Any, record: Record, stored: Record) -> None:
        """Note that an object was not added, because an equal one is stored.

        Args:
            obj: The object of the user.
            record: Its record.
            stored: The equal record.
        """
        if stored.history is None:
            stored.history = Pending(record, None, running_cell.current())
        if object_kind(obj) is not None and marker_of(obj) is None:
            mark(
                obj, Marker(self.history(stored), stored, None, running_cell.current())
            )

    @_harmless
    def on_calculated(self, calculation: Calculation, record: Record) -> None:
        """Note that `calc` has computed an object.

        Args:
            calculation: The calculation.
            record: The record of its result, before it is stored.
        """
        noted = calculation.noted_call()
        if noted is None:
            return
        inputs = tuple([s.step for s in calculation.sources if s.step is not None])
        noted = observer.shared_call(noted)
        step = bounded(CalledStep(noted, inputs, running_cell.current()))
        record.history = RecordHistory(
            step, record.fields, record.metadata.get(ROI_KEY)
        )

    @_harmless
    def on_stored(self, record: Record, name: str) -> None:
        """Note the name under which a new record is stored."""
        history = record.history
        if isinstance(history, RecordHistory) and history.step.stored is None:
            cell = running_cell.current()
            history.step.stored = Stored(record.uuid, name, record.version, cell=cell)

    @_harmless
    def on_read(self, record: Record, read: FileRead) -> None:
        """Note that a record was read from a file."""
        step = Step(read, cell=running_cell.current())
        record.history = RecordHistory(
            step, record.fields, record.metadata.get(ROI_KEY)
        )

    @_harmless
    def on_loaded(self, read: FileRead, uuids: Container[str]) -> None:
        """Note that objects were loaded from a project file.

        Args:
            read: The file.
            uuids: UUIDs of the objects.
        """
        self._origins.note_file(read, uuids)

    # -- histories --------------------------------------------------------------------

    def latest_among(self, items: Iterable[Item]) -> Callable[[Record], Step]:
        """Return `latest` for objects that were read together, and are read once."""
        records = {item.uuid: item for item in items if isinstance(item, Record)}

        def latest(record: Record) -> Step:
            self._origins.at_hand = records
            try:
                return self.latest(record)
            finally:
                self._origins.at_hand = {}

        return latest

    def latest(self, record: Record) -> Step:
        """Return the latest step of a record, whichever form its history has."""
        return self.history(record).step

    def step_of_source(self, record: Record) -> Step | None:
        """Return the latest step of a record that is computed from, if it is known."""
        try:
            return self.latest(record)
        except Exception as error:  # noqa: BLE001  # the user's call continues
            failures.note(error)
            return None

    def history(self, record: Record, mark: Fingerprint | None = None) -> RecordHistory:
        """Return the history of a record, and keep it with the record.

        Args:
            record: The record.
            mark: The fingerprint of its data, if the record does not have its data.
        """
        if not isinstance(record.history, RecordHistory):
            written: Written | None = record.history
            read = None if written is None else written.history()
            record.history = self._origins.of(record, mark) if read is None else read
        return current(record)

    def problems(self) -> tuple[str, ...]:
        """Return sentences about the errors of the recorder."""
        if not failures.count:
            return ()
        count, reason = failures.count, failures.last
        sentence = f"{count} steps of histories could not be noted; the last reason: "
        return (f"{sentence}{reason:.200}",)

    def settle(self, seconds: float | None = None) -> None:
        """Find out the histories that are not known yet, the oldest first.

        Args:
            seconds: Stop after this time; the rest is found out later.
        """
        end = None if seconds is None else time.monotonic() + seconds
        for done, reference in enumerate(self._pending):
            if end is not None and time.monotonic() > end:
                del self._pending[:done]
                return
            pending = reference()
            if pending is not None:
                pending.found()
        self._pending.clear()
        self._held, self._sweep_at = 0, _MANY
        if seconds is None:
            held_objects.examine_used()

    def _sweep(self) -> None:
        """Forget the records that exist no longer."""
        alive = [ref for ref in self._pending if ref() is not None]
        self._pending = alive
        self._sweep_at = max(_MANY, 2 * len(alive))

    def _later(self, record: Record, *, own: bool) -> RecordHistory:
        """Return a history that is read when it is needed, without the data."""
        reference = None if own else weakref.ref(record)
        written: Written | None = record.history
        # The user may change the data before the history is read.
        if own and written is not None and not written.belongs():
            written = None
        light = Record(
            record.kind, record.fields, {}, record.metadata, record.uuid,
            history=written,
        )  # fmt: skip
        light.version = record.version
        mark = self._origins.mark(record) if own and written is None else None

        def find() -> RecordHistory:
            whole = None if reference is None else reference()
            return self.history(light if whole is None else whole, mark)

        return Later(find)


def _is_unread(record: Record) -> bool:
    return any(isinstance(a, ArrayReference) for a in record.arrays.values())


_KNOWN_FORMS = (RecordHistory, Pending)
