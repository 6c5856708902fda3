"""The steps that made the sigima objects of a user."""

from __future__ import annotations

import math
import time
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

from datalab_workspace.history.cells import running_cell
from datalab_workspace.history.environment import here
from datalab_workspace.history.recording import identity, known, used_objects
from datalab_workspace.history.recording.added_record import (
    correct_calls,
    edit_between,
    history_of,
    is_code_of,
    steps_used,
)
from datalab_workspace.history.recording.deferred import Deferred
from datalab_workspace.history.recording.identity import Arrays, Marker, marker_of
from datalab_workspace.history.recording.running_code import running_code
from datalab_workspace.history.steps import (
    Cell,
    Code,
    RecordHistory,
    Step,
    describes_data,
)
from datalab_workspace.model.record import FIELDS
from datalab_workspace.model.sigima_objects import current_roi, object_kind

#: The names of these fields, and of the attributes that hold their values.
_described = {
    kind: tuple((name, f"_{name}") for name in fields if describes_data(name))
    for kind, fields in FIELDS.items()
}


def step_of(obj: Any) -> Step:
    """Return the step that made an object as it is now, and link the object to it.

    Args:
        obj: A signal or image of sigima.
    """
    arrays, marker = identity.arrays_of(obj), marker_of(obj)
    if marker is None:
        marker = known.original_of(arrays, str(obj.title), known.count())
    if marker is None:
        return _link(obj, arrays, _code_step(running_cell.current()))
    if not _looks_as_linked(arrays, marker):
        step = _code_step(running_cell.current(), history_of(marker).step)
        return _link(obj, arrays, step)
    return _with_edit(obj, marker)


def note_change(
    obj: Any, cell: Cell | None, *, certain: bool = True, suspected: bool = False
) -> bool:
    """Find out whether code has changed the data of an object since it was linked.

    All of the data is compared. If it has changed, the object is linked to a step of
    the cell.

    Args:
        obj: A signal or image of sigima that is linked.
        cell: The cell that may have changed it; None outside cells.
        certain: False if an earlier cell may have changed it.
        suspected: According to its text, the cell may have changed the data.

    Returns:
        Whether it has changed.
    """
    marker = marker_of(obj)
    if marker is None:
        return False
    arrays, source = identity.arrays_of(obj), history_of(marker).step
    if suspected and is_code_of(source, cell):
        _link(obj, arrays, source)
        return False
    if not suspected and _is_as_linked(arrays, marker):
        return False
    if _looks_as_linked(arrays, marker):
        # A glance before a call cannot have seen the change either.
        correct_calls(marker, lambda used: used is obj, certain=certain)
    _link(obj, arrays, _code_step(cell, source, certain=certain))
    linked = marker_of(obj)
    if linked is not None and not suspected and not identity.is_exact(arrays):
        linked.checked = identity.checksums(arrays)
    return True


def note_uses(objects: Sequence[Any], step: Step) -> None:
    """Note the objects that a call has used, if a glance at them does not see all.

    Args:
        objects: The signals and images, in the order of the inputs of the step.
        step: The step of the call.
    """
    for position, obj in enumerate(objects):
        arrays, marker = identity.arrays_of(obj), marker_of(obj)
        if marker is None or identity.is_exact(arrays) or is_read_only(arrays):
            continue
        code, got = running_code(running_cell.current()), known.last_got()
        use = used_objects.Use(weakref.ref(obj), marker, step, position, code, got)
        used_objects.note(use, obj, size=identity.nbytes(arrays))


def examine_used(seconds: float = math.inf) -> None:
    """Compare the data of the objects that calls have used, before a cell ends.

    Args:
        seconds: Compare no more once this time has been spent in the cell.
    """
    for obj in used_objects.objects():
        begin = time.perf_counter()
        if used_objects.spent() > seconds:
            return
        settle_added(obj)
        marker = marker_of(obj)
        if marker is not None and marker.arrays is not None:
            note_change(obj, running_cell.current())
        used_objects.spend(time.perf_counter() - begin)
    if running_cell.current() is None:
        used_objects.release()


def settle_added(obj: Any) -> None:
    """Find out whether an object was changed between a call and `add`."""
    marker = marker_of(obj)
    if marker is not None and isinstance(marker.history, Deferred):
        marker.history.found()


def is_read_only(arrays: Arrays) -> bool:
    """Return whether code cannot change the data of an object."""
    filled = [array for array in arrays.values() if array is not None and array.size]
    return all(isinstance(a, np.ndarray) and not a.flags.writeable for a in filled)


def link_result(obj: Any, step: Step, cell: Cell | None) -> Marker:
    """Link an object that a call returned to the step that made it."""
    history = RecordHistory(step, described_fields(obj), current_roi(obj))
    arrays = identity.arrays_of(obj)
    marker = Marker(history, None, identity.glance(arrays), cell)
    identity.mark(obj, marker)
    known.note(marker, obj)
    return marker


def described_fields(obj: Any) -> dict[str, Any]:
    """Return the fields of an object that describe its data."""
    kind = object_kind(obj)
    assert kind is not None, "the caller checks it"
    # An attribute that guidata describes takes ten times as long to get.
    values = vars(obj)
    return {
        name: values[held] if held in values else getattr(obj, name, None)
        for name, held in _described[kind]
    }


def _link(obj: Any, arrays: Arrays, step: Step) -> Step:
    history = RecordHistory(step, described_fields(obj), current_roi(obj))
    marker = Marker(history, None, identity.glance(arrays), step.cell)
    identity.mark(obj, marker)
    known.note(marker, obj)
    return step


def _with_edit(obj: Any, marker: Marker) -> Step:
    """Return the step of an object with the same data, and perhaps other labels."""
    history = history_of(marker)
    fields, roi = described_fields(obj), current_roi(obj)
    edit = edit_between(history.fields, history.roi, fields, roi)
    if edit is None:
        return history.step
    cell = running_cell.current()
    step = Step(edit, (history.step,), cell)
    edited = Marker(RecordHistory(step, fields, roi), None, marker.seen, cell)
    edited.record = marker.record
    return step


def _code_step(
    cell: Cell | None, source: Step | None = None, *, certain: bool = True
) -> Step:
    code = running_code(cell)
    if not certain:
        code = Code(code.cell, code.script, certain=False)
    first = () if source is None else (source,)
    others = [s for s in steps_used(known.last_got(), cell) if s is not source]
    return Step(code, (*first, *others), cell, here())


def _looks_as_linked(arrays: Arrays, marker: Marker) -> bool:
    held = marker.arrays
    if held is not None:
        return identity.looks_same(arrays, held)
    return marker.seen is not None and identity.glance(arrays) == marker.seen


def _is_as_linked(arrays: Arrays, marker: Marker) -> bool:
    """Return whether all of the data is as it was, if that can be known."""
    held = marker.arrays
    if held is not None:
        return identity.same_data(arrays, held)
    if not _looks_as_linked(arrays, marker):
        return False
    if identity.is_exact(arrays):
        return True
    sums = identity.checksums(arrays)
    known_sums, marker.checked = marker.checked, sums
    return known_sums is None or known_sums == sums
