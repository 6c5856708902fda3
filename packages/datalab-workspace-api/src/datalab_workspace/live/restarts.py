"""The objects that are missing after a restart of DataLab, and how they come back."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from datalab_workspace.backends.base import Resynced
from datalab_workspace.errors import (
    AmbiguousObjectError,
    ConnectionLostError,
    InvalidNameError,
)
from datalab_workspace.live.catalogue import Catalogue, CatalogueEntry
from datalab_workspace.live.connection import Connection
from datalab_workspace.live.endpoint import describe
from datalab_workspace.live.process_mark import ProcessMark
from datalab_workspace.live.record_cache import RecordCache
from datalab_workspace.model.record import Record

_RESTARTED = "DataLab was restarted"
_UNKNOWN = "it is not known whether DataLab was restarted, so nothing is put back"


class Restarts:
    """Tells a restart of DataLab from the removal of objects in its window.

    Args:
        cache: The objects that are remembered.
    """

    def __init__(self, cache: RecordCache) -> None:
        self._cache = cache
        self._mark = ProcessMark()
        #: Objects of a DataLab that has ended, which are missing in the present one.
        self._missing: dict[str, CatalogueEntry] = {}
        #: Missing objects that may have been removed in a window.
        self._doubtful: dict[str, CatalogueEntry] = {}
        self._doubts: list[CatalogueEntry] = []  # those that were not reported yet

    @property
    def missing(self) -> list[CatalogueEntry]:
        """The objects that could still be put back, or brought home."""
        return [*self._missing.values(), *self._doubtful.values()]

    def check(
        self, connection: Connection, before: Catalogue, after: Catalogue
    ) -> list[str]:
        """Find out why objects have gone, after a look at DataLab.

        Args:
            connection: The clients.
            before: The objects as they were last seen.
            after: The objects as they are seen now.

        Returns:
            UUIDs of the objects that were removed.

        Raises:
            ConnectionLostError: They have gone because DataLab was restarted.
        """
        gone = [item.uuid for item in before.items if item.uuid not in after]
        if gone and self._mark.is_there(connection) is False:
            raise ConnectionLostError(
                f"{describe(connection.endpoint)} was restarted, and the objects of "
                "the one before are gone; resync() puts back those that are known "
                "here, and disconnect() continues in memory with them"
            )
        self._mark.set(connection)
        return gone

    def follow(
        self, connection: Connection, before: Catalogue, after: Catalogue
    ) -> list[str]:
        """Note which objects are missing, after DataLab was found again.

        Args:
            connection: The clients of the DataLab that was found.
            before: The objects as they were last seen.
            after: The objects in the DataLab that was found.

        Returns:
            UUIDs of the objects that were removed from the DataLab that still runs.
        """
        gone = {i.uuid: i for i in before.items if i.uuid not in after}
        same = self._mark.is_there(connection)
        if same:
            return list(gone)
        if same is None:
            self._doubtful |= gone
            self._doubts = list(gone.values())
        else:
            self._missing |= gone
        self._mark.renew(connection)
        return []

    def put_back(
        self, add: Callable[[Record, str], None], *, restore: bool
    ) -> Resynced:
        """Put back the objects that are missing.

        Args:
            add: Adds an object to the group of a title.
            restore: Put them back; otherwise report them only.

        Raises:
            LiveError: DataLab fails; the objects that are left can be put back later.
        """
        missing, doubts = dict(self._missing), self._doubts
        groups, forgotten = self._cache.restore(missing.values())
        restored = {}
        for group in groups if restore else ():
            for record in group.items:
                if isinstance(record, Record) and _added(record, group.title, add):
                    restored[record.uuid] = record.title
                    del self._missing[record.uuid]
        lost = {e.uuid: e.title for e in (*self._missing.values(), *doubts)}
        if restore:  # they are reported once
            self.forget(forgotten)
        self._doubts = []
        return Resynced(restored, lost, _RESTARTED if missing else _UNKNOWN)

    def forget(self, uuids: Iterable[str]) -> None:
        """Forget objects that are known to be in DataLab."""
        for uuid in uuids:
            self._missing.pop(uuid, None)
            self._doubtful.pop(uuid, None)


def _added(record: Record, group: str, add: Callable[[Record, str], None]) -> bool:
    try:
        add(record.copy(), group)
    except (AmbiguousObjectError, InvalidNameError):
        return False  # the protocols that are left cannot carry its title
    return True
