"""The manifest: what a project file holds, where one read finds all of it.

It is a cache of what is in DataLab's layout beside it, in the root group
``datalab_workspace``: an index, which is all that a list of the objects needs, and one
text per object with its fields and metadata. It is believed only while the file still
bears the time of change that the index tells, which no other program leaves as it is.
DataLab drops the manifest when it saves.
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
from datalab_workspace.formats.h5.plan import GroupPlan, ObjectPlan, Place, objects
from datalab_workspace.formats.raw_io import write_all

FORMAT = b"datalab-workspace"
VERSION = 1
#: Arrays in metadata that are larger than this are not repeated in the manifest.
_INLINE = 4096
_LARGEST = (1 << 63) - 1
_DIGITS = 10  # of a checksum
CRC_DIGITS = 9  # of "%08x " before the index


class Manifest:
    """The manifest of a file that is being written.

    Args:
        groups: What is in the file; every array has its place already.
    """

    def __init__(self, groups: list[GroupPlan]) -> None:
        # Columns rather than rows: they are shorter, and faster to read.
        self._groups = [
            [group.kind, group.title, group.path, len(group.objects)]
            for group in groups
        ]
        self._objects = list(objects(groups))
        self._details = list(map(_detail, self._objects))
        self._details_offset = 0
        self._index_offset = 0
        self._index_size = 0

    def write(self, file: FileIO, mtime_ns: int, size: int) -> None:
        """Write it into the room made for it, once all checksums are known."""
        if self._details_offset:
            file.seek(self._details_offset)
            write_all(file, memoryview(b"".join(self._details)))
        text = self._index(mtime_ns, size).ljust(self._index_size - CRC_DIGITS)
        file.seek(self._index_offset)
        write_all(file, memoryview(b"%08x " % zlib.crc32(text) + text))

    def reserve(self, file: h5py.File) -> None:
        """Make room in the file, after everything else has its place."""
        group = file.create_group(layout.MANIFEST)
        # Texts of fixed length: HDF5 keeps others in a heap, and where that is damaged
        # it may search for ever.
        group.attrs["format"] = np.bytes_(FORMAT)
        group.attrs["version"] = VERSION
        group.attrs["writer"] = np.bytes_(f"datalab-workspace-api {__version__}")
        self._details_offset = _room(group, "details", sum(map(len, self._details)))
        # Its own place and the checksums of the data are not known yet.
        room = len(self._index(_LARGEST, _LARGEST)) + _DIGITS * len(self._objects)
        self._index_size = room + CRC_DIGITS
        self._index_offset = _room(group, "index", self._index_size)

    def _index(self, mtime_ns: int, size: int) -> bytes:
        primaries = [item.primary for item in self._objects]
        forms: dict[tuple[Any, ...], int] = {}
        columns = {
            "mtime_ns": mtime_ns,
            "size": size,
            "details": [self._details_offset, zlib.crc32(b"".join(self._details))],
            "groups": self._groups,
            "uuid": [item.record.uuid for item in self._objects],
            "title": [item.record.title for item in self._objects],
            "name": [item.name for item in self._objects],
            "form": [
                forms.setdefault(_form(item), len(forms)) for item in self._objects
            ],
            "forms": list(forms),
            "offset": [place and place.offset for place in primaries],
            "crc": [place and place.crc for place in primaries],
            "detail": [len(detail) for detail in self._details],
        }
        return json.dumps(columns, separators=(",", ":")).encode()


def _form(item: ObjectPlan) -> tuple[Any, ...]:
    """Return kind, dtype and shape in the file, and the dtype that the object has."""
    plain, record = item.plain.data, item.record
    if plain is None:
        return record.kind, None, None, None
    converted = record.dtype is not None and record.dtype != plain.dtype
    shown = record.dtype.str if converted and record.dtype is not None else None
    return record.kind, plain.dtype.str, tuple(plain.shape), shown


def _room(group: h5py.Group, name: str, size: int) -> int:
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    plist.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    space = h5py.h5s.create_simple((size,))
    dataset = h5py.h5d.create(
        group.id, name.encode(), h5py.h5t.NATIVE_UINT8, space, plist
    )
    return int(dataset.get_offset() or 0)


def _detail(plan: ObjectPlan) -> bytes:
    """Return what the manifest tells of one object: fields, metadata, other arrays."""
    elsewhere = {
        id(place.array): place
        for place in plan.places.values()
        if place.array.nbytes > _INLINE and place is not plan.primary
    }

    def put_array(array: np.ndarray[Any, Any]) -> object:
        place = elsewhere.get(id(array))
        return None if place is None else _described(place)

    arrays = {
        name: _described(place)
        for name in plan.plain.arrays
        if (place := plan.places.get(name)) and place is not plan.primary
    }
    content = {
        "fields": typed_json.encode(plan.plain.fields),
        "arrays": arrays,
        "metadata": typed_json.encode(plan.plain.metadata, put_array),
    }
    return json.dumps(content, separators=(",", ":")).encode()


def _described(place: Place) -> list[Any]:
    array = place.array
    crc = checksum(array)
    return [place.name, array.dtype.str, list(array.shape), place.offset, crc]
