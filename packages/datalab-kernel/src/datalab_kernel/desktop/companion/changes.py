"""The changes of the window's state, and a log of the last ones."""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

_MOST_EVENTS = 2_000
_MOST_REMOVED = 10_000


class ChangeLog:
    """The last events, and the UUIDs of the objects that were removed last."""

    def __init__(self) -> None:
        self._events: deque[dict[str, Any]] = deque(maxlen=_MOST_EVENTS)
        self._events_since = 0
        # The revision of each removal, and the client that made it.
        self._removed: dict[str, tuple[int, str | None]] = {}
        self._removed_since = 0

    def note(self, events: Iterable[dict[str, Any]]) -> None:
        """Add events."""
        for event in events:
            if len(self._events) == _MOST_EVENTS:
                self._events_since = self._events[0]["rev"]
            self._events.append(event)

    def note_removed(self, uuid: str, rev: int, by: str | None) -> None:
        """Add the UUID of an object that a client, or the window, has removed."""
        self._removed.pop(uuid, None)
        self._removed[uuid] = rev, by
        while len(self._removed) > _MOST_REMOVED:
            self._removed_since, _ = self._removed.pop(next(iter(self._removed)))

    def knows_removed(self, since: int) -> bool:
        """Return whether all objects that were removed after a revision are known."""
        return since >= self._removed_since

    def removed(self, since: int, present: Container[str]) -> dict[str, str | None]:
        """Return the objects that were removed after a revision and are not present.

        Returns:
            The client that removed each; None if it was the window.
        """
        last = takewhile(
            lambda entry: entry[1][0] > since, reversed(self._removed.items())
        )
        found = [(uuid, by) for uuid, (_, by) in last if uuid not in present]
        return dict(reversed(found))

    def missed(self, since: int) -> bool:
        """Return whether events after a revision are no longer known."""
        return since < self._events_since

    def events(self, since: int) -> list[dict[str, Any]]:
        """Return the events after a revision."""
        last = takewhile(lambda event: event["rev"] > since, reversed(self._events))
        return list(last)[::-1]


@dataclass(eq=False)
class Changes:
    """The changes that one look finds.

    Attributes:
        rev: The revision that they have.
        by: The client that made them; None if it was the window.
        events: The events made so far.
        removed: UUIDs of removed objects.
        moved: UUIDs of objects that are in another group.
        changed: UUIDs of changed objects, by the parts that changed.
        structural: Objects were added or removed.
        order_changed: Objects or groups are in another order.
    """

    rev: int
    by: str | None
    events: list[dict[str, Any]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    changed: dict[frozenset[str], list[str]] = field(default_factory=dict)
    structural: bool = False
    order_changed: bool = False

    def add(self, name: str, uuids: list[str], parts: Iterable[str] = ()) -> None:
        """Add an event."""
        event = event_of(self.rev, name, uuids, self.by)
        if parts:
            event["parts"] = sorted(parts)
        self.structural |= name in ("added", "removed")
        self.events.append(event)

    def change(self, uuid: str, parts: frozenset[str]) -> None:
        """Add the change of an object."""
        self.changed.setdefault(parts, []).append(uuid)

    def finish(self) -> None:
        """Make the events of the removed, changed and moved objects."""
        if self.removed:
            self.events.insert(0, event_of(self.rev, "removed", self.removed, self.by))
        for parts, uuids in self.changed.items():
            self.add("changed", uuids, parts)
        if self.moved or self.order_changed:
            self.add("moved", self.moved)


def event_of(rev: int, name: str, uuids: list[str], by: str | None) -> dict[str, Any]:
    """Return an event as the protocol has it."""
    return {"rev": rev, "event": name, "uuids": uuids, "by": by}
