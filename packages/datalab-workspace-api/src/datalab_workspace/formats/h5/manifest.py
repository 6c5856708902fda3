"""The manifest: a summary of a project file that a single read fetches.

The manifest repeats the content of DataLab's layout in the root group
``datalab_workspace``. It consists of an index, which suffices to list the objects, and
of one JSON string per object with its fields and metadata. It is valid only while the
file has the modification time that the index states: every other program changes that
time. DataLab drops the manifest when it saves.
"""

from __future__ import annotations

import json
import zlib
from io import FileIO
from typing import Any

import h5py
import numpy as np

from datalab_workspace._version import __version__
from datalab_workspace.encoding import typed_json
from datalab_workspace.encoding.arrays import checksum
from datalab_workspace.formats.h5 import layout
from datalab_workspace.formats.h5.plan import ArraySlot, GroupPlan, ObjectPlan, objects
from datalab_workspace.formats.raw_io import write_all

FORMAT = b"datalab-workspace"
VERSION = 1
#: Arrays in metadata that have more bytes than this are not repeated in the manifest.
_INLINE = 4096
_LARGEST = (1 << 63) - 1
_DIGITS = 10  # the maximum length of a decimal checksum
CRC_DIGITS = 9  # the length of "%08x " before the index


class Manifest:
    """The manifest of a file that is being written.

    Args:
        groups: The content of the file; every array has its slot already.
        compression: Name and level of the compression filter; None for no compression.

    Attributes:
        columns: The index as it was written.
    """

    def __init__(
        self, groups: list[GroupPlan], compression: tuple[str, int] | None
    ) -> None:
        self.columns: dict[str, Any] = {}
        self._compression = compression
        # Columns are shorter and faster to read than rows.
        self._groups = [
            [group.kind, group.title, group.path, len(group.objects)]
            for group in groups
        ]
        self._objects = list(objects(groups))
        self._details = list(map(_detail, self._objects))
        self._details_offset = 0
        self._index_offset = 0
        self._index_size = 0

    @property
    def details(self) -> bytes:
        """The JSON strings of all objects."""
        return b"".join(self._details)

    def write(self, file: FileIO, mtime_ns: int, size: int) -> None:
        """Write the manifest into its reserved space, once all checksums are known.

        Args:
            file: The new file.
            mtime_ns: The modification time that the file will have, in ns.
            size: Size of the file in bytes.
        """
        if self._details_offset:
            file.seek(self._details_offset)
            write_all(file, memoryview(self.details))
        text = self._index(mtime_ns, size).ljust(self._index_size - CRC_DIGITS)
        file.seek(self._index_offset)
        write_all(file, memoryview(b"%08x " % zlib.crc32(text) + text))

    def reserve(self, file: h5py.File) -> None:
        """Reserve space in the file, after everything else."""
        group = file.create_group(layout.MANIFEST)
        # Strings of fixed length: HDF5 keeps others in a heap, and a damaged heap may
        # make it loop forever.
        group.attrs["format"] = np.bytes_(FORMAT)
        group.attrs["version"] = VERSION
        group.attrs["writer"] = np.bytes_(f"datalab-workspace-api {__version__}")
        self._details_offset = _reserve(group, "details", sum(map(len, self._details)))
        # The offset of the index and the checksums of the data are not known yet.
        length = len(self._index(_LARGEST, _LARGEST)) + _DIGITS * len(self._objects)
        self._index_size = length + CRC_DIGITS
        self._index_offset = _reserve(group, "index", self._index_size)

    def _index(self, mtime_ns: int, size: int) -> bytes:
        primaries = [item.primary for item in self._objects]
        forms: dict[tuple[Any, ...], int] = {}
        self.columns = columns = {
            "mtime_ns": mtime_ns,
            "size": size,
            "compression": self._compression,
            "details": [self._details_offset, zlib.crc32(self.details)],
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
    space = h5py.h5s.create_simple((size,))
    dataset = h5py.h5d.create(
        group.id, name.encode(), h5py.h5t.NATIVE_UINT8, space, plist
    )
    return int(dataset.get_offset() or 0)


def _detail(plan: ObjectPlan) -> bytes:
    """Return the JSON of one object: its fields, metadata, and further arrays."""
    elsewhere = {
        id(slot.array): slot
        for slot in plan.slots.values()
        if slot.array.nbytes > _INLINE and slot is not plan.primary
    }

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


def _describe(slot: ArraySlot) -> list[Any]:
    array = slot.array
    crc = checksum(array)
    return [slot.name, array.dtype.str, list(array.shape), slot.offset, crc]
