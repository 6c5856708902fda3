"""The recorder of a session: it notes how the objects of a workspace are made."""

from __future__ import annotations

import time
import weakref
from typing import TYPE_CHECKING, Any

from datalab_workspace.history import identity, known, observer, running_cell
from datalab_workspace.history.identity import Marker, kind_of, mark, marker_of
from datalab_workspace.history.observer import CalledStep
from datalab_workspace.history.pending import Pending, current
from datalab_workspace.history.steps import (
    FileRead,
    RecordHistory,
    Step,
    Stored,
    Unknown,
)
from datalab_workspace.model.array_reference import ArrayReference
from datalab_workspace.model.record import ROI_KEY, Record

if TYPE_CHECKING:
    from datalab_workspace.processing.calculation import Calculation

#: Bytes of replaced data that are kept to be compared later.
_MOST_HELD = 1 << 26
#: Records whose histories are not found out yet, before those of dead ones are dropped.
_MANY = 1 << 10


class Recorder:
    """The recorder of a session.

    Its methods are called under the lock of the session.
    """

    def __init__(self) -> None:
        self._pending: list[weakref.ref[Pending]] = []
        self._sweep_at = _MANY
        self._held = 0
        running_cell.follow(self)

    # -- cells ------------------------------------------------------------------------

    def begin_cell(self, cell: object) -> None:  # noqa: ARG002  see `Follower`
        """Observe the calls of the cell."""
        observer.watch()

    def end_cell(self, cell: object) -> None:  # noqa: ARG002  see `Follower`
        """Find out what happened, within a tenth of a second."""
        self.settle(seconds=0.1)

    # -- what happens -----------------------------------------------------------------

    def on_get(self, obj: Any, record: Record, *, own: bool) -> None:
        """Note that the user got an object.

        Args:
            obj: The sigima object.
            record: Its record.
            own: The object has the arrays of the record, and not copies.
        """
        cell = running_cell.current()
        observer.watch()
        history = record.history
        if type(history) not in _KNOWN_FORMS:
            history = self.history(record)
        if own or isinstance(record.data, ArrayReference):
            seen = identity.glance(identity.arrays_of(obj))
            marker = Marker(history, None, seen, cell)
            known.note_got(marker, obj)
        else:
            marker = Marker(history, record, None, cell)
            known.note_got(marker)
        mark(obj, marker)

    def on_add(self, obj: Any, record: Record, *, own: bool) -> None:
        """Note that a record is added, before it is stored.

        Args:
            obj: What the user added.
            record: The record that will be stored.
            own: The record is sent elsewhere, and its arrays are those of the object.
        """
        cell = running_cell.current()
        observer.watch()
        linked = kind_of(obj) is not None
        pending = Pending(record, marker_of(obj) if linked else None, cell)
        record.history = pending
        if own:
            pending.found()
            seen = identity.glance(record.arrays)
            marker = Marker(pending, None, seen, cell)
        else:
            marker = Marker(pending, record, None, cell)
            self._pending.append(weakref.ref(pending))
            self._held += pending.held
        if linked:
            mark(obj, marker)
            known.note(marker, obj if own else None)
        if self._held > _MOST_HELD:
            self.settle()
        elif len(self._pending) > self._sweep_at:
            self._sweep()

    def on_edit(self, record: Record) -> None:
        """Note that a record will be replaced by one with the same data.

        Args:
            record: The record before.
        """
        if isinstance(record.history, Pending):
            record.history.found()

    def on_found(self, obj: Any, record: Record, stored: Record) -> None:
        """Note that an object was not added, because an equal one is stored.

        Args:
            obj: What the user added.
            record: Its record.
            stored: The equal record.
        """
        if stored.history is None:
            stored.history = Pending(record, None, running_cell.current())
        if kind_of(obj) is not None and marker_of(obj) is None:
            mark(
                obj, Marker(self.history(stored), stored, None, running_cell.current())
            )

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
        step = CalledStep(observer.shared_call(noted), inputs, running_cell.current())
        record.history = RecordHistory(
            step, record.fields, record.metadata.get(ROI_KEY)
        )

    def on_stored(self, record: Record, name: str) -> None:
        """Note the name under which a new record is stored."""
        history = record.history
        if isinstance(history, RecordHistory) and history.step.stored is None:
            cell = running_cell.current()
            history.step.stored = Stored(record.uuid, name, record.version, cell=cell)

    def on_read(self, record: Record, read: FileRead) -> None:
        """Note that a record was read from a file."""
        step = Step(read, cell=running_cell.current())
        step.stored = Stored(record.uuid, record.title, record.version)
        record.history = RecordHistory(
            step, record.fields, record.metadata.get(ROI_KEY)
        )

    # -- what is known ----------------------------------------------------------------

    def latest(self, record: Record) -> Step:
        """Return the latest step of a record, in whatever form its history is."""
        return self.history(record).step

    def history(self, record: Record) -> RecordHistory:
        """Return the history of a record, and keep it with the record."""
        if record.history is None:
            record.history = self._origin(record)
        elif not isinstance(record.history, RecordHistory):
            record.history = record.history.history()
        return current(record)

    def settle(self, seconds: float | None = None) -> None:
        """Find out what is not known yet, the oldest first.

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

    def _sweep(self) -> None:
        """Forget the records that exist no longer."""
        alive = [ref for ref in self._pending if ref() is not None]
        self._pending = alive
        self._sweep_at = max(_MANY, 2 * len(alive))

    def _origin(self, record: Record) -> RecordHistory:
        """Return the history of a record that has come without one."""
        step = Step(Unknown("it was made before its history was kept"))
        step.stored = Stored(record.uuid, record.title, record.version)
        return RecordHistory(step, record.fields, record.metadata.get(ROI_KEY))


_KNOWN_FORMS = (RecordHistory, Pending)
