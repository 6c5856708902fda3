"""The objects of a workspace that are still as a step made them."""

from __future__ import annotations

from dataclasses import dataclass

from datalab_workspace.encoding.arrays import fingerprint
from datalab_workspace.history.steps import RecordHistory, Reference, Step
from datalab_workspace.model.record import ROI_KEY, Record
from datalab_workspace.operations.history import ObjectSteps, without_edits


@dataclass(frozen=True)
class Given:
    """An object of the workspace that a step made.

    Attributes:
        name: Its name.
        record: Its record, as it was after the step.
    """

    name: str
    record: Record


class Available(ObjectSteps):
    """The objects of a workspace by the steps that made them, in one transaction."""

    def has(self, uuid: str) -> bool:
        """Return whether an object exists."""
        return self._transaction.backend.has(uuid)

    def given(self, step: Step) -> Given | None:
        """Return the object that a step made, if it is the same still.

        Edits of the object since then are taken back, if its history tells how.
        """
        uuid = self.uuid_of(step)
        if uuid is None or not self._transaction.backend.has(uuid):
            return None
        record = self._as_it_was(self._transaction.record(uuid), uuid, step)
        if record is None:
            return None
        return Given(self._transaction.names.name_of(uuid), record)

    def why_not(self, step: Step) -> str:
        """Return why the object that a step made is not available, in words."""
        uuid, name = self.uuid_of(step), self.name_of(step)
        if uuid is None:
            return "it was not stored"
        if not self._transaction.backend.has(uuid):
            return f"{name!r:.80} was removed"
        return f"{name!r:.80} has changed since"

    def uuid_of(self, step: Step) -> str | None:
        """Return the UUID of the object that a step made; None if it was not stored."""
        if isinstance(step.action, Reference):
            return step.action.uuid
        return None if step.stored is None else step.stored.uuid

    def name_of(self, step: Step) -> str:
        """Return the present name of the object of a step, or else the former one."""
        uuid = self.uuid_of(step)
        if uuid is not None and self._transaction.backend.has(uuid):
            return str(self._transaction.names.name_of(uuid))
        if isinstance(step.action, Reference):
            return step.action.name
        return "" if step.stored is None else step.stored.name

    def _as_it_was(self, record: Record, uuid: str, step: Step) -> Record | None:
        """Return a record as it was after a step; None if that is not known."""
        stored, latest = step.stored, self.latest(uuid)
        if latest is step or (stored is not None and stored.version is record.version):
            return record
        if without_edits(latest) is step:
            return _before_edits(record, step)
        wanted = None if stored is None else stored.fingerprint
        if isinstance(step.action, Reference):
            wanted = step.action.fingerprint
        found = None if wanted is None else fingerprint(record.data)
        if found is None or (found[0], found[1], tuple(found[2])) != wanted:
            return None
        return record


def _before_edits(record: Record, step: Step) -> Record | None:
    """Return a record before its fields and regions were edited; None if unknown."""
    held = record.history
    if not isinstance(held, RecordHistory) or held.step is not step:
        return None
    metadata = {key: v for key, v in record.metadata.items() if key != ROI_KEY}
    if held.roi is not None:
        metadata[ROI_KEY] = held.roi
    return Record(record.kind, dict(held.fields), dict(record.arrays), metadata)
