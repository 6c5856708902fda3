"""Take back the last transaction of a workspace."""

from __future__ import annotations

from datalab_workspace.backends.window import COMPANION_NEEDED
from datalab_workspace.errors import NothingToUndoError, NotSupportedByProtocolError
from datalab_workspace.journal import inverse
from datalab_workspace.session import Session


def undo(session: Session) -> None:
    """See `Workspace.undo`."""
    with session.transaction(None) as transaction:
        backend, entry = transaction.backend, session.journal.last()
        if not backend.capabilities.undo:
            raise NotSupportedByProtocolError(f"undo() needs {COMPANION_NEEDED}")
        if entry is None:
            raise NothingToUndoError(
                "this workspace has made no change that can be undone; changes of "
                "DataLab's user or another notebook are undone there"
            )
        backend.undo(entry.tickets)
        session.journal.drop_last()
        for change in inverse(entry.changes):
            if change.after is None:
                transaction.names.release(change.uuid)
            else:
                title = backend.title_of(change.uuid)
                transaction.names.bind(change.uuid, change.after, str(title or ""))
            transaction.changes.append(change)
        transaction.sync_names()
