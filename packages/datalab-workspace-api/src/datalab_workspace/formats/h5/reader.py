"""Read a project file, all or nothing."""

from __future__ import annotations

from pathlib import Path

from datalab_workspace.errors import DamagedFileWarning
from datalab_workspace.formats.base import ReadResult
from datalab_workspace.formats.h5 import layout, native, notebooks, opaque_sections
from datalab_workspace.formats.h5.contents import Contents
from datalab_workspace.formats.h5.guard import Limits
from datalab_workspace.formats.h5.integrity import Manifest, read_manifest
from datalab_workspace.formats.h5.lazy import FileArray
from datalab_workspace.formats.h5.open_file import OpenProject, opened
from datalab_workspace.model.project import Group, Item, Project
from datalab_workspace.model.record import PendingRecord, Record
from datalab_workspace.progress import Progress
from datalab_workspace.runtime import IN_BROWSER
from datalab_workspace.validation import warn_caller

#: What compares a file with its checksums. A page has no command line.
_CHECK = (
    "'python -m datalab_workspace check', on a computer to which you download it,"
    if IN_BROWSER
    else "'python -m datalab_workspace check'"
)
#: The states of a file that the next save must write as a whole.
_DAMAGED = ("changed", "damaged", "structure damaged")


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

    Warns:
        DamagedFileWarning: The file differs from its checksums; it was read anyway.
    """
    with opened(path, limits or Limits()) as file:
        manifest = read_manifest(file, lazy=lazy)
        project = _project(file, manifest, lazy=lazy)
        contents = _contents(file, manifest, project)
        if not lazy:
            _read_all(file, project, contents)
    _warn(path, manifest)
    project.baseline = contents
    return ReadResult(project, file.stamp)


def _contents(file: OpenProject, manifest: Manifest, project: Project) -> Contents:
    """Return the content of the file, with which the next save compares."""
    index = manifest.index
    # The arrays of a file that was copied are verified when they are first written.
    known = index is not None and manifest.covers_all and manifest.is_original
    return Contents(
        file.path,
        file.stamp,
        project.groups,
        project.foreign,
        project.notebooks,
        compression=None if index is None else index.compression,
        index=index if known else None,
        structure=manifest.structure,
        is_intact=manifest.state not in _DAMAGED,
    )


def _project(file: OpenProject, manifest: Manifest, *, lazy: bool) -> Project:
    """Return the content of a file from its manifest or its layout."""
    groups = manifest.groups
    if groups is None:
        groups = native.read_groups(file, lazy=lazy)
    elif manifest.sections == []:
        return Project(groups)
    found = notebooks.read(file)
    if found is None:  # of a layout that is not known: kept as it is
        return Project(groups, opaque_sections.read(file))
    sections = opaque_sections.read(file, without=(layout.NOTEBOOKS,))
    return Project(groups, sections, found)


def _warn(path: Path, manifest: Manifest) -> None:
    """Warn of a file that differs from its checksums."""
    name = repr(str(path))
    if manifest.state == "changed":
        message = (
            f"{name} was changed by another program since it was saved, or is damaged; "
            f"it was read as DataLab reads it; {_CHECK} lists the differences"
        )
    elif manifest.state == "damaged":
        message = (
            f"{name} is damaged: {manifest.problem}. It was read as DataLab reads it, "
            "without checksums, so that any object may be wrong"
        )
    elif manifest.state == "structure damaged":
        message = (
            f"{name} is damaged; its objects were read from their second copy, which "
            "is intact"
            + (", but macros and history may be wrong" if manifest.sections else "")
            + ". Save it again to repair it"
        )
    else:
        return
    warn_caller(message, DamagedFileWarning)


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
