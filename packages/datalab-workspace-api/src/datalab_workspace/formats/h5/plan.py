"""What will be in a project file, settled before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from datalab_workspace.encoding import sidecar
from datalab_workspace.encoding.arrays import checksum
from datalab_workspace.encoding.metadata import to_plain_text
from datalab_workspace.formats.h5 import layout
from datalab_workspace.model.project import Group, Project
from datalab_workspace.model.record import (
    KINDS,
    PRIMARY_ARRAY,
    Kind,
    PendingRecord,
    Record,
)

#: Converted arrays larger than this are converted again when they are written, rather
#: than all kept until then.
_LARGE = 1 << 20


@dataclass(eq=False)
class Place:
    """Where one array of an object is in the new file.

    Attributes:
        name: Path of its dataset below the object's group.
        array: The array to be stored there, or a reference to it.
        offset: Where its elements begin in the file; None if there are none, or if
            they are compressed.
        dataset: The dataset, while the file is open, if they are compressed.
        crc: CRC-32 of the elements, once they are stored.
    """

    name: str
    array: Any
    offset: int | None = None
    dataset: Any = None
    crc: int = 0


@dataclass(eq=False)
class ObjectPlan:
    """One object to be written.

    Attributes:
        record: The object.
        plain: Its plain form.
        number: Its number in its panel.
        name: Name of its HDF5 group.
        path: Path of that group.
        places: Its arrays, those of its metadata as well, by name, once they have one.
    """

    record: Record
    plain: Record
    number: int = 0
    name: str = ""
    path: str = ""
    places: dict[str, Place] = field(default_factory=dict)

    @property
    def primary(self) -> Place | None:
        """The place of the data; None of an object without data."""
        return self.places.get(PRIMARY_ARRAY[self.plain.kind])


@dataclass(eq=False)
class GroupPlan:
    """One group to be written.

    Attributes:
        kind: Which panel it is in.
        title: Its title.
        plain_title: Its title as HDF5 can hold it.
        objects: Its objects, in order.
        path: Path of its HDF5 group.
    """

    kind: Kind
    title: str
    plain_title: str
    objects: list[ObjectPlan]
    path: str = ""


def plan(project: Project) -> list[GroupPlan]:
    """Lower every object of a project and number them all.

    Args:
        project: The project; pending records are resolved.

    Returns:
        The groups of signals, then those of images.

    Raises:
        UnsupportedDtypeError: Data of an object has no dtype that DataLab knows.
        ValueError: Two objects share a UUID.
    """
    plans = []
    for kind in KINDS:
        groups = [_lowered(group) for group in project.groups if group.kind == kind]
        _number(kind, groups)
        plans += groups
    _check_uuids(plans)
    return plans


def objects(groups: list[GroupPlan]) -> Iterator[ObjectPlan]:
    """Yield every object in order."""
    for group in groups:
        yield from group.objects


def _lowered(group: Group) -> GroupPlan:
    plans = []
    for item in group.items:
        record = item.resolve() if isinstance(item, PendingRecord) else item
        plans.append(ObjectPlan(record, _plain(record)))
    return GroupPlan(group.kind, group.title, str(to_plain_text(group.title)), plans)


def _plain(record: Record) -> Record:
    plain = sidecar.split(record)
    primary = PRIMARY_ARRAY[record.kind]
    for name, array in plain.arrays.items():
        if name != primary:
            plain.arrays[name] = plain.array(name)
        elif (
            isinstance(array, np.ndarray)
            and array.nbytes > _LARGE
            and array is not record.arrays[name]
        ):
            plain.arrays[name] = _Converted(record, array)
    return plain


class _Converted:
    """An array that is converted to one of DataLab's dtypes when it is written."""

    def __init__(self, record: Record, converted: np.ndarray[Any, Any]) -> None:
        self._record = record
        self.shape = converted.shape
        self.dtype = converted.dtype
        self.nbytes = converted.nbytes
        self.crc = checksum(converted)

    def read(self) -> np.ndarray[Any, Any]:
        """Convert the array."""
        converted = sidecar.split(self._record).array(PRIMARY_ARRAY[self._record.kind])
        assert converted is not None
        return converted


def _number(kind: Kind, groups: list[GroupPlan]) -> None:
    section = layout.SECTIONS[kind]
    count = sum(len(group.objects) for group in groups)
    number = 0
    for index, group in enumerate(groups, 1):
        name = layout.group_name(kind, index, len(groups), group.plain_title)
        group.path = f"/{section}/{name}"
        for item in group.objects:
            number += 1
            title = str(item.plain.fields["title"])
            item.number = number
            item.name = layout.object_name(kind, number, count, title)
            item.path = f"{group.path}/{item.name}"


def _check_uuids(groups: list[GroupPlan]) -> None:
    titles: dict[str, str] = {}
    for item in objects(groups):
        uuid, title = item.record.uuid, item.record.title
        if uuid in titles:
            raise ValueError(
                f"{titles[uuid]!r} and {title!r} have the same UUID {uuid}, which "
                "DataLab would refuse"
            )
        titles[uuid] = title
