"""Copy, check and compare the values that metadata may hold.

The supported types are the same in every mode: those that the sidecar can store (see
:mod:`datalab_workspace.encoding.sidecar`). A value of another type is refused when its
object is added, not when a file is saved.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import pathlib
import uuid
from collections.abc import Callable
from itertools import pairwise
from typing import Any, TypeGuard

import numpy as np

from datalab_workspace.errors import UnsupportedMetadataError

#: Types of immutable values, which a copy may share.
ATOMS: tuple[type, ...] = (
    type(None),
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    datetime.datetime,
    datetime.date,
    datetime.time,
    datetime.timedelta,
    decimal.Decimal,
    fractions.Fraction,
    uuid.UUID,
)
_ATOM_SET = frozenset(ATOMS)
#: An instance of a subclass of these (a DICOM number, a member of an enumeration of
#: strings) is stored as a value of the base class. These functions return that value
#: even if the subclass converts itself differently, as `str` does an enumeration.
_TO_BASE: dict[type, Callable[[Any], Any]] = {
    str: str.__str__,
    bool: bool,
    int: int.__int__,
    float: float.__float__,
    complex: complex.__pos__,
    bytes: lambda value: bytes(memoryview(value)),
    bytearray: bytearray,
}
_ARRAY_KINDS = frozenset("biufcSUMm")
_MAX_DEPTH = 64


def snapshot(value: Any, where: str = "metadata") -> Any:
    """Return an independent copy of a metadata value.

    Args:
        value: None, bool, int, float, complex, str, bytes, date, time, datetime,
            timedelta, Decimal, Fraction, UUID, path, NumPy scalar or array (of
            numbers, strings, bytes, dates or records of these, masked or not), or a
            list, tuple, set, frozenset or dict of such values.
        where: Name of the value in an error message, for example ``"metadata['a']"``.

    Returns:
        The copy. An instance of a subclass is converted to its base class.

    Raises:
        UnsupportedMetadataError: The value, or a value inside it, has another type. The
            message names the value and the type.
    """
    return _snapshot(value, where, 0)


def _snapshot(value: Any, where: str, depth: int) -> Any:
    cls = type(value)
    if cls in _ATOM_SET:
        return value
    if depth > _MAX_DEPTH:
        raise UnsupportedMetadataError(
            f"{where[:80]}… is nested more than {_MAX_DEPTH} levels deep "
            "(does it contain itself?)"
        )
    if isinstance(value, dict):
        return {
            _key(key, where): _snapshot(item, f"{where}[{key!r}]", depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        items = [
            _snapshot(item, f"{where}[{index}]", depth + 1)
            for index, item in enumerate(value)
        ]
        return tuple(items) if isinstance(value, tuple) else items
    if isinstance(value, set | frozenset):
        members = frozenset(_key(item, where) for item in value)
        return members if isinstance(value, frozenset) else set(members)
    if isinstance(value, np.ndarray):
        return _array(value, where)
    return _scalar(value, where)


def _scalar(value: Any, where: str) -> Any:
    if isinstance(value, np.generic):
        return _numpy_scalar(value, where)
    if isinstance(value, pathlib.PurePath):
        return value
    for base in _TO_BASE:
        if isinstance(value, base):
            return as_base(value, base)
    raise UnsupportedMetadataError(
        f"{where} has the type {_type_name(type(value))}, which cannot be stored; "
        "use a number, a string, a date, an array, or a list, tuple or dict of these"
    )


def as_base(value: Any, base: type) -> Any:
    """Return the value of a built-in type that an instance of a subclass has.

    Args:
        value: An instance of `base`, or of a subclass such as an enumeration.
        base: One of str, bool, int, float, complex, bytes and bytearray.
    """
    return _TO_BASE[base](value)


def _key(key: Any, where: str) -> Any:
    if isinstance(key, tuple):
        return tuple(_key(item, where) for item in key)
    if type(key) in _ATOM_SET or isinstance(key, np.generic | frozenset):
        return _snapshot(key, f"{where}: a key", 0)
    for base in (str, int, float, bytes):
        if isinstance(key, base):
            return as_base(key, base)
    raise UnsupportedMetadataError(
        f"{where} has the key {key!r} of type {_type_name(type(key))}, which cannot be "
        "stored; use a string or a number"
    )


def _array(value: np.ndarray[Any, Any], where: str) -> np.ndarray[Any, Any]:
    if not is_plain_dtype(value.dtype):
        raise UnsupportedMetadataError(
            f"{where} is an array of dtype {value.dtype}, which cannot be stored; "
            "use an array of numbers, strings, bytes or dates, or a list"
        )
    if is_masked_array(value):
        return np.ma.MaskedArray(value, copy=True)
    return np.array(value, copy=True, order="C", subok=False)


def _numpy_scalar(value: np.generic, where: str) -> np.generic:
    if not is_plain_dtype(value.dtype):
        raise UnsupportedMetadataError(
            f"{where} is a NumPy scalar of dtype {value.dtype}, which cannot be "
            "stored; convert it to a Python number or string"
        )
    # All NumPy scalars are immutable, except a row of a structured array.
    return value.copy() if isinstance(value, np.void) else value


def is_plain_dtype(dtype: np.dtype[Any]) -> bool:
    """Return whether elements of `dtype` are values, not references to objects."""
    if dtype.subdtype is not None:
        return is_plain_dtype(dtype.subdtype[0])
    if dtype.fields is not None:
        return not _overlap(dtype) and all(
            is_plain_dtype(field[0]) for field in dtype.fields.values()
        )
    return dtype.kind in _ARRAY_KINDS


def _overlap(dtype: np.dtype[Any]) -> bool:
    """Return whether fields share bytes, which no file format supports."""
    fields = (dtype.fields or {}).values()
    extents = sorted((offset, offset + field.itemsize) for field, offset, *_ in fields)
    return any(end > start for (_, end), (start, _) in pairwise(extents))


def _type_name(cls: type) -> str:
    name = cls.__qualname__
    return name if cls.__module__ == "builtins" else f"{cls.__module__}.{name}"


def values_equal(a: Any, b: Any) -> bool:
    """Return whether two metadata values or arrays are equal.

    NaN equals NaN. Arrays are equal if dtype, shape, mask and every bit are. A Python
    number equals the NumPy scalar of the same value. Different are True and 1, a list
    and a tuple, and 12:00 in one timezone and the same instant in another.
    """
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return (
            isinstance(a, np.ndarray)
            and isinstance(b, np.ndarray)
            and arrays_equal(a, b)
        )
    if isinstance(a, dict):
        return isinstance(b, dict) and _items_equal(a, b)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(values_equal, a, b))
    if isinstance(a, np.void) and isinstance(b, np.void):
        return arrays_equal(np.asarray(a), np.asarray(b))
    if isinstance(a, np.generic):
        a = _to_python(a)
    if isinstance(b, np.generic):
        b = _to_python(b)
    if type(a) is not type(b):
        return _numbers(a, b) and bool(a == b)
    return _atoms_equal(a, b)


def _atoms_equal(a: Any, b: Any) -> bool:
    if isinstance(a, datetime.datetime | datetime.time):
        return bool(a == b) and a.utcoffset() == b.utcoffset() and a.fold == b.fold
    if isinstance(a, decimal.Decimal):
        return str(a) == str(b)  # comparing a signalling NaN raises an error
    if isinstance(a, set | frozenset):
        return bool(a == b) or _by_identity(a) == _by_identity(b)
    return bool(a == b) or (a != a and b != b)


def _items_equal(a: dict[Any, Any], b: dict[Any, Any]) -> bool:
    if a.keys() != b.keys():  # two NaN keys are never equal
        a, b = _by_identity(a), _by_identity(b)
    return a.keys() == b.keys() and all(
        values_equal(item, b[key]) for key, item in a.items()
    )


def _by_identity(values: Any) -> dict[str, Any]:
    """Return the items of a dict or set with each key replaced by a unique string."""
    items = (
        values.items() if isinstance(values, dict) else dict.fromkeys(values).items()
    )
    return {_identity(key): item for key, item in items}


def _identity(key: Any) -> str:
    if isinstance(key, tuple):
        return f"({','.join(map(_identity, key))})"
    if isinstance(key, frozenset):
        return f"{{{','.join(sorted(map(_identity, key)))}}}"
    return f"{type(key).__qualname__} {key!r}"


def _to_python(value: np.generic) -> Any:
    # Python has no dates or long doubles of the same precision.
    plain = value.item()
    return value if value.dtype.kind in "Mm" or value.dtype.itemsize > 16 else plain


def _numbers(a: Any, b: Any) -> bool:
    return all(
        isinstance(value, int | float | complex | np.number)
        and not isinstance(value, bool)
        for value in (a, b)
    )


def is_masked_array(array: object) -> TypeGuard[np.ma.MaskedArray[Any, Any]]:
    """Return whether a value is a masked array; plain arrays do not import numpy.ma."""
    return type(array) is not np.ndarray and isinstance(array, np.ma.MaskedArray)


def arrays_equal(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    """Return whether dtype, shape, mask and every unmasked bit of two arrays agree."""
    if a is b:
        return True
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.dtype.names is not None:  # the padding between fields is arbitrary
        return all(arrays_equal(a[name], b[name]) for name in a.dtype.names)
    masked = is_masked_array(a), is_masked_array(b)
    if any(masked):
        mask = np.ma.getmaskarray(a)
        return (
            all(masked)
            and bool(np.array_equal(mask, np.ma.getmaskarray(b)))
            and _bits_equal(np.ma.getdata(a)[~mask], np.ma.getdata(b)[~mask])
        )
    return _bits_equal(a, b)


def _bits_equal(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    # Comparing in blocks needs little memory for two large images, and finds an early
    # difference at once.
    return all(map(_block_equal, _blocks(a), _blocks(b)))


def _block_equal(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    if a.dtype.char in "gG":  # extended precision: the padding bytes are arbitrary
        return bool(np.array_equal(a, b, equal_nan=True)) and all(
            np.array_equal(np.signbit(x), np.signbit(y))
            for x, y in ((a.real, b.real), (a.imag, b.imag))
        )
    return bool(np.array_equal(_bits(a), _bits(b)))


def _bits(block: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    flat = np.ascontiguousarray(block).reshape(-1)
    if flat.dtype.itemsize == 0:
        return np.empty(0, np.uint8)
    return flat.view(np.uint8)


def converts_exactly(array: np.ndarray[Any, Any], dtype: np.dtype[Any]) -> bool:
    """Return whether `dtype` can represent every element of `array` without loss.

    Args:
        array: An array of any dtype.
        dtype: A numeric dtype.

    Returns:
        True if conversion to `dtype` and back returns the same elements. Always False
        for an array that is not numeric.
    """
    if array.dtype.kind not in "biufc":
        return False
    if np.can_cast(array.dtype, dtype, "safe") and not (
        # NumPy calls the cast of a 64-bit integer to a float safe, but it is not exact.
        array.dtype.kind in "iu" and array.dtype.itemsize >= 8 and dtype.kind in "fc"
    ):
        return True
    if array.dtype.kind == "c" and dtype.kind != "c":
        return False
    with np.errstate(all="ignore"):
        return all(_survives(block, dtype) for block in _blocks(array))


def _survives(block: np.ndarray[Any, Any], dtype: np.dtype[Any]) -> bool:
    if not block.size:
        return True
    if block.dtype.kind in "iu" and dtype.kind in "iu":
        # Integers wrap around, so that converting them back would hide the loss.
        limits = np.iinfo(dtype)
        return limits.min <= int(block.min()) and int(block.max()) <= limits.max
    converted = block.astype(dtype)
    if block.dtype.kind == "c":
        return _block_equal(block, converted.astype(block.dtype))
    real = converted.real
    if block.dtype.kind in "iu":
        # Only integers with more bits than the float get here. A value that is rounded
        # up beyond their range has an undefined result when it is converted back.
        beyond = float(np.iinfo(block.dtype).max)
        return not (real >= beyond).any() and _block_equal(
            block, real.astype(block.dtype)
        )
    return _block_equal(block, real.astype(block.dtype))


def _blocks(array: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
    if array.ndim == 0:
        return [array]
    step = max(1, (1 << 22) // max(1, array.itemsize * int(np.prod(array.shape[1:]))))
    return [array[start : start + step] for start in range(0, len(array), step)]
