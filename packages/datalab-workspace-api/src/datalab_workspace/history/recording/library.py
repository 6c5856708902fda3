"""The histories of the objects of the files that a workspace has loaded.

The history of an object refers to other objects of its file. These may have been
removed or replaced in the workspace since, and their steps are still needed. So the
histories in the file are kept, without the data.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from datalab_workspace.errors import WorkspaceError
from datalab_workspace.history.steps import Reference, Step
from datalab_workspace.model.project import Item
from datalab_workspace.model.record import PendingRecord

if TYPE_CHECKING:
    from datalab_workspace.history.storage.written import Entry


class Library:
    """The histories that were loaded, by the UUIDs in the files."""

    def __init__(self) -> None:
        self._known: dict[str, list[tuple[Entry | PendingRecord, str]]] = {}

    # A copy in another process does not read the files again.

    def __getstate__(self) -> dict[str, Any]:
        from datalab_workspace.history.storage.written import Entry

        known = {
            uuid: [one for one in kept if isinstance(one[0], Entry)]
            for uuid, kept in self._known.items()
        }
        return {"_known": {uuid: kept for uuid, kept in known.items() if kept}}

    def add(self, items: Iterable[Item]) -> None:
        """Keep the histories of the objects of a file."""
        from datalab_workspace.history.storage.written import Entry, Written

        for item in items:
            history = item if isinstance(item, PendingRecord) else item.history
            kept = history.entry if isinstance(history, Written) else history
            if isinstance(kept, Entry | PendingRecord):
                self._known.setdefault(item.uuid, []).append((kept, item.title))

    def find(self, reference: Reference) -> Step | None:
        """Return the step that made the object of a reference; None if unknown."""
        known = self._known.get(reference.uuid, [])
        for place, (kept, title) in reversed(list(enumerate(known))):
            entry = _entry(kept) if isinstance(kept, PendingRecord) else kept
            if entry is None:
                del known[place]
                continue
            known[place] = entry, title
            try:
                if entry.fingerprint == reference.fingerprint is not None:
                    return entry.step(title)
            except (ValueError, TypeError):
                del known[place]  # `Written` warns of it when it is asked for
        return None


def _entry(item: PendingRecord) -> Entry | None:
    """Return the entry of an object of a file; None without one."""
    from datalab_workspace.history.storage.written import Written

    try:
        history = item.resolve().history
    except (OSError, ValueError, WorkspaceError):
        return None  # the file has changed since it was loaded
    return history.entry if isinstance(history, Written) else None
