"""Write a project file, all or nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from datalab_workspace.formats.atomic import FileStamp, replacing
from datalab_workspace.formats.base import Compression, References, WriteResult
from datalab_workspace.formats.h5 import layout, notebooks, opaque_sections
from datalab_workspace.formats.h5.contents import Contents, Filters, chosen_filters
from datalab_workspace.formats.h5.elements import write_elements, write_in_chunks
from datalab_workspace.formats.h5.lazy import FileArray
from datalab_workspace.formats.h5.manifest import Manifest, Rows
from datalab_workspace.formats.h5.patch import patch_project
from datalab_workspace.formats.h5.plan import GroupPlan, ObjectPlan, objects, plan
from datalab_workspace.formats.h5.sources import Sources
from datalab_workspace.formats.h5.staging import Staging
from datalab_workspace.formats.h5.structure import Structure
from datalab_workspace.model.project import Project
from datalab_workspace.progress import Progress


def write_project(
    path: Path,
    project: Project,
    *,
    compression: Compression = None,
    expected: FileStamp | None = None,
    reproducible: bool = False,
) -> WriteResult:
    """Write a project to a file. An existing file is replaced.

    The old file exists until the new one is complete, so that arrays in the old file
    that have not been read yet are copied from it.

    Args:
        path: The file.
        project: The project to write.
        compression: Compression of the data of the objects: "none", "lzf", "gzip", or
            ("gzip", level) with a level from 0 to 9. None keeps the layout of arrays
            that are in a file, and compresses new ones as the baseline does.
        expected: The stamp that an existing file must have; None for any.
        reproducible: Write the same bytes for the same project. The file does not state
            when it was written, so it is later read like a copy: a wrong checksum may
            also mean that another program has changed the file.

    Returns:
        The stamp of the new file, references to its arrays by UUID and name, and its
        content.

    Raises:
        UnsupportedDtypeError: No dtype of DataLab holds the data of an object without
            loss.
        UnsupportedMetadataError: Metadata of an object cannot be kept.
        StaleFileError: An array that has not been read yet is missing from its file.
        FileChangedError: The stamp of the existing file is not `expected`.
        ValueError: `compression` has another value, or two objects have the same UUID.
        OSError: The file cannot be written; see `replacing`. After any error the old
            file is unchanged.
    """
    baseline = project.baseline
    contents = baseline if isinstance(baseline, Contents) else None
    if compression is not None:
        filters = chosen_filters(compression)
    else:
        filters = None if contents is None else contents.compression
    if contents is not None and compression is None:
        patched = patch_project(path, project, contents, expected)
        if patched is not None:
            return patched
    groups = plan(project, contents)
    size = sum(_size(item.plain.arrays.values()) for item in objects(groups))
    with (
        replacing(path, expected=expected, size=0 if filters else size) as new,
        Progress(f"saving {path.name!r}", size) as progress,
        Sources(keep_layouts=compression is None) as sources,
    ):
        staging = Staging(new.file)
        items = list(objects(groups))
        if compression is None and (contents is None or contents.index is None):
            filters = sources.common_filters(item.plain.data for item in items)
        with staging.hdf5() as file:
            file[layout.VERSION] = layout.WRITTEN_VERSION
            Structure(file, filters, sources.layout).write(groups)
            opaque_sections.write(file, project.foreign)
            notebooks.write(file, project.notebooks)
            for item in items:
                write_in_chunks(item, sources, progress)
            manifest = _manifest(groups, opaque_sections.names(file.id), filters)
            manifest.reserve(file)
        staging.finish()
        for item in items:
            write_elements(item, new.file, sources, progress)
        size = os.fstat(new.file.fileno()).st_size
        stated = 0 if reproducible else new.mtime_ns
        structure = manifest.write(new.file, stated, size)
    assert new.stamp is not None
    written = Contents.written(
        path, new.stamp, project, manifest.columns, manifest.details, structure
    )
    references = _references(path, new.stamp, items)
    for item in items:
        written.note_written(item, references[item.record.uuid])
    return WriteResult(new.stamp, references, written)


def _manifest(
    groups: list[GroupPlan], sections: list[str], filters: Filters
) -> Manifest:
    items = list(objects(groups))
    return Manifest(
        [[group.kind, group.title, group.path, len(group.objects)] for group in groups],
        Rows.empty(len(items)),
        dict(enumerate(items)),
        sections=sections,
        compression=filters,
    )


def _size(arrays: Any) -> int:
    return sum(array.nbytes for array in arrays if array is not None)


def _references(path: Path, stamp: FileStamp, items: list[ObjectPlan]) -> References:
    return {
        item.record.uuid: {
            name: FileArray(
                path,
                stamp,
                item.record.uuid,
                item.path,
                name,
                array.shape,
                array.dtype,
                offset=item.slots[name].offset,
                crc=item.slots[name].crc,
            )
            for name, array in item.plain.arrays.items()
            if array is not None and array.nbytes
        }
        for item in items
    }
