"""The history of a record whose last steps have not been found out yet.

`add` notes which object a record comes from. Records never change, so that they can be
compared later: when the history is needed, or at the end of the cell.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from weakref import ref

from datalab_workspace.forks import follow_forks, usable
from datalab_workspace.history.bounds import bounded
from datalab_workspace.history.environment import here
from datalab_workspace.history.graph import needs_first
from datalab_workspace.history.recording import identity, known, used_objects
from datalab_workspace.history.recording.deferred import Deferred, settled
from datalab_workspace.history.recording.file_steps import file_of_source
from datalab_workspace.history.recording.identity import Arrays, Marker
from datalab_workspace.history.recording.running_code import running_code
from datalab_workspace.history.steps import (
    Cell,
    Code,
    Edit,
    RecordHistory,
    Step,
    Stored,
    Unknown,
    describes_data,
)
from datalab_workspace.model.metadata_values import values_equal
from datalab_workspace.model.record import ROI_KEY, SOURCE_KEY, Record


class _Lock:
    """The lock under which histories are found out, each one once."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        follow_forks(self)

    def after_fork(self) -> None:
        """Replace the lock in a forked child if another thread held it."""
        self.lock = usable(self.lock, threading.RLock)


_one_thread = _Lock()


class Pending(Deferred):
    """The history of a record that was added; it is found out when it is needed.

    Args:
        record: The record.
        marker: The link of the object that was added; None if it has none.
        cell: The cell that runs; None outside cells.
        title: The title of the object, if it may be a copy of another one.
        place: Stands for the workspace.

    Attributes:
        uuid: UUID of the record.
        code: The code that runs.
        marker: See above; None when it is no longer needed.
        before: The data of the record that is replaced, if it must be kept.
        held: The bytes of data that only this history may keep in memory.
    """

    __slots__ = (
        "_fields",
        "_metadata",
        "_number",
        "_place",
        "_record",
        "_title",
        "_used",
        "_version",
        "before",
        "code",
        "held",
        "marker",
        "uuid",
    )

    def __init__(
        self,
        record: Record,
        marker: Marker | None,
        cell: Cell | None,
        title: str | None = None,
        place: object = None,
    ) -> None:
        self.outcome = None
        self.held = 0
        self.marker = marker
        self._title, self._place = title, place
        self.before: Arrays | None = None
        self.uuid, self._version = record.uuid, record.version
        self._fields, self._metadata = record.fields, record.metadata
        # Weakly: the record refers to this history, and must end with its last user.
        self._record = ref(record)
        self.code = code = running_code(cell)
        self._used = () if cell is None else known.last_got()
        self._number = known.count()
        if marker is None:
            return
        earlier = marker.history
        if (
            type(earlier) is Pending
            and earlier.outcome is None
            and earlier.uuid == self.uuid
            and earlier.code is code
        ):
            # A loop that changes an object again and again makes one step, and holds
            # the data of none but the first and the last record. `earlier` has counted
            # the first one.
            self.marker, self.before = earlier.marker, earlier.before
            return
        if marker.record is not None:
            replaced = marker.record()
            if replaced is not None and replaced.uuid == self.uuid:
                self.before = replaced.arrays
                self.held = identity.nbytes(self.before)

    # -- the outcome ------------------------------------------------------------------

    def is_made_by(self, cell: Cell | None) -> bool:
        """Return whether a cell that runs has made the object, as far as is known."""
        return self.outcome is None and self.code.cell is cell

    def found(self) -> RecordHistory:
        """Return the history, after a comparison of the records if that is needed."""
        if self.outcome is None:
            with _one_thread.lock:
                # A history comes after those that it depends on.
                for each in needs_first(self, Pending.depends_on):
                    each.find_out()
        assert self.outcome is not None, "the loop has just set it"
        return self.outcome

    def depends_on(self) -> Iterator[Pending]:
        """Yield the histories that must be found out first."""
        markers = self._used if self.marker is None else (self.marker, *self._used)
        for marker in markers:
            history = marker.history
            if isinstance(history, Pending) and history.outcome is None:
                yield history

    def find_out(self) -> None:
        """Compare the records, and release what is no longer needed."""
        if self.outcome is None:
            self.outcome = settled(self._find())
            self.marker = self.before = None
            self._used = ()

    def _find(self) -> RecordHistory:
        record, marker = self._record(), self.marker
        if marker is None:
            if record is not None and self._title is not None:
                marker = known.original_of(
                    record.arrays, self._title, self._number, self._place
                )
            if marker is None:
                return self._made()
        elif record is None or (same := self._is_same(record, marker)) is None:
            return self._changed(marker, certain=False)
        elif not same:
            self._correct_calls(record, marker)
            return self._changed(marker, certain=not marker.unsure)
        history = history_of(marker)
        if history.step.stored is None:
            history.step.stored = self._storage()
        return history

    def _is_same(self, record: Record, marker: Marker) -> bool | None:
        """Return whether the record has the data of its object; None if unknown."""
        before = marker.arrays if self.before is None else self.before
        if before is not None:
            return identity.same_data(record.arrays, before)
        if marker.seen is None:
            return None
        if marker.seen != identity.glance(record.arrays):
            return False
        if marker.checked is None:
            return True
        return marker.checked == identity.checksums(record.arrays)

    def _correct_calls(self, record: Record, marker: Marker) -> None:
        """Correct the calls that used the object before it was added."""
        before = marker.arrays if self.before is None else self.before
        if before is None:
            looks_same = marker.seen == identity.glance(record.arrays)
        else:
            looks_same = identity.looks_same(record.arrays, before)
        if looks_same:
            correct_calls(marker, self._is_of)

    def _is_of(self, obj: Any) -> bool:
        marker = identity.marker_of(obj)
        return marker is not None and marker.history is self

    def _made(self) -> RecordHistory:
        """Return the history of an object that does not come from a known one."""
        source = self._metadata.get(SOURCE_KEY)
        read = () if source is None else (Step(file_of_source(source)),)
        return self._history(
            self.code, (*read, *steps_used(self._used, self.code.cell))
        )

    def _changed(self, marker: Marker, *, certain: bool = True) -> RecordHistory:
        source = history_of(marker).step
        others = (
            step
            for step in steps_used(self._used, self.code.cell)
            if step is not source
        )
        code = self.code
        if not certain:
            code = Code(code.cell, code.script, certain=False)
        return self._history(code, (source, *others))

    def _history(self, code: Code, inputs: tuple[Step, ...]) -> RecordHistory:
        step = bounded(Step(code, inputs, code.cell, here(), self._storage()))
        return RecordHistory(step, self._fields, self._metadata.get(ROI_KEY))

    def _storage(self) -> Stored:
        title = str(self._fields.get("title") or "")
        return Stored(self.uuid, title, self._version, cell=self.code.cell)


def steps_used(markers: Sequence[Marker], cell: Cell | None) -> Iterator[Step]:
    """Yield the steps of the objects that a cell got before, each one once.

    Outside cells there are none: a script gets all its objects in one place.
    """
    if cell is None:
        return
    seen: set[int] = set()
    for marker in markers:
        if marker.cell is cell:
            step = history_of(marker).step
            if id(step) not in seen:
                seen.add(id(step))
                yield step


def correct_calls(
    marker: Marker, is_changed: Callable[[Any], bool], *, certain: bool = True
) -> None:
    """Insert the step of the code that changed an object before the calls that used it.

    Args:
        marker: The link of the object before the change was found.
        is_changed: Whether an object with this link is the one.
        certain: See `Code`.
    """
    uses = [use for obj, use in used_objects.uses_of(marker) if is_changed(obj)]
    changed: dict[int, Step] = {}
    for use in uses:
        inputs = list(use.step.inputs)
        used = inputs[use.position]
        if is_code_of(used, use.code.cell) and used.stored is None:
            continue  # no object is stored as it was before the change
        if id(used) not in changed:
            code = Code(use.code.cell, use.code.script, certain, in_order=False)
            # Only the objects from before the call, so that no step needs itself.
            others = [s for s in steps_used(use.got, code.cell) if s is not used]
            changed[id(used)] = Step(code, (used, *others), code.cell)
        inputs[use.position] = changed[id(used)]
        use.step.inputs = tuple(inputs)
        use.step.depth = 1 + max(step.depth for step in inputs)


def is_code_of(step: Step, cell: Cell | None) -> bool:
    """Return whether a step is all of the code of a cell."""
    return cell is not None and isinstance(step.action, Code) and step.cell is cell


def history_of(marker: Marker) -> RecordHistory:
    """Return the history of an object when its link was made."""
    record = None if marker.record is None else marker.record()
    if record is not None and record.history is marker.history:
        marker.history = current(record)
    return marker.history


def current(record: Record) -> RecordHistory:
    """Return the history of a record, with the edits since it was noted.

    The record keeps it, so that the same step is returned each time.
    """
    history = record.history
    if not isinstance(history, RecordHistory):
        history = record.history = RecordHistory(
            Step(Unknown("it was here before")), record.fields, _roi_of(record)
        )
    edited = edit_between(history.fields, history.roi, record.fields, _roi_of(record))
    if edited is not None:
        stored = Stored(record.uuid, record.title, record.version)
        step = bounded(Step(edited, (history.step,), stored=stored))
        history = record.history = RecordHistory(step, record.fields, _roi_of(record))
    return history


def edit_between(
    fields: Mapping[str, Any], roi: Any, new_fields: Mapping[str, Any], new_roi: Any
) -> Edit | None:
    """Return the edit that leads from some fields and regions to others, if any.

    Display options do not count, because DataLab's window sets them by itself.
    """
    changed = {}
    if fields is not new_fields:
        changed = {
            name: value
            for name, value in new_fields.items()
            if fields.get(name, value) is not value
            and describes_data(name)
            and not values_equal(fields[name], value)
        }
    sets_roi = roi is not new_roi and not values_equal(roi or None, new_roi or None)
    if not changed and not sets_roi:
        return None
    before = {name: fields[name] for name in changed}
    if not sets_roi:
        return Edit(changed, fields_before=before)
    return Edit(changed, new_roi or None, True, before, roi or None)


def _roi_of(record: Record) -> Any:
    return record.metadata.get(ROI_KEY)
