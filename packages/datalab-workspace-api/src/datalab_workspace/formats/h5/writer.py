"""Write a project file, all or nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from datalab_workspace.formats.atomic import FileStamp, replacing
from datalab_workspace.formats.base import Compression, References, WriteResult
from datalab_workspace.formats.h5 import layout, opaque_sections
from datalab_workspace.formats.h5.array_io import (
    Checksum,
    array_blocks,
    as_bytes,
    write_blocks,
)
from datalab_workspace.formats.h5.checksums import Extent
from datalab_workspace.formats.h5.lazy import FileArray
from datalab_workspace.formats.h5.manifest import Manifest
from datalab_workspace.formats.h5.plan import ArraySlot, GroupPlan, objects, plan
from datalab_workspace.formats.h5.staging import Staging
from datalab_workspace.formats.h5.structure import Structure
from datalab_workspace.model.project import Project
from datalab_workspace.progress import Progress

_GZIP_LEVEL = 4
_COMPRESSIONS = 'None, "lzf", "gzip" or ("gzip", 0 … 9)'


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
        compression: Compression of the data of the objects: None, "lzf", "gzip", or
            ("gzip", level) with a level from 0 to 9.
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
    filters = _filters(compression)
    groups = plan(project)
    size = sum(_size(item.plain.arrays.values()) for item in objects(groups))
    with (
        replacing(path, expected=expected, size=0 if filters else size) as new,
        Progress(f"saving {path.name!r}", size) as progress,
    ):
        staging = Staging(new.file)
        with staging.hdf5() as file:
            file[layout.VERSION] = layout.WRITTEN_VERSION
            Structure(file, filters).write(groups)
            opaque_sections.write(file, project.foreign)
            for slot in _slots(groups):
                if slot.dataset is not None:
                    _compress(slot, progress)
            manifest = Manifest(groups, opaque_sections.names(file.id))
            manifest.reserve(file)
        staging.finish()
        for slot in _slots(groups):
            if slot.offset is not None:
                blocks = (block for _, block in _blocks(slot, progress))
                slot.crc = write_blocks(
                    new.file, slot.offset, blocks, slot.array.nbytes
                )
        manifest.write(new.file, new.mtime_ns, os.fstat(new.file.fileno()).st_size)
    assert new.stamp is not None
    return WriteResult(new.stamp, _references(path, new.stamp, groups))


def _filters(compression: Compression) -> tuple[str, int] | None:
    name, level = (
        compression
        if isinstance(compression, tuple) and len(compression) == 2
        else (compression, _GZIP_LEVEL)
    )
    if name is None:
        return None
    if name not in ("lzf", "gzip") or level not in range(10):
        raise ValueError(f"compression is {compression!r}; expected {_COMPRESSIONS}")
    return str(name), int(level)


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


def _compress(slot: ArraySlot, progress: Progress) -> None:
    with Checksum(slot.array.nbytes) as checksum:
        for index, block in _blocks(slot, progress):
            checksum.update(as_bytes(block))
            slot.dataset[index] = block
        slot.crc = checksum.close()
    slot.chunks = _chunks(slot.dataset.id)
    slot.dataset = None


def _chunks(dataset: Any) -> list[Extent]:
    """Return offset and size of each stored chunk of a low-level dataset."""
    if not hasattr(dataset, "chunk_iter"):  # HDF5 before 1.12.3
        found = map(dataset.get_chunk_info, range(dataset.get_num_chunks()))
        return [(chunk.byte_offset, chunk.size) for chunk in found]
    chunks: list[Extent] = []
    dataset.chunk_iter(lambda chunk: chunks.append((chunk.byte_offset, chunk.size)))
    return chunks


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
