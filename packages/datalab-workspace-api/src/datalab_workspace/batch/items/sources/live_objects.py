"""Objects of a running DataLab as items, which the driver fetches one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from datalab_workspace.batch.items.object_fingerprints import content_fingerprint
from datalab_workspace.batch.items.sources.base import ItemSource, Taken
from datalab_workspace.batch.items.sources.held_objects import sent
from datalab_workspace.errors import ObjectNotFoundError
from datalab_workspace.model.record import Record

if TYPE_CHECKING:
    from datalab_workspace.session import Session

#: Bytes of the largest object of a running DataLab that is sent to a worker.
LARGEST = 256 << 20


class LiveObject(NamedTuple):
    """An object of a running DataLab.

    Attributes:
        uuid: UUID of the object.
        name: Its name in the workspace.
        group: Title of its group.
    """

    uuid: str
    name: str
    group: str


class LiveObjects(ItemSource):
    """Objects of a running DataLab. Only the one that is asked for is in memory.

    Args:
        session: The session of the workspace that is attached to DataLab.
        objects: The objects.
    """

    def __init__(self, session: Session, objects: Sequence[LiveObject]) -> None:
        self._session = session
        self._objects = objects
        self._backend = session.backend

    def __len__(self) -> int:
        return len(self._objects)

    def label(self, position: int, level: int) -> str | None:
        """See `ItemSource.label`."""
        return self._objects[position].name if level == 0 else None

    def group(self, position: int) -> str | None:
        """See `ItemSource.group`; it is the group of the object in DataLab."""
        return self._objects[position].group or None

    def fingerprint(self, position: int) -> str:
        """See `ItemSource.fingerprint`; the object is fetched for it."""
        return self.take(position).fingerprint

    def take(self, position: int) -> Taken:
        """See `ItemSource.take`; the object is fetched as it is in DataLab now.

        Raises:
            ValueError: The object is too large to be sent.
        """
        wanted = self._objects[position]
        with self._session.transaction(None) as transaction:
            backend = transaction.backend
            if backend is not self._backend or not backend.has(wanted.uuid):
                raise ObjectNotFoundError(
                    f"{wanted.name!r:.80} was removed from DataLab, or the workspace "
                    "was detached from it, since the run began"
                )
            record = backend.operand(wanted.uuid)
        check_size(wanted.name, record.nbytes)
        record = sent(_in_memory(record))
        return Taken(record, f"object {record.uuid}", content_fingerprint(record))


def check_size(name: str, nbytes: int) -> None:
    """Raise an error if an object of a running DataLab is too large to be sent.

    Raises:
        ValueError: It has more than `LARGEST` bytes.
    """
    if nbytes > LARGEST:
        raise ValueError(
            f"{name!r:.80} has {nbytes >> 20} MiB of data; objects of a running "
            f"DataLab are sent to the workers up to {LARGEST >> 20} MiB each: save the "
            "project in DataLab and pass the path of the file as items"
        )


def _in_memory(record: Record) -> Record:
    """Return a record whose arrays have all been fetched."""
    arrays = {name: record.array(name) for name in record.arrays}
    return Record(
        record.kind, dict(record.fields), dict(arrays), record.metadata, record.uuid
    )
