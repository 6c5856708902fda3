"""The manifest: a summary of a project file, and the checksums of all of the file.

The manifest repeats the content of DataLab's layout in the root group
``datalab_workspace``. DataLab drops the manifest when it saves. It consists of two
datasets of bytes:

- ``index`` is a CRC-32 and a JSON object, which suffices to list the objects.
- ``details`` has the fields and the metadata of each object as JSON, and after them the
  extents: offset and size of each part of the file that holds elements of arrays.

Every byte of the file is under one checksum:

- ``index`` under the one that it begins with,
- ``details`` under two that the index states (`details`, `extents`),
- the elements of an array under the CRC-32 that the index or the details state,
- everything else, which is the *structure*, under the one that the index states
  (`structure`). The structure includes arrays that the details repeat in full, and the
  unused end of ``details``.

The manifest therefore stays valid in a copy of the file. The index also states the size
of the file and its modification time. While both match, no program has changed the file
since it was written, so that a wrong checksum means damage.

The attribute ``datalab_workspace`` of the root group is the *mark*: it states where the
index is. A file with a mark and no manifest is damaged too. A program that writes such
a file completes it in this order: all arrays, the structure, then `Manifest.write`,
which reads the structure again to compute its checksum.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from io import FileIO
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from datalab_workspace._version import __version__
from datalab_workspace.encoding import typed_json
from datalab_workspace.encoding.arrays import checksum
from datalab_workspace.formats.h5 import layout
from datalab_workspace.formats.h5.checksums import (
    Extent,
    StructureChecksum,
    merge_extents,
    pack_extents,
)
from datalab_workspace.formats.h5.plan import ArraySlot, ObjectPlan
from datalab_workspace.formats.raw_io import write_all

if TYPE_CHECKING:
    from datalab_workspace.formats.h5.index import Index

FORMAT = b"datalab-workspace"
VERSION = 1
#: The attribute of the root group that states version, offset and size of the index.
MARK = "datalab_workspace"
#: Arrays in metadata that have more bytes than this are not repeated in the manifest.
_INLINE = 4096
_LARGEST = (1 << 63) - 1
_LARGEST_CRC = (1 << 32) - 1
_DIGITS = 10  # the maximum length of a decimal checksum
CRC_DIGITS = 9  # the length of "%08x " before the index


@dataclass(eq=False)
class Rows:
    """The columns of the index that have a value for each object.

    Attributes:
        uuid: UUIDs.
        title: Titles.
        name: Names of the HDF5 groups.
        form: Kind, dtype and shape in the file, and dtype of the object if different.
        offset: Positions of the data in the file; None if HDF5 must read it.
        crc: CRC-32 of the data.
        detail: The JSON of the objects.
    """

    uuid: list[str]
    title: list[str]
    name: list[str]
    form: list[tuple[Any, ...]]
    offset: list[int | None]
    crc: list[int | None]
    detail: list[bytes | memoryview]

    @classmethod
    def empty(cls, count: int) -> Rows:
        """Return rows that are all to be set."""
        none: list[Any] = [None] * count
        return cls(*(list(none) for _ in fields(cls)))

    @classmethod
    def of(cls, index: Index, order: list[int | None]) -> Rows:
        """Return rows of the index of a file.

        Args:
            index: The index.
            order: The number of each row in the index; None for a row to be set.
        """
        columns, starts, details = (
            index.columns,
            index.starts,
            memoryview(index.details),
        )
        forms = [_as_tuple(form) for form in columns["forms"]]
        numbers = columns["form"]

        def column(name: str) -> list[Any]:
            known = columns[name]
            return [None if row is None else known[row] for row in order]

        return cls(
            column("uuid"),
            column("title"),
            column("name"),
            [() if row is None else forms[numbers[row]] for row in order],
            column("offset"),
            column("crc"),
            [
                b"" if row is None else details[starts[row] : starts[row + 1]]
                for row in order
            ],
        )

    def set(self, row: int, item: ObjectPlan) -> None:
        """Set the row of an object; every array has its slot already."""
        slot = item.primary
        self.uuid[row] = item.record.uuid
        self.title[row] = item.record.title
        self.name[row] = item.name
        self.form[row] = _form(item)
        self.offset[row] = None if slot is None else slot.offset
        self.crc[row] = None if slot is None else slot.crc
        self.detail[row] = _detail(item)


class Manifest:
    """The manifest of a file that is being written.

    Args:
        groups: For each group, its kind, title, path, and number of objects.
        rows: The objects; the rows of `written` are set here.
        written: The objects that are being written, by row; every array has its slot
            already, and every compressed array is stored.
        sections: Names of the root groups that only DataLab uses and that have content.
        kept: The extents of the arrays of all other objects.
        compression: Name and level of the filter for new arrays; None for no filter.
        waste: Bytes of the file that nothing refers to.

    Attributes:
        columns: The content of the index, once it is written.
        details: The details of all objects.
    """

    def __init__(
        self,
        groups: list[list[Any]],
        rows: Rows,
        written: Mapping[int, ObjectPlan],
        *,
        sections: Iterable[str] = (),
        kept: Iterable[Extent] = (),
        compression: tuple[str, int] | None = None,
        waste: int = 0,
    ) -> None:
        for row, item in written.items():
            rows.set(row, item)
        self._rows = rows
        self._written = written
        self.columns: dict[str, Any] = {}
        self.details = b"".join(rows.detail)
        arrays = (slot for item in written.values() for slot in elsewhere(item))
        new = (extent for slot in arrays for extent in slot.extents)
        self._arrays = merge_extents([*kept, *new])
        self._extents = pack_extents(self._arrays)
        self._details_at: Extent = (0, 0)
        self._index_at: Extent = (0, 0)
        self._padding = 0
        # Columns are shorter and faster to read than rows.
        forms: dict[tuple[Any, ...], int] = {}
        self._known = {
            "extents": [len(self._extents), zlib.crc32(self._extents)],
            "sections": sorted(sections),
            "compression": compression,
            "waste": waste,
            "groups": groups,
            "uuid": rows.uuid,
            "title": rows.title,
            "name": rows.name,
            "form": [forms.setdefault(form, len(forms)) for form in rows.form],
            "forms": list(forms),
            "offset": rows.offset,
            "detail": list(map(len, rows.detail)),
        }
        self._known_json = _json(self._known)
        self._details_crc = zlib.crc32(self.details)

    def write(
        self,
        file: FileIO,
        mtime_ns: int,
        size: int,
        *,
        before: StructureChecksum | None = None,
        changed: Iterable[int] = (),
    ) -> StructureChecksum:
        """Write the manifest into its reserved space, after everything else.

        Args:
            file: The new file.
            mtime_ns: The modification time that the file will have, in ns.
            size: Size of the file in bytes.
            before: See `StructureChecksum`.
            changed: See `StructureChecksum`.

        Returns:
            The checksum of the structure.
        """
        for row, item in self._written.items():
            slot = item.primary
            self._rows.crc[row] = None if slot is None else slot.crc
        file.seek(self._details_at[0])
        padding = bytes(self._padding)  # which belongs to the structure
        write_all(file, memoryview(self.details + self._extents + padding))
        own = [self._index_at, self._details_at]
        extents = [*self._arrays, *own]
        structure = StructureChecksum(
            file, size, extents, before=before, changed=changed
        )
        length = self._index_at[1] - CRC_DIGITS
        text = self._index(mtime_ns, size, structure.value).ljust(length)
        file.seek(self._index_at[0])
        write_all(file, memoryview(with_checksum(text)))
        return structure

    def reserve(self, file: h5py.File) -> None:
        """Reserve space in the file, after everything else, and write the mark."""
        group = file.create_group(layout.MANIFEST)
        # Strings of fixed length: HDF5 keeps others in a heap, and a damaged heap may
        # make it loop forever.
        group.attrs["format"] = np.bytes_(FORMAT)
        group.attrs["version"] = VERSION
        group.attrs["writer"] = np.bytes_(f"datalab-workspace-api {__version__}")
        length = len(self.details) + len(self._extents)
        self._padding = _padded(length) - length
        offset = _reserve(group, "details", length + self._padding)
        self._details_at = offset, length
        # The checksums of the data are not known yet.
        length = len(self._index(_LARGEST, _LARGEST, _LARGEST_CRC))
        length += _DIGITS * len(self._written)
        length = _padded(CRC_DIGITS + length)
        self._index_at = _reserve(group, "index", length), length
        file.attrs[MARK] = np.array([VERSION, *self._index_at], "<i8")

    def _index(self, mtime_ns: int, size: int, structure: int) -> bytes:
        begin = {
            "mtime_ns": mtime_ns,
            "size": size,
            "structure": structure,
            "details": [self._details_at[0], self._details_crc],
            "crc": self._rows.crc,
        }
        self.columns = begin | self._known
        return _json(begin)[:-1] + b"," + self._known_json[1:]


def _padded(size: int) -> int:
    """Return the room for a part of the manifest.

    It is a little larger, so that the manifest of the next save, which is about as
    large, fits into the same space.
    """
    unit = 1 << max(6, size.bit_length() - 6)
    return -(-size // unit) * unit


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()


def _as_tuple(form: Sequence[Any]) -> tuple[Any, ...]:
    """Return a form as `_form` does; in JSON, tuples are lists."""
    return tuple(tuple(part) if isinstance(part, list) else part for part in form)


def with_checksum(text: bytes) -> bytes:
    """Return the bytes of the dataset ``index`` for its JSON."""
    return b"%08x " % zlib.crc32(text) + text


def _form(item: ObjectPlan) -> tuple[Any, ...]:
    """Return kind, dtype and shape in the file, and the record's dtype if different."""
    plain, record = item.plain.data, item.record
    if plain is None:
        return record.kind, None, None, None
    converted = record.dtype is not None and record.dtype != plain.dtype
    own_dtype = record.dtype.str if converted and record.dtype is not None else None
    return record.kind, plain.dtype.str, tuple(plain.shape), own_dtype


def _reserve(group: h5py.Group, name: str, size: int) -> int:
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    plist.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    plist.set_obj_track_times(False)
    space = h5py.h5s.create_simple((size,))
    dataset = h5py.h5d.create(
        group.id, name.encode(), h5py.h5t.NATIVE_UINT8, space, plist
    )
    return int(dataset.get_offset() or 0)


def _detail(plan: ObjectPlan) -> bytes:
    """Return the JSON of one object: its fields, metadata, and further arrays."""
    elsewhere = {id(slot.array): slot for slot in _large_metadata(plan)}

    def put_array(array: np.ndarray[Any, Any]) -> object:
        slot = elsewhere.get(id(array))
        return None if slot is None else _describe(slot)

    arrays = {
        name: _describe(slot)
        for name in plan.plain.arrays
        if (slot := plan.slots.get(name)) and slot is not plan.primary
    }
    content = {
        "fields": typed_json.encode(plan.plain.fields),
        "arrays": arrays,
        "metadata": typed_json.encode(plan.plain.metadata, put_array),
    }
    return json.dumps(content, separators=(",", ":")).encode()


def _large_metadata(plan: ObjectPlan) -> list[ArraySlot]:
    """Return the arrays in metadata that the details describe and do not repeat."""
    # An array that occurs twice is described once.
    slots = {
        id(slot.array): slot
        for slot in plan.slots.values()
        if slot.name not in plan.plain.arrays and slot.array.nbytes > _INLINE
    }
    return list(slots.values())


def elsewhere(plan: ObjectPlan) -> Iterator[ArraySlot]:
    """Yield the arrays whose elements the manifest does not repeat."""
    for name in plan.plain.arrays:
        if name in plan.slots:
            yield plan.slots[name]
    yield from _large_metadata(plan)


def _describe(slot: ArraySlot) -> list[Any]:
    array = slot.array
    crc = checksum(array)
    return [slot.name, array.dtype.str, list(array.shape), slot.offset, crc]
