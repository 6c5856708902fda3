"""Write the elements of the arrays of an object into a new file."""

from __future__ import annotations

from collections.abc import Iterator
from io import FileIO
from typing import Any

import numpy as np

from datalab_workspace.formats.h5.array_io import (
    Checksum,
    array_blocks,
    as_bytes,
    write_blocks,
)
from datalab_workspace.formats.h5.checksums import Extent
from datalab_workspace.formats.h5.lazy import FileArray
from datalab_workspace.formats.h5.plan import ArraySlot, ObjectPlan
from datalab_workspace.formats.h5.sources import Sources
from datalab_workspace.progress import Progress


def write_in_chunks(item: ObjectPlan, sources: Sources, progress: Progress) -> None:
    """Write the arrays of an object that are stored in chunks, by HDF5."""
    for slot in item.slots.values():
        if slot.dataset is None:
            continue
        copied = sources.copy_chunks(slot.array, slot.dataset.id, progress)
        slot.crc = _compress(slot, progress) if copied is None else copied
        slot.chunks = chunk_extents(slot.dataset.id)
        slot.dataset = None


def write_elements(
    item: ObjectPlan, file: FileIO, sources: Sources, progress: Progress
) -> None:
    """Write the arrays of an object that are stored in one piece, without HDF5."""
    for slot in item.slots.values():
        if slot.offset is None or slot.is_stored:
            continue
        crc = sources.copy(slot.array, file, slot.offset, progress)
        if crc is None:
            blocks = (block for _, block in _blocks(slot, progress))
            crc = write_blocks(file, slot.offset, blocks, slot.array.nbytes)
        slot.crc = crc


def chunk_extents(dataset: Any) -> list[Extent]:
    """Return offset and size of each stored chunk of a low-level dataset."""
    if not hasattr(dataset, "chunk_iter"):  # HDF5 before 1.12.3
        found = map(dataset.get_chunk_info, range(dataset.get_num_chunks()))
        return [(chunk.byte_offset, chunk.size) for chunk in found]
    chunks: list[Extent] = []
    dataset.chunk_iter(lambda chunk: chunks.append((chunk.byte_offset, chunk.size)))
    return chunks


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


def _compress(slot: ArraySlot, progress: Progress) -> int:
    """Write an array into its dataset in chunks; return its checksum."""
    with Checksum(slot.array.nbytes) as checksum:
        for index, block in _blocks(slot, progress):
            checksum.update(as_bytes(block))
            slot.dataset[index] = block
        return checksum.close()
