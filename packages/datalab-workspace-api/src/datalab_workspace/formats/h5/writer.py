"""Write a project file, all or nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from io import FileIO
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from datalab_workspace.encoding.arrays import RestoredArray
from datalab_workspace.formats.atomic import FileStamp, replacing
from datalab_workspace.formats.base import Compression, References, WriteResult
from datalab_workspace.formats.h5 import layout, opaque_sections
from datalab_workspace.formats.h5.array_io import (
    Checksum,
    array_blocks,
    as_bytes,
    write_blocks,
)
from datalab_workspace.formats.h5.contents import (
    Contents,
    chosen_filters,
    restored,
)
from datalab_workspace.formats.h5.guard import Guard, Limits
from datalab_workspace.formats.h5.index import Index
from datalab_workspace.formats.h5.lazy import FileArray
from datalab_workspace.formats.h5.manifest import Manifest
from datalab_workspace.formats.h5.plan import (
    ArraySlot,
    GroupPlan,
    ObjectPlan,
    objects,
    plan,
)
from datalab_workspace.formats.h5.sources import Sources
from datalab_workspace.formats.h5.staging import Staging
from datalab_workspace.formats.h5.structure import Structure
from datalab_workspace.model.project import Project
from datalab_workspace.model.record import KINDS
from datalab_workspace.progress import Progress


def write_project(
    path: Path,
    project: Project,
    *,
    compression: Compression = None,
    expected: FileStamp | None = None,
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

    Returns:
        The stamp of the new file, and references to its arrays by UUID and name.

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
    groups = plan(project, contents)
    size = sum(_size(item.plain.arrays.values()) for item in objects(groups))
    with (
        replacing(path, expected=expected, size=size) as new,
        Progress(f"saving {path.name!r}", size) as progress,
        Sources(keep_layouts=compression is None) as sources,
    ):
        staging = Staging(new.file)
        with h5py.File(staging, "w") as file:
            file[layout.VERSION] = layout.WRITTEN_VERSION
            Structure(file, filters, sources.layout).write(groups)
            opaque_sections.write(file, project.foreign)
            for slot in _slots(groups):
                if slot.dataset is not None:
                    _write_chunks(slot, sources, progress)
            manifest = Manifest(groups, filters)
            manifest.reserve(file)
        staging.finish()
        for slot in _slots(groups):
            if slot.offset is not None:
                slot.crc = _write_contiguous(slot, new.file, sources, progress)
        manifest.write(new.file, new.mtime_ns, os.fstat(new.file.fileno()).st_size)
    assert new.stamp is not None
    references = _references(path, new.stamp, groups)
    written = _contents(path, new.stamp, project, manifest)
    for item in objects(groups):
        written.note(item.record, _restored(item, references[item.record.uuid]))
    return WriteResult(new.stamp, references, written)


def _size(arrays: Any) -> int:
    return sum(array.nbytes for array in arrays if array is not None)


def _slots(groups: list[GroupPlan]) -> Iterator[ArraySlot]:
    for item in objects(groups):
        yield from item.slots.values()


def _blocks(
    slot: ArraySlot, progress: Progress
) -> Iterator[tuple[tuple[Any, ...], np.ndarray[Any, Any]]]:
    """Yield the index and content of each block of an array, in memory or in a file."""
    array = slot.array
    if isinstance(array, FileArray):
        blocks = array.blocks()
    else:
        in_memory = array if isinstance(array, np.ndarray) else array.read()
        blocks = array_blocks(in_memory)
    for index, block in blocks:
        yield index, block
        progress.advance(block.nbytes)


def _write_contiguous(
    slot: ArraySlot, file: FileIO, sources: Sources, progress: Progress
) -> int:
    """Write the elements of an array into its slot; return their checksum."""
    assert slot.offset is not None
    crc = sources.copy(slot.array, file, slot.offset, progress)
    if crc is None:
        blocks = (block for _, block in _blocks(slot, progress))
        crc = write_blocks(file, slot.offset, blocks, slot.array.nbytes)
    return crc


def _write_chunks(slot: ArraySlot, sources: Sources, progress: Progress) -> None:
    """Write the elements of an array in chunks."""
    copied = sources.copy_chunks(slot.array, slot.dataset.id, progress)
    if copied is None:
        _compress(slot, progress)
    else:
        slot.crc = copied
    slot.dataset = None


def _compress(slot: ArraySlot, progress: Progress) -> None:
    with Checksum(slot.array.nbytes) as checksum:
        for index, block in _blocks(slot, progress):
            checksum.update(as_bytes(block))
            slot.dataset[index] = block
        slot.crc = checksum.close()


def _contents(
    path: Path, stamp: FileStamp, project: Project, manifest: Manifest
) -> Contents:
    """Return the content of the file that was written."""
    # These checks are for files that others wrote.
    guard = Guard(str(path), stamp.size, Limits(), lambda: None)
    index = Index(path, stamp, guard, manifest.columns, manifest.details)
    groups = [g for kind in KINDS for g in project.groups if g.kind == kind]
    return Contents(
        path,
        stamp,
        groups,
        project.foreign,
        compression=index.compression,
        index=index,
    )


def _restored(
    item: ObjectPlan, references: Mapping[str, Any]
) -> dict[str, FileArray | RestoredArray]:
    """Return references that give the arrays of an object as they are in memory."""
    return {
        name: restored(references[name], name, array, item.plain)
        for name, array in item.record.arrays.items()
        if isinstance(array, np.ndarray) and name in references
    }


def _references(path: Path, stamp: FileStamp, groups: list[GroupPlan]) -> References:
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
        for item in objects(groups)
    }
