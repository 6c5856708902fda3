"""The steps of the objects of a workspace, and the objects that still have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from datalab_workspace.encoding.arrays import data_fingerprint
from datalab_workspace.history.steps import (
    Fingerprint,
    Reference,
    Step,
    closure,
    edit_chain,
)

if TYPE_CHECKING:
    from datalab_workspace.model.record import Kind
    from datalab_workspace.session import Session
    from datalab_workspace.transaction import Transaction


class Present(NamedTuple):
    """An object of the workspace that has not changed since a step made it.

    Attributes:
        uuid: Its UUID.
        name: Its name now.
        kind: Its kind.
        shape: Its shape.
    """

    uuid: str
    name: str
    kind: Kind
    shape: tuple[int, ...]


class ObjectSteps:
    """The steps of the objects of a workspace, within one transaction."""

    def __init__(self, session: Session, transaction: Transaction) -> None:
        self._session = session
        self._transaction = transaction
        self._latest: dict[str, Step] = {}
        self._marks: dict[str, Fingerprint | None] = {}

    def latest(self, uuid: str) -> Step:
        """Return the latest step of an object that exists."""
        if uuid not in self._latest:
            record = self._transaction.record(uuid)
            self._latest[uuid] = self._session.recorder.latest(record)
            if self._transaction.backend.location is not None:
                self._marks[uuid] = data_fingerprint(record)  # before it is released
        return self._latest[uuid]

    def mark(self, uuid: str) -> Fingerprint | None:
        """Return the fingerprint of the data of an object that exists."""
        if uuid not in self._marks:
            self._marks[uuid] = data_fingerprint(self._transaction.record(uuid))
        return self._marks[uuid]

    def find(self, reference: Reference) -> Step | None:
        """Return the step that made the object of a reference.

        Returns:
            The step; None if no object has such data, or had it in a file that was
            loaded.
        """
        latest = self._made_data(reference)
        if latest is None:
            latest = self._session.project.histories.find(reference)
        if latest is None:
            latest = self._of_same_name(reference)
        if latest is None:
            return None
        chain = edit_chain(latest)
        return chain[min(reference.edits, len(chain) - 1)]

    def _made_data(self, reference: Reference) -> Step | None:
        """Return the last step with the data of a reference; edits may follow it."""
        uuid, wanted = reference.uuid, reference.fingerprint
        if wanted is None or not self._transaction.backend.has(uuid):
            return None
        latest = self.latest(uuid)
        if self.mark(uuid) == wanted:
            return latest
        for step in reversed(closure(latest)):
            stored = step.stored
            if stored and (stored.uuid, stored.fingerprint) == (uuid, wanted):
                return step
        return None

    def _of_same_name(self, reference: Reference) -> Step | None:
        """Return the latest step of an object with the name and data of a reference.

        A run over objects in memory identifies them by their data, not by a UUID.
        """
        uuid, wanted = reference.uuid, reference.fingerprint
        if wanted is None or self._transaction.backend.has(uuid):
            return None
        named = self._transaction.names.uuid_of(reference.name)
        if named is None or self.mark(named) != wanted:
            return None
        latest = self.latest(named)
        # A result may have the name and data of the object that it was made from.
        own = any(step.action is reference for step in closure(latest))
        return None if own else latest

    def present(self, step: Step) -> Present | None:
        """Return the object that is still as a step made it; edits do not count."""
        uuid = None if step.stored is None else step.stored.uuid
        backend = self._transaction.backend
        if uuid is None or not backend.has(uuid):
            return None
        if edit_chain(self.latest(uuid))[0] is not step:
            return None
        summary = backend.summary(uuid)
        name = self._transaction.names.name_of(uuid)
        return Present(uuid, name, summary.kind, summary.shape)
