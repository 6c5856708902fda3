"""Verify a project file: its checksums, and whether DataLab opens it.

The file is read twice: by its manifest, as this package reads it, and by its layout, as
DataLab does. Both must give the same objects. If another program changed the file, this
comparison shows which objects differ from what was saved.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from datalab_workspace.encoding.arrays import RestoredArray
from datalab_workspace.errors import NotAProjectError, WorkspaceError
from datalab_workspace.formats.base import Verdict
from datalab_workspace.formats.h5 import native, opaque_sections
from datalab_workspace.formats.h5.guard import Limits
from datalab_workspace.formats.h5.integrity import Manifest, read_manifest
from datalab_workspace.formats.h5.lazy import FileArray
from datalab_workspace.formats.h5.open_file import OpenProject, opened
from datalab_workspace.model.metadata_values import values_equal
from datalab_workspace.model.project import Group, Item
from datalab_workspace.model.record import PendingRecord, Record
from datalab_workspace.progress import Progress

_OUTSIDE = "the checksum of all bytes outside of arrays is wrong"


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
    layout = None
    # The file is opened twice because each way of reading uses up the limits.
    with _noting_problems(verdict), opened(path, limits or Limits()) as file:
        groups = native.read_groups(file, verdict.obstacles)
        opaque_sections.read(file)
        layout = _Layout(groups, opaque_sections.names(file.root))
    with _noting_problems(verdict), opened(path, limits or Limits()) as file:
        _verify(file, layout, verdict)
    return verdict


@dataclass
class _Layout:
    """The content of a file as DataLab reads it.

    Attributes:
        groups: The objects in their groups.
        sections: Names of the sections that only DataLab uses.
    """

    groups: list[Group]
    sections: list[str]


@contextmanager
def _noting_problems(verdict: Verdict, title: str | None = None) -> Iterator[None]:
    """Turn the error of a damaged file into a problem of the verdict."""
    try:
        yield
    except NotAProjectError:
        raise
    except WorkspaceError as error:
        problem = str(error) if title is None else f"{title!r:.80}: {error}"
        if problem not in verdict.problems:
            verdict.problems.append(problem)


def _verify(file: OpenProject, layout: _Layout | None, verdict: Verdict) -> None:
    manifest = read_manifest(file, verify=True)
    verdict.covers_all = manifest.covers_all
    verdict.problems += _state_problems(manifest)
    saved = manifest.groups
    others: dict[str, Item] = {}
    groups = saved or (layout.groups if layout else [])
    if saved is not None and layout is not None:
        verdict.problems += _differences(saved, layout, manifest)
        groups, other = saved, layout.groups
        if not manifest.is_believed:
            groups, other = layout.groups, saved
        others = _by_uuid(other)
    items = [item for group in groups for item in group.items]
    verdict.objects = len(items)
    with Progress(f"checking {file.path.name!r}", file.stamp.size) as progress:
        for item in items:
            with _noting_problems(verdict, item.title):
                _check(file, item, others.get(item.uuid), verdict, progress)
    if manifest.state in ("absent", "damaged"):
        verdict.checksums = 0  # those of sidecars are of the same reading


def _state_problems(manifest: Manifest) -> Iterator[str]:
    if manifest.state == "damaged":
        yield f"the file is damaged: {manifest.problem}"
    elif manifest.state == "structure damaged":
        yield f"the file is damaged: {_OUTSIDE}"
    elif manifest.state == "changed":
        yield (
            "another program changed the file since it was saved, or it is damaged: "
            f"{_OUTSIDE}"
        )


def _differences(
    saved: list[Group], layout: _Layout, manifest: Manifest
) -> Iterator[str]:
    """Yield how the list of the content differs from what was saved."""
    before, now = _by_uuid(saved), _by_uuid(layout.groups)
    for uuid in before.keys() - now.keys():
        yield f"{before[uuid].title!r:.80} was saved, and DataLab does not find it"
    for uuid in now.keys() - before.keys():
        yield f"{now[uuid].title!r:.80} was not saved with the other objects"
    if before.keys() == now.keys() and _heads(saved) != _heads(layout.groups):
        yield "DataLab reads other groups, or another order, than were saved"
    if manifest.sections not in (None, sorted(layout.sections)):
        yield "DataLab reads other macros or another history than were saved"


def _by_uuid(groups: list[Group]) -> dict[str, Item]:
    return {item.uuid: item for group in groups for item in group.items}


def _heads(groups: list[Group]) -> list[object]:
    return [
        (group.kind, group.title, [item.uuid for item in group.items])
        for group in groups
    ]


def _check(
    file: OpenProject,
    item: Item,
    other: Item | None,
    verdict: Verdict,
    progress: Progress,
) -> None:
    """Read one object completely and compare it with its second description.

    Raises:
        WorkspaceError: It cannot be read, or a checksum is wrong.
    """
    record = _resolved(item)
    compared = None if other is None else _resolved(other)
    arrays = {} if compared is None else _unread(compared)
    for name, array in _unread(record).items():
        known = array.crc is not None or (
            name in arrays and arrays[name].crc is not None
        )
        array.read_from(file, progress)
        verdict.checksums += known
    if compared is not None and (parts := list(_changed_parts(record, compared))):
        verdict.problems.append(
            f"{record.title!r:.80}: DataLab reads other values than were saved of "
            + ", ".join(parts)
        )


def _resolved(item: Item) -> Record:
    if not isinstance(item, PendingRecord):
        return item
    with warnings.catch_warnings():  # damage is reported as a problem
        warnings.simplefilter("ignore", UserWarning)
        return item.resolve()


def _unread(record: Record) -> dict[str, FileArray]:
    plain = {
        name: array.plain if isinstance(array, RestoredArray) else array
        for name, array in record.arrays.items()
    }
    return {name: a for name, a in plain.items() if isinstance(a, FileArray)}


def _changed_parts(record: Record, other: Record) -> Iterator[str]:
    """Yield the names of the parts in which two descriptions of an object differ."""
    for one, two, prefix in (
        (record.fields, other.fields, ""),
        (record.metadata, other.metadata, "metadata "),
    ):
        for key in [*one, *(key for key in two if key not in one)]:
            if key not in one or key not in two or not values_equal(one[key], two[key]):
                yield f"{prefix}{key!r:.80}"
    arrays, others = _unread(record), _unread(other)
    for name in sorted(arrays.keys() | others.keys()):
        if not (
            name in arrays and name in others and _same(arrays[name], others[name])
        ):
            yield name


def _same(array: FileArray, other: FileArray) -> bool:
    """Return whether two references are to the same elements; `array` was read."""
    if (array.shape, array.dtype) != (other.shape, other.dtype):
        return False
    if other.crc is not None:
        return array.crc == other.crc
    return (array.where, array.offset) == (other.where, other.offset)
