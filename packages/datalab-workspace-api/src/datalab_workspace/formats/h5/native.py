"""Read DataLab's own layout attribute by attribute: slower than the manifest."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import numpy as np

from datalab_workspace.encoding import sidecar
from datalab_workspace.encoding.carriers import NATIVE_DTYPES
from datalab_workspace.errors import DamagedFileError
from datalab_workspace.formats.h5 import layout
from datalab_workspace.formats.h5.attributes import AttributeReader
from datalab_workspace.formats.h5.guard import is_dataset, is_group
from datalab_workspace.formats.h5.lazy import FileArray
from datalab_workspace.formats.h5.metadata import MetadataReader
from datalab_workspace.formats.h5.open_file import OpenProject
from datalab_workspace.formats.h5.panels import in_order
from datalab_workspace.model.project import Group, Item
from datalab_workspace.model.record import (
    PRIMARY_ARRAY,
    UUID_KEY,
    Array,
    Kind,
    PendingRecord,
    Record,
)

_ROWS = (2, 3, 4)


def read_groups(
    project: OpenProject, obstacles: list[str] | None = None
) -> list[Group]:
    """Return the groups of a project, without reading the data of the objects.

    Args:
        project: The open file.
        obstacles: A list to which a message is added for everything that DataLab would
            not open, or not save again.

    Returns:
        The groups of signals, then those of images. An object with a sidecar is a
        pending record: only its data shows whether the sidecar is still valid.

    Raises:
        DamagedFileError: An object differs from what DataLab writes.
        UnsafeFileError: See `Guard`.
    """
    reader = _Reader(project, [] if obstacles is None else obstacles)
    groups = []
    for kind, section in layout.SECTIONS.items():
        project.at = f"/{section}"
        panel = project.guard.child(project.root, section.encode())
        if panel is not None and is_group(panel):
            groups += [
                reader.group(kind, member, f"/{section}/{name}")
                for name, member in in_order(project.guard, panel, f"/{section}")
            ]
    return groups


class _Reader:
    """A reader of the objects of one file."""

    def __init__(self, project: OpenProject, obstacles: list[str]) -> None:
        self._project = project
        self._obstacles = obstacles
        self._guard = project.guard
        self._attributes = AttributeReader(project.guard)
        self._metadata = MetadataReader(project.guard, self._attributes)
        self._uuids: set[str] = set()

    def group(self, kind: Kind, group: Any, where: str) -> Group:
        """Return one group of a panel with its objects."""
        self._project.at = where
        attributes = self._attributes.read(group, where)
        if "title" not in attributes:
            self._obstacles.append(f"the group {where} has no title")
        title = attributes.get("title", "")
        items = [
            self._item(kind, member, f"{where}/{name}")
            for name, member in in_order(self._guard, group, where)
        ]
        return Group(kind, str(title), items)

    def _item(self, kind: Kind, group: Any, where: str) -> Item:
        self._project.at = where
        attributes = self._attributes.read(group, where)
        metadata: Any = {}
        datasets = {}
        for name, member in self._guard.members(group, where):
            if is_dataset(member):
                datasets[name] = member
            elif name == layout.METADATA and is_group(member):
                metadata = self._metadata.read(member, f"{where}/{name}")
        if not isinstance(metadata, dict):
            raise TypeError("its metadata is a list")
        metadata.pop(layout.NUMBER_KEY, None)
        uuid = self._unique(metadata.pop(UUID_KEY, None), where)
        if PRIMARY_ARRAY[kind] not in datasets:
            self._obstacles.append(
                f"{where} has no data: DataLab opens it but fails to save it"
            )
        fields = self._fields(kind, attributes)
        arrays = {
            name: self._array(kind, uuid, where, name, dataset)
            for name, dataset in datasets.items()
        }
        plain = Record(kind, fields, arrays, metadata, uuid)
        if sidecar.depends_on_data(plain):
            return make_pending(plain)
        return sidecar.join(plain)

    def _fields(self, kind: Kind, attributes: dict[str, Any]) -> dict[str, Any]:
        fields = {}
        for name, value in attributes.items():
            if name in layout.EXTENT or isinstance(value, np.ndarray | list):
                continue
            if isinstance(value, np.generic):
                value = value.item()
            if not isinstance(value, str | bool | int | float):
                continue
            try:
                fields[name] = layout.field_value(kind, name, value)
            except ValueError as error:
                raise DamagedFileError(
                    f"{self._guard.name!r} is damaged at {self._project.at}@{name}: "
                    f"{error}"
                ) from error
        return fields

    def _unique(self, uuid: Any, where: str) -> str:
        if isinstance(uuid, str) and uuid in self._uuids:
            self._obstacles.append(
                f"{where} has the UUID of another object: DataLab leaves it out"
            )
        if not isinstance(uuid, str) or uuid in self._uuids or not _is_uuid(uuid):
            uuid = str(uuid4())
        self._uuids.add(uuid)
        return str(uuid)

    def _array(
        self, kind: Kind, uuid: str, where: str, name: str, dataset: Any
    ) -> Array:
        self._project.at = f"{where}/{name}"
        dtype = self._guard.check_dataset(dataset, self._project.at)
        shape = dataset.shape
        if name == PRIMARY_ARRAY[kind] and dtype not in NATIVE_DTYPES[kind]:
            self._obstacles.append(
                f"{where} has data of dtype {dtype}, which DataLab does not support"
            )
        if name == PRIMARY_ARRAY[kind] and not (
            len(shape) == 2 and (kind == "image" or shape[0] in _ROWS)
        ):
            raise ValueError(f"the data of {_an(kind)} cannot have the shape {shape}")
        if 0 in shape:
            return np.empty(shape, dtype)
        if dataset.get_storage_size() == 0:  # declared but never written
            return np.zeros(shape, dtype)
        return FileArray(
            self._project.path,
            self._project.stamp,
            uuid,
            where,
            name,
            shape,
            dtype,
            offset=dataset.get_offset(),
            limits=self._guard.limits,
        )


def make_pending(plain: Record) -> PendingRecord:
    """Return the pending record of an object whose sidecar is not verified yet."""

    def resolve() -> Record:
        data = plain.data
        if isinstance(data, FileArray):
            data.ensure_checksum()
        return sidecar.join(plain)

    return PendingRecord(
        plain.uuid, plain.kind, plain.title, plain.shape, plain.dtype, resolve
    )


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _an(kind: Kind) -> str:
    return "an image" if kind == "image" else "a signal"
