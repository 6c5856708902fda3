"""Arrays of numbers in NumPy's own file format, read within bounds.

Source of the format: NumPy Enhancement Proposal 1, "A Simple File Format for NumPy
Arrays". Reading creates arrays of numbers only, and unpickles nothing.
"""

from __future__ import annotations

import ast
import io
import math
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = "np.ndarray[Any, Any]"
Buffer: TypeAlias = "bytes | bytearray | memoryview"

_LARGEST_HEADER = 1 << 16


def to_npy(array: Array) -> list[Buffer]:
    """Return an array in NumPy's format: the header, and a view of the elements.

    Args:
        array: An array of numbers. Elements that are not in C order are copied.
    """
    # Not `ascontiguousarray`, which makes an array of one dimension from a scalar.
    ordered = np.asarray(array, order="C")
    header = io.BytesIO()
    described = np.lib.format.header_data_from_array_1_0(ordered)
    np.lib.format.write_array_header_1_0(header, described)
    return [header.getvalue(), ordered.reshape(-1).view(np.uint8).data]


def from_npy(content: memoryview, name: str) -> Array:
    """Return the array in a buffer; a view of the buffer if that is writable.

    Args:
        content: The header and the elements.
        name: Name of the array in errors.

    Raises:
        ValueError: It is not an array of numbers in NumPy's format.
    """
    dtype, order, shape, start = _header(content)
    if dtype.kind not in "biufc":
        raise ValueError(f"{name} is of dtype {dtype}")
    if math.prod(shape) * dtype.itemsize != len(content) - start:
        raise ValueError(f"{name} is not as large as its shape {shape} says")
    flat = np.frombuffer(content[start:], dtype)
    array: Array = flat.reshape(shape, order=order)
    # Views of an archive may be misaligned, and those of bytes are read-only.
    usable = array.flags.aligned and array.flags.writeable
    return array if usable else array.copy()


def _header(member: memoryview) -> tuple[np.dtype[Any], Any, tuple[int, ...], int]:
    """Return dtype, order and shape of an array and the offset of its elements."""
    magic = bytes(member[:8])
    if magic[:6] != b"\x93NUMPY" or magic[6] not in (1, 2, 3):
        raise ValueError("an array is not in a format of NumPy")
    width = 2 if magic[6] == 1 else 4
    length = int.from_bytes(member[8 : 8 + width], "little")
    start = 8 + width + length
    if length > _LARGEST_HEADER or start > len(member):
        raise ValueError("an array has a header that is too long")
    try:
        head = ast.literal_eval(bytes(member[8 + width : start]).decode().strip())
        shape = tuple(head["shape"])
        # A string only: a list would describe a structured dtype, which no data has.
        dtype = np.dtype(str(head["descr"]))
        order = "F" if head["fortran_order"] else "C"
    except (KeyError, TypeError, SyntaxError, MemoryError) as error:
        raise ValueError(f"an array has a damaged header: {error!r:.80}") from error
    if not all(type(length) is int and length >= 0 for length in shape):
        raise ValueError(f"an array has the shape {shape!r:.80}")
    return dtype, order, shape, start
