"""The histories of replaced and removed objects that other histories refer to.

In a file, the history of an object ends at other objects of the file. If one of these
is replaced after the file was opened, its old history is still needed.
"""

from __future__ import annotations

from collections import deque

from datalab_workspace.history.steps import (
    Fingerprint,
    RecordHistory,
    Reference,
    Step,
    edit_chain,
)
from datalab_workspace.history.storage.written import Entry, Written
from datalab_workspace.model.record import Record

#: The number of histories that are kept.
_MOST = 1000


class FormerHistories:
    """The histories of objects that a workspace no longer has. They hold no data."""

    def __init__(self) -> None:
        self._kept: deque[tuple[str, Fingerprint, Entry | Step, str]] = deque(
            maxlen=_MOST
        )

    def note(self, record: Record) -> None:
        """Keep the history of a record that is replaced or removed.

        Only a record from a file can have references to it.
        """
        history = record.history
        if isinstance(history, Written):
            mark = history.entry.fingerprint
            if mark is not None:
                kept = record.uuid, mark, history.entry, record.title
                self._kept.append(kept)
        elif type(history) is RecordHistory:
            for step in edit_chain(history.step):
                if step.stored is not None and step.stored.fingerprint is not None:
                    mark = step.stored.fingerprint
                    self._kept.append((record.uuid, mark, history.step, record.title))
                    return

    def find(self, reference: Reference) -> Step | None:
        """Return the last step of the object of a reference; None if it is unknown.

        Raises:
            ValueError: Its history in a file cannot be read.
        """
        wanted = reference.uuid, reference.fingerprint
        for uuid, mark, history, title in reversed(self._kept):
            if (uuid, mark) == wanted:
                return history.step(title) if isinstance(history, Entry) else history
        return None
