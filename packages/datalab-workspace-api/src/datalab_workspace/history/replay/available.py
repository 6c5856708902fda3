"""The objects of a workspace that have not changed since a step made them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from datalab_workspace.errors import UnsupportedObjectError
from datalab_workspace.history.object_steps import ObjectSteps
from datalab_workspace.history.steps import Edit, Reference, Step, edit_chain
from datalab_workspace.model.record import FIELDS, ROI_KEY, Record, checked_field
from datalab_workspace.session import Session
from datalab_workspace.transaction import Transaction


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

    def __init__(self, session: Session, transaction: Transaction) -> None:
        super().__init__(session, transaction)
        # Earlier steps in a file have no UUIDs. These steps made the data of an object.
        self._owners: dict[int, list[str]] = {}
        self._all_known = False

    def latest(self, uuid: str) -> Step:
        """Return the latest step of an object that exists."""
        is_new = uuid not in self._latest
        latest = super().latest(uuid)
        if is_new:
            for step in edit_chain(latest):
                self._owners.setdefault(id(step), []).append(uuid)
        return latest

    def has(self, uuid: str) -> bool:
        """Return whether an object exists."""
        return self._transaction.backend.has(uuid)

    def name(self, uuid: str) -> str:
        """Return the name of an object that exists."""
        return self._transaction.names.name_of(uuid)

    def given(self, step: Step, *, but: str | None = None) -> Given | None:
        """Return the object that a step made, if it is still the same.

        Edits of the object since then are taken back, if their former values are known.

        Args:
            step: The step.
            but: UUID of an object to ignore.
        """
        found = self._given(step, self.uuid_of(step), but)
        if found is None:
            found = self._given(step, self._holder(step, but), but)
        return found

    def _given(self, step: Step, uuid: str | None, but: str | None) -> Given | None:
        if uuid in (None, but) or not self.has(uuid):
            return None
        record = self._as_it_was(self._transaction.record(uuid), uuid, step)
        if record is None:
            return None
        return Given(self.name(uuid), record)

    def why_not(self, step: Step) -> str:
        """Return why the object that a step made is not available, in words."""
        uuid, name = self.uuid_of(step), self.name_of(step)
        if not uuid and not name:
            return "it was not stored"
        if not uuid:
            return f"{name!r:.80} was replaced, or was never stored"
        if not self._transaction.backend.has(uuid):
            return f"{name!r:.80} was removed"
        return f"{name!r:.80} has changed since"

    def uuid_of(self, step: Step) -> str | None:
        """Return the UUID of the object that a step made.

        Returns:
            The UUID, even if the object has been replaced or removed since; None if
            the object was not stored, or if it is not known which one it was.
        """
        if isinstance(step.action, Reference):
            return self._referred(step.action)
        stored = "" if step.stored is None else step.stored.uuid
        if stored and self.has(stored):
            return stored
        holder = self._holder(step)
        if holder is not None or step.stored is None:
            return holder
        # It was in another workspace, or was removed: only its name can identify it.
        return self._transaction.names.uuid_of(step.stored.name) or stored or None

    def _referred(self, reference: Reference) -> str:
        """Return the UUID of the object of a reference, even if it was removed."""
        uuid, backend = reference.uuid, self._transaction.backend
        if self.has(uuid):
            return uuid
        named = self._transaction.names.uuid_of(reference.name)
        if named is not None or backend.location is None:
            return named or uuid
        # The Web API alone reports no UUIDs, and DataLab changes names.
        wanted = reference.fingerprint
        others = (entry.uuid for entry in backend.entries())
        return next((u for u in others if wanted and self.mark(u) == wanted), uuid)

    def source_of(self, step: Step, user: str) -> str | None:
        """Return the UUID of the object that an object was made from.

        Args:
            step: The step that made it; see `uuid_of`.
            user: UUID of the object that was made from it. It is returned if an earlier
                object of this UUID was used.
        """
        uuid = self.uuid_of(step)
        return self._holder(step, user) or user if uuid == user else uuid

    def _holder(self, step: Step, but: str | None = None) -> str | None:
        """Return the UUID of another object that has the data of a step.

        The step may have made an object of another workspace, or one of this workspace
        that has been removed since.
        """
        if id(step) not in self._owners and not self._all_known:
            self._all_known = True
            for entry in self._transaction.backend.entries():
                self.latest(entry.uuid)
        owners = self._owners.get(id(step), ())
        return next((uuid for uuid in owners if uuid != but), None)

    def is_stored(self, step: Step) -> bool:
        """Return whether the object that a step made was in a workspace."""
        return step.stored is not None or isinstance(step.action, Reference)

    def name_of(self, step: Step) -> str:
        """Return the present name of the object of a step, or else its old name."""
        uuid = self.uuid_of(step)
        if uuid is not None and self._transaction.backend.has(uuid):
            return self.name(uuid)
        if isinstance(step.action, Reference):
            return step.action.name
        return "" if step.stored is None else step.stored.name

    def _as_it_was(self, record: Record, uuid: str, step: Step) -> Record | None:
        """Return a record as it was after a step; None if that is not known."""
        stored, latest = step.stored, self.latest(uuid)
        if latest is step or (stored is not None and stored.version is record.version):
            return record
        edits = self.edits_since(step, uuid)
        return None if edits is None else _taken_back(record, edits)

    def edits_since(self, step: Step, uuid: str) -> list[Edit] | None:
        """Return the edits of an object since a step, the last one first.

        Returns:
            The edits; None if the data is not that of the step.
        """
        latest = self.latest(uuid)
        edits = _edits_between(latest, step)
        if edits is not None:
            return edits
        wanted = None if step.stored is None else step.stored.fingerprint
        if isinstance(step.action, Reference):
            wanted = step.action.fingerprint
        if wanted is None or self.mark(uuid) != wanted:
            return None
        # Other steps made the same data, and as many edits followed them then.
        chain, count = edit_chain(latest), len(edit_chain(step))
        return _edits_between(latest, chain[min(count, len(chain)) - 1])


def _edits_between(latest: Step, step: Step) -> list[Edit] | None:
    """Return the edits since a step, the last one first; None if it is missing."""
    edits: list[Edit] = []
    while latest is not step:
        if not isinstance(latest.action, Edit) or not latest.inputs:
            return None
        edits.append(latest.action)
        latest = latest.inputs[0]
    return edits


def _taken_back(record: Record, edits: Sequence[Edit]) -> Record | None:
    """Return a record before some edits; None if former values are not known."""
    fields, metadata = dict(record.fields), dict(record.metadata)
    for edit in edits:
        if edit.fields_before is None:
            return None
        try:
            for name, value in edit.fields_before.items():
                fields[name] = checked_field(value, FIELDS[record.kind][name], name)
        except (KeyError, UnsupportedObjectError):  # the file was damaged
            return None
        if edit.sets_roi:
            metadata.pop(ROI_KEY, None)
            if edit.roi_before is not None:
                metadata[ROI_KEY] = edit.roi_before
    return Record(record.kind, fields, dict(record.arrays), metadata)
