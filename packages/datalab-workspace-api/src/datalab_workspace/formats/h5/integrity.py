"""Compare a project file with its checksums before its objects are read.

The manifest is believed if its own checksums and the one of the structure are right,
also in a copy of the file, whose modification time differs. See `manifest` for the
checksums.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import h5py
import numpy as np

from datalab_workspace.encoding import shallow_json
from datalab_workspace.errors import WorkspaceError
from datalab_workspace.formats.h5 import layout
from datalab_workspace.formats.h5.checksums import (
    Extent,
    StructureChecksum,
    unpack_extents,
)
from datalab_workspace.formats.h5.guard import is_dataset
from datalab_workspace.formats.h5.index import Index, natural
from datalab_workspace.formats.h5.manifest import (
    CRC_DIGITS,
    FORMAT,
    MARK,
    VERSION,
    with_checksum,
)
from datalab_workspace.formats.h5.open_file import BROKEN, OpenProject
from datalab_workspace.formats.raw_io import read_at
from datalab_workspace.model.project import Group

#: - "absent": DataLab saved the file, or a later version of this package.
#: - "damaged": the file has a manifest, which cannot be read.
#: - "outdated": an older version saved the file, and its modification time differs.
#: - "intact": nothing but arrays may differ from what was saved.
#: - "changed": another program changed the file, or it is damaged.
#: - "structure damaged": the manifest is right, and the rest of the file is not.
State = Literal[
    "absent", "damaged", "outdated", "intact", "changed", "structure damaged"
]
_LONGEST = 64  # bytes of an attribute


@dataclass
class Manifest:
    """The manifest of a project file that is being read, compared with the file.

    Attributes:
        state: The result of the comparison.
        problem: The reason for the state "damaged".
        columns: The content of the index, for every state but "absent" and "damaged".
        details: The details of all objects.
        is_original: The file has the size and the modification time that the manifest
            states: no program has changed it since.
        index: The index, if the manifest is believed.
        groups: The groups of pending records, if the manifest is believed.
        structure: The checksum of the structure, if it was computed.
    """

    state: State
    problem: str = ""
    columns: dict[str, Any] = field(default_factory=dict)
    details: bytes | bytearray = b""
    is_original: bool = False
    index: Index | None = None
    groups: list[Group] | None = None
    structure: StructureChecksum | None = None

    @property
    def is_believed(self) -> bool:
        """True if the objects are read from the manifest, False if from the layout."""
        return self.state in ("intact", "structure damaged")

    @property
    def covers_all(self) -> bool:
        """True if the checksums cover all of the file, False for an older version."""
        return "structure" in self.columns

    @property
    def sections(self) -> list[str] | None:
        """Names of the sections that only DataLab uses; None if they are not known."""
        sections: list[str] | None = self.columns.get("sections")
        return sections


def read_manifest(
    project: OpenProject, *, lazy: bool = False, verify: bool = False
) -> Manifest:
    """Read the manifest of a project file and compare the file with it.

    Args:
        project: The open file.
        lazy: Do not compare the structure of a file whose modification time shows that
            it is the original, unless more than the manifest is going to be read.
        verify: Return the groups also if they are not believed, and with references
            that raise an error for every wrong checksum of data. Otherwise reading such
            data of a copied file warns, because another program may have changed it.

    Raises:
        UnsafeFileError: The manifest declares more data than the file contains.
    """
    project.at = f"/{layout.MANIFEST}"
    places = _places(project)
    if places is None:
        return Manifest("absent")
    manifest = Manifest("damaged", "its manifest is missing")
    for place in places:
        manifest = _readable_manifest(project, place, lazy, verify)
        if manifest.state != "damaged":
            break
    return manifest


def _readable_manifest(
    project: OpenProject, place: Extent, lazy: bool, verify: bool
) -> Manifest:
    try:
        manifest = _manifest(project, place, lazy)
        if manifest.is_believed or verify:
            manifest.index = Index(
                project.path,
                project.stamp,
                project.guard,
                manifest.columns,
                manifest.details,
                strict=verify or manifest.is_original,
            )
            manifest.groups = manifest.index.groups()
    except (EOFError, LookupError, TypeError, ValueError, RecursionError) as error:
        return Manifest("damaged", f"its manifest cannot be read ({error})")
    return manifest


def _manifest(project: OpenProject, place: Extent, lazy: bool) -> Manifest:
    stamp = project.stamp
    columns = _index(project, place)
    size = sum(columns["detail"])
    start, crc = columns["details"]
    details = _read(project, start, size)
    if zlib.crc32(details) != crc:
        raise ValueError("the checksum of the details is wrong")
    is_original = (columns["mtime_ns"], columns["size"]) == (stamp.mtime_ns, stamp.size)
    manifest = Manifest("intact", "", columns, details, is_original)
    if not manifest.covers_all:
        manifest.state = "intact" if is_original else "outdated"
    elif not (lazy and is_original) or columns["sections"]:
        # Sections that only DataLab uses are always read from the layout.
        length, crc = columns["extents"]
        extents = _read(project, start + size, length)
        if zlib.crc32(extents) != crc:
            raise ValueError("the checksum of the extents is wrong")
        arrays = unpack_extents(extents)
        own = [place, (start, size + length)]
        manifest.structure = _structure(project, columns, [*arrays, *own])
        if manifest.structure is None:
            manifest.state = "structure damaged" if is_original else "changed"
    return manifest


def _structure(
    project: OpenProject, columns: dict[str, Any], extents: list[Extent]
) -> StructureChecksum | None:
    """Return the checksum of the structure; None if it is not the one of the index."""
    size = project.stamp.size
    if columns["size"] != size:
        return None
    try:
        found = StructureChecksum(project.raw, size, extents)
    except (EOFError, ValueError):  # the file has another size than it had
        return None
    return found if found.value == columns["structure"] else None


def _index(project: OpenProject, place: Extent) -> dict[str, Any]:
    content = _read(project, *place)
    text = bytes(content[CRC_DIGITS:])
    if content != with_checksum(text):
        raise ValueError("the checksum of the index is wrong")
    columns: dict[str, Any] = shallow_json.loads(text)
    return columns


def _read(project: OpenProject, offset: int, size: int) -> bytes | bytearray:
    limit = project.stamp.size
    return read_at(project.raw, natural(offset, limit), natural(size, limit))


# -- where the index is ---------------------------------------------------------------


class _Pointer(NamedTuple):
    """A statement in the file about its index.

    Attributes:
        version: Version of the manifest.
        place: Extent of the index; None if the statement cannot be read.
    """

    version: int = VERSION
    place: Extent | None = None


def _places(project: OpenProject) -> list[Extent] | None:
    """Return the extents where the index may be.

    Returns:
        None if the file has no manifest, or one of a later version.
    """
    found = [_pointer(project, read) for read in (_group_pointer, _mark_pointer)]
    pointers = [pointer for pointer in found if pointer is not None]
    if all(pointer.version > VERSION for pointer in pointers):
        return None
    places = [pointer.place for pointer in pointers if pointer.version == VERSION]
    return list(dict.fromkeys(place for place in places if place is not None))


def _pointer(
    project: OpenProject, read: Callable[[OpenProject], _Pointer | None]
) -> _Pointer | None:
    try:
        return read(project)
    except WorkspaceError:
        raise
    except BROKEN:
        return _Pointer()


def _group_pointer(project: OpenProject) -> _Pointer | None:
    group = project.guard.child(project.root, layout.MANIFEST.encode())
    if group is None:
        return None
    if _attribute(group, b"format") != FORMAT:
        raise ValueError("the group does not state its format")
    version = int(_attribute(group, b"version"))
    dataset = project.guard.child(group, b"index")
    if version != VERSION or not is_dataset(dataset):
        return _Pointer(version)
    size = min(dataset.get_storage_size(), project.stamp.size)
    return _Pointer(version, (dataset.get_offset(), size))


def _mark_pointer(project: OpenProject) -> _Pointer | None:
    if not h5py.h5a.exists(project.root, MARK.encode()):
        return None
    version, offset, size = map(int, _attribute(project.root, MARK.encode()))
    return _Pointer(version, (offset, size))


def _attribute(owner: Any, name: bytes) -> Any:
    """Return an attribute of a few bytes: a string, an integer, or integers.

    Raises:
        ValueError: It is larger, or of another type.
    """
    attribute = h5py.h5a.open(owner, name)
    dtype = attribute.dtype
    size = math.prod(attribute.shape) * dtype.itemsize
    if dtype.kind not in "Siu" or size > _LONGEST:
        raise ValueError(f"the attribute {name!r} has {size} bytes of {dtype}")
    value = np.empty(attribute.shape, dtype)
    attribute.read(value)
    return value[()]
