"""The content of a project file when it was last loaded or saved."""

from __future__ import annotations

import bisect
import dataclasses
import re
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datalab_workspace.encoding import shallow_json, sidecar
from datalab_workspace.encoding.arrays import RestoredArray
from datalab_workspace.formats.atomic import FileStamp
from datalab_workspace.formats.base import Compression, References
from datalab_workspace.formats.baseline import Baseline
from datalab_workspace.formats.h5.checksums import StructureChecksum
from datalab_workspace.formats.h5.guard import Guard, Limits
from datalab_workspace.formats.h5.index import Index
from datalab_workspace.formats.h5.lazy import FileArray
from datalab_workspace.model.array_reference import ArrayReference
from datalab_workspace.model.notebooks import StoredNotebook
from datalab_workspace.model.project import Group, Project
from datalab_workspace.model.record import KINDS, Array, Record

if TYPE_CHECKING:
    from datalab_workspace.formats.h5.plan import ObjectPlan
    from datalab_workspace.history.storage.writer import HistoryWriter

_GZIP_LEVEL = 1  # higher levels save little and take much longer
#: The references of a history, in the details of the index: JSON in a JSON string.
_USES = re.compile(rb'\\"uses\\":(\{[^{}]*\})')
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


class StoredArray(ArrayReference):
    """An array in memory that is also in a file, where it can be copied from.

    Args:
        stored: The array in the file.
        in_memory: Returns the array in memory.

    Attributes:
        stored: See above.
    """

    def __init__(
        self, stored: FileArray, in_memory: Callable[[], np.ndarray[Any, Any]]
    ) -> None:
        self.stored = stored
        self._in_memory = in_memory
        self.shape = stored.shape
        self.dtype = stored.dtype

    def read(self) -> np.ndarray[Any, Any]:
        """Return the array in memory."""
        return self._in_memory()

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
        notebooks: See `Project`.
        compression: The filter for arrays that are new in the file.
        index: The index of the file; None if it is not known that every object is in
            the file as the index states.
        structure: The checksum of the structure; None if it was not computed yet.
        is_intact: The file does not differ from its checksums.
        history: The writer of the histories in the file; None if another session wrote
            them.

    Attributes:
        compression: See above.
        index: See above.
        structure: See above.
        foreign: See above.
        notebooks: See above.
        history: See above.
        versions: The versions of the objects, in order.
    """

    def __init__(
        self,
        path: Path,
        stamp: FileStamp,
        groups: Iterable[Group],
        foreign: Iterable[bytes],
        notebooks: Iterable[StoredNotebook],
        *,
        compression: Filters = None,
        index: Index | None = None,
        structure: StructureChecksum | None = None,
        is_intact: bool = True,
        history: HistoryWriter | None = None,
    ) -> None:
        self.path = path
        self.stamp = stamp
        self.compression = compression
        self.index = index
        self.structure = structure
        self._is_intact = is_intact
        self.history = history
        self.foreign = list(foreign)
        self.notebooks = list(notebooks)
        self._heads = _heads(groups)
        self.versions = [item.version for group in groups for item in group.items]
        # An array in memory and the same array in the file, by UUID and name. The
        # workspace alone decides how long an array stays in memory.
        self._in_memory: dict[str, dict[str, tuple[Any, Any]]] = {}

    @classmethod
    def written(
        cls,
        path: Path,
        stamp: FileStamp,
        project: Project,
        columns: dict[str, Any],
        details: bytes,
        structure: StructureChecksum,
    ) -> Contents:
        """Return the content of a file that was just written.

        Args:
            path: The file.
            stamp: The stamp of the file.
            project: What was written.
            columns: The content of the index.
            details: The details of all objects.
            structure: The checksum of the structure.
        """
        # The limits are for files that others wrote.
        guard = Guard(str(path), stamp.size, Limits(), lambda: None, lambda _: None)
        index = Index(path, stamp, guard, columns, details, strict=True)
        return cls(
            path,
            stamp,
            [g for kind in KINDS for g in project.groups if g.kind == kind],
            project.foreign,
            project.notebooks,
            compression=index.compression,
            index=index,
            structure=structure,
            history=project.history,
        )

    def holds(self, project: Project, compression: Compression) -> bool:
        """See `Baseline.holds`."""
        if compression is not None and not self._is_written_as(compression):
            return False
        return (
            self._is_intact
            and _heads(project.groups) == self._heads
            and [item.version for item in project.items()] == self.versions
            and project.foreign == self.foreign
            and project.notebooks == self.notebooks
            and not self.has_other_mode(project.history)
            and not self._has_other_histories(project)
        )

    def has_other_mode(self, history: HistoryWriter | None) -> bool:
        """Return whether a writer writes more or less of all histories."""
        before = "full" if self.history is None else self.history.mode
        return before != (None if history is None else history.mode)

    def _has_other_histories(self, project: Project) -> bool:
        history, before = project.history, self.history
        if history is None or before is None:
            return False
        return any(history.differs(item, before) for item in project.items())

    @cached_property
    def uses(self) -> dict[int, dict[str, int]]:
        """The references of the histories: UUID and checksum, by row."""
        assert self.index is not None
        starts, found = self.index.starts, {}
        for match in _USES.finditer(self.index.details):
            row = bisect.bisect_right(starts, match.start()) - 1
            with suppress(ValueError):
                found[row] = shallow_json.loads(match[1].replace(b"\\", b""))
        return found

    def _is_written_as(self, compression: Compression) -> bool:
        """Return whether a complete save with a compression would be the same."""
        filters = chosen_filters(compression)
        if self.index is None or self.index.columns.get("waste", 1):
            return False  # it also removes the remains of former objects
        return filters == self.compression

    def resolve(self, uuid: str) -> Callable[[], Record]:
        """See `Baseline.resolve`."""
        index = self.index
        assert index is not None
        path, row = self._rows[uuid]
        return index.pending(path, row)

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
            if isinstance(plain, FileArray) and _is_tracked(array, plain):
                known = self._in_memory.setdefault(record.uuid, {})
                known[name] = weakref.ref(array), reference

    def note_unchanged(self, before: Contents) -> None:
        """Note the arrays in memory that another file held, of unchanged objects."""
        assert self.index is not None
        assert before.index is not None
        rows = {uuid: row for row, uuid in enumerate(self.index.columns["uuid"])}
        old = dict(zip(before.index.columns["uuid"], before.versions, strict=True))
        for uuid, known in before._in_memory.items():
            row = rows.get(uuid)
            if row is None or self.versions[row] is not old[uuid]:
                continue
            arrays = self.resolve(uuid)().arrays
            self._in_memory[uuid] = {
                name: (memory, arrays[name]) for name, (memory, _) in known.items()
            }

    @property
    def references(self) -> References:
        """The arrays of the plain forms of all objects, by UUID and name."""
        return _References(self)

    def note_written(self, item: ObjectPlan, references: Mapping[str, Any]) -> None:
        """Note the arrays of an object that was written.

        Args:
            item: The object.
            references: The arrays of its plain form in the file, by name.
        """
        stored = {
            name: _restored(references[name], name, array, item.plain)
            for name, array in item.record.arrays.items()
            if name in references and _is_tracked(array, references[name])
        }
        self.note(item.record, stored)

    def with_stored_arrays(self, record: Record) -> Record:
        """Return a record whose unchanged arrays refer to the file; see `note`."""
        known = self._in_memory.get(record.uuid)
        if known is None:
            return record
        arrays = {
            name: _referred(array, *known.get(name, (None, None)), record)
            for name, array in record.arrays.items()
        }
        return dataclasses.replace(record, arrays=arrays)


class _References(Mapping[str, Mapping[str, ArrayReference]]):
    """The arrays in a file; those of an object are created when they are needed."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents

    def __getitem__(self, uuid: str) -> Mapping[str, ArrayReference]:
        arrays = self._contents.resolve(uuid)().arrays
        return {
            name: getattr(array, "plain", array)
            for name, array in arrays.items()
            if isinstance(array, ArrayReference)
        }

    def __iter__(self) -> Iterator[str]:
        assert self._contents.index is not None
        return iter(self._contents.index.columns["uuid"])

    def __len__(self) -> int:
        return len(self._contents.versions)


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


def _is_tracked(array: Array, plain: FileArray) -> bool:
    """Return whether an array is worth taking from the file instead of memory."""
    return isinstance(array, np.ndarray) and (
        array.nbytes >= _LARGE or plain.offset is None
    )


def _restored(
    reference: FileArray, name: str, array: Any, plain: Record
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
    spec = shallow_json.loads(plain.metadata[sidecar.KEY])["arrays"][name]
    return RestoredArray(reference, spec)


def _heads(groups: Iterable[Group]) -> list[tuple[str, str, int]]:
    return [(group.kind, group.title, len(group.items)) for group in groups]
