"""The checksum of the structure of a file: of every byte outside of certain extents.

An extent is the offset and the size in bytes of a part of a file. The extents that are
left out hold the elements of arrays, which have checksums of their own, and the
manifest, which contains the checksum. What remains is all that HDF5 keeps about groups,
attributes and chunks, and also the unused space between them.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from io import FileIO
from typing import TypeAlias

import numpy as np

from datalab_workspace.formats.raw_io import read_exactly

Extent: TypeAlias = "tuple[int, int]"
_BLOCK = 1 << 20
#: Extents smaller than this are read together with the structure around them.
_SMALL = 1 << 12


def structure_checksum(file: FileIO, size: int, extents: Iterable[Extent]) -> int:
    """Return the CRC-32 of all bytes of a file outside of some extents.

    Args:
        file: The file, unbuffered.
        size: Its size in bytes.
        extents: The extents to leave out, in any order. They may touch but not overlap.

    Raises:
        EOFError: The file is smaller than `size`.
        ValueError: Extents overlap, or are outside of the file.
    """
    buffer = memoryview(bytearray(_BLOCK))
    value = 0
    for start, parts in _reads(_gaps(size, merge_extents(extents))):
        block = buffer[: parts[-1][1] - start]
        file.seek(start)
        read_exactly(file, block)
        for begin, end in parts:
            value = zlib.crc32(block[begin - start : end - start], value)
    return value


def merge_extents(extents: Iterable[Extent]) -> list[Extent]:
    """Return extents in the order of their offsets, those that touch as one.

    Raises:
        ValueError: Extents overlap.
    """
    merged: list[Extent] = []
    begin = end = 0
    for offset, size in sorted(extents):
        if offset < end:
            raise ValueError(f"the extents at {begin} and {offset} overlap")
        if offset > end or not merged:
            begin = offset
            merged.append((offset, size))
        else:
            merged[-1] = (begin, offset + size - begin)
        end = offset + size
    return merged


def subtract_extents(
    extents: Iterable[Extent], removed: Iterable[Extent]
) -> Iterator[Extent]:
    """Yield what remains of extents without parts of them.

    Args:
        extents: The extents, in order.
        removed: The parts, in any order, each within one of the extents.
    """
    parts = sorted(removed, reverse=True)
    for offset, size in extents:
        end = offset + size
        while parts and parts[-1][0] < end:
            begin, length = parts.pop()
            if begin > offset:
                yield offset, begin - offset
            offset = begin + length
        if offset < end:
            yield offset, end - offset


def pack_extents(extents: Iterable[Extent]) -> bytes:
    """Return extents as bytes: pairs of little-endian integers of 64 bits."""
    return np.array(list(extents), "<u8").tobytes()


def unpack_extents(content: bytes | bytearray) -> list[Extent]:
    """Return the extents that `pack_extents` was given."""
    pairs = np.frombuffer(content, "<u8").reshape(-1, 2)
    return list(map(tuple, pairs.tolist()))


def _gaps(size: int, extents: list[Extent]) -> Iterator[Extent]:
    """Yield begin and end of each part of a file outside of extents."""
    begin = 0
    for offset, length in extents:
        if offset > begin:
            yield begin, offset
        begin = offset + length
    if begin > size:
        raise ValueError(f"an extent ends at {begin}, outside of the file")
    if size > begin:
        yield begin, size


def _reads(gaps: Iterable[Extent]) -> Iterator[tuple[int, list[Extent]]]:
    """Group parts into reads of at most one block.

    Yields:
        The begin of the read, and begin and end of each part in it.
    """
    parts: list[Extent] = []
    for gap_begin, gap_end in gaps:
        for begin in range(gap_begin, gap_end, _BLOCK):
            end = min(begin + _BLOCK, gap_end)
            if parts and (begin - parts[-1][1] > _SMALL or end - parts[0][0] > _BLOCK):
                yield parts[0][0], parts
                parts = []
            parts.append((begin, end))
    if parts:
        yield parts[0][0], parts
