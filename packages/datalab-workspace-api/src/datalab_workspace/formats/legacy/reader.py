"""Read the files of datalab-kernel 0.2, which DataLab cannot open.

Such a file has one HDF5 group per object, under the name of the object. A name with a
"/" became nested groups, which datalab-kernel 0.2 itself could not find again.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from datalab_workspace.errors import NotAProjectError
from datalab_workspace.formats.h5 import layout
from datalab_workspace.formats.h5.attributes import AttributeReader
from datalab_workspace.formats.h5.guard import Limits, is_dataset, is_group
from datalab_workspace.formats.h5.metadata import read_dataset
from datalab_workspace.formats.h5.open_file import OpenProject, opened
from datalab_workspace.model.project import Group, Project
from datalab_workspace.model.record import FIELDS, KINDS, Kind, Record

_MARKER = "datalab_kernel_version"
_FORMAT = "format_version"
_KNOWN_FORMAT = "1.0"
_KIND_OF_TYPE: dict[str, Kind] = {"SignalObj": "signal", "ImageObj": "image"}
#: Metadata key of a former title that differs from the name, which is now the title.
TITLE_KEY = "title"


def is_legacy(path: Path) -> bool:
    """Return True if `path` is a file of datalab-kernel 0.2, and False otherwise."""
    if not path.is_file() or not h5py.is_hdf5(path):
        return False
    try:
        with h5py.File(path, "r", locking="best-effort") as file:
            return _MARKER in file.attrs and layout.VERSION not in file
    except (OSError, RuntimeError):
        return False  # damaged or being written; the reader reports it


def read_legacy(path: Path, limits: Limits | None = None) -> Project:
    """Read a file of datalab-kernel 0.2.

    Args:
        path: The file.
        limits: Limits on how far the content of the file may expand.

    Returns:
        The signals and images in the alphabetical order of their names; the file has no
        other order. The title of an object is its name. A title that differs from the
        name is in the metadata, under `TITLE_KEY`.

    Raises:
        NotAProjectError: The file has an unknown format version.
        DamagedFileError: The file is truncated or corrupt.
        UnsafeFileError: The file refers to other files, or to more data than it holds.
        OSError: The file cannot be read.
    """
    with opened(path, limits or Limits(), is_project=False) as file:
        reader = _Reader(file)
        reader.check_format()
        records = list(reader.records(file.root, "/"))
    groups = [
        Group(kind, "", [record for record in records if record.kind == kind])
        for kind in KINDS
    ]
    return Project([group for group in groups if group.items])


class _Reader:
    def __init__(self, file: OpenProject) -> None:
        self._file = file
        self._attributes = AttributeReader(file.guard)

    def check_format(self) -> None:
        """Check the format version.

        Raises:
            NotAProjectError: The version is unknown.
        """
        version = self._attributes.read(self._file.root, "/").get(_FORMAT)
        if version != _KNOWN_FORMAT:
            raise NotAProjectError(
                f"{str(self._file.path)!r} is a datalab-kernel file of format version "
                f"{version!r}; only version {_KNOWN_FORMAT!r} is supported"
            )

    def records(self, group: Any, where: str) -> Iterator[Record]:
        """Yield the objects below a group."""
        for name, member in self._file.guard.members(group, where):
            path = f"{where.rstrip('/')}/{name}"
            if not is_group(member):
                continue
            self._file.at = path
            attributes = self._attributes.read(member, path)
            kind = _KIND_OF_TYPE.get(attributes.get("type", ""))
            if kind is None:
                yield from self.records(member, path)
            else:
                yield self._record(kind, member, path, attributes)

    def _record(
        self, kind: Kind, group: Any, where: str, attributes: dict[str, Any]
    ) -> Record:
        datasets = {
            name: read_dataset(
                member, self._file.guard.check_dataset(member, f"{where}/{name}")
            )
            for name, member in self._file.guard.members(group, where)
            if is_dataset(member)
        }
        fields = {
            name: layout.field_value(kind, name, attributes[name])
            for name in FIELDS[kind].keys() & attributes.keys()
        }
        name = where[1:]
        title, fields["title"] = fields.get("title", name), name
        metadata = {} if title == name else {TITLE_KEY: title}
        if kind == "image":
            return Record(kind, fields, {"data": datasets["data"]}, metadata)
        return Record(kind, fields, {"xydata": _xydata(datasets)}, metadata)


def _xydata(rows: dict[str, np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    """Stack the rows x and y, and dx and dy if one is given; a missing one is NaN."""
    x, y = rows["x"], rows["y"]
    if "dx" not in rows and "dy" not in rows:
        return np.vstack([x, y])
    missing = np.full(x.shape, np.nan)
    return np.vstack([x, y, rows.get("dx", missing), rows.get("dy", missing)])
