"""Read the headers of HDF5 objects without HDF5.

HDF5 takes 10 µs to open an object and 30 µs to read an attribute. The header that it
decodes for that has a simple form in the files that DataLab writes. Only exactly this
form is read here. Anything else is left to HDF5, which also explains what is damaged.

Source of the form: HDF5 File Format Specification 3.0, sections IV.A.1.a, "Version 1
Data Object Header Prefix", and IV.A.2, "Data Object Header Messages".
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from h5py import h5t

from datalab_workspace.formats.h5.attributes import python_value
from datalab_workspace.formats.h5.file_blocks import FileBlocks
from datalab_workspace.formats.h5.object_parts import StoredArray

#: The address of something that does not exist.
UNDEFINED = (1 << 64) - 1

_PREFIX = struct.Struct("<BxH4xI4x")
_MESSAGE = struct.Struct("<HHB3x")
_CONTINUATION = struct.Struct("<QQ")
_ATTRIBUTE = struct.Struct("<BBHHH")
_SIZES = struct.Struct("<HH")
_LAYOUT = struct.Struct("<BBQQ")
_FILL = struct.Struct("<B3xI")
_TABLE = struct.Struct("<QQ")
_STRING = struct.Struct("<IQI")

_VERSION = 1  # of headers, and of attributes
# Types of messages.
_NIL, _SPACE, _TYPE, _FILL_TYPE, _LAYOUT_TYPE = 0x0, 0x1, 0x3, 0x5, 0x8
_ATTRIBUTE_TYPE, _CONTINUATION_TYPE, _TABLE_TYPE, _MODIFIED = 0xC, 0x10, 0x11, 0x12
#: The messages that the header of a dataset has, and those that it may have.
_NEEDED = frozenset({_SPACE, _TYPE, _FILL_TYPE, _LAYOUT_TYPE})
_OF_DATASET = _NEEDED | {_MODIFIED}
#: The flag of a message that does not change. All other flags are left to HDF5.
_CONSTANT = 1
_CONTIGUOUS = (3, 1)  # version and class of the layout
_NO_FILL = (2, 0)  # version, and size of the value that fills a dataset
#: The dataspace of a single value.
_SCALAR = b"\1".ljust(8, b"\0")
_DTYPES = ["?", "i1", "u1", "c8", "c16"]
_DTYPES += [f"{order}{kind}{n}" for order in "<>" for kind in "iu" for n in (2, 4, 8)]
_DTYPES += [f"{order}f{n}" for order in "<>" for n in (2, 4, 8)]
#: The type of a string of variable length in ASCII and in UTF-8.
_STRING_TYPES = [
    bytes([0x19, 1, charset, 0, 16, 0, 0, 0, 0x10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0])
    for charset in (0, 1)
]

#: A message: its type, bytes that include it, its position in them, its size.
Message: TypeAlias = tuple[int, bytes, int, int]


class UnfamiliarError(Exception):
    """A form that is not read without HDF5."""


class StoredString(NamedTuple):
    """The place of a string in a heap.

    Attributes:
        length: Length in bytes.
        heap: Address of the heap.
        number: Number of the string in the heap.
    """

    length: int
    heap: int
    number: int


class ObjectHeaders:
    """A reader of the object headers of one file.

    Args:
        blocks: The file.
        size: Its size in bytes.
    """

    def __init__(self, blocks: FileBlocks, size: int) -> None:
        self._blocks = blocks
        self._size = size
        self._forms: dict[tuple[bytes, bytes], tuple[Any, Any, int]] = {}

    def messages(self, address: int) -> list[Message]:
        """Return the messages in the header of the object at an address.

        Raises:
            UnfamiliarError: The header has another form.
        """
        buffer, at = self._blocks.locate(address, _PREFIX.size)
        version, count, size = _PREFIX.unpack_from(buffer, at)
        if version != _VERSION:
            raise UnfamiliarError
        found: list[Message] = []
        parts = [(address + _PREFIX.size, size)]
        for offset, length in parts:
            buffer, at = self._blocks.locate(offset, length)
            end = at + length
            while at < end:
                kind, size, flags = _MESSAGE.unpack_from(buffer, at)
                at += _MESSAGE.size
                count -= 1
                if kind == _CONTINUATION_TYPE:
                    parts.append(_CONTINUATION.unpack_from(buffer, at))
                elif kind != _NIL:
                    found.append((kind, buffer, at, size))
                if flags > _CONSTANT or size & 7 or count < 0:
                    raise UnfamiliarError
                at += size
            if at != end or not length:
                raise UnfamiliarError
        if count:
            raise UnfamiliarError
        return found

    def array(self, messages: list[Message]) -> StoredArray:
        """Return the dataset that has a header with these messages.

        Raises:
            UnfamiliarError: The object is not a dataset, or is stored in another form.
        """
        parts: dict[int, bytes] = {}
        for kind, buffer, at, size in messages:
            if kind in parts or kind not in _OF_DATASET:
                raise UnfamiliarError
            parts[kind] = buffer[at : at + size]
        if not parts.keys() >= _NEEDED:
            raise UnfamiliarError
        key = parts[_SPACE], parts[_TYPE]
        form = self._forms.get(key)
        if form is None:
            form = self._forms[key] = _form_of_array(*key)
        dtype, shape, size = form
        version, layout, offset, stored = _LAYOUT.unpack_from(parts[_LAYOUT_TYPE])
        if (version, layout) != _CONTIGUOUS or stored != size:
            raise UnfamiliarError
        if _FILL.unpack_from(parts[_FILL_TYPE]) != _NO_FILL:
            raise UnfamiliarError
        if size and offset + size > self._size:
            raise UnfamiliarError
        return StoredArray(dtype, shape, size, offset if size else None)


def is_branch(messages: list[Message]) -> bool:
    """Return True for the messages of a group."""
    return any(kind == _TABLE_TYPE for kind, *_ in messages)


def symbol_table(messages: list[Message]) -> tuple[int, int]:
    """Return the addresses of the tree and the heap with the members of a group.

    Raises:
        UnfamiliarError: The object is not a group, or has another form.
    """
    table = None
    for kind, buffer, at, size in messages:
        if kind == _TABLE_TYPE and table is None and size == _TABLE.size:
            table = _TABLE.unpack_from(buffer, at)
        elif kind != _ATTRIBUTE_TYPE:
            raise UnfamiliarError
    if table is None:
        raise UnfamiliarError
    return table


def attributes(messages: list[Message]) -> Iterator[tuple[bytes, Any]]:
    """Yield the name and value of each attribute; a string as a `StoredString`.

    Raises:
        UnfamiliarError: An attribute is not a single value of a type of DataLab.
    """
    decoders = _decoders()
    for kind, buffer, at, size in messages:
        if kind == _ATTRIBUTE_TYPE:
            yield _attribute(decoders, buffer, at, size)


def attribute(messages: list[Message], name: bytes) -> Any:
    """Return the value of one attribute, or None if the object lacks it; see above."""
    found = None
    start = name + b"\0"
    for kind, buffer, at, size in messages:
        if kind != _ATTRIBUTE_TYPE:
            continue
        if buffer[at] != _VERSION:  # in other versions, the name is elsewhere
            raise UnfamiliarError
        if buffer.startswith(start, at + 8):
            if found is not None:
                raise UnfamiliarError
            found = _attribute(_decoders(), buffer, at, size)[1]
    return found


def _attribute(
    decoders: dict[bytes, tuple[int, Callable[[bytes, int], Any]]],
    buffer: bytes,
    at: int,
    size: int,
) -> tuple[bytes, Any]:
    version, reserved, name_size, type_size, space_size = _ATTRIBUTE.unpack_from(
        buffer, at
    )
    begin = at + 8
    form = begin + _padded(name_size)
    value = form + _padded(type_size) + _padded(space_size)
    found = decoders.get(buffer[begin - 4 : begin] + buffer[form:value])
    last = begin + name_size - 1
    if (
        found is None
        or version != _VERSION
        or reserved
        or value + found[0] > at + size
        or buffer.find(0, begin, form) != last
    ):
        raise UnfamiliarError
    return buffer[begin:last], found[1](buffer, value)


def _padded(size: int) -> int:
    return (size + 7) & ~7


def _form_of_array(
    space: bytes, stored_type: bytes
) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    dtype = _dtypes().get(stored_type)
    if dtype is None:
        raise UnfamiliarError
    shape = _shape(space)
    return dtype, shape, math.prod(shape) * dtype.itemsize


def _shape(space: bytes) -> tuple[int, ...]:
    rank, has_limits = space[1], space[2]
    count = 2 * rank if has_limits else rank
    if space[0] != 1 or has_limits > 1 or not rank or len(space) != 8 + 8 * count:
        raise UnfamiliarError
    lengths = struct.unpack_from(f"<{count}Q", space, 8)
    if has_limits and lengths[:rank] != lengths[rank:]:
        raise UnfamiliarError
    return lengths[:rank]


@cache
def _decoders() -> dict[bytes, tuple[int, Callable[[bytes, int], Any]]]:
    """Return the size and the decoder of a value by the form of its attribute."""
    decoders: dict[bytes, tuple[int, Callable[[bytes, int], Any]]] = {
        _form(text): (_STRING.size, _string) for text in _STRING_TYPES
    }
    for name in _DTYPES:
        dtype = np.dtype(name)
        decoders[_form(_encoded(dtype))] = (dtype.itemsize, _decoder(dtype))
    return decoders


def _form(stored: bytes) -> bytes:
    sizes = _SIZES.pack(len(stored), len(_SCALAR))
    return sizes + stored.ljust(_padded(len(stored)), b"\0") + _SCALAR


def _decoder(dtype: np.dtype[Any]) -> Callable[[bytes, int], Any]:
    if dtype.kind == "b":
        return _flag
    if dtype.str in ("<i8", "<f8"):
        return partial(_number, struct.Struct({"i": "<q", "f": "<d"}[dtype.kind]))
    return partial(_scalar, dtype)


def _string(buffer: bytes, at: int) -> StoredString:
    return StoredString(*_STRING.unpack_from(buffer, at))


def _number(form: struct.Struct, buffer: bytes, at: int) -> Any:
    return form.unpack_from(buffer, at)[0]


def _flag(buffer: bytes, at: int) -> bool:
    if buffer[at] > 1:
        raise UnfamiliarError
    return buffer[at] == 1


def _scalar(dtype: np.dtype[Any], buffer: bytes, at: int) -> Any:
    return python_value(np.frombuffer(buffer, dtype, 1, at)[0])


@cache
def _dtypes() -> dict[bytes, np.dtype[Any]]:
    """Return the dtypes of datasets by their form in a header."""
    encoded = {_encoded(np.dtype(name)): np.dtype(name) for name in _DTYPES}
    return {form.ljust(_padded(len(form)), b"\0"): d for form, d in encoded.items()}


def _encoded(dtype: np.dtype[Any]) -> bytes:
    # HDF5 puts two bytes before the message: the type of the message, and a version.
    encoded: bytes = h5t.py_create(dtype, logical=True).encode()
    return encoded[2:]
