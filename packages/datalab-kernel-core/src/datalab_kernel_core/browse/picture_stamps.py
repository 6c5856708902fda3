"""The stamps of objects: values that differ when the picture of an object may."""

from __future__ import annotations

from collections import Counter

from datalab_workspace.events import ChangeEvent

#: The parts of an object that its picture shows.
_PICTURED = frozenset({"data", "coordinates"})
#: Events after which other objects may have the UUIDs.
_EVERYTHING = frozenset({"attached", "detached", "loaded", "cleared"})


class PictureStamps:
    """The stamps of the objects of one workspace."""

    def __init__(self) -> None:
        self._all = 0
        self._changes: Counter[str] = Counter()

    def follow(self, event: ChangeEvent) -> None:
        """Note a change of the workspace."""
        if event.kind in _EVERYTHING:
            self._all += 1
        for change in event.changes:
            if change.after is None:
                # Undo may bring it back, but not with other data.
                continue
            if change.before is not None and change.parts & _PICTURED:
                self._changes[change.uuid] += 1

    def of(self, uuid: str) -> str:
        """Return the stamp of an object."""
        return f"{self._all}.{self._changes[uuid]}"
