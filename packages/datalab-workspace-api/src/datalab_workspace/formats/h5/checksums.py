"""The checksum of the structure of a file: of every byte outside of certain extents.

An extent is the offset and the size in bytes of a part of a file. The extents that are
left out hold the elements of arrays, which have checksums of their own, and the
manifest, which contains the checksum. What remains is all that HDF5 keeps about groups,
attributes and chunks, and also the unused space between them.
"""

from __future__ import annotations

import bisect
import zlib
from collections.abc import Iterable, Iterator
from functools import cached_property
from io import FileIO
from typing import TypeAlias

import numpy as np

from datalab_workspace.formats.raw_io import read_at

Extent: TypeAlias = "tuple[int, int]"
#: Size of the blocks whose checksums are kept, in bytes.
BLOCK = 1 << 20


class StructureChecksum:
    """The checksum of the structure of a file, computed block by block.

    If the checksums of the blocks are known, a change costs only the blocks that it
    touches.

    Args:
        file: The file, unbuffered.
        size: Its size in bytes.
        extents: The extents to leave out, in any order. They may touch but not overlap.
        before: The checksum of the file before it was changed; None to compute all.
        changed: The numbers of the blocks that were written to since then. Those in
            which other bytes are left out are found by themselves.

    Attributes:
        value: The CRC-32 of all bytes of the file outside of the extents.
        extents: The extents that are left out, in order.
        size: See above.

    Raises:
        EOFError: The file is smaller than `size`.
        ValueError: Extents overlap, or are outside of the file.
    """

    def __init__(
        self,
        file: FileIO,
        size: int,
        extents: Iterable[Extent],
        *,
        before: StructureChecksum | None = None,
        changed: Iterable[int] = (),
    ) -> None:
        self.size = size
        self.extents = merge_extents(extents)
        end = sum(self.extents[-1]) if self.extents else 0
        if end > size:
            raise ValueError(f"an extent ends at {end}, outside of the file")
        count = -(-size // BLOCK)
        if before is None:
            self._ends = self._all_ends(file)
            self.value = self._ends[-1][0] if self._ends else 0
            return
        kept = before.blocks[:count]
        self.blocks = kept + [(0, 0)] * (count - len(kept))
        for number in {*changed, *self._moved(before)}:
            if number < count:
                self.blocks[number] = self._checksum(file, number)
        self.value = 0
        for value, length in self.blocks:
            self.value = _combined(self.value, value, length)

    @cached_property
    def blocks(self) -> list[tuple[int, int]]:
        """For each block, the CRC-32 and the number of its bytes outside of extents."""
        before = [0, *(value for value, _ in self._ends)]
        return [
            (value ^ _combined(begin, 0, length), length)
            for begin, (value, length) in zip(before, self._ends, strict=False)
        ]

    def _all_ends(self, file: FileIO) -> list[tuple[int, int]]:
        """Return the checksum up to the end of each block, and the bytes in the block.

        It takes most of the time to open a copy of a project of many objects: each gap
        between two arrays is read by itself, with as little else as possible.
        """
        ends: list[tuple[int, int]] = []
        value = length = begin = 0
        end = BLOCK
        for offset, size in [*self.extents, (self.size, 0)]:
            while begin < offset or end <= offset:
                stop = min(offset, end)
                if begin < stop:
                    value = zlib.crc32(read_at(file, begin, stop - begin), value)
                    length += stop - begin
                    begin = stop
                if stop == end:
                    ends.append((value, length))
                    length = 0
                    end += BLOCK
            begin = offset + size
        if self.size % BLOCK:
            ends.append((value, length))
        return ends

    def _moved(self, before: StructureChecksum) -> Iterator[int]:
        """Yield the numbers of the blocks in which other bytes are left out."""
        for offset, size in set(self.extents) ^ set(before.extents):
            yield from range(offset // BLOCK, (offset + size - 1) // BLOCK + 1)
        sizes = sorted((self.size, before.size))
        yield from range(sizes[0] // BLOCK, -(-sizes[1] // BLOCK))

    def _checksum(self, file: FileIO, number: int) -> tuple[int, int]:
        """Return the checksum and the number of the bytes of a block."""
        value = length = 0
        for begin, end in self._gaps(number):
            value = zlib.crc32(read_at(file, begin, end - begin), value)
            length += end - begin
        return value, length

    def _gaps(self, number: int) -> Iterator[Extent]:
        """Yield begin and end of each part of a block outside of the extents."""
        begin, end = number * BLOCK, min((number + 1) * BLOCK, self.size)
        first = bisect.bisect_right(self.extents, (begin, self.size)) - 1
        for row in range(max(first, 0), len(self.extents)):
            offset, length = self.extents[row]
            if offset >= end:
                break
            if offset > begin:
                yield begin, offset
            begin = max(begin, offset + length)
        if begin < end:
            yield begin, end


# -- the checksum of two parts, from those of the parts -------------------------------

# As in zlib, polynomials over GF(2) are integers whose highest bit is the constant.
_POLYNOMIAL = 0xEDB88320
_ONE = 1 << 31


def _product(a: int, b: int) -> int:
    """Return the product of two polynomials modulo that of CRC-32."""
    product = 0
    while a:
        if a & _ONE:
            product ^= b
        a = (a << 1) & 0xFFFFFFFF
        b = (b >> 1) ^ (_POLYNOMIAL if b & 1 else 0)
    return product


def _powers() -> list[int]:
    """Return x to the power of 8, 16, 32 and so on."""
    power = _ONE >> 8
    powers = [power]
    for _ in range(BLOCK.bit_length()):
        power = _product(power, power)
        powers.append(power)
    return powers


def _combined(value: int, following: int, length: int) -> int:
    """Return the CRC-32 of bytes and `length` more from the CRC-32 of both."""
    for power in _POWERS:
        if not length:
            break
        if length & 1:
            value = _product(power, value)
        length >>= 1
    return value ^ following


def merge_extents(extents: Iterable[Extent]) -> list[Extent]:
    """Return extents in the order of their offsets, those that touch as one.

    Raises:
        ValueError: Extents overlap.
    """
    merged: list[Extent] = []
    end = -1
    for extent in sorted(extents):
        offset, size = extent
        if offset > end:
            merged.append(extent)
        elif offset == end:
            begin = merged[-1][0]
            merged[-1] = (begin, offset + size - begin)
        else:
            raise ValueError(f"the extents at {merged[-1][0]} and {offset} overlap")
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


_POWERS = _powers()
