"""Read a project file, all or nothing."""

from __future__ import annotations

from pathlib import Path

from datalab_workspace.formats.base import ReadResult
from datalab_workspace.formats.h5 import index, native, opaque_sections
from datalab_workspace.formats.h5.guard import Limits
from datalab_workspace.formats.h5.lazy import FileArray
from datalab_workspace.formats.h5.open_file import OpenProject, opened
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
        groups = index.read_groups(file)
        if groups is None:
            groups = native.read_groups(file, lazy=lazy)
        project = Project(groups, opaque_sections.read(file))
        if not lazy:
            _read_all(file, project)
        return ReadResult(project, file.stamp)


def _read_all(file: OpenProject, project: Project) -> None:
    total = file.stamp.size
    with Progress(f"loading {file.path.name!r}", total) as progress:
        for group in project.groups:
            group.items[:] = [
                _read_item(file, group, item, progress) for item in group.items
            ]


def _read_item(
    file: OpenProject, group: Group, item: Item, progress: Progress
) -> Record:
    file.at = f"{group.title}: {item.title}"
    record = item.resolve() if isinstance(item, PendingRecord) else item
    for name, array in record.arrays.items():
        if isinstance(array, FileArray):
            record.arrays[name] = array.read_from(file, progress)
        elif array is not None:
            record.arrays[name] = record.array(name)
            progress.advance(array.nbytes)
    return record
