"""Read DataLab's own layout: slower than the manifest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from h5py import h5o

from datalab_workspace.encoding import sidecar
from datalab_workspace.encoding.carriers import NATIVE_DTYPES
from datalab_workspace.formats.h5 import layout
from datalab_workspace.formats.h5.direct import DirectReader
from datalab_workspace.formats.h5.guard import is_group
from datalab_workspace.formats.h5.hdf5_objects import HDF5Reader
from datalab_workspace.formats.h5.object_parts import (
    ObjectHead,
    ObjectParts,
    ProjectFile,
    is_uuid,
)
from datalab_workspace.formats.h5.open_file import OpenProject
from datalab_workspace.formats.h5.panels import Link, in_order
from datalab_workspace.formats.h5.pending_objects import (
    PendingObject,
    SidecarObject,
    Source,
)
from datalab_workspace.model.project import Group, Item
from datalab_workspace.model.record import (
    FIELDS,
    PRIMARY_ARRAY,
    UUID_KEY,
    Kind,
    PendingRecord,
    data_shape,
)


def read_groups(
    project: OpenProject, obstacles: list[str] | None = None, *, lazy: bool = False
) -> list[Group]:
    """Return the groups of a project, without reading the data of the objects.

    Args:
        project: The open file.
        obstacles: A list to which a message is added for everything that DataLab would
            not open, or not save again. HDF5 then reads everything, as in DataLab.
        lazy: Read only what a list of the objects shows, where possible.

    Returns:
        The groups of signals, then those of images. An object is a pending record if it
        is read lazily, or if it has a sidecar: only its data shows whether the sidecar
        is still valid.

    Raises:
        DamagedFileError: An object differs from what DataLab writes.
        UnsafeFileError: See `Guard`.
    """
    reader = _Reader(project, obstacles, lazy=lazy)
    groups: list[Group] = []
    for kind, section in layout.SECTIONS.items():
        project.at = f"/{section}"
        panel = project.guard.child(project.root, section.encode())
        if panel is not None and is_group(panel):
            groups += reader.groups(kind, panel, f"/{section}")
    return groups


class _Reader:
    """A reader of the objects of one file."""

    def __init__(
        self, project: OpenProject, obstacles: list[str] | None, *, lazy: bool
    ) -> None:
        self._project = project
        self._obstacles = [] if obstacles is None else obstacles
        self._guard = project.guard
        self._hdf5 = HDF5Reader(project)
        self._direct = DirectReader.of(project) if obstacles is None else None
        self._file = ProjectFile(project.path, project.stamp, project.guard.limits)
        self._source = Source(self._file) if lazy else None
        self._uuids: set[str] = set()

    def groups(self, kind: Kind, panel: Any, where: str) -> Iterator[Group]:
        """Yield the groups of a panel with their objects."""
        for link in in_order(self._guard, panel, where):
            group = h5o.open(panel, link.key)
            if is_group(group):
                yield self._group(kind, group, link.address, f"{where}/{link.name}")

    def _group(self, kind: Kind, group: Any, address: int, where: str) -> Group:
        self._project.at = where
        attributes = None
        if self._direct is not None:
            attributes = self._direct.attributes(address, where)
        if attributes is None:
            attributes = self._hdf5.attributes(group, where)
        if "title" not in attributes:
            self._obstacles.append(f"the group {where} has no title")
        items = [
            self._item(kind, group, link, f"{where}/{link.name}")
            for link in in_order(self._guard, group, where)
        ]
        title = str(attributes.get("title", ""))
        return Group(kind, title, [item for item in items if item is not None])

    def _item(self, kind: Kind, group: Any, link: Link, where: str) -> Item | None:
        """Return an object, or None if the link leads to no group."""
        self._project.at = where
        parts = None
        if self._direct is not None:
            # A pending object is found again by its path, if that is the true path.
            if self._source is not None and link.name.encode() == link.key:
                head = self._direct.head(kind, link.address, where)
                if head is not None:
                    return self._pending(self._source, kind, head, link.address, where)
            parts = self._direct.parts(link.address, where)
        if parts is None:
            member = h5o.open(group, link.key)
            if not is_group(member):
                return None
            parts = self._hdf5.parts(member, where)
        return self._record(kind, parts, where)

    def _pending(
        self, source: Source, kind: Kind, head: ObjectHead, address: int, where: str
    ) -> PendingRecord:
        shape: tuple[int, ...] = ()
        dtype = None
        if head.data is not None:
            dtype, shape = head.data.dtype, head.data.shape
            self._file.check_shape(kind, shape, where)
        attributes = {} if head.title is None else {"title": head.title}
        fields = self._file.fields(kind, attributes, where)
        title = fields.get("title", FIELDS[kind]["title"].default)
        uuid = self._unique(head.uuid, where)
        return PendingRecord(
            uuid,
            kind,
            "" if title is None else str(title),
            data_shape(kind, shape),
            dtype,
            PendingObject(source, kind, uuid, where, address),
        )

    def _record(self, kind: Kind, parts: ObjectParts, where: str) -> Item:
        metadata = parts.metadata
        found = metadata.get(UUID_KEY) if isinstance(metadata, dict) else None
        uuid = self._unique(found, where)
        data = parts.arrays.get(PRIMARY_ARRAY[kind])
        if data is None:
            self._obstacles.append(
                f"{where} has no data: DataLab opens it but fails to save it"
            )
        elif data.dtype not in NATIVE_DTYPES[kind]:
            self._obstacles.append(
                f"{where} has data of dtype {data.dtype}, which DataLab does not "
                "support"
            )
        plain = self._file.record(kind, uuid, where, parts)
        if not sidecar.depends_on_data(plain):
            return sidecar.join(plain)
        known = (plain.uuid, kind, plain.title, plain.shape, plain.dtype)
        return PendingRecord(*known, SidecarObject(plain))

    def _unique(self, uuid: Any, where: str) -> str:
        if isinstance(uuid, str) and uuid in self._uuids:
            self._obstacles.append(
                f"{where} has the UUID of another object: DataLab leaves it out"
            )
        if not is_uuid(uuid) or uuid in self._uuids:
            uuid = str(uuid4())
        self._uuids.add(uuid)
        return str(uuid)
