"""The content of a project file when it was last loaded or saved."""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datalab_workspace.encoding import sidecar
from datalab_workspace.encoding.arrays import RestoredArray
from datalab_workspace.formats.atomic import FileStamp
from datalab_workspace.formats.base import Compression
from datalab_workspace.formats.baseline import Baseline
from datalab_workspace.formats.h5.lazy import FileArray
from datalab_workspace.model.project import Group, Project
from datalab_workspace.model.record import Array, Record

if TYPE_CHECKING:
    from datalab_workspace.formats.h5.index import Index

_GZIP_LEVEL = 1  # higher levels save little and take much longer
_COMPRESSIONS = '"none", "lzf", "gzip" or ("gzip", 0 … 9)'
#: Smaller arrays are written again when their object has changed.
_LARGE = 1 << 16

#: Name and level of a compression filter; None for no compression.
Filters = tuple[str, int] | None


def chosen_filters(compression: Compression) -> Filters:
    """Return the filter that the user chose by a value that is not None.

    Raises:
        ValueError: There is no such compression.
    """
    name, level = (
        compression
        if isinstance(compression, tuple) and len(compression) == 2
        else (compression, _GZIP_LEVEL)
    )
    if name == "none":
        return None
    if name not in ("lzf", "gzip") or level not in range(10):
        raise ValueError(f"compression is {compression!r}; expected {_COMPRESSIONS}")
    return str(name), int(level)


class StoredArray:
    """An array in memory that is also in a file, where it can be copied from.

    Attributes:
        stored: The array in the file.
        read: Returns the array in memory.
    """

    def __init__(
        self, stored: FileArray, read: Callable[[], np.ndarray[Any, Any]]
    ) -> None:
        self.stored = stored
        self.read = read
        self.shape = stored.shape
        self.dtype = stored.dtype
        self.nbytes = stored.nbytes

    @property
    def crc(self) -> int:
        """CRC-32 of the elements."""
        return self.stored.ensure_checksum()


class Contents(Baseline):
    """The content of a project file when it was last loaded or saved.

    Args:
        path: The file.
        stamp: The stamp of the file at that time.
        groups: The objects in their groups.
        foreign: See `Project`.
        compression: The filter for arrays that are new in the file.
        index: The index of the file; None for a file without a manifest.

    Attributes:
        compression: See above.
        index: See above.
    """

    def __init__(
        self,
        path: Path,
        stamp: FileStamp,
        groups: Iterable[Group],
        foreign: Iterable[bytes],
        *,
        compression: Filters = None,
        index: Index | None = None,
    ) -> None:
        self.path = path
        self.stamp = stamp
        self.compression = compression
        self.index = index
        self._foreign = list(foreign)
        self._heads = _heads(groups)
        self._versions = [item.version for group in groups for item in group.items]
        # An array in memory and the same array in the file, by UUID and name. The
        # workspace alone decides how long an array stays in memory.
        self._in_memory: dict[str, dict[str, tuple[Any, Any]]] = {}

    def holds(self, project: Project, compression: Compression) -> bool:
        """See `Baseline.holds`."""
        if compression is not None and chosen_filters(compression) != self.compression:
            return False
        return (
            _heads(project.groups) == self._heads
            and [item.version for item in project.items()] == self._versions
            and project.foreign == self._foreign
        )

    def resolve(self, uuid: str) -> Callable[[], Record]:
        """See `Baseline.resolve`."""
        index = self.index
        assert index is not None
        path, row = self._rows[uuid]
        return lambda: index.record(path, row)

    @cached_property
    def _rows(self) -> dict[str, tuple[str, int]]:
        """The path of its group and the row of each object, by UUID."""
        assert self.index is not None
        columns = self.index.columns
        rows, uuids = {}, enumerate(columns["uuid"])
        for _, _, path, count in columns["groups"]:
            for _ in range(count):
                row, uuid = next(uuids)
                rows[uuid] = path, row
        return rows

    def note(self, record: Record, stored: dict[str, Any]) -> None:
        """Note which arrays of a record are in memory and also in the file.

        Args:
            record: The record, as the workspace keeps it.
            stored: References to its arrays in the file, by name.
        """
        for name, array in record.arrays.items():
            reference = stored.get(name)
            plain = getattr(reference, "plain", reference)
            if not isinstance(array, np.ndarray) or not isinstance(plain, FileArray):
                continue
            if array.nbytes >= _LARGE or plain.offset is None:
                known = self._in_memory.setdefault(record.uuid, {})
                known[name] = weakref.ref(array), reference

    def with_stored_arrays(self, record: Record) -> Record:
        """Return a record whose unchanged arrays refer to the file; see `note`."""
        known = self._in_memory.get(record.uuid)
        if known is None:
            return record
        arrays = {
            name: _referred(array, *known.get(name, (None, None)), record)
            for name, array in record.arrays.items()
        }
        return Record(record.kind, record.fields, arrays, record.metadata, record.uuid)


def _referred(array: Array, memory: Any, reference: Any, record: Record) -> Array:
    if not isinstance(array, np.ndarray) or memory is None or memory() is not array:
        return array
    if isinstance(reference, FileArray):
        return StoredArray(reference, lambda: array)
    plain = StoredArray(reference.plain, lambda: _plain_data(record))
    return RestoredArray(plain, reference.spec)


def _plain_data(record: Record) -> np.ndarray[Any, Any]:
    data = sidecar.split(record).data
    assert isinstance(data, np.ndarray)
    return data


def restored(
    reference: FileArray, name: str, array: np.ndarray[Any, Any], plain: Record
) -> FileArray | RestoredArray:
    """Return the reference that gives an array as it was before its conversion.

    Args:
        reference: The array in the file.
        name: Its name.
        array: The array of the record.
        plain: The plain form of the record, with its sidecar.
    """
    if not isinstance(array, np.ma.MaskedArray) and array.dtype == reference.dtype:
        return reference
    spec = json.loads(plain.metadata[sidecar.KEY])["arrays"][name]
    return RestoredArray(reference, spec)


def _heads(groups: Iterable[Group]) -> list[tuple[str, str, int]]:
    return [(group.kind, group.title, len(group.items)) for group in groups]
