"""Objects of a workspace in memory, of a project file, or of a list.

Objects that are still in a project file are sent as references to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid5

from datalab_workspace.batch.items.object_fingerprints import (
    content_fingerprint,
    is_in_file,
    known_fingerprint,
)
from datalab_workspace.batch.items.sources.base import ItemSource, Taken
from datalab_workspace.model.project import Item as Held
from datalab_workspace.model.record import PendingRecord, Record

_NAMESPACE = UUID("8d2a86ff-5a5d-5b55-b0ff-1d3d7e7c9a06")


class HeldObjects(ItemSource):
    """Objects that the driver holds, or that stay in a project file.

    Args:
        held: The objects. None of them is changed.
        names: Their names.
        groups: The titles of their groups.
        project: The project file that was given as an item. It distinguishes its
            objects from those of another project.
    """

    def __init__(
        self,
        held: Sequence[Held],
        names: Sequence[str],
        groups: Sequence[str] | None = None,
        project: Path | None = None,
    ) -> None:
        self._held = held
        self._names = names
        self._groups = groups
        self._project = project
        self._repeated: set[str] = set()

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
        return (self._groups[position] or None) if self._groups else None

    def fingerprint(self, position: int) -> str:
        """See `ItemSource.fingerprint`."""
        held = self._held[position]
        return known_fingerprint(held) or content_fingerprint(_record(held))

    def reads(self, path: Path) -> bool:
        """See `ItemSource.reads`."""
        records = map(_record, self._held)
        data = (array for record in records for array in record.arrays.values())
        paths = {getattr(array, "path", None) for array in data}
        files = (Path(each) for each in paths if each is not None)
        return any(file.samefile(path) for file in files if file.exists())

    def take(self, position: int) -> Taken:
        """See `ItemSource.take`.

        An object of a file is known by its UUID. One in memory gets a new UUID whenever
        a script makes it again, so its name and its content count.
        """
        held = self._held[position]
        known = known_fingerprint(held)
        if known is not None:
            return Taken(held, self._identity(held.uuid), known)
        record = _record(held)
        content = content_fingerprint(record)
        if is_in_file(record):
            if record is held:
                record = sent(record)
            else:
                record.history = None  # quicker than a copy of the new record
            return Taken(record, self._identity(record.uuid), content)
        identity = f"data {content} {self._names[position]}"
        return Taken(sent(record, str(uuid5(_NAMESPACE, identity))), identity, content)

    def uuids(self) -> Iterator[str]:
        """Yield the UUIDs of all objects."""
        return (held.uuid for held in self._held)

    def note_repeated(self, uuids: set[str]) -> None:
        """Note UUIDs that objects of several sources have, as copies of a file do."""
        self._repeated = uuids

    def _identity(self, uuid: str) -> str:
        identity = f"object {uuid}"
        if uuid in self._repeated and self._project is not None:
            return f"{identity} {self._project.as_posix()}"
        return identity


def sent(record: Record, uuid: str | None = None) -> Record:
    """Return a record as it is sent: without the steps that refer to this process.

    Args:
        record: The record, which is not changed.
        uuid: The UUID that it is sent with.
    """
    if record.history is None and uuid is None:
        return record
    return replace(record, history=None, uuid=uuid or record.uuid)


def distinguish(sources: Sequence[ItemSource]) -> None:
    """Let objects that have the same UUID in several sources be different items."""
    held = [source for source in sources if isinstance(source, HeldObjects)]
    if len(held) < 2:
        return
    seen: set[str] = set()
    again: set[str] = set()
    for source in held:
        own = set(source.uuids())
        again |= seen & own
        seen |= own
    for source in held:
        source.note_repeated(again)


def _record(held: Held) -> Record:
    return held.record() if isinstance(held, PendingRecord) else held
