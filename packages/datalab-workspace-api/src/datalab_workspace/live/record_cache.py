"""The small objects that are kept in case DataLab ends."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Protocol

from datalab_workspace.model.project import Group
from datalab_workspace.model.record import KINDS, Kind, Record

#: Bytes of data, of one object and of all together.
_LARGEST = 1 << 20
_MOST = 1 << 26


class Identified(Protocol):
    """An object that is known by its UUID and kind."""

    @property
    def uuid(self) -> str:
        """UUID of the object."""

    @property
    def kind(self) -> Kind:
        """Kind of the object."""


class RecordCache:
    """The small objects that were transferred last."""

    def __init__(self) -> None:
        self._records: OrderedDict[str, Record] = OrderedDict()
        self._bytes = 0

    def restore(self, entries: Iterable[Identified]) -> tuple[list[Group], list[str]]:
        """Return the remembered objects, one group for each kind.

        Args:
            entries: The objects in DataLab.

        Returns:
            The groups, and the UUIDs of the objects that are not remembered.
        """
        groups = {kind: Group(kind, "") for kind in KINDS}
        lost = []
        for entry in entries:
            record = self._records.get(entry.uuid)
            if record is None:
                lost.append(entry.uuid)
            else:
                groups[entry.kind].items.append(record)
        return [group for group in groups.values() if group.items], lost

    def keep(self, record: Record) -> None:
        """Remember an object as it is now, if it is small."""
        self.forget(record.uuid)
        if record.nbytes > _LARGEST:
            return
        self._records[record.uuid] = record.copy()
        self._bytes += record.nbytes
        while self._bytes > _MOST:
            _, oldest = self._records.popitem(last=False)
            self._bytes -= oldest.nbytes

    def forget(self, uuid: str) -> None:
        """Forget an object, if it is known."""
        record = self._records.pop(uuid, None)
        if record is not None:
            self._bytes -= record.nbytes
