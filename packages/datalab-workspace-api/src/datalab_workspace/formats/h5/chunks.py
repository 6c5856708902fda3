"""Read datasets along their chunks, so that each chunk is decompressed once.

HDF5 decompresses every chunk that a request touches, and keeps none that is larger than
its cache. A request therefore covers whole rows of chunks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from h5py import h5d, h5s, h5t

from datalab_workspace.formats.h5.array_io import BLOCK, split_into_blocks
from datalab_workspace.model.index_regions import Region, region_shape

#: The largest row of chunks that is held in memory while an array is streamed. One that
#: is larger is decompressed once for each part of this size.
_LARGEST_ROW = 256 << 20


def chunk_shape(dataset: Any) -> tuple[int, ...] | None:
    """Return the shape of the chunks of a low-level dataset; None without chunks."""
    plist = dataset.get_create_plist()
    return plist.get_chunk() if plist.get_layout() == h5d.CHUNKED else None


def rows_along_chunks(
    shape: tuple[int, ...], itemsize: int, chunk: tuple[int, ...]
) -> int:
    """Return the number of rows of the first axis to read at once: about 4 MiB.

    Args:
        shape: Shape of the array.
        itemsize: Size of an element in bytes.
        chunk: Shape of the chunks.
    """
    row = chunk[0] * math.prod(shape[1:]) * itemsize
    return chunk[0] * max(1, BLOCK // row)


def bands(
    shape: tuple[int, ...], itemsize: int, chunk: tuple[int, ...] | None
) -> Iterator[Region]:
    """Split an array into regions of whole rows of chunks, in C order.

    Args:
        shape: Shape of the array.
        itemsize: Size of an element in bytes.
        chunk: Shape of the chunks; None splits into blocks.
    """
    if chunk is None:
        for index, _ in split_into_blocks(shape, itemsize):
            yield _as_region(index, shape)
        return
    rows = rows_along_chunks(shape, itemsize, chunk)
    others = tuple(slice(0, length, 1) for length in shape[1:])
    for start in range(0, shape[0], rows):
        yield slice(start, min(start + rows, shape[0]), 1), *others


def read_blocks_along_chunks(
    dataset: Any, dtype: np.dtype[Any]
) -> Iterator[tuple[tuple[Any, ...], np.ndarray[Any, Any]]]:
    """Read a dataset block by block, in C order.

    Args:
        dataset: The low-level dataset.
        dtype: Dtype of its elements.

    Yields:
        The index and the content of each block, a contiguous array of at most 4 MiB.
    """
    shape, itemsize = dataset.shape, dtype.itemsize
    for band in bands(shape, itemsize, chunk_shape(dataset)):
        size = math.prod(region_shape(band)) * itemsize
        for part in _parts(band, itemsize) if size > _LARGEST_ROW else (band,):
            content = np.zeros(region_shape(part), dtype)
            read_region(dataset, part, content)
            for index, _ in split_into_blocks(content.shape, itemsize):
                yield _within(part, index), content[index]


def read_region(dataset: Any, region: Region, target: np.ndarray[Any, Any]) -> None:
    """Read a region of a low-level dataset into a contiguous array of its shape."""
    if not target.size:
        return
    space = dataset.get_space()
    if region:
        space.select_hyperslab(
            tuple(part.start for part in region),
            target.shape,
            tuple(part.step for part in region),
        )
        memory = h5s.create_simple(target.shape)
    else:
        memory = h5s.create(h5s.SCALAR)
    dataset.read(memory, space, target, h5t.py_create(dataset.dtype))


def _parts(band: Region, itemsize: int) -> Iterator[Region]:
    """Split a band that is too large for the memory along its first axis."""
    row = math.prod(region_shape(band)[1:]) * itemsize
    rows = max(1, _LARGEST_ROW // row)
    for start in range(band[0].start, band[0].stop, rows):
        yield slice(start, min(start + rows, band[0].stop), 1), *band[1:]


def _as_region(index: tuple[Any, ...], shape: tuple[int, ...]) -> Region:
    """Return the region of an index of integers and slices."""
    if index == (...,):
        index = ()
    given = tuple(
        slice(part, part + 1, 1) if isinstance(part, int) else part for part in index
    )
    others = shape[len(given) :]
    return tuple(
        slice(part.start, part.stop, 1)
        for part in (*given, *(slice(0, length) for length in others))
    )


def _within(part: Region, index: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the index in the array of a block of a part of a band."""
    first = part[0].start if part else 0
    if index == (...,):
        return (slice(first, part[0].stop), ...) if part else (...,)
    axis = index[0]
    if isinstance(axis, slice):
        return (slice(first + axis.start, first + axis.stop), *index[1:])
    return (first + axis, *index[1:])
