"""Read a project file, all or nothing."""

from __future__ import annotations

from pathlib import Path

from datalab_workspace.formats.base import ReadResult
from datalab_workspace.formats.h5 import index, native, opaque_sections
from datalab_workspace.formats.h5.contents import Contents, Filters
from datalab_workspace.formats.h5.guard import Limits
from datalab_workspace.formats.h5.lazy import FileArray
from datalab_workspace.formats.h5.open_file import OpenProject, opened
from datalab_workspace.formats.h5.sources import filters_of
from datalab_workspace.model.project import Group, Item, Project
from datalab_workspace.model.record import PendingRecord, Record
from datalab_workspace.progress import Progress


def read_project(
    path: Path, *, lazy: bool = False, limits: Limits | None = None
) -> ReadResult:
    """Read a DataLab project.

    Args:
        path: A project of DataLab 1.0 or later.
        lazy: Leave the data of the objects in the file until it is used.
        limits: Limits on how far the content of the file may expand.

    Returns:
        The project and the stamp of the file. If `lazy`, the project has
        `PendingRecord` and `FileArray` objects, otherwise Records with arrays in
        memory.

    Raises:
        FileNotFoundError: There is no such file.
        IsADirectoryError: `path` is a folder.
        PermissionError: The file is not readable.
        BlockingIOError: Another program is writing the file.
        NotAProjectError: The file is not a DataLab project.
        DamagedFileError: The file is truncated or corrupt.
        UnsafeFileError: The file refers to other files, or to more data than it holds.
    """
    with opened(path, limits or Limits()) as file:
        indexed = index.read_index(file)
        groups = native.read_groups(file) if indexed is None else indexed[1]
        project = Project(groups, opaque_sections.read(file))
        contents = Contents(
            path,
            file.stamp,
            groups,
            project.foreign,
            compression=_compression(file, indexed and indexed[0], groups),
            index=indexed and indexed[0],
        )
        if not lazy:
            _read_all(file, project, contents)
        project.baseline = contents
        return ReadResult(project, file.stamp)


def _compression(
    file: OpenProject, read: index.Index | None, groups: list[Group]
) -> Filters:
    """Return the filter that the arrays of a file have in common, None for no filter.

    A file without a manifest is compressed if that is true of all of its data.
    """
    if read is not None:
        return read.compression
    arrays = [
        item.data
        for group in groups
        for item in group.items
        if isinstance(item, Record) and isinstance(item.data, FileArray)
    ]
    if not arrays or any(array.offset is not None for array in arrays):
        return None
    return filters_of(file, arrays[0])


def _read_all(file: OpenProject, project: Project, contents: Contents) -> None:
    total = file.stamp.size
    with Progress(f"loading {file.path.name!r}", total) as progress:
        for group in project.groups:
            group.items[:] = [
                _read_item(file, group, item, contents, progress)
                for item in group.items
            ]


def _read_item(
    file: OpenProject, group: Group, item: Item, contents: Contents, progress: Progress
) -> Record:
    file.at = f"{group.title}: {item.title}"
    record = item.record() if isinstance(item, PendingRecord) else item
    references = dict(record.arrays)
    for name, array in record.arrays.items():
        if isinstance(array, FileArray):
            record.arrays[name] = array.read_from(file, progress)
        elif array is not None:
            record.arrays[name] = record.array(name)
            progress.advance(array.nbytes)
    contents.note(record, references)
    return record
