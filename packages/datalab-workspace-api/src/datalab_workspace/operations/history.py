"""The history of an object of a workspace."""

from __future__ import annotations

from datalab_workspace.history.object_steps import ObjectSteps
from datalab_workspace.history.resolution import resolve
from datalab_workspace.history.view.builder import build
from datalab_workspace.history.view.history import History
from datalab_workspace.session import Session
from datalab_workspace.transaction import Transaction


def history(session: Session, name: str) -> History:
    """See `Workspace.history`."""
    session.recorder.settle()
    return session.run(lambda transaction: _history(session, transaction, name))


def _history(session: Session, transaction: Transaction, name: str) -> History:
    uuid = transaction.uuid(name)
    objects = ObjectSteps(session, transaction)
    resolution = resolve(objects.latest(uuid), objects.find)
    shown = transaction.names.hand_out(uuid)
    return build(shown, resolution, objects.present, uuid=uuid, session=session)
