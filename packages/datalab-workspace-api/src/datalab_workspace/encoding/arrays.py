"""Arrays in the form that DataLab and its carriers can hold, and back.

What that form lacks, a dtype, a mask or the data as it was, is told by a *spec*: a dict
that JSON can hold, and that the sidecar keeps.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from datalab_workspace.encoding import typed_json
from datalab_workspace.encoding.carriers import FILE, Carrier
from datalab_workspace.errors import UnsupportedDtypeError
from datalab_workspace.model.metadata_values import converts_exactly, values_equal
from datalab_workspace.model.record import (
    PRIMARY_ARRAY,
    Array,
    ArrayReference,
    Record,
    fill_value,
)

# Kinds of numbers, by what they can hold.
_RANKS = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}


def fingerprint(array: Array) -> list[Any] | None:
    """Return what tells data from other data: checksum, dtype and shape.

    Args:
        array: The primary array of a plain record; read if it is a reference.

    Returns:
        CRC-32 of the bytes in C order, dtype and shape; None for None.
    """
    if array is None:
        return None
    known = getattr(array, "crc", None)
    if known is None:
        known = checksum(array.read() if isinstance(array, ArrayReference) else array)
    return [known, array.dtype.str, list(array.shape)]


def checksum(array: np.ndarray[Any, Any]) -> int:
    """Return the CRC-32 of the array's bytes in C order."""
    contiguous = np.ascontiguousarray(array)
    return zlib.crc32(contiguous.reshape(-1).view(np.uint8).data) if array.size else 0


def is_unchanged(plain: Array, spec: Mapping[str, Any]) -> bool:
    """Tell whether an array is still as it was written, or still left out."""
    if "of" in spec:
        return bool(fingerprint(plain) == spec["of"])
    return not (spec.get("left out") and plain is not None and plain.shape != (0,))


class RestoredArray:
    """An unread array that has another dtype, or a mask, once it is read.

    Attributes:
        plain: The array as the file holds it.
        dtype: Dtype of what `read` returns.
    """

    def __init__(self, plain: ArrayReference, spec: Mapping[str, Any]) -> None:
        self.plain = plain
        self.spec = spec
        self.dtype = np.dtype(str(spec["dtype"]))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return self.plain.shape

    @property
    def nbytes(self) -> int:
        """Size in bytes, once read."""
        return int(np.prod(self.shape)) * self.dtype.itemsize

    def read(self) -> np.ndarray[Any, Any]:
        """Read and restore the array."""
        return _convert_back(self.plain.read(), self.spec)


def plain_arrays(
    record: Record, form: Carrier
) -> tuple[dict[str, Array], dict[str, Mapping[str, Any]]]:
    """Return the arrays of a record in their plain form, and specs of what that lacks.

    Raises:
        UnsupportedDtypeError: No dtype of DataLab's holds the data without loss.
        StaleFileError: An unread array that must be converted is gone.
    """
    arrays: dict[str, Array] = {}
    specs: dict[str, Mapping[str, Any]] = {}
    for name, array in record.arrays.items():
        arrays[name], spec = _plain_array(array, record, name, form)
        if spec is not None:
            specs[name] = spec
    return arrays, specs


def _plain_array(
    array: Array, record: Record, name: str, form: Carrier
) -> tuple[Array, Mapping[str, Any] | None]:
    if array is None:
        return _nothing(record, form), {"absent": True}
    if isinstance(array, RestoredArray) and form is FILE:
        return array.plain, array.spec
    masked = isinstance(array, np.ma.MaskedArray)
    dtype = native_dtype(array, record, name, form)
    if form.round_trip is not None:
        return _landed_array(record, name, dtype, form)
    if dtype == array.dtype and not masked:
        return array, None
    values = record.array(name)
    assert values is not None
    return _converted(values, dtype)


def _nothing(record: Record, form: Carrier) -> np.ndarray[Any, Any]:
    return np.full(form.no_data[record.kind], np.nan)


def _converted(
    values: np.ndarray[Any, Any], dtype: np.dtype[Any]
) -> tuple[np.ndarray[Any, Any], dict[str, Any] | None]:
    if values.dtype == dtype and not isinstance(values, np.ma.MaskedArray):
        return values, None
    spec: dict[str, Any] = {"dtype": values.dtype.str}
    if isinstance(values, np.ma.MaskedArray):
        spec["mask"] = _packed(np.ma.getmaskarray(values))
        spec["fill"] = typed_json.encode(fill_value(values))
        values = values.data
    return values.astype(dtype, copy=False), spec


def _landed_array(
    record: Record, name: str, dtype: np.dtype[Any], form: Carrier
) -> tuple[np.ndarray[Any, Any], Mapping[str, Any] | None]:
    """Return what comes back of an array, and how it was where that differs."""
    values = record.array(name)
    assert values is not None
    if name != PRIMARY_ARRAY[record.kind]:
        if not values.size:
            return values, None
        if name in form.arrays[record.kind]:
            return _landed_coordinates(record, values, form)
        return np.empty(0), {"whole": typed_json.encode(values), "left out": True}
    if not values.size:
        return _nothing(record, form), {"whole": typed_json.encode(values)}
    assert form.round_trip is not None
    converted, spec = _converted(values, dtype)
    round_trip = form.round_trip(record.kind, converted)
    if round_trip is converted or values_equal(round_trip, converted):
        return round_trip, spec
    return round_trip, {"whole": typed_json.encode(values)}


def _landed_coordinates(
    record: Record, values: np.ndarray[Any, Any], form: Carrier
) -> tuple[np.ndarray[Any, Any], Mapping[str, Any] | None]:
    assert form.round_trip is not None
    round_trip = form.round_trip(record.kind, values)
    if round_trip is values or values_equal(round_trip, values):
        return round_trip, None
    whole = typed_json.encode(values)
    return round_trip, {"whole": whole, "of": fingerprint(round_trip)}


def native_dtype(
    array: Any, record: Record, name: str, form: Carrier = FILE
) -> np.dtype[Any]:
    """Return the dtype of DataLab's that holds `array` without loss.

    Args:
        array: The array, or a reference to it.
        record: The record that it belongs to.
        name: Its name there; only the primary array may have another dtype than
            float64.
        form: The plain form that it is to have.

    Returns:
        The array's own dtype where DataLab takes it, else the smallest that is exact,
        which is one of integers only for integers and flags, and of real numbers only
        for real ones.

    Raises:
        UnsupportedDtypeError: There is none.
    """
    primary = name == PRIMARY_ARRAY[record.kind]
    candidates = form.dtypes[record.kind] if primary else (np.dtype("f8"),)
    own: np.dtype[Any] = array.dtype.newbyteorder("=")
    if own in candidates:
        return own
    values = np.ma.getdata(record.array(name))  # type: ignore[arg-type]
    for dtype in candidates:
        # Whole numbers in a floating-point array stay floating-point: what DataLab
        # computes of integers is often rounded.
        if _RANKS[own.kind] <= _RANKS[dtype.kind] and converts_exactly(values, dtype):
            return dtype
    raise UnsupportedDtypeError(
        f"{name} of {record.title!r:.80} is of dtype {array.dtype} and holds values "
        f"that no dtype of DataLab's ({', '.join(map(str, candidates))}) holds without "
        "loss; convert it with astype() first"
    )


def _packed(mask: np.ndarray[Any, Any]) -> str:
    return base64.b64encode(zlib.compress(np.packbits(mask).tobytes(), 1)).decode()


def _unpacked(text: str, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    count = int(np.prod(shape))
    size = -(-count // 8)
    packed = base64.b64decode(text, validate=True)
    try:
        # The size is known, so that a forged mask cannot expand beyond it; to zlib,
        # a limit of 0 is none.
        raw = zlib.decompressobj().decompress(packed, max(size, 1))
    except zlib.error as error:
        raise ValueError(f"its mask is damaged: {error}") from error
    if len(raw) != size:
        raise ValueError(f"its mask is of {len(raw)} bytes, not {size}")
    bits = np.unpackbits(np.frombuffer(raw, np.uint8), count=count)
    return bits.astype(bool).reshape(shape)


def restored_array(plain: Array, spec: Mapping[str, Any]) -> Array:
    """Return an array as its spec says that it was.

    Raises:
        KeyError, TypeError or ValueError: The spec is damaged.
    """
    if spec.get("absent"):
        return None
    if "whole" in spec:
        return _whole(typed_json.decode(spec["whole"]))
    if plain is None:
        raise ValueError("it converts an array that is not there")
    if isinstance(plain, np.ndarray):
        return _convert_back(plain, spec)
    return RestoredArray(plain, spec)


def _whole(array: Any) -> np.ndarray[Any, Any]:
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biufc":
        raise ValueError("data cannot be anything but an array of numbers")
    return array


def _convert_back(
    plain: np.ndarray[Any, Any], spec: Mapping[str, Any]
) -> np.ndarray[Any, Any]:
    dtype = np.dtype(str(spec["dtype"]))
    if dtype.kind not in "biufc":
        raise ValueError(f"data cannot be of dtype {dtype}")
    values = plain
    if plain.dtype != dtype:
        if plain.dtype.kind == "c" and dtype.kind != "c":
            raise ValueError(f"complex data cannot have been {dtype}")
        values = plain.astype(dtype)
    if "mask" not in spec:
        return values
    return np.ma.MaskedArray(
        values,
        mask=_unpacked(spec["mask"], plain.shape),
        fill_value=typed_json.decode(spec["fill"]),
    )
