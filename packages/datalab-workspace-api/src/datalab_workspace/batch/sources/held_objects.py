"""Objects of a workspace in memory, of a project file, or of a list.

Objects that are still in a project file are sent as references to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from datalab_workspace.batch.items import Source
from datalab_workspace.batch.object_fingerprints import (
    content_fingerprint,
    is_in_file,
    known_fingerprint,
)
from datalab_workspace.batch.sources.base import ItemSource
from datalab_workspace.model.project import Item as Held
from datalab_workspace.model.record import PendingRecord, Record


class HeldObjects(ItemSource):
    """Objects that the driver holds, or that stay in a project file.

    Args:
        held: The objects. None of them is changed.
        names: Their names.
        groups: The titles of their groups.
        project: The project file that was given as an item, for names that
            distinguish its objects from those of another project.
    """

    def __init__(
        self,
        held: Sequence[Held],
        names: Sequence[str],
        groups: Sequence[str | None],
        project: Path | None = None,
    ) -> None:
        self._held = held
        self._names = names
        self._groups = groups
        self._project = project

    def __len__(self) -> int:
        return len(self._held)

    def label(self, position: int, level: int) -> str | None:
        """See `ItemSource.label`; further levels are the project and its folders."""
        name = self._names[position]
        if level == 0:
            return name
        if self._project is None or level >= len(self._project.parts):
            return None
        folders = self._project.parts[-level:-1]
        return "/".join((*folders, self._project.stem, name))

    def group(self, position: int) -> str | None:
        """See `ItemSource.group`; it is the group of the object."""
        return self._groups[position] or None

    def identity(self, position: int) -> str:
        """See `ItemSource.identity`.

        An object of a file is known by its UUID. One in memory gets a new UUID whenever
        a script makes it again, so its name and its content count.
        """
        held = self._held[position]
        if isinstance(held, PendingRecord) or is_in_file(held):
            return f"object {held.uuid}"
        return f"data {content_fingerprint(held)} {self._names[position]}"

    def fingerprint(self, position: int) -> str:
        """See `ItemSource.fingerprint`."""
        held = self._held[position]
        known = known_fingerprint(held)
        return content_fingerprint(_record(held)) if known is None else known

    def source(self, position: int) -> Source:
        """See `ItemSource.source`."""
        held = self._held[position]
        if known_fingerprint(held) is not None:
            return held  # a worker reads it from its file
        return sent(_record(held))


def sent(record: Record) -> Record:
    """Return a record as it is sent: without the steps that refer to this process."""
    return record if record.history is None else replace(record, history=None)


def _record(held: Held) -> Record:
    return held.record() if isinstance(held, PendingRecord) else held
