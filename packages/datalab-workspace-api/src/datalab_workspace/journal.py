"""The transactions of a session that can be undone, bounded by the data they hold."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

from datalab_workspace.events import ObjectChange, ObjectChangeKind

#: Bytes of removed and replaced data that a session holds at most.
LARGEST = 1 << 28
#: Transactions that a session can take back at most.
_MOST = 100


class Entry(NamedTuple):
    """A transaction that can be undone, or the transactions of one long call.

    Attributes:
        changes: What it changed.
        tickets: What `Backend.undo` needs.
        nbytes: Bytes of the data that only the tickets hold.
        call: The call that made it, if a call makes several; see `Session.run`.
    """

    changes: list[ObjectChange]
    tickets: list[Any]
    nbytes: int
    call: object = None


class Journal:
    """The last transactions, the oldest of which are forgotten first."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_MOST)
        self._nbytes = 0

    def note(
        self,
        changes: Sequence[ObjectChange],
        tickets: Sequence[Any],
        call: object = None,
    ) -> None:
        """Note a transaction; it joins the last one if the same call made that."""
        nbytes = sum(getattr(ticket, "nbytes", 0) for ticket in tickets)
        last = self.last()
        if call is not None and last is not None and last.call is call:
            last.changes.extend(changes)
            last.tickets.extend(tickets)
            self._entries[-1] = last._replace(nbytes=last.nbytes + nbytes)
        else:
            if len(self._entries) == _MOST:
                self.forget_oldest()
            self._entries.append(Entry(list(changes), list(tickets), nbytes, call))
        self._nbytes += nbytes
        while self._nbytes > LARGEST:
            self.forget_oldest()

    def forget_oldest(self) -> None:
        """Forget the oldest transaction, which can then no longer be undone."""
        self._nbytes -= self._entries.popleft().nbytes

    def last(self) -> Entry | None:
        """Return the last transaction; None if none can be undone."""
        return self._entries[-1] if self._entries else None

    def drop_last(self) -> None:
        """Forget the last transaction, which was undone."""
        self._nbytes -= self._entries.pop().nbytes

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._nbytes = 0


_INVERSE: dict[ObjectChangeKind, ObjectChangeKind] = {
    "added": "removed",
    "removed": "added",
}


def inverse(changes: Sequence[ObjectChange]) -> list[ObjectChange]:
    """Return the changes that taking others back makes."""
    return [
        change._replace(
            kind=_INVERSE.get(change.kind, change.kind),
            before=change.after,
            after=change.before,
        )
        for change in reversed(changes)
    ]
