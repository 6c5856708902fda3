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
  (`structure`). The structure includes arrays that the details repeat in full.

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
from collections.abc import Iterable, Iterator
from io import FileIO
from typing import Any

import h5py
import numpy as np

from datalab_workspace._version import __version__
from datalab_workspace.encoding import typed_json
from datalab_workspace.encoding.arrays import checksum
from datalab_workspace.formats.h5 import layout
from datalab_workspace.formats.h5.checksums import (
    Extent,
    merge_extents,
    pack_extents,
    structure_checksum,
)
from datalab_workspace.formats.h5.plan import ArraySlot, GroupPlan, ObjectPlan, objects
from datalab_workspace.formats.raw_io import write_all

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


class Manifest:
    """The manifest of a file that is being written.

    Args:
        groups: The content of the file; every array has its slot already, and every
            compressed array is stored.
        sections: Names of the root groups that only DataLab uses and that have content.
    """

    def __init__(self, groups: list[GroupPlan], sections: Iterable[str] = ()) -> None:
        # Columns are shorter and faster to read than rows.
        self._groups = [
            [group.kind, group.title, group.path, len(group.objects)]
            for group in groups
        ]
        self._sections = sorted(sections)
        self._objects = list(objects(groups))
        self._details = list(map(_detail, self._objects))
        arrays = (slot for item in self._objects for slot in _elsewhere(item))
        self._arrays = merge_extents(
            extent for slot in arrays for extent in slot.extents
        )
        self._extents = pack_extents(self._arrays)
        self._details_at: Extent = (0, 0)
        self._index_at: Extent = (0, 0)

    def write(self, file: FileIO, mtime_ns: int, size: int) -> None:
        """Write the manifest into its reserved space, after everything else.

        Args:
            file: The new file.
            mtime_ns: The modification time that the file will have, in ns.
            size: Size of the file in bytes.
        """
        file.seek(self._details_at[0])
        write_all(file, memoryview(b"".join([*self._details, self._extents])))
        own = [self._index_at, self._details_at]
        structure = structure_checksum(file, size, [*self._arrays, *own])
        length = self._index_at[1] - CRC_DIGITS
        text = self._index(mtime_ns, size, structure).ljust(length)
        file.seek(self._index_at[0])
        write_all(file, memoryview(with_checksum(text)))

    def reserve(self, file: h5py.File) -> None:
        """Reserve space in the file, after everything else, and write the mark."""
        group = file.create_group(layout.MANIFEST)
        # Strings of fixed length: HDF5 keeps others in a heap, and a damaged heap may
        # make it loop forever.
        group.attrs["format"] = np.bytes_(FORMAT)
        group.attrs["version"] = VERSION
        group.attrs["writer"] = np.bytes_(f"datalab-workspace-api {__version__}")
        length = sum(map(len, self._details)) + len(self._extents)
        self._details_at = _reserve(group, "details", length)
        # The checksums of the data are not known yet.
        length = len(self._index(_LARGEST, _LARGEST, _LARGEST_CRC))
        length += _DIGITS * len(self._objects)
        self._index_at = _reserve(group, "index", CRC_DIGITS + length)
        file.attrs[MARK] = np.array([VERSION, *self._index_at], "<i8")

    def _index(self, mtime_ns: int, size: int, structure: int) -> bytes:
        primaries = [item.primary for item in self._objects]
        forms: dict[tuple[Any, ...], int] = {}
        columns = {
            "mtime_ns": mtime_ns,
            "size": size,
            "structure": structure,
            "extents": [len(self._extents), zlib.crc32(self._extents)],
            "sections": self._sections,
            "details": [self._details_at[0], zlib.crc32(b"".join(self._details))],
            "groups": self._groups,
            "uuid": [item.record.uuid for item in self._objects],
            "title": [item.record.title for item in self._objects],
            "name": [item.name for item in self._objects],
            "form": [
                forms.setdefault(_form(item), len(forms)) for item in self._objects
            ],
            "forms": list(forms),
            "offset": [slot and slot.offset for slot in primaries],
            "crc": [slot and slot.crc for slot in primaries],
            "detail": [len(detail) for detail in self._details],
        }
        return json.dumps(columns, separators=(",", ":")).encode()


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


def _reserve(group: h5py.Group, name: str, size: int) -> Extent:
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    plist.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    space = h5py.h5s.create_simple((size,))
    dataset = h5py.h5d.create(
        group.id, name.encode(), h5py.h5t.NATIVE_UINT8, space, plist
    )
    return int(dataset.get_offset() or 0), size


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


def _elsewhere(plan: ObjectPlan) -> Iterator[ArraySlot]:
    """Yield the arrays whose elements the manifest does not repeat."""
    for name in plan.plain.arrays:
        if name in plan.slots:
            yield plan.slots[name]
    yield from _large_metadata(plan)


def _describe(slot: ArraySlot) -> list[Any]:
    array = slot.array
    crc = checksum(array)
    return [slot.name, array.dtype.str, list(array.shape), slot.offset, crc]
