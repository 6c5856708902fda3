"""Frames: a JSON header and the bytes of arrays, in one body of the companion protocol.

`docs/protocol.md` specifies the format. Reading creates arrays of numbers only, as
views of the body, after their places in the body have been checked.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from datalab_workspace.encoding import record_json, shallow_json, typed_json
from datalab_workspace.errors import DamagedFileError
from datalab_workspace.model.record import Record

Buffer: TypeAlias = "bytes | bytearray | memoryview"
Array: TypeAlias = "np.ndarray[Any, Any]"

#: The media type of a frame.
MEDIA_TYPE = "application/x-datalab-frame"
_MAGIC = b"DLK1"
_HEAD = struct.Struct("<4sI")
_ALIGNMENT = 64
_LONGEST_HEADER = 1 << 26
#: Kinds of dtypes that an array may have: booleans, integers, floats, complex numbers.
_NUMBERS = "biufc"
_MOST_DIMENSIONS = 32


class FrameWriter:
    """A frame in the making.

    Example:
        >>> from datalab_workspace.live.codecs.frame import FrameWriter, read
        >>> writer = FrameWriter()
        >>> encoded = writer.encode([np.arange(3), "text"])
        >>> header, arrays = read(b"".join(writer.parts({"values": encoded})))
        >>> arrays[0].tolist()
        [0, 1, 2]
    """

    def __init__(self) -> None:
        self._blobs: list[Array] = []

    def put(self, array: Array) -> int | None:
        """Add an array; return its position in the frame.

        The array is not copied if it is in C order; it must not change before the frame
        is sent.

        Returns:
            None for an array that a frame cannot hold, for example of strings.
        """
        if not can_hold(array.dtype):
            return None
        # Not `ascontiguousarray`, which makes an array of one dimension from a scalar.
        self._blobs.append(np.asarray(array, order="C"))
        return len(self._blobs) - 1

    @property
    def blobs(self) -> Sequence[Array]:
        """The arrays of the frame, in C order."""
        return self._blobs

    def encode(self, value: Any) -> Any:
        """Return a value as typed JSON, with its arrays in the frame."""
        return typed_json.encode(value, self.put)

    def encode_record(self, record: Record, *, parts: str = "all") -> dict[str, Any]:
        """Return a record as JSON, with its arrays in the frame.

        Args:
            record: The record.
            parts: "all", "data" (without metadata) or "rest" (without arrays).
        """
        arrays = () if parts == "rest" else record.arrays
        return record_json.encode(
            record, lambda _: self.put, arrays=arrays, with_metadata=parts != "data"
        )

    def parts(self, header: Mapping[str, Any]) -> list[Buffer]:
        """Return the frame, in parts to send one after the other.

        Args:
            header: JSON data; the entry ``blobs`` is added.
        """
        others = _json(header)[:-1] + (b"," if header else b"")
        sizes = [blob.nbytes for blob in self._blobs]
        descriptions: list[Any] = [
            [blob.dtype.str, list(blob.shape), 0] for blob in self._blobs
        ]
        # Offsets depend on the length of the header, which contains them. It is written
        # once with the longest offsets, and filled up with spaces to that length.
        width = len(str(sum(sizes) + _LONGEST_HEADER + _ALIGNMENT * (len(sizes) + 2)))
        for entry in descriptions:
            entry[2] = 10**width
        length = len(_with_blobs(others, descriptions))
        offset = start = _aligned(_HEAD.size + length)
        for entry, size in zip(descriptions, sizes, strict=True):
            entry[2] = offset
            offset = _aligned(offset + size)
        text = _with_blobs(others, descriptions).ljust(length)
        if len(text) > _LONGEST_HEADER:
            raise ValueError(f"the header of the frame has {len(text)} bytes")
        parts: list[Buffer] = [
            _HEAD.pack(_MAGIC, len(text)) + text.ljust(start - _HEAD.size)
        ]
        for blob in self._blobs:
            if blob.nbytes:
                parts.append(blob.reshape(-1).view(np.uint8).data)
            if fill := -blob.nbytes % _ALIGNMENT:
                parts.append(bytes(fill))
        return parts


def can_hold(dtype: np.dtype[Any]) -> bool:
    """Return whether a frame can hold arrays of a dtype."""
    return dtype.kind in _NUMBERS and dtype.str[0] in "<|"


def read(body: Buffer) -> tuple[dict[str, Any], list[Array]]:
    """Return the header and the arrays of a frame.

    Args:
        body: The frame. The arrays are views of it, read-only if it is.

    Raises:
        DamagedFileError: It is not a frame (a `ValueError`).
    """
    view = memoryview(body).cast("B")
    try:
        header = _header(view)
        return header, _arrays(view, header)
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise DamagedFileError(f"it is not a valid frame: {error}") from error


def read_header(start: Buffer) -> dict[str, Any]:
    """Return the header of a frame.

    Args:
        start: The first bytes of the frame, with the whole header.

    Raises:
        DamagedFileError: It is not the start of a frame (a `ValueError`).
    """
    try:
        return _header(memoryview(start).cast("B"))
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise DamagedFileError(f"it is not a valid frame: {error}") from error


def decode(value: Any, arrays: list[Array]) -> Any:
    """Return the value of typed JSON in a frame.

    Args:
        value: The typed JSON.
        arrays: The arrays of the frame; they are not copied.

    Raises:
        ValueError: It is not valid typed JSON.
    """
    return typed_json.decode(value, lambda index: _pick(arrays, index))


def decode_record(data: Any, arrays: list[Array]) -> Record:
    """Return the record in the header of a frame.

    Args:
        data: JSON data.
        arrays: The arrays of the frame; the record shares them.

    Raises:
        DamagedFileError: It is not a record (a `ValueError`).
    """
    try:
        return record_json.decode(data, lambda index: _pick(arrays, index))
    except ValueError as error:
        raise DamagedFileError(f"it is not a valid record: {error}") from error


def _with_blobs(others: bytes, descriptions: list[Any]) -> bytes:
    """Return the JSON of a header, given that of its other entries without the end."""
    return b'%s"blobs":%s}' % (others, _json(descriptions))


def _json(header: Any) -> bytes:
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def _aligned(offset: int) -> int:
    return -(-offset // _ALIGNMENT) * _ALIGNMENT


def _header(view: memoryview) -> dict[str, Any]:
    if len(view) < _HEAD.size:
        raise ValueError("it is too short")
    magic, length = _HEAD.unpack_from(view)
    if magic != _MAGIC:
        raise ValueError("it does not begin with DLK1")
    if length > min(_LONGEST_HEADER, len(view) - _HEAD.size):
        raise ValueError("its header is longer than it may be")
    text = bytes(view[_HEAD.size : _HEAD.size + length])
    header = shallow_json.loads(text.decode("utf-8", "surrogatepass"))
    if not isinstance(header, dict):
        raise TypeError("its header is not an object")
    header["blobs"] = header.get("blobs", [])
    if not isinstance(header["blobs"], list):
        raise TypeError("its list of arrays is not a list")
    return header


def _arrays(view: memoryview, header: dict[str, Any]) -> list[Array]:
    arrays = []
    length = _HEAD.unpack_from(view)[1]
    end = _aligned(_HEAD.size + length)
    for entry in header["blobs"]:
        name, shape, offset = entry
        dtype, size = _dtype(name), _size(shape)
        if type(offset) is not int or offset != end:
            raise ValueError(f"an array begins at {offset!r:.20} instead of {end}")
        nbytes = size * dtype.itemsize
        if nbytes > len(view) - offset:
            raise ValueError(f"{nbytes} bytes of an array are not in the frame")
        end = _aligned(offset + nbytes)
        flat = np.frombuffer(view, dtype, size, offset) if size else np.empty(0, dtype)
        array = flat.reshape(shape)
        # The start of a body is not always aligned.
        arrays.append(array if array.flags.aligned else array.copy())
    if end < len(view):
        raise ValueError(f"{len(view) - end} bytes follow the last array")
    return arrays


def _dtype(name: Any) -> np.dtype[Any]:
    if not isinstance(name, str) or name[:1] not in ("<", "|"):
        raise ValueError(f"{name!r:.20} is not a dtype of a frame")
    dtype = np.dtype(name)
    if dtype.kind not in _NUMBERS or dtype.str != name:
        raise ValueError(f"{name!r:.20} is not a dtype of a frame")
    return dtype


def _size(shape: Any) -> int:
    if not isinstance(shape, list) or len(shape) > _MOST_DIMENSIONS:
        raise ValueError(f"{shape!r:.40} is not a shape")
    if not all(type(length) is int and length >= 0 for length in shape):
        raise ValueError(f"{shape!r:.40} is not a shape")
    return math.prod(shape)


def _pick(arrays: list[Array], index: Any) -> Array:
    if type(index) is not int or not 0 <= index < len(arrays):
        raise ValueError(f"there is no array {index!r:.20}")
    return arrays[index]
