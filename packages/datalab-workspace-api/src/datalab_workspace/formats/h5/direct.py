"""Read objects of a project file without HDF5; see `object_headers`."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from io import FileIO
from operator import itemgetter
from typing import Any, TypeVar

import numpy as np

from datalab_workspace.formats.h5 import layout
from datalab_workspace.formats.h5.file_blocks import FileBlocks
from datalab_workspace.formats.h5.guard import Guard
from datalab_workspace.formats.h5.heap_strings import HeapStrings
from datalab_workspace.formats.h5.metadata import branch, scalars
from datalab_workspace.formats.h5.object_headers import (
    Message,
    ObjectHeaders,
    StoredString,
    UnfamiliarError,
    attribute,
    attributes,
    is_branch,
    symbol_table,
)
from datalab_workspace.formats.h5.object_parts import (
    ObjectHead,
    ObjectParts,
    StoredArray,
)
from datalab_workspace.formats.h5.open_file import OpenProject
from datalab_workspace.formats.h5.symbol_tables import members
from datalab_workspace.model.record import PRIMARY_ARRAY, UUID_KEY, Kind

_T = TypeVar("_T")
#: Errors of reading anything unfamiliar.
_UNFAMILIAR = (EOFError, IndexError, UnfamiliarError, ValueError, struct.error)


class DirectReader:
    """A reader of objects in the form that DataLab writes.

    Its methods return None for an object that HDF5 must read.

    Args:
        raw: The file, unbuffered.
        size: Its size in bytes.
        guard: The checks for reading the file.
    """

    def __init__(self, raw: FileIO, size: int, guard: Guard) -> None:
        self.blocks = FileBlocks(raw, size)
        self.headers = ObjectHeaders(self.blocks, size)
        self.strings = HeapStrings(self.blocks)
        self.guard = guard

    @classmethod
    def of(cls, project: OpenProject) -> DirectReader | None:
        """Return a reader of an open file, or None if addresses are not offsets."""
        creation = project.root.get_create_plist()
        if creation.get_userblock() or creation.get_sizes() != (8, 8):
            return None
        return cls(project.raw, project.stamp.size, project.guard)

    def attributes(self, address: int, where: str) -> dict[str, Any] | None:
        """Return the attributes of an object by name.

        Args:
            address: Address of the object's header.
            where: Its path in the file.

        Raises:
            UnsafeFileError: See `Guard`.
        """
        return self._visit(where, lambda visit: visit.attributes(address))

    def head(self, kind: Kind, address: int, where: str) -> ObjectHead | None:
        """Return the parts of an object of one kind that a list shows; see above."""
        return self._visit(where, lambda visit: visit.head(kind, address))

    def parts(self, address: int, where: str) -> ObjectParts | None:
        """Return all parts of an object; see above."""
        return self._visit(where, lambda visit: visit.parts(address, where))

    def _visit(self, where: str, read: Callable[[_Visit], _T]) -> _T | None:
        visit = _Visit(self)
        try:
            found = read(visit)
        except _UNFAMILIAR:
            return None
        visit.settle(where)
        return found


class _Visit:
    """The reading of one object.

    The guard checks it when it is complete. If it ends early, HDF5 reads the object
    again, and the guard must not count it twice.
    """

    def __init__(self, reader: DirectReader) -> None:
        self._blocks = reader.blocks
        self._headers = reader.headers
        self._strings = reader.strings
        self._guard = reader.guard
        self._members: dict[int, tuple[str, bytes]] = {}
        self._arrays: dict[int, StoredArray] = {}
        self._bytes = 0
        self._headers_read = 0

    def settle(self, where: str) -> None:
        """Let the guard check everything that was read.

        Raises:
            UnsafeFileError: See `Guard`.
        """
        guard = self._guard
        guard.count_members(len(self._members), where)
        guard.advance(self._headers_read)
        guard.mark(self._members)
        for address, array in self._arrays.items():
            guard.claim(address, array.stored, array.stored, where)
        guard.count_string(self._bytes, where)

    def attributes(self, address: int) -> dict[str, Any]:
        """See `DirectReader.attributes`."""
        return self._values(self._messages(address))

    def head(self, kind: Kind, address: int) -> ObjectHead:
        """See `DirectReader.head`."""
        messages = self._messages(address)
        title = self._value(attribute(messages, b"title"))
        below = dict(members(self._blocks, *symbol_table(messages)))
        uuid = data = None
        metadata = below.get(layout.METADATA.encode())
        if metadata is not None:
            messages = self._messages(metadata)
            symbol_table(messages)
            uuid = self._value(attribute(messages, UUID_KEY.encode()))
        primary = below.get(PRIMARY_ARRAY[kind].encode())
        if primary is not None:
            data = self._array(primary, self._messages(primary))
        return ObjectHead(title, uuid, data)

    def parts(self, address: int, where: str) -> ObjectParts:
        """See `DirectReader.parts`."""
        messages = self._messages(address)
        parts = ObjectParts(self._values(messages))
        for name, member in self._below(messages, where):
            messages = self._messages(member)
            if name == layout.METADATA:
                parts.metadata = self._branch(messages, f"{where}/{name}")
            else:
                parts.arrays[name] = self._array(member, messages)
        return parts

    def _messages(self, address: int) -> list[Message]:
        self._headers_read += 1
        return self._headers.messages(address)

    def _branch(
        self, messages: list[Message], where: str
    ) -> dict[str, Any] | list[Any]:
        values = self._values(messages)
        items = scalars(values)
        for name, member in self._below(messages, where):
            messages = self._messages(member)
            if is_branch(messages):
                items[name] = self._branch(messages, f"{where}/{name}")
            else:
                items[name] = self._elements(self._array(member, messages))
        return branch(values, items)

    def _below(self, messages: list[Message], where: str) -> Iterator[tuple[str, int]]:
        """Yield the name and the address of each member of a group."""
        if where.count("/") > self._guard.limits.depth:
            raise UnfamiliarError
        for name, address in members(self._blocks, *symbol_table(messages)):
            if address in self._members:
                raise UnfamiliarError
            self._members[address] = where, name
            yield name.decode(errors="replace"), address

    def _values(self, messages: list[Message]) -> dict[str, Any]:
        """Return all attributes by name, in the order of HDF5."""
        found = sorted(attributes(messages), key=itemgetter(0))
        values = {
            name.decode(errors="replace"): self._value(value) for name, value in found
        }
        if len(values) != len(found):
            raise UnfamiliarError
        return values

    def _value(self, value: Any) -> Any:
        if type(value) is not StoredString:
            return value
        self._bytes += value.length
        if self._bytes > self._guard.size:
            raise UnfamiliarError
        return self._strings.read(value).decode(errors="replace")

    def _array(self, address: int, messages: list[Message]) -> StoredArray:
        array = self._arrays[address] = self._headers.array(messages)
        return array

    def _elements(self, array: StoredArray) -> np.ndarray[Any, Any]:
        if array.offset is None:
            return np.empty(array.shape, array.dtype)
        if sum(known.stored for known in self._arrays.values()) > self._guard.size:
            raise UnfamiliarError
        buffer, at = self._blocks.locate(array.offset, array.stored)
        count = math.prod(array.shape)
        elements: np.ndarray[Any, Any] = np.frombuffer(buffer, array.dtype, count, at)
        copied: np.ndarray[Any, Any] = elements.reshape(array.shape).copy()
        return copied
