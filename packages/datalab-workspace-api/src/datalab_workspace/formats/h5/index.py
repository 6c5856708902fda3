"""Read the manifest of a project file; see `manifest`."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from datalab_workspace.encoding import shallow_json, sidecar, typed_json
from datalab_workspace.errors import DamagedFileError, WorkspaceError
from datalab_workspace.formats.atomic import FileStamp
from datalab_workspace.formats.h5.checksums import Extent
from datalab_workspace.formats.h5.guard import Guard
from datalab_workspace.formats.h5.index_source import IndexSource
from datalab_workspace.formats.h5.lazy import FileArray
from datalab_workspace.model.project import Group, Item
from datalab_workspace.model.record import (
    KINDS,
    PRIMARY_ARRAY,
    Kind,
    PendingRecord,
    Record,
    data_shape,
)

#: The types of the values in each column.
_COLUMNS: dict[str, set[type]] = {
    "uuid": {str},
    "title": {str},
    "name": {str},
    "form": {int},
    "offset": {int, type(None)},
    "crc": {int, type(None)},
    "detail": {int},
}
_LARGEST = (1 << 63) - 1


class _DataSpec:
    """The kind, dtype and shape that several objects share.

    The manifest calls it a form.

    Attributes:
        kind: "signal" or "image".
        dtype: Dtype of the data in the file; None for an object without data.
        shape: Shape of the data in the file.
        size: Size of the data in bytes.
        record_dtype: The value of `Record.dtype`.
        record_shape: The value of `Record.shape`.
    """

    def __init__(self, kind: Kind, dtype: Any, shape: Any, own_dtype: Any) -> None:
        if kind not in KINDS:
            raise ValueError(f"the kind {kind!r:.40} is neither 'signal' nor 'image'")
        self.kind = kind
        self.dtype = None if dtype is None else _dtype(dtype)
        self.shape = _shape(shape or ())
        self.size = math.prod(self.shape) * self.dtype.itemsize if self.dtype else 0
        self.record_dtype = self.dtype if own_dtype is None else _dtype(own_dtype)
        self.record_shape = data_shape(kind, self.shape)


class Index:
    """The checked index of a file, which makes the records of the objects.

    Args:
        path: The file.
        stamp: The stamp of the file.
        guard: The checks for reading the file.
        columns: The content of the index.
        details: The details of all objects, kept in memory: the objects stay as they
            were when the file was opened.
        strict: Raise an error for data with a wrong checksum; otherwise warn.

    Attributes:
        columns: See above.
        details: See above.
        starts: The position of the details of each object, and their end.

    Raises:
        LookupError, TypeError or ValueError: The manifest contradicts itself.
        UnsafeFileError: All arrays together exceed the file or the memory.
    """

    def __init__(
        self,
        path: Path,
        stamp: FileStamp,
        guard: Guard,
        columns: dict[str, Any],
        details: bytes | bytearray,
        *,
        strict: bool,
    ) -> None:
        self._strict = strict
        self._path = path
        self._stamp = stamp
        self._guard = guard
        self.columns = columns
        self.details = details
        self._specs = [_DataSpec(*form) for form in columns["forms"]]
        self.starts = [0, *itertools.accumulate(columns["detail"])]
        self._check_columns()
        self._source = IndexSource(path, stamp, guard.limits, self.record)

    def pending(self, path: str, row: int) -> Callable[[], Record]:
        """Return a function that reads an object, and that can be pickled.

        Args:
            path: Path of its group in the file.
            row: Its row in the columns, from 0.
        """
        return partial(self._source.record, path, row)

    @property
    def compression(self) -> tuple[str, int] | None:
        """Name and level of the filter for new arrays; None for no filter."""
        name, level = self.columns.get("compression") or (None, 0)
        known = name in ("lzf", "gzip") and level in range(10)
        return (str(name), int(level)) if known else None

    def extents(self, row: int) -> list[Extent]:
        """Return the parts of the file that only the arrays of an object use.

        Arrays in chunks are left out, and those that the details repeat.
        """
        extents: list[Extent] = []

        def note(described: list[Any]) -> np.ndarray[Any, Any]:
            _, dtype, shape, offset, _ = described
            if offset is not None:
                extents.append((offset, math.prod(shape) * _dtype(dtype).itemsize))
            return np.empty(0)

        content = shallow_json.loads(
            self.details[self.starts[row] : self.starts[row + 1]]
        )
        for described in content["arrays"].values():
            note(described)
        typed_json.decode(content["metadata"], note)
        offset = self.columns["offset"][row]
        if offset is not None:
            extents.append((offset, self._specs[self.columns["form"][row]].size))
        return extents

    def freed_by(self, row: int, item: Item) -> int:
        """Return the bytes of an object's data that its new version does not use."""
        spec = self._specs[self.columns["form"][row]]
        same = (spec.record_shape, spec.record_dtype) == (item.shape, item.dtype)
        return 0 if same else spec.size

    def is_in_chunks(self, row: int) -> bool:
        """Return whether the data of an object is stored in chunks."""
        size = self._specs[self.columns["form"][row]].size
        return bool(size) and self.columns["offset"][row] is None

    def _check_columns(self) -> None:
        columns = self.columns
        for name, types in _COLUMNS.items():
            if not set(map(type, columns[name])) <= types:
                raise TypeError(f"a value in the column {name!r} has the wrong type")
        counts = {len(columns[name]) for name in _COLUMNS}
        counts |= {len(set(columns["uuid"])), sum(g[-1] for g in columns["groups"])}
        if len(counts) != 1:
            raise ValueError("the columns differ in length, or a UUID occurs twice")
        sizes = [spec.size for spec in self._specs]
        # No loop, because a project may have very many objects.
        offsets = columns["offset"]
        lengths = [sizes[number] for number in columns["form"]]
        if None in offsets:
            known = [offset is not None for offset in offsets]
            offsets = list(itertools.compress(offsets, known))
            lengths = list(itertools.compress(lengths, known))
        begin = min(offsets, default=0)
        end = max(map(operator.add, offsets, lengths), default=0)
        if begin < 0 or end > self._stamp.size:
            raise ValueError("the data of an object is outside of the file")
        total = sum(lengths)
        self._guard.claim("data", total, total, "the data of all objects")

    def groups(self) -> list[Group]:
        """Return all groups; their objects are pending records."""
        columns = self.columns
        record = self._source.record
        specs = map(self._specs.__getitem__, columns["form"])
        rows = zip(itertools.count(), columns["uuid"], columns["title"], specs)
        groups = []
        for kind, group_title, path, count in columns["groups"]:
            # A comprehension, because a group may have very many objects.
            items: list[Item] = [
                PendingRecord(
                    uuid,
                    spec.kind,
                    title,
                    spec.record_shape,
                    spec.record_dtype,
                    partial(record, path, number),
                )
                for number, uuid, title, spec in itertools.islice(rows, count)
            ]
            if any(item.kind != kind for item in items):
                raise ValueError(f"an object of {path} is in the wrong panel")
            groups.append(Group(kind, str(group_title), items))
        return groups

    def record(self, path: str, number: int) -> Record:
        """Return the record of an object; its arrays are references.

        Args:
            path: Path of its group in the file.
            number: Its row in the columns, from 0.

        Raises:
            DamagedFileError: The manifest does not describe an object.
        """
        where = f"{path}/{self.columns['name'][number]}"
        try:
            return sidecar.join(self._plain(where, number), is_own=True)
        except WorkspaceError:
            raise
        except (LookupError, TypeError, ValueError, RecursionError) as error:
            raise DamagedFileError(
                f"{str(self._path)!r} is damaged: its manifest describes {where} "
                f"wrongly ({error})"
            ) from error

    def _plain(self, where: str, number: int) -> Record:
        columns = self.columns
        spec = self._specs[columns["form"][number]]
        uuid = columns["uuid"][number]
        entry = IndexEntry(
            self._path, self._stamp, self._guard, uuid, where, strict=self._strict
        )
        start, stop = self.starts[number : number + 2]
        content = shallow_json.loads(self.details[start:stop])
        arrays = {name: entry.other_array(*a) for name, a in content["arrays"].items()}
        if spec.dtype is not None:
            name = PRIMARY_ARRAY[spec.kind]
            offset, crc = columns["offset"][number], columns["crc"][number]
            arrays[name] = entry.array(name, spec.dtype, spec.shape, offset, crc)
        metadata = typed_json.decode(content["metadata"], entry.read)
        fields = typed_json.decode(content["fields"])
        return Record(spec.kind, fields, arrays, metadata, uuid)


@dataclass(frozen=True)
class IndexEntry:
    """One object of the index, which makes its arrays from their descriptions.

    Attributes:
        path: The file.
        stamp: The stamp of the file when it was opened.
        guard: The checks for reading the file.
        uuid: UUID of the object.
        where: Path of the object's group in the file.
        strict: See `FileArray`.
    """

    path: Path
    stamp: FileStamp
    guard: Guard
    uuid: str
    where: str
    strict: bool = True

    def array(
        self, name: str, dtype: Any, shape: Any, offset: int | None, crc: int
    ) -> Any:
        """Return a reference to an array; see `Manifest` for the description.

        Raises:
            ValueError: The description is wrong.
        """
        dtype, shape = _dtype(dtype), _shape(shape)
        size = math.prod(shape) * dtype.itemsize
        if not size:
            return np.empty(shape, dtype)
        if offset is not None:
            natural(offset, self.stamp.size - size)
        return FileArray(
            self.path,
            self.stamp,
            self.uuid,
            self.where,
            name,
            shape,
            dtype,
            offset=offset,
            crc=natural(crc, (1 << 32) - 1),
            limits=self.guard.limits,
            strict=self.strict,
        )

    def other_array(
        self, name: str, dtype: Any, shape: Any, offset: int | None, crc: int
    ) -> Any:
        """Return an array other than the data of the object; see `array`.

        Raises:
            UnsafeFileError: All arrays together exceed the file or the memory.
        """
        array = self.array(name, dtype, shape, offset, crc)
        where = f"{self.where}/{name}"
        self.guard.claim(where, array.nbytes, array.nbytes, where)
        return array

    def read(self, described: list[Any]) -> np.ndarray[Any, Any]:
        """Return an array of the metadata, read into memory."""
        array = self.other_array(*described)
        return array if isinstance(array, np.ndarray) else array.read()


def _dtype(text: Any) -> np.dtype[Any]:
    dtype: np.dtype[Any] = np.dtype(text)
    if dtype.kind not in "biufc":
        raise ValueError(f"{text!r:.40} is not a numeric dtype")
    return dtype


def _shape(lengths: Sequence[Any]) -> tuple[int, ...]:
    return tuple(natural(length, _LARGEST) for length in lengths)


def natural(number: Any, limit: int) -> int:
    """Return a number of a manifest.

    Raises:
        ValueError: It is not an integer between 0 and `limit`.
    """
    if type(number) is not int or not 0 <= number <= limit:
        raise ValueError(f"{number!r:.40} is not between 0 and {limit}")
    return number
