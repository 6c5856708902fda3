"""Convert arrays to the dtypes and shapes that a carrier supports, and restore them.

A *spec* describes what the conversion loses: the dtype, the mask or the whole original
array. It is a dict of JSON values, which the sidecar stores.
"""

from __future__ import annotations

import base64
import functools
import math
import zlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from datalab_workspace.encoding import typed_json
from datalab_workspace.encoding.carriers import FILE, Carrier
from datalab_workspace.errors import UnsupportedDtypeError
from datalab_workspace.model.array_reference import ArrayReference
from datalab_workspace.model.index_regions import Region
from datalab_workspace.model.metadata_values import (
    converts_exactly,
    is_masked_array,
    values_equal,
)
from datalab_workspace.model.record import (
    PRIMARY_ARRAY,
    Array,
    Record,
    fill_value,
)

_PIECES = 64
_PIECE = 4096
# A sample of less data would not be smaller than the data.
_SMALL = _PIECES * _PIECE
# Kinds of NumPy dtypes in increasing order of their range.
_RANKS = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}


def fingerprint(array: Array) -> list[Any] | None:
    """Return the fingerprint of data: checksum, dtype and shape.

    Args:
        array: The primary array of a plain record. A reference without a known checksum
            is read.

    Returns:
        The CRC-32 of the bytes in C order, the dtype and the shape; None for None.
    """
    if array is None:
        return None
    known = getattr(array, "crc", None)
    if known is None:
        known = checksum(array.read() if isinstance(array, ArrayReference) else array)
    return [known, array.dtype.str, list(array.shape)]


def sampled_fingerprint(array: Array) -> tuple[int, str, tuple[int, ...]] | None:
    """Return a fingerprint that takes the same short time for data of any size.

    Args:
        array: An array, or a reference. Only parts of a large one are read.

    Returns:
        A CRC-32, the dtype and the shape; None for None. Up to 256 KiB, the CRC-32 is
        that of `fingerprint`. For more data, it is that of 64 pieces of at most 4 KiB,
        each from one row, at equal distances.
    """
    if array is None:
        return None
    shape = tuple(map(int, array.shape))
    if array.nbytes <= _SMALL or array.ndim != 2:
        return _checksum_of_whole(array), array.dtype.str, shape
    length = min(max(_PIECE // array.dtype.itemsize, 1), shape[1])
    crc = 0
    if isinstance(array, np.ndarray) and array.flags.c_contiguous:
        # Without a copy of each piece, it takes a third of the time.
        plain, size = np.ma.getdata(array), array.dtype.itemsize
        content = plain.reshape(-1).view(np.uint8).data
        for row, start in _pieces(shape, length):
            first = (row * shape[1] + start) * size
            crc = zlib.crc32(content[first : first + length * size], crc)
        return crc, array.dtype.str, shape
    for row, start in _pieces(shape, length):
        piece = array[row, start : start + length]
        crc = zlib.crc32(np.ma.getdata(piece).tobytes(), crc)
    return crc, array.dtype.str, shape


def is_known(array: ArrayReference) -> bool:
    """Return whether `sampled_fingerprint` reads nothing of an array in a file.

    Another program may have changed an array whose reference is not strict.
    """
    known = getattr(array, "crc", None) is not None and getattr(array, "strict", False)
    return known and (array.nbytes <= _SMALL or array.ndim != 2)


def _checksum_of_whole(array: Any) -> int:
    if not isinstance(array, ArrayReference):
        return checksum(np.ma.getdata(array))
    if is_known(array):
        known: int = vars(array)["crc"]
        return known
    return checksum(np.ma.getdata(array.read()))


@functools.lru_cache(maxsize=16)
def _pieces(shape: tuple[int, ...], length: int) -> tuple[tuple[int, int], ...]:
    """Return row and first column of each piece of a sample."""
    size, columns = shape[0] * shape[1], shape[1]
    places = (divmod(size * n // _PIECES, columns) for n in range(_PIECES))
    return tuple((row, min(column, columns - length)) for row, column in places)


def checksum(array: np.ndarray[Any, Any]) -> int:
    """Return the CRC-32 of the array's bytes in C order."""
    contiguous = np.ascontiguousarray(array)
    return zlib.crc32(contiguous.reshape(-1).view(np.uint8).data) if array.size else 0


def is_unchanged(plain: Array, spec: Mapping[str, Any]) -> bool:
    """Return whether an array has not changed since it was written or left out."""
    if "of" in spec:
        return bool(fingerprint(plain) == spec["of"])
    return not (spec.get("left out") and plain is not None and plain.shape != (0,))


class RestoredArray(ArrayReference):
    """A reference to an array whose dtype or mask is restored when it is read.

    Attributes:
        plain: The array in the file.
        spec: The spec of the conversion.
        shape: Shape of the array.
        dtype: Dtype of the array that `read` returns.
    """

    def __init__(self, plain: ArrayReference, spec: Mapping[str, Any]) -> None:
        self.plain = plain
        self.spec = spec
        self.shape = plain.shape
        self.dtype = np.dtype(str(spec["dtype"]))

    def read(self) -> np.ndarray[Any, Any]:
        """Read and restore the array.

        Raises:
            StaleFileError: The file no longer contains the array.
        """
        return _convert_back(self.plain.read(), self.spec)

    def read_region(self, region: Region) -> np.ndarray[Any, Any]:
        """Read and restore a part of the array; see `ArrayReference.read_region`."""
        return _convert_back(
            self.plain.read_region(region), self.spec, (self.shape, region)
        )

    def rows_at_once(self) -> int:
        """See `ArrayReference.rows_at_once`."""
        return self.plain.rows_at_once()


def plain_arrays(
    record: Record, carrier: Carrier
) -> tuple[dict[str, Array], dict[str, Mapping[str, Any]]]:
    """Return the plain form of the arrays of a record, and the specs to restore them.

    Raises:
        UnsupportedDtypeError: DataLab has no dtype that holds the data without loss.
        StaleFileError: The file no longer contains an unread array that must be
            converted.
    """
    arrays: dict[str, Array] = {}
    specs: dict[str, Mapping[str, Any]] = {}
    for name, array in record.arrays.items():
        arrays[name], spec = _plain_array(array, record, name, carrier)
        if spec is not None:
            specs[name] = spec
    return arrays, specs


def data_fingerprint(record: Record) -> tuple[int, str, tuple[int, ...]] | None:
    """Return the `sampled_fingerprint` of the data of a record, as a file has it."""
    name = PRIMARY_ARRAY[record.kind]
    data = record.arrays[name]
    with suppress(UnsupportedDtypeError):  # only a project of DataLab refuses it
        data, _ = _plain_array(data, record, name, FILE)
    return sampled_fingerprint(data)


def _plain_array(
    array: Array, record: Record, name: str, carrier: Carrier
) -> tuple[Array, Mapping[str, Any] | None]:
    if array is None:
        return _no_data(record, carrier), {"absent": True}
    if isinstance(array, RestoredArray) and carrier is FILE:
        return array.plain, array.spec
    masked = is_masked_array(array)
    dtype = native_dtype(array, record, name, carrier)
    if not carrier.lossless:
        return _round_trip_array(record, name, dtype, carrier)
    if dtype == array.dtype and not masked:
        return array, None
    values = record.array(name)
    assert values is not None
    return _converted(values, dtype)


def _no_data(record: Record, carrier: Carrier) -> np.ndarray[Any, Any]:
    return np.full(carrier.no_data[record.kind], np.nan)


def _converted(
    values: np.ndarray[Any, Any], dtype: np.dtype[Any]
) -> tuple[np.ndarray[Any, Any], dict[str, Any] | None]:
    if values.dtype == dtype and not is_masked_array(values):
        return values, None
    spec: dict[str, Any] = {"dtype": values.dtype.str}
    if is_masked_array(values):
        spec["mask"] = _packed(np.ma.getmaskarray(values))
        spec["fill"] = typed_json.encode(fill_value(values))
        values = values.data
    return values.astype(dtype, copy=False), spec


def _round_trip_array(
    record: Record, name: str, dtype: np.dtype[Any], carrier: Carrier
) -> tuple[np.ndarray[Any, Any], Mapping[str, Any] | None]:
    """Return an array after transport, and the spec to restore the original."""
    values = record.array(name)
    assert values is not None
    if name != PRIMARY_ARRAY[record.kind]:
        if not values.size:
            return values, None
        if not carrier.is_json and _fits(record, name, values):
            return _converted(values, dtype)
        if not carrier.is_json:
            return np.empty(0), {"whole": typed_json.encode(values), "left out": True}
        if name in carrier.arrays[record.kind]:
            return _round_trip_coordinates(record, values, carrier)
        return np.empty(0), {"whole": typed_json.encode(values), "left out": True}
    if not values.size:
        return _no_data(record, carrier), {"whole": typed_json.encode(values)}
    converted, spec = _converted(values, dtype)
    round_trip = carrier.round_trip(record.kind, converted)
    if round_trip is converted or values_equal(round_trip, converted):
        return round_trip, spec
    return round_trip, {"whole": typed_json.encode(values)}


def _fits(record: Record, name: str, values: np.ndarray[Any, Any]) -> bool:
    """Return whether there is one coordinate for each column or row of an image."""
    data = record.data
    shape = (1, 1) if data is None or not math.prod(data.shape) else data.shape
    return bool(values.shape == (shape[name == "xcoords"],))


def _round_trip_coordinates(
    record: Record, values: np.ndarray[Any, Any], carrier: Carrier
) -> tuple[np.ndarray[Any, Any], Mapping[str, Any] | None]:
    round_trip = carrier.round_trip(record.kind, values)
    if round_trip is values or values_equal(round_trip, values):
        return round_trip, None
    whole = typed_json.encode(values)
    return round_trip, {"whole": whole, "of": fingerprint(round_trip)}


def native_dtype(
    array: Any, record: Record, name: str, carrier: Carrier = FILE
) -> np.dtype[Any]:
    """Return the dtype that DataLab supports and that holds `array` without loss.

    Args:
        array: The array, or a reference to it.
        record: The record that contains the array.
        name: Name of the array. Only the primary array may have a dtype other than
            float64.
        carrier: The carrier that will transport the array.

    Returns:
        The array's own dtype if the carrier supports it; otherwise the smallest exact
        one. An integer dtype is used only for integers and flags, and a real dtype only
        for real numbers.

    Raises:
        UnsupportedDtypeError: There is no such dtype.
    """
    primary = name == PRIMARY_ARRAY[record.kind]
    candidates = carrier.dtypes[record.kind] if primary else (np.dtype("f8"),)
    own: np.dtype[Any] = array.dtype.newbyteorder("=")
    if own in candidates:
        return own
    values = np.ma.getdata(record.array(name))  # type: ignore[arg-type]
    for dtype in candidates:
        # A floating-point array of whole numbers stays floating-point, because DataLab
        # often rounds what it computes from integers.
        if _RANKS[own.kind] <= _RANKS[dtype.kind] and converts_exactly(values, dtype):
            return dtype
    raise UnsupportedDtypeError(
        f"{name} of {record.title!r:.80} has the dtype {array.dtype} and contains "
        "values that DataLab cannot store without loss in any of its dtypes "
        f"({', '.join(map(str, candidates))}); convert it with astype() first"
    )


def _packed(mask: np.ndarray[Any, Any]) -> str:
    return base64.b64encode(zlib.compress(np.packbits(mask).tobytes(), 1)).decode()


def _unpacked(
    text: str, shape: tuple[int, ...], region: Region | None = None
) -> np.ndarray[Any, Any]:
    """Return a mask of this shape, or a region of it."""
    size = -(-math.prod(shape) // 8)
    packed = base64.b64decode(text, validate=True)
    try:
        # Limited to the known size, so that a forged mask cannot expand beyond it. For
        # zlib, 0 means no limit.
        raw = zlib.decompressobj().decompress(packed, max(size, 1))
    except zlib.error as error:
        raise ValueError(f"the mask is damaged: {error}") from error
    if len(raw) != size:
        raise ValueError(f"the mask has {len(raw)} bytes, expected {size}")
    row = math.prod(shape[1:])
    rows = range(shape[0])[region[0]] if region else range(math.prod(shape[:1]))
    first, last = (rows[0], rows[-1] + 1) if rows else (0, 0)
    # Only the rows of the region are unpacked, to a byte for each bit.
    skipped, bits = divmod(first * row, 8)
    count = bits + (last - first) * row
    needed = np.frombuffer(raw, np.uint8)[skipped : skipped + -(-count // 8)]
    mask = np.unpackbits(needed, count=count)[bits:].astype(bool)
    mask = mask.reshape(last - first, *shape[1:]) if shape else mask.reshape(())
    if not region:
        return mask
    within = (slice(None, None, region[0].step), *region[1:])
    return mask[within]


def restored_array(plain: Array, spec: Mapping[str, Any]) -> Array:
    """Return the original array that a spec describes.

    Args:
        plain: The array after transport.
        spec: The spec of the conversion.

    Raises:
        KeyError, TypeError or ValueError: The spec is damaged.
    """
    if spec.get("absent"):
        return None
    if "whole" in spec:
        return _whole(typed_json.decode(spec["whole"]))
    if plain is None:
        raise ValueError("it describes the conversion of a missing array")
    if isinstance(plain, np.ndarray):
        return _convert_back(plain, spec)
    return RestoredArray(plain, spec)


def _whole(array: Any) -> np.ndarray[Any, Any]:
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biufc":
        raise ValueError("the data must be a numeric array")
    return array


def _convert_back(
    plain: np.ndarray[Any, Any],
    spec: Mapping[str, Any],
    part_of: tuple[tuple[int, ...], Region] | None = None,
) -> np.ndarray[Any, Any]:
    """Return the original of a plain array, or of a part of one.

    Args:
        plain: The plain array, or its part.
        spec: The spec of the conversion.
        part_of: The shape of the whole array, and the region that the part is.
    """
    dtype = np.dtype(str(spec["dtype"]))
    if dtype.kind not in "biufc":
        raise ValueError(f"the data cannot have the dtype {dtype}")
    values = plain
    if plain.dtype != dtype:
        if plain.dtype.kind == "c" and dtype.kind != "c":
            raise ValueError(f"complex data cannot come from {dtype}")
        values = plain.astype(dtype)
    if "mask" not in spec:
        return values
    return np.ma.MaskedArray(
        values,
        mask=_unpacked(spec["mask"], *(part_of or (plain.shape,))),
        fill_value=typed_json.decode(spec["fill"]),
    )
