"""Read the members of HDF5 groups without HDF5; see `object_headers`.

Source of the form: HDF5 File Format Specification 3.0, sections III.A.1, "Version 1
B-trees", III.B, "Group Symbol Table Nodes", and III.D, "Local Heaps".
"""

from __future__ import annotations

import struct

from datalab_workspace.formats.h5.file_blocks import FileBlocks
from datalab_workspace.formats.h5.object_headers import UNDEFINED, UnfamiliarError

_TREE = struct.Struct("<4sBBHQQ")
_NODE = struct.Struct("<4sBBH")
_ENTRY = struct.Struct("<QQI20x")
_HEAP = struct.Struct("<4sIQQQ")
_FREE = struct.Struct("<QQ")
_NOTHING_FREE = 1
_WORD = 8
_SOFT_LINK = 2


def members(blocks: FileBlocks, tree: int, heap: int) -> list[tuple[bytes, int]]:
    """Return the name and the address of each member of a group, in order of names.

    Args:
        blocks: The file.
        tree: Address of the tree of the group.
        heap: Address of the heap with the names.

    Raises:
        UnfamiliarError: The group has another form, or several hundred members.
    """
    buffer, at = blocks.locate(tree, _TREE.size)
    signature, kind, level, count, left, right = _TREE.unpack_from(buffer, at)
    if (signature, kind, level, left, right) != (b"TREE", 0, 0, UNDEFINED, UNDEFINED):
        raise UnfamiliarError
    words = 2 * count + 1  # keys, and addresses of nodes in between
    buffer, at = blocks.locate(tree + _TREE.size, words * _WORD)
    pointers = struct.unpack_from(f"<{words}Q", buffer, at)
    names = _Names(blocks, heap)
    found: list[tuple[bytes, int]] = []
    bound = names.at(pointers[0])
    for index in range(1, words, 2):
        entries = _node(blocks, pointers[index], names)
        last = names.at(pointers[index + 1])
        for name, _ in entries:
            if name <= bound:
                raise UnfamiliarError  # HDF5 would not find a member by its name
            bound = name
        if bound > last or not entries:
            raise UnfamiliarError
        bound = last
        found += entries
    return found


def _node(blocks: FileBlocks, address: int, names: _Names) -> list[tuple[bytes, int]]:
    buffer, at = blocks.locate(address, _NODE.size)
    signature, version, reserved, count = _NODE.unpack_from(buffer, at)
    if (signature, version, reserved) != (b"SNOD", 1, 0):
        raise UnfamiliarError
    buffer, at = blocks.locate(address + _NODE.size, count * _ENTRY.size)
    entries = []
    for position in range(at, at + count * _ENTRY.size, _ENTRY.size):
        name, header, cached = _ENTRY.unpack_from(buffer, position)
        if cached >= _SOFT_LINK:
            raise UnfamiliarError
        entries.append((names.at(name), header))
    return entries


class _Names:
    """The heap with the names of the members of one group."""

    def __init__(self, blocks: FileBlocks, address: int) -> None:
        buffer, at = blocks.locate(address, _HEAP.size)
        signature, version, size, free, data = _HEAP.unpack_from(buffer, at)
        if (signature, version) != (b"HEAP", 0):
            raise UnfamiliarError
        self._buffer, self._begin = blocks.locate(data, size)
        self._end = self._begin + size
        self._check_free(free, size)

    def _check_free(self, free: int, size: int) -> None:
        # HDF5 follows the list of free parts, and refuses a heap with a damaged list.
        left = size
        while free != _NOTHING_FREE:
            if free + _FREE.size > size:
                raise UnfamiliarError
            follower, length = _FREE.unpack_from(self._buffer, self._begin + free)
            left -= length
            if left < 0 or not length or free + length > size:
                raise UnfamiliarError
            free = follower

    def at(self, offset: int) -> bytes:
        begin = self._begin + offset
        end = self._buffer.find(0, begin, self._end)
        if end < 0:
            raise UnfamiliarError
        return self._buffer[begin:end]
