"""Plan the content of a project file before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from datalab_workspace.encoding import sidecar
from datalab_workspace.encoding.arrays import checksum
from datalab_workspace.encoding.metadata import to_plain_text
from datalab_workspace.encoding.plain_record import PlainRecord
from datalab_workspace.formats.h5 import layout
from datalab_workspace.formats.h5.checksums import Extent
from datalab_workspace.formats.h5.contents import Contents
from datalab_workspace.history.storage.writer import HistoryWriter
from datalab_workspace.model.array_reference import ArrayReference
from datalab_workspace.model.project import Group, Item, Project
from datalab_workspace.model.record import (
    KINDS,
    PRIMARY_ARRAY,
    Kind,
    PendingRecord,
    Record,
)

#: A converted array larger than this is converted again when it is written, so that not
#: all converted arrays are in memory at once.
_LARGE = 1 << 20


@dataclass(eq=False)
class ArraySlot:
    """The slot of one array in the new file.

    Attributes:
        name: Path of the dataset below the object's group.
        array: The array to be stored, or a reference to it.
        offset: Position of the elements in the file; None for a compressed array or
            one without elements.
        dataset: The dataset of a compressed array, until its elements are stored.
        chunks: Offset and size of each chunk of a compressed array, once it is stored.
        crc: CRC-32 of the elements, once they are stored.
        is_stored: The elements are in the file already.
    """

    name: str
    array: Any
    offset: int | None = None
    dataset: Any = None
    chunks: list[Extent] = field(default_factory=list)
    crc: int = 0
    is_stored: bool = False

    @property
    def extents(self) -> list[Extent]:
        """Offset and size of each part of the file that holds elements."""
        if self.offset is None:
            return self.chunks
        return [(self.offset, self.array.nbytes)]


@dataclass(eq=False)
class ObjectPlan:
    """One object to be written.

    Attributes:
        record: The object.
        plain: Its plain form.
        number: Its number in its panel.
        name: Name of its HDF5 group.
        path: Path of its HDF5 group.
        slots: The slots of its arrays, also of those in its metadata, by name. Empty
            until `Structure` has created them.
    """

    record: Record
    plain: Record
    number: int = 0
    name: str = ""
    path: str = ""
    slots: dict[str, ArraySlot] = field(default_factory=dict)

    @property
    def primary(self) -> ArraySlot | None:
        """The slot of the data; None for an object without data."""
        return self.slots.get(PRIMARY_ARRAY[self.plain.kind])


@dataclass(eq=False)
class GroupPlan:
    """One group to be written.

    Attributes:
        kind: The panel of the group.
        title: The title of the group.
        plain_title: The title in the form that HDF5 can hold.
        objects: The objects of the group, in order.
        path: Path of its HDF5 group.
    """

    kind: Kind
    title: str
    plain_title: str
    objects: list[ObjectPlan]
    path: str = ""


def plan(project: Project, contents: Contents | None = None) -> list[GroupPlan]:
    """Convert every object of a project to its plain form and number the objects.

    Args:
        project: The project. Pending records are resolved.
        contents: A file that holds some of the arrays that are in memory.

    Returns:
        The groups of signals, then the groups of images.

    Raises:
        UnsupportedDtypeError: No dtype of DataLab holds the data of an object without
            loss.
        UnsupportedMetadataError: Metadata of an object cannot be kept.
        ValueError: Two objects have the same UUID.
    """
    plans = []
    for kind in KINDS:
        groups = [
            _plan_group(group, contents, project.history)
            for group in project.groups
            if group.kind == kind
        ]
        _number(kind, groups)
        plans += groups
    _check_uuids(plans)
    return plans


def objects(groups: list[GroupPlan]) -> Iterator[ObjectPlan]:
    """Yield every object in order."""
    for group in groups:
        yield from group.objects


def plan_object(
    item: Item, contents: Contents | None, history: HistoryWriter | None
) -> ObjectPlan:
    """Convert an object to its plain form; see `plan`."""
    record = item.resolve() if isinstance(item, PendingRecord) else item
    source = record if contents is None else contents.with_stored_arrays(record)
    return ObjectPlan(record, _plain_record(source, history))


def _plan_group(
    group: Group, contents: Contents | None, history: HistoryWriter | None
) -> GroupPlan:
    plans = [plan_object(item, contents, history) for item in group.items]
    return GroupPlan(group.kind, group.title, str(to_plain_text(group.title)), plans)


def _plain_record(record: Record, history: HistoryWriter | None) -> Record:
    if isinstance(record, PlainRecord):
        return record
    plain = sidecar.split(record, history=history)
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


class _Converted(ArrayReference):
    """An array that is converted to a dtype of DataLab when it is written."""

    def __init__(self, record: Record, converted: np.ndarray[Any, Any]) -> None:
        self._record = record
        self.shape = converted.shape
        self.dtype = converted.dtype
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
                f"the objects {titles[uuid]!r:.80} and {title!r:.80} have the same "
                f"UUID {uuid}, which DataLab would refuse"
            )
        titles[uuid] = title
