"""Reading the manifest; see `manifest`."""

from __future__ import annotations

import itertools
import json
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from datalab_workspace.encoding import sidecar, typed_json
from datalab_workspace.errors import DamagedFileError, WorkspaceError
from datalab_workspace.formats.atomic import FileStamp
from datalab_workspace.formats.h5 import layout
from datalab_workspace.formats.h5.guard import Guard, is_dataset, is_group
from datalab_workspace.formats.h5.lazy import FileArray
from datalab_workspace.formats.h5.manifest import CRC_DIGITS, FORMAT, VERSION
from datalab_workspace.formats.h5.open_file import OpenProject
from datalab_workspace.formats.raw_io import read_exactly
from datalab_workspace.model.project import Group
from datalab_workspace.model.record import (
    KINDS,
    PRIMARY_ARRAY,
    Kind,
    PendingRecord,
    Record,
    data_shape,
)

#: The types of what each column holds.
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
_LONGEST = 64  # bytes of an attribute


def read_groups(project: OpenProject) -> list[Group] | None:
    """Return the groups of a project as the manifest tells them.

    Args:
        project: The open file.

    Returns:
        Groups of pending records; None where there is no manifest that is still true.
    """
    index = _read_index(project)
    if index is None:
        return None
    try:
        return _Index(project, index).groups()
    except (EOFError, LookupError, TypeError, ValueError):
        return None


def _read_index(project: OpenProject) -> dict[str, Any] | None:
    project.at = f"/{layout.MANIFEST}"
    group = project.guard.child(project.root, layout.MANIFEST.encode())
    if group is None or not is_group(group):
        return None
    if _own(group, b"format") != FORMAT or _own(group, b"version") != VERSION:
        return None
    dataset = project.guard.child(group, b"index")
    if dataset is None or not is_dataset(dataset) or dataset.get_offset() is None:
        return None
    content = bytearray(min(dataset.get_storage_size(), project.stamp.size))
    project.raw.seek(dataset.get_offset())
    try:
        read_exactly(project.raw, memoryview(content))
        text = content[CRC_DIGITS:]
        index: dict[str, Any] = json.loads(text)
        true = (
            int(content[: CRC_DIGITS - 1], 16) == zlib.crc32(text)
            and index["mtime_ns"] == project.stamp.mtime_ns
            and index["size"] == project.stamp.size
        )
    except (EOFError, LookupError, TypeError, ValueError, RecursionError):
        return None
    return index if true else None


def _own(group: Any, name: bytes) -> Any:
    """Return an attribute of the types that the manifest has, None if it is not."""
    if not h5py.h5a.exists(group, name):
        return None
    attribute = h5py.h5a.open(group, name)
    dtype = attribute.dtype
    if attribute.shape != () or dtype.kind not in "Siu" or dtype.itemsize > _LONGEST:
        return None
    value = np.empty((), dtype)
    attribute.read(value)
    return value[()]


class _Form:
    """What objects of the same kind, dtype and shape have in common.

    Attributes:
        kind: "signal" or "image".
        dtype: Dtype of the data in the file; None of an object without data.
        shape: Shape of the data in the file.
        size: Size of the data in bytes.
        shown_dtype: As `Record.dtype`.
        shown_shape: As `Record.shape`.
    """

    def __init__(self, kind: Kind, dtype: Any, shape: Any, shown: Any) -> None:
        if kind not in KINDS:
            raise ValueError(f"there are no objects of the kind {kind!r}")
        self.kind = kind
        self.dtype = None if dtype is None else _dtype(dtype)
        self.shape = _shape(shape or ())
        self.size = math.prod(self.shape) * self.dtype.itemsize if self.dtype else 0
        self.shown_dtype = self.dtype if shown is None else _dtype(shown)
        self.shown_shape = data_shape(kind, self.shape)


class _Index:
    """The index of a file, checked, and what it leads to."""

    def __init__(self, project: OpenProject, columns: dict[str, Any]) -> None:
        self._path = project.path
        self._stamp = project.stamp
        self._guard = project.guard
        self._columns = columns
        self._forms = [_Form(*form) for form in columns["forms"]]
        self._starts = [0, *itertools.accumulate(columns["detail"])]
        offset, crc = columns["details"]
        # Kept, so that the objects stay what they were when the file was opened.
        self._details = bytearray(_natural(self._starts[-1], project.stamp.size))
        if self._details:
            project.raw.seek(_natural(offset, project.stamp.size))
            read_exactly(project.raw, memoryview(self._details))
        if zlib.crc32(self._details) != crc:
            raise ValueError("the details are not those of the index")
        self._check_columns()

    def _check_columns(self) -> None:
        columns = self._columns
        for name, types in _COLUMNS.items():
            if not set(map(type, columns[name])) <= types:
                raise TypeError(f"the column {name!r} holds something else")
        counts = {len(columns[name]) for name in _COLUMNS}
        counts |= {len(set(columns["uuid"])), sum(g[-1] for g in columns["groups"])}
        if len(counts) != 1:
            raise ValueError("the index does not count its objects right")
        total = 0
        for form, offset in zip(columns["form"], columns["offset"], strict=True):
            if offset is not None:
                size = self._forms[form].size
                total += size
                if not 0 <= offset <= self._stamp.size - size:
                    raise ValueError("an object is not within the file")
        self._guard.claim("data", total, total, "the data of all objects")

    def groups(self) -> list[Group]:
        """Return all groups with their objects, pending."""
        columns = self._columns
        forms = map(self._forms.__getitem__, columns["form"])
        rows = zip(itertools.count(), columns["uuid"], columns["title"], forms)
        groups = []
        for kind, heading, path, count in columns["groups"]:
            group = Group(kind, str(heading))
            for number, uuid, title, form in itertools.islice(rows, count):
                if form.kind != kind:
                    raise ValueError(f"object {number} is in the wrong panel")
                group.items.append(
                    PendingRecord(
                        uuid,
                        kind,
                        title,
                        form.shown_shape,
                        form.shown_dtype,
                        partial(self._record, path, number),
                    )
                )
            groups.append(group)
        return groups

    def _record(self, path: str, number: int) -> Record:
        where = f"{path}/{self._columns['name'][number]}"
        try:
            return sidecar.join(self._plain(where, number))
        except WorkspaceError:
            raise
        except (LookupError, TypeError, ValueError, RecursionError) as error:
            raise DamagedFileError(
                f"{str(self._path)!r} is damaged: its manifest does not tell "
                f"what {where} is ({error})"
            ) from error

    def _plain(self, where: str, number: int) -> Record:
        columns = self._columns
        form = self._forms[columns["form"][number]]
        uuid = columns["uuid"][number]
        place = _Place(self._path, self._stamp, self._guard, uuid, where)
        start, stop = self._starts[number : number + 2]
        content = json.loads(self._details[start:stop])
        arrays = {name: place.other(*a) for name, a in content["arrays"].items()}
        if form.dtype is not None:
            name = PRIMARY_ARRAY[form.kind]
            offset, crc = columns["offset"][number], columns["crc"][number]
            arrays[name] = place.array(name, form.dtype, form.shape, offset, crc)
        metadata = typed_json.decode(content["metadata"], place.read)
        fields = typed_json.decode(content["fields"])
        return Record(form.kind, fields, arrays, metadata, uuid)


@dataclass(frozen=True)
class _Place:
    """One object in a file, to which the manifest tells its arrays."""

    path: Path
    stamp: FileStamp
    guard: Guard
    uuid: str
    where: str

    def array(
        self, name: str, dtype: Any, shape: Any, offset: int | None, crc: int
    ) -> Any:
        """Return an array that is described as by `Manifest`, not read."""
        dtype, shape = _dtype(dtype), _shape(shape)
        size = math.prod(shape) * dtype.itemsize
        if not size:
            return np.empty(shape, dtype)
        if offset is not None:
            _natural(offset, self.stamp.size - size)
        return FileArray(
            self.path,
            self.stamp,
            self.uuid,
            self.where,
            name,
            shape,
            dtype,
            offset=offset,
            crc=_natural(crc, (1 << 32) - 1),
            limits=self.guard.limits,
        )

    def other(
        self, name: str, dtype: Any, shape: Any, offset: int | None, crc: int
    ) -> Any:
        """Return an array that is not the object's data; see `array`."""
        array = self.array(name, dtype, shape, offset, crc)
        where = f"{self.where}/{name}"
        self.guard.claim(where, array.nbytes, array.nbytes, where)
        return array

    def read(self, described: list[Any]) -> np.ndarray[Any, Any]:
        """Return an array of the metadata."""
        array = self.other(*described)
        return array if isinstance(array, np.ndarray) else array.read()


def _dtype(text: Any) -> np.dtype[Any]:
    dtype: np.dtype[Any] = np.dtype(text)
    if dtype.kind not in "biufc":
        raise ValueError(f"{text!r:.40} is no dtype of data")
    return dtype


def _shape(lengths: Sequence[Any]) -> tuple[int, ...]:
    return tuple(_natural(length, _LARGEST) for length in lengths)


def _natural(number: Any, limit: int) -> int:
    if type(number) is not int or not 0 <= number <= limit:
        raise ValueError(f"{number!r:.40} is not between 0 and {limit}")
    return number
