"""Writing a project file: the whole of it, or the old file stays as it was."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
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
from datalab_workspace.formats.h5.lazy import FileArray
from datalab_workspace.formats.h5.manifest import Manifest
from datalab_workspace.formats.h5.plan import GroupPlan, Place, objects, plan
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
    """Write a project, in place of the file that is there.

    Args:
        path: The file. While the new one is being written the old one stays, so that
            arrays that have not been read from it yet can be written too.
        project: What to write.
        compression: None, "lzf", "gzip", or ("gzip", level); of the data of objects.
        expected: The stamp that an existing file must have.

    Returns:
        The stamp of the new file; and the arrays in it, by UUID and name.

    Raises:
        UnsupportedDtypeError: Data of an object has no dtype that DataLab knows.
        UnsupportedMetadataError: Metadata of an object cannot be kept.
        StaleFileError: An array that was not read is gone from its file.
        FileChangedError: The file's stamp is not `expected`.
        ValueError: `compression` is none of the above, or two objects share a UUID.
        OSError: The file cannot be written; see `replacing`. Whatever is raised, the
            old file is as it was.
    """
    filters = _filters(compression)
    groups = plan(project)
    size = sum(_size(item.plain.arrays.values()) for item in objects(groups))
    with (
        replacing(path, expected=expected, size=size) as new,
        Progress(f"saving {path.name!r}", size) as progress,
    ):
        staging = Staging(new.file)
        with h5py.File(staging, "w") as file:
            file[layout.VERSION] = layout.WRITTEN_VERSION
            Structure(file, filters).write(groups)
            opaque_sections.write(file, project.foreign)
            for place in _places(groups):
                if place.dataset is not None:
                    _compress(place, progress)
            manifest = Manifest(groups)
            manifest.reserve(file)
        staging.finish()
        for place in _places(groups):
            if place.offset is not None:
                blocks = (block for _, block in _blocks(place, progress))
                place.crc = write_blocks(
                    new.file, place.offset, blocks, place.array.nbytes
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
        raise ValueError(f"compression is {compression!r}; it can be {_COMPRESSIONS}")
    return str(name), int(level)


def _size(arrays: Any) -> int:
    return sum(array.nbytes for array in arrays if array is not None)


def _places(groups: list[GroupPlan]) -> Iterator[Place]:
    for item in objects(groups):
        yield from item.places.values()


def _blocks(
    place: Place, progress: Progress
) -> Iterator[tuple[tuple[Any, ...], np.ndarray[Any, Any]]]:
    """Yield index and content of each slab of an array, wherever it is now."""
    array = place.array
    if isinstance(array, FileArray):
        blocks = array.blocks()
    else:
        here = array if isinstance(array, np.ndarray) else array.read()
        blocks = array_blocks(here)
    for index, block in blocks:
        yield index, block
        progress.advance(block.nbytes)


def _compress(place: Place, progress: Progress) -> None:
    with Checksum(place.array.nbytes) as checksum:
        for index, block in _blocks(place, progress):
            checksum.update(as_bytes(block))
            place.dataset[index] = block
        place.crc = checksum.close()
    place.dataset = None


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
                offset=item.places[name].offset,
                crc=item.places[name].crc,
            )
            for name, array in item.plain.arrays.items()
            if array is not None and array.nbytes
        }
        for item in objects(groups)
    }
