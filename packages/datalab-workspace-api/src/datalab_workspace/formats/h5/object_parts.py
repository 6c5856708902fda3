"""The parts of an object as they are in a project file, and the record of the parts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np

from datalab_workspace.errors import DamagedFileError
from datalab_workspace.formats.atomic import FileStamp
from datalab_workspace.formats.h5 import layout
from datalab_workspace.formats.h5.guard import Limits
from datalab_workspace.formats.h5.lazy import FileArray
from datalab_workspace.model.record import (
    PRIMARY_ARRAY,
    UUID_KEY,
    Array,
    FieldValue,
    Kind,
    Record,
)

_ROWS = (2, 3, 4)
_SCALARS = (str, bool, int, float)
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class StoredArray(NamedTuple):
    """A dataset in the file.

    Attributes:
        dtype: Dtype of the elements.
        shape: Shape of the dataset.
        stored: Number of bytes that the file stores for it.
        offset: Offset of the elements in the file; None if only HDF5 reads them.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    stored: int
    offset: int | None


class ObjectHead(NamedTuple):
    """The parts of an object that a list shows.

    Attributes:
        title: The attribute "title"; None if there is no such attribute.
        uuid: The UUID in the metadata; None if there is none.
        data: The primary array; None for an object without data.
    """

    title: Any
    uuid: Any
    data: StoredArray | None


@dataclass(eq=False)
class ObjectParts:
    """All parts of an object.

    Attributes:
        attributes: The attributes by name.
        arrays: The datasets by name.
        metadata: The metadata: a dict; a list if the file is damaged.
    """

    attributes: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, StoredArray] = field(default_factory=dict)
    metadata: Any = field(default_factory=dict)


@dataclass(frozen=True)
class ProjectFile:
    """The file that contains an object.

    Attributes:
        path: The file.
        stamp: The stamp of the file when it was opened.
        limits: Limits on how far the content of the file may expand.
    """

    path: Path
    stamp: FileStamp
    limits: Limits

    def record(self, kind: Kind, uuid: str, where: str, parts: ObjectParts) -> Record:
        """Return the record of an object, whose data stays in the file.

        Args:
            kind: Kind of the object.
            uuid: Its UUID, which may differ from that in its metadata.
            where: Path of the object in the file.
            parts: The parts of the object.

        Raises:
            DamagedFileError: A part has the wrong type, or the data another shape.
        """
        metadata = parts.metadata
        if not isinstance(metadata, dict):
            raise self._damaged(where, "its metadata is a list")
        for key in (layout.NUMBER_KEY, UUID_KEY):
            metadata.pop(key, None)
        fields = self.fields(kind, parts.attributes, where)
        arrays = {
            name: self._array(kind, uuid, where, name, stored)
            for name, stored in parts.arrays.items()
        }
        return Record(kind, fields, arrays, metadata, uuid)

    def fields(
        self, kind: Kind, attributes: Mapping[str, Any], where: str
    ) -> dict[str, FieldValue]:
        """Return the fields of an object from its attributes.

        Raises:
            DamagedFileError: An attribute has the wrong type.
        """
        fields = {}
        for name, value in attributes.items():
            if isinstance(value, np.generic):
                value = value.item()
            if not isinstance(value, _SCALARS) or name in layout.EXTENT:
                continue
            try:
                fields[name] = layout.field_value(kind, name, value)
            except ValueError as error:
                raise self._damaged(f"{where}@{name}", str(error)) from error
        return fields

    def check_shape(self, kind: Kind, shape: tuple[int, ...], where: str) -> None:
        """Check the shape of the primary array of the object at `where`.

        Raises:
            DamagedFileError: No object of this kind has such a shape.
        """
        if len(shape) == 2 and (kind == "image" or shape[0] in _ROWS):
            return
        an_object = "an image" if kind == "image" else "a signal"
        raise self._damaged(
            f"{where}/{PRIMARY_ARRAY[kind]}",
            f"the data of {an_object} cannot have the shape {shape}",
        )

    def _array(
        self, kind: Kind, uuid: str, where: str, name: str, array: StoredArray
    ) -> Array:
        dtype, shape, stored, offset = array
        if name == PRIMARY_ARRAY[kind]:
            self.check_shape(kind, shape, where)
        if 0 in shape:
            return np.empty(shape, dtype)
        if stored == 0:  # declared but never written
            return np.zeros(shape, dtype)
        return FileArray(
            self.path,
            self.stamp,
            uuid,
            where,
            name,
            shape,
            dtype,
            offset=offset,
            limits=self.limits,
        )

    def _damaged(self, where: str, reason: str) -> DamagedFileError:
        return DamagedFileError(f"{str(self.path)!r} is damaged at {where}: {reason}")


def is_uuid(value: Any) -> bool:
    """Return True for a string that is a UUID."""
    if not isinstance(value, str):
        return False
    if _UUID.fullmatch(value):  # the common form; `UUID` takes longer
        return True
    try:
        UUID(value)
    except ValueError:
        return False
    return True
