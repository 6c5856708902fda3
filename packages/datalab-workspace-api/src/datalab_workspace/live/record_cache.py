"""The objects that are kept in case DataLab ends."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Protocol

from datalab_workspace.model.project import Group
from datalab_workspace.model.record import FieldValue, Kind, Record

#: Bytes of data of all objects together.
MOST = 1 << 28


class Identified(Protocol):
    """An object that is known by its UUID and kind."""

    @property
    def uuid(self) -> str:
        """UUID of the object."""

    @property
    def kind(self) -> Kind:
        """Kind of the object."""


class RecordCache:
    """Copies of the objects that were transferred last, and the titles of their groups.

    Args:
        most: Bytes of data. Beyond that, the objects that were transferred first are
            forgotten; an object of that size is not kept.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = MOST if most is None else most
        self._records: OrderedDict[str, Record] = OrderedDict()
        self._groups: dict[str, str] = {}
        self._bytes = 0

    def restore(self, entries: Iterable[Identified]) -> tuple[list[Group], list[str]]:
        """Return the remembered objects, in groups.

        An object whose group is not known is in a group without a title.

        Args:
            entries: The objects in DataLab.

        Returns:
            The groups, and the UUIDs of the objects that are not remembered.
        """
        groups: dict[tuple[str, str], Group] = {}
        lost = []
        for entry in entries:
            record = self._records.get(entry.uuid)
            if record is None:
                lost.append(entry.uuid)
                continue
            title = self._groups.get(entry.uuid, "")
            group = groups.setdefault((entry.kind, title), Group(entry.kind, title))
            group.items.append(record)
        return list(groups.values()), lost

    def keep(self, record: Record) -> None:
        """Remember an object as it is now."""
        self.drop(record.uuid)
        if record.nbytes >= self._most:
            return
        self._records[record.uuid] = record.copy()
        self._bytes += record.nbytes
        while self._bytes > self._most:
            _, oldest = self._records.popitem(last=False)
            self._bytes -= oldest.nbytes

    def keep_fields(self, uuid: str, fields: Mapping[str, FieldValue]) -> None:
        """Remember fields that were set, if the object is remembered."""
        record = self._records.get(uuid)
        if record is not None:
            record.fields.update(fields)

    def keep_group(self, title: str, uuids: Iterable[str]) -> None:
        """Remember the group of some objects."""
        self._groups.update(dict.fromkeys(uuids, title))

    def drop(self, uuid: str) -> None:
        """Forget the content of an object that was changed, but not its group."""
        record = self._records.pop(uuid, None)
        if record is not None:
            self._bytes -= record.nbytes

    def forget(self, uuid: str) -> None:
        """Forget an object that was removed."""
        self.drop(uuid)
        self._groups.pop(uuid, None)
