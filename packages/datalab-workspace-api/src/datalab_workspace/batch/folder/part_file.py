"""The file of a part: objects that are computed and belong to no project yet.

A worker writes it in a fraction of the time that a project takes, and only the driver
reads it. After the name of the format come the elements of the arrays, then a JSON
document that describes the objects in their plain form, and at the end the place and
the checksum of this document. So a file that is cut off is recognised.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections.abc import Mapping, Sequence
from io import FileIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from datalab_workspace.encoding import sidecar, typed_json
from datalab_workspace.encoding.plain_record import PlainRecord
from datalab_workspace.errors import DamagedFileError
from datalab_workspace.formats.atomic import FileStamp
from datalab_workspace.formats.h5.array_io import array_blocks, read_into, write_blocks
from datalab_workspace.formats.raw_io import naming, open_regular, write_all
from datalab_workspace.history.storage.writer import HistoryWriter
from datalab_workspace.model.record import PRIMARY_ARRAY, Record
from datalab_workspace.runtime import is_installed

_BEGIN = b"part of a datalab-workspace run, version 1\n"
#: Offset, length and CRC-32 of the document.
_END = struct.Struct("<QQI")


class KeptObject(NamedTuple):
    """An object that a worker keeps.

    Attributes:
        group: Title of its group; None for no group of its own.
        record: The object.
    """

    group: str | None
    record: Record


class PartFile:
    """The writer of a part.

    Args:
        file: The file, which is empty and unbuffered.
    """

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self._entries: list[dict[str, Any]] = []
        write_all(file, memoryview(_BEGIN))
        self._end = len(_BEGIN)

    def add(self, kept: Sequence[KeptObject]) -> None:
        """Write the objects of an item; after an error, not one of them is in the part.

        Raises:
            UnsupportedDtypeError: No dtype of DataLab holds the data of an object.
            UnsupportedMetadataError: Metadata of an object cannot be kept.
            OSError: The file cannot be written.
        """
        history = HistoryWriter(items=[each.record for each in kept])
        plains = [_plain(each.record, history) for each in kept]
        entries = [*map(_entry, kept, plains)]
        for entry, plain in zip(entries, plains, strict=True):
            entry["arrays"] = {name: self._put(plain, name) for name in plain.arrays}
        self._entries += entries

    def finish(self) -> None:
        """Describe the objects, after the last one."""
        document = json.dumps(self._entries, separators=(",", ":")).encode()
        end = _END.pack(self._end, len(document), zlib.crc32(document))
        # An object whose data did not fit into memory may have been begun.
        self._file.seek(self._end)
        self._file.truncate()
        write_all(self._file, memoryview(document + end))

    def _put(self, plain: Record, name: str) -> list[Any]:
        """Write an array, and return its place, dtype, shape and checksum."""
        array = plain.array(name)
        assert array is not None, "a plain form has no missing arrays"
        offset = self._end
        blocks = (block for _, block in array_blocks(array))
        crc = write_blocks(self._file, offset, blocks, array.nbytes)
        self._end += array.nbytes
        return [offset, array.dtype.str, list(array.shape), crc]


def _plain(record: Record, history: HistoryWriter) -> Record:
    """Return the plain form of an object, as that of one which was read from a project.

    Objects of an earlier call come from projects, and the entries of a sidecar change
    their order when it is read for the first time.
    """
    plain = sidecar.split(record, history=history)
    if not sidecar.depends_on_data(plain):
        return plain
    return sidecar.split(sidecar.join(plain), history=history)


def _entry(kept: KeptObject, plain: Record) -> dict[str, Any]:
    record = kept.record
    return {
        "uuid": record.uuid,
        "kind": record.kind,
        "group": kept.group or "",
        "title": record.title,
        "dtype": None if record.dtype is None else record.dtype.str,
        "fields": typed_json.encode(plain.fields),
        "metadata": typed_json.encode(plain.metadata),
    }


class InPart(NamedTuple):
    """An object that is in a part.

    Attributes:
        path: The part.
        stamp: The stamp that the part had when its document was read.
        entry: The description of the object.
    """

    path: Path
    stamp: FileStamp
    entry: Mapping[str, Any]

    @property
    def group(self) -> str:
        """The title of its group; "" without one."""
        return str(self.entry["group"])

    def to_write(self) -> PlainRecord:
        """Return the plain form, as a project takes it; the data stays in the part."""
        entry = self.entry
        stored = {name: self._array(name, *at) for name, at in entry["arrays"].items()}
        primary = PRIMARY_ARRAY[entry["kind"]]
        # In the order in which a project is read. It takes only the data unread.
        arrays = {name: a[...] for name, a in stored.items() if name != primary}
        arrays[primary] = stored[primary]
        own = entry["dtype"]
        return PlainRecord(
            entry["kind"],
            typed_json.decode(entry["fields"]),
            arrays,
            typed_json.decode(entry["metadata"]),
            entry["uuid"],
            own_title=entry["title"],
            own_dtype=None if own is None else np.dtype(own),
        )

    def verify(self) -> None:
        """Read the arrays, and compare them with their checksums.

        Raises:
            DamagedFileError: An array is damaged.
        """
        for name, place in self.entry["arrays"].items():
            self._array(name, *place)[...]

    def record(self) -> Record:
        """Return the object itself; the data stays in the part."""
        return self.to_write().whole()

    def _array(
        self, name: str, offset: int, dtype: str, shape: Sequence[int], crc: int
    ) -> Any:
        if 0 in shape:
            return np.empty(shape, dtype)
        if not is_installed("h5py"):
            return self._read(np.empty(shape, dtype), offset, crc)
        # This module can be imported without h5py, and that one cannot.
        from datalab_workspace.formats.h5.lazy import FileArray

        return FileArray(
            self.path,
            self.stamp,
            self.entry["uuid"],
            self.entry["title"],
            name,
            tuple(shape),
            np.dtype(dtype),
            offset=offset,
            crc=crc,
        )

    def _read(
        self, array: np.ndarray[Any, Any], offset: int, crc: int
    ) -> np.ndarray[Any, Any]:
        """Fill an array at once, and return it."""
        with naming(self.path), open_regular(self.path) as file:
            if read_into(file, offset, array, lambda _: None) != crc:
                raise DamagedFileError(
                    f"the object {self.entry['title']!r:.80} in {str(self.path)!r} is "
                    "damaged; pass restart=True to compute all items again"
                )
        return array


def read_part(path: Path) -> dict[str, InPart]:
    """Return the objects of a part by UUID; no array is read.

    Raises:
        FileNotFoundError: There is no such part.
        DamagedFileError: The file is not a part, or not a whole one.
        OSError: The file cannot be read.
    """
    try:
        with naming(path), open_regular(path) as file:
            stamp = FileStamp.of(file.fileno())
            entries = _entries(file, stamp.size)
    except (LookupError, TypeError, ValueError, RecursionError) as error:
        raise DamagedFileError(
            f"{str(path)!r} is not a whole part of a run ({error}); pass restart=True "
            "to compute all items again"
        ) from error
    return {entry["uuid"]: InPart(path, stamp, entry) for entry in entries}


def _entries(file: FileIO, size: int) -> list[Mapping[str, Any]]:
    """Return the descriptions of the objects of a part.

    Raises:
        LookupError, TypeError or ValueError: The file is damaged, or not a part.
    """
    if file.read(len(_BEGIN)) != _BEGIN or size < len(_BEGIN) + _END.size:
        raise ValueError("it does not begin like one")
    file.seek(size - _END.size)
    offset, length, crc = _END.unpack(file.read(_END.size))
    if offset + length + _END.size != size:
        raise ValueError("its end is missing")
    file.seek(offset)
    document = file.read(length)
    if zlib.crc32(document) != crc:
        raise ValueError("its end is damaged")
    entries: list[Mapping[str, Any]] = json.loads(document)
    for entry in entries:
        _check(entry, offset)
    return entries


def _check(entry: Mapping[str, Any], end: int) -> None:
    """Check that the arrays of an object are in its file, before `end`."""
    if PRIMARY_ARRAY[entry["kind"]] not in entry["arrays"]:
        raise ValueError("an object has no data")
    for offset, dtype, shape, _ in entry["arrays"].values():
        if np.dtype(dtype).kind not in "biufc" or min(shape, default=0) < 0:
            raise ValueError("the data of an object has a wrong type")
        size = math.prod(shape) * np.dtype(dtype).itemsize
        if not 0 <= offset <= offset + size <= end:
            raise ValueError("the data of an object is outside of the file")
