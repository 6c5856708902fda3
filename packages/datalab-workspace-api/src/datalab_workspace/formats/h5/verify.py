"""Verify a project file: its checksums, and whether DataLab opens it.

The file is read twice: by its manifest, as this package reads it, and by its layout, as
DataLab does. Both must give the same objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from datalab_workspace.encoding.arrays import RestoredArray
from datalab_workspace.errors import NotAProjectError, WorkspaceError
from datalab_workspace.formats.base import Verdict
from datalab_workspace.formats.h5 import index, native
from datalab_workspace.formats.h5.guard import Limits
from datalab_workspace.formats.h5.lazy import FileArray
from datalab_workspace.formats.h5.open_file import OpenProject, opened
from datalab_workspace.model.metadata_values import values_equal
from datalab_workspace.model.project import Group, Item
from datalab_workspace.model.record import PRIMARY_ARRAY, PendingRecord, Record
from datalab_workspace.progress import Progress


def verify(path: Path, limits: Limits | None = None) -> Verdict:
    """Read a whole project file and compare it with its checksums.

    Args:
        path: The file.
        limits: Limits on how far the content of the file may expand.

    Returns:
        The problems of the file, and the obstacles to opening it in DataLab.

    Raises:
        FileNotFoundError: There is no such file.
        NotAProjectError: The file is not a DataLab project.
    """
    verdict = Verdict(path)
    try:
        # The file is opened twice because each way of reading uses up the limits.
        with opened(path, limits or Limits()) as file:
            layout = native.read_groups(file, verdict.obstacles)
        with opened(path, limits or Limits()) as file:
            _verify(file, layout, verdict)
    except NotAProjectError:
        raise
    except WorkspaceError as error:
        verdict.problems.append(str(error))
    return verdict


def _verify(file: OpenProject, layout: list[Group], verdict: Verdict) -> None:
    indexed = index.read_groups(file)
    groups = layout if indexed is None else indexed
    items = [item for group in groups for item in group.items]
    verdict.objects = len(items)
    plain = {item.uuid: item for group in layout for item in group.items}
    if indexed is not None and _heads(indexed) != _heads(layout):
        verdict.problems.append(
            "the objects that DataLab reads differ from those of the manifest"
        )
    with Progress(f"checking {file.path.name!r}", file.stamp.size) as progress:
        for item in items:
            other = plain.get(item.uuid) if indexed is not None else None
            verdict.problems += _problems(file, item, other, verdict, progress)


def _heads(groups: list[Group]) -> list[object]:
    return [
        (group.kind, group.title, [(item.uuid, item.title) for item in group.items])
        for group in groups
    ]


def _problems(
    file: OpenProject,
    item: Item,
    other: Item | None,
    verdict: Verdict,
    progress: Progress,
) -> Iterator[str]:
    """Yield the problems of one object."""
    try:
        record = _resolved(item)
        for array in _unread(record):
            verdict.checksums += array.crc is not None
            array.read_from(file, progress)
        if other is not None and not _agree(record, _resolved(other)):
            yield f"DataLab reads {item.title!r:.80} differently"
    except WorkspaceError as error:
        yield f"{item.title!r:.80}: {error}"


def _resolved(item: Item) -> Record:
    return item.resolve() if isinstance(item, PendingRecord) else item


def _unread(record: Record) -> Iterator[FileArray]:
    for array in record.arrays.values():
        plain = array.plain if isinstance(array, RestoredArray) else array
        if isinstance(plain, FileArray):
            yield plain


def _agree(record: Record, other: Record) -> bool:
    name = PRIMARY_ARRAY[record.kind]
    locations = [
        (array.where, array.name, array.shape)
        for one in (record, other)
        for array in _unread(one)
        if array.name == name
    ]
    return (
        values_equal(record.fields, other.fields)
        and values_equal(record.metadata, other.metadata)
        and len(set(locations)) <= 1
    )
