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

from datalab_workspace.formats.raw_io import read_at

Extent: TypeAlias = "tuple[int, int]"
_BLOCK = 1 << 20


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
    value = 0
    for begin, end in _gaps(size, merge_extents(extents)):
        for start in range(begin, end, _BLOCK):
            count = min(_BLOCK, end - start)
            value = zlib.crc32(read_at(file, start, count), value)
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
