"""Reading the manifest; see `manifest`."""

from __future__ import annotations

import json
import math
import zlib
from typing import Any

import h5py
import numpy as np

from datalab_workspace.errors import DamagedFileError, WorkspaceError
from datalab_workspace.formats import sidecar, typedjson
from datalab_workspace.formats.h5 import layout
from datalab_workspace.formats.h5.guard import is_dataset, is_group
from datalab_workspace.formats.h5.lazy import FileArray
from datalab_workspace.formats.h5.manifest import CRC_DIGITS, FORMAT, VERSION
from datalab_workspace.formats.h5.opening import OpenProject
from datalab_workspace.formats.h5.staging import read_exactly
from datalab_workspace.project import Group
from datalab_workspace.record import (
    KINDS,
    PRIMARY_ARRAY,
    Array,
    Kind,
    PendingRecord,
    Record,
    data_shape,
)


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
    attributes = h5py.AttributeManager(h5py.Group(group))
    if attributes.get("format") != FORMAT or attributes.get("version") != VERSION:
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


class _Index:
    """The index of a file, checked."""

    def __init__(self, project: OpenProject, columns: dict[str, Any]) -> None:
        self.path = project.path
        self.stamp = project.stamp
        self.limits = project.guard.limits
        self._columns = columns
        self._dtypes: dict[str, np.dtype[Any]] = {}
        offset, crc = columns["details"]
        # Kept, so that the objects stay what they were when the file was opened.
        self.details = bytearray(_natural(sum(columns["detail"]), self.stamp.size))
        if self.details:
            project.raw.seek(_natural(offset, self.stamp.size))
            read_exactly(project.raw, memoryview(self.details))
        if zlib.crc32(self.details) != crc:
            raise ValueError("the details are not those of the index")

    def groups(self) -> list[Group]:
        """Return all groups with their objects, pending."""
        columns = self._columns
        rows = zip(
            *(
                columns[name]
                for name in (
                    "uuid",
                    "title",
                    "name",
                    "dtype",
                    "shape",
                    "offset",
                    "crc",
                    "detail",
                )
            ),
            strict=True,
        )
        groups = []
        number = start = 0
        for kind, title, path, count in columns["groups"]:
            if kind not in KINDS:
                raise ValueError(f"there are no objects of the kind {kind!r}")
            group = Group(kind, str(title))
            for _ in range(count):
                row = next(rows)
                shown = columns["shown"].get(str(number))
                pending = self._pending(kind, f"{path}/{row[2]}", row, shown, start)
                group.items.append(pending)
                number += 1
                start += row[7]
            groups.append(group)
        if next(rows, None) is not None or len(set(columns["uuid"])) != number:
            raise ValueError("the index does not count its objects right")
        return groups

    def _pending(
        self, kind: Kind, where: str, row: tuple[Any, ...], shown: Any, start: int
    ) -> PendingRecord:
        uuid, title, _, dtype, shape, offset, crc, length = row
        data = None
        if shape is not None:
            name = PRIMARY_ARRAY[kind]
            data = self.array(uuid, where, [name, dtype, shape, offset, crc])
        resolve = _Resolve(self, kind, uuid, where, data, slice(start, start + length))
        if data is None:
            return PendingRecord(uuid, kind, title, (), None, resolve)
        return PendingRecord(
            uuid,
            kind,
            title,
            data_shape(kind, data.shape),
            data.dtype if shown is None else self.dtype(shown),
            resolve,
        )

    def dtype(self, text: str) -> np.dtype[Any]:
        """Return the dtype that `text` names, of numbers only."""
        dtype = self._dtypes.get(text)
        if dtype is None:
            dtype = np.dtype(str(text))
            if dtype.kind not in "biufc":
                raise ValueError(f"{text!r} is no dtype of data")
            self._dtypes[text] = dtype
        return dtype

    def array(self, uuid: str, where: str, described: list[Any]) -> Any:
        """Return an array that the manifest describes, not read; see `_described`."""
        name, text, shape, offset, crc = described
        dtype = self.dtype(text)
        shape = tuple(shape)
        size = math.prod(shape) * dtype.itemsize
        if any(type(length) is not int or length < 0 for length in shape):
            raise ValueError(f"{shape} is no shape")
        if not size:
            return np.empty(shape, dtype)
        if offset is not None:
            _natural(offset, self.stamp.size - size)
        return FileArray(
            self.path,
            self.stamp,
            uuid,
            where,
            name,
            shape,
            dtype,
            offset=offset,
            crc=_natural(crc, (1 << 32) - 1),
            limits=self.limits,
        )


def _natural(number: Any, limit: int) -> int:
    if type(number) is not int or not 0 <= number <= limit:
        raise ValueError(f"{number!r:.40} is not between 0 and {limit}")
    return number


class _Resolve:
    """Makes the record of one object from its text in the manifest."""

    __slots__ = ("_data", "_index", "_kind", "_part", "_uuid", "_where")

    def __init__(
        self,
        index: _Index,
        kind: Kind,
        uuid: str,
        where: str,
        data: Array,
        part: slice,
    ) -> None:
        self._index = index
        self._kind = kind
        self._uuid = uuid
        self._where = where
        self._data = data
        self._part = part

    def __call__(self) -> Record:
        try:
            return sidecar.join(self._plain())
        except WorkspaceError:
            raise
        except (LookupError, TypeError, ValueError, RecursionError) as error:
            raise DamagedFileError(
                f"{str(self._index.path)!r} is damaged: its manifest does not tell "
                f"what {self._where} is ({error})"
            ) from error

    def _plain(self) -> Record:
        content = json.loads(self._index.details[self._part])
        arrays: dict[str, Array] = {
            name: self._array(described)
            for name, described in content["arrays"].items()
        }
        arrays[PRIMARY_ARRAY[self._kind]] = self._data
        metadata = typedjson.decode(content["metadata"], self._read)
        fields = typedjson.decode(content["fields"])
        return Record(self._kind, fields, arrays, metadata, self._uuid)

    def _array(self, described: list[Any]) -> Any:
        return self._index.array(self._uuid, self._where, described)

    def _read(self, described: list[Any]) -> np.ndarray[Any, Any]:
        array = self._array(described)
        return array if isinstance(array, np.ndarray) else array.read()
