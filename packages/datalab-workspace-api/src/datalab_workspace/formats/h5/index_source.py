"""The file of pending records, by which another process reads them again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from datalab_workspace.errors import StaleFileError, WorkspaceError
from datalab_workspace.formats.atomic import FileStamp
from datalab_workspace.formats.h5.guard import Limits
from datalab_workspace.formats.h5.open_file import opened
from datalab_workspace.model.record import PendingRecord, Record


class IndexSource:
    """The manifest of a file in one state, which is read again after unpickling.

    A pickle holds the path and the stamp of the file. All sources of one file and stamp
    in a process are one object, so that the manifest is read once.

    Args:
        path: The file.
        stamp: The state of the file.
        limits: Limits on how far the content of the file may expand.
        record: Returns an object by the path of its group and its number; None if the
            manifest must be read first.
    """

    def __init__(
        self,
        path: Path,
        stamp: FileStamp,
        limits: Limits,
        record: Callable[[str, int], Record] | None = None,
    ) -> None:
        self._path = path
        self._stamp = stamp
        self._limits = limits
        self._record = record
        self._items: Sequence[PendingRecord] | None = None
        _sources[path, stamp, limits] = self

    def __reduce__(self) -> tuple[Any, ...]:
        limits = None if self._limits == Limits() else self._limits
        stamp = dataclasses.astuple(self._stamp)
        return _source, (str(self._path), stamp, limits)

    def __deepcopy__(self, memo: dict[int, Any]) -> IndexSource:
        return self

    def record(self, group: str, number: int) -> Record:
        """Return a new record of an object.

        Args:
            group: Path of its group in the file.
            number: Its position in the file.

        Raises:
            StaleFileError: The file was changed or removed since it was opened.
            DamagedFileError: The object is damaged.
        """
        if self._record is not None:
            return self._record(group, number)
        if self._items is None:  # two threads may both read it, which does no harm
            self._items = self._read(group)
        return self._items[number].resolve()

    def _read(self, where: str) -> Sequence[PendingRecord]:
        from datalab_workspace.formats.h5.integrity import read_manifest

        try:
            with opened(self._path, self._limits) as project:
                if project.stamp != self._stamp:
                    raise self._stale("was changed by another program", where)
                groups = read_manifest(project, lazy=True).groups
        except FileNotFoundError as error:
            raise self._stale("was removed", where) from error
        except WorkspaceError:
            if FileStamp.of(self._path) == self._stamp:
                raise
            raise self._stale("was changed by another program", where) from None
        if groups is None:
            raise self._stale("no longer has its manifest", where)
        items = [item for group in groups for item in group.items]
        return [item for item in items if isinstance(item, PendingRecord)]

    def _stale(self, reason: str, where: str) -> StaleFileError:
        return StaleFileError(
            f"{str(self._path)!r} {reason}: the objects of {where!r} that were not "
            "read before are lost; load the file again"
        )


_sources: WeakValueDictionary[tuple[Path, FileStamp, Limits], IndexSource] = (
    WeakValueDictionary()
)


def _source(path: str, stamp: Sequence[int], limits: Limits | None) -> IndexSource:
    file = Path(path)
    key = file, FileStamp(*stamp).as_seen_here(file), limits or Limits()
    return _sources.get(key) or IndexSource(*key)
