"""Encode Python and NumPy values as JSON that records their types.

None, booleans, integers, finite floats, strings, lists and dicts with string keys
represent themselves. Any other value is encoded as an object
``{"$": tag, "v": payload}`` with one of the tags of this module. Decoding creates
values of these types only. It imports nothing by name, and unpickles and executes
nothing.
"""

from __future__ import annotations

import base64
import datetime
import decimal
import fractions
import math
import pathlib
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any

import numpy as np

from datalab_workspace.errors import WorkspaceError
from datalab_workspace.model.metadata_values import is_plain_dtype
from datalab_workspace.model.record import fill_value

#: Stores an array elsewhere and returns a JSON reference to it; None to decline.
PutArray = Callable[[np.ndarray[Any, Any]], object]
#: Returns the array that a `PutArray` function stored elsewhere.
GetArray = Callable[[Any], np.ndarray[Any, Any]]

_TAG = "$"
#: Bits of the longest integer in base 10. Python refuses to parse very long decimals,
#: so that a longer integer is encoded in base 16.
_LONGEST_DECIMAL = 2000


def encode(value: Any, put_array: PutArray | None = None) -> Any:
    """Return `value` as data that `json.dumps` can write without loss.

    Args:
        value: Any value that `metadata_values.snapshot` returns.
        put_array: Called with each array. If it returns a value other than None, that
            value is encoded instead of the bytes of the array.

    Returns:
        Strings, numbers, booleans, None, and lists and dicts of these.

    Raises:
        TypeError: Metadata cannot have values of this type.
    """
    cls = type(value)
    if cls in _AS_THEMSELVES and _AS_THEMSELVES[cls](value):
        return value
    if cls is list:
        return [encode(item, put_array) for item in value]
    if cls is dict:
        if _TAG not in value and all(type(key) is str for key in value):
            return {key: encode(item, put_array) for key, item in value.items()}
        pairs = [[encode(k), encode(item, put_array)] for k, item in value.items()]
        return _tagged("dict", pairs)
    if isinstance(value, np.ndarray):
        return _encode_array(value, put_array)
    if isinstance(value, np.generic):
        return _tagged("scalar", _array_payload(np.asarray(value)))
    if isinstance(value, pathlib.PurePath):
        return _tagged("path", _encode_path(value))
    if cls in _ENCODERS:
        tag, write = _ENCODERS[cls]
        return _tagged(tag, write(value))
    raise TypeError(f"a value of type {cls.__qualname__} cannot be encoded as JSON")


def decode(data: Any, get_array: GetArray | None = None) -> Any:
    """Return the value that `encode` was given.

    Args:
        data: Data returned by `json.loads`.
        get_array: Returns an array that was stored elsewhere.

    Returns:
        The value, with new arrays.

    Raises:
        ValueError: `encode` did not write `data`, or a later version of it did.
        WorkspaceError: An error of `get_array`.
    """
    if isinstance(data, list):
        return [decode(item, get_array) for item in data]
    if not isinstance(data, dict):
        return data
    if _TAG not in data:
        return {key: decode(item, get_array) for key, item in data.items()}
    tag: str = data[_TAG]
    payload: Any = data.get("v")
    try:
        if tag == "dict":
            return {_hashable(k): decode(v, get_array) for k, v in payload}
        if tag == "elsewhere" and get_array is not None:
            return get_array(payload)
        if tag == "masked":
            return _decode_masked(payload, get_array)
        return _DECODERS[tag](payload)
    except WorkspaceError:  # of an array elsewhere
        raise
    except (LookupError, TypeError, ValueError, ArithmeticError) as error:
        message = f"the value with the tag {tag!r:.40} cannot be decoded: {error}"
        raise ValueError(message) from error


def _tagged(tag: str, payload: object) -> dict[str, object]:
    return {_TAG: tag, "v": payload}


def _hashable(key: Any) -> Any:
    decoded = decode(key)
    return tuple(decoded) if isinstance(decoded, list) else decoded


def _encode_array(array: np.ndarray[Any, Any], put_array: PutArray | None) -> object:
    if isinstance(array, np.ma.MaskedArray):
        data = _encode_array(array.data, put_array)
        mask = None if array.mask is np.ma.nomask else encode(array.mask, put_array)
        return _tagged("masked", [data, mask, encode(fill_value(array))])
    if put_array is not None:
        place = put_array(array)
        if place is not None:
            return _tagged("elsewhere", place)
    return _tagged("array", _array_payload(array))


def _decode_masked(payload: Any, get_array: GetArray | None) -> np.ndarray[Any, Any]:
    data, mask, fill = (decode(part, get_array) for part in payload)
    masked: np.ndarray[Any, Any] = np.ma.MaskedArray(
        data, mask=np.ma.nomask if mask is None else mask, fill_value=fill
    )
    return masked


def _array_payload(array: np.ndarray[Any, Any]) -> list[object]:
    descr = np.lib.format.dtype_to_descr(array.dtype)
    raw = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")
    return [descr, list(array.shape), raw]


def _decode_array(payload: Any) -> np.ndarray[Any, Any]:
    descr, shape, raw = payload
    dtype = np.lib.format.descr_to_dtype(_as_descr(descr))
    if not is_plain_dtype(dtype):
        raise ValueError(f"arrays of dtype {dtype} are not supported")
    data = bytearray(base64.b64decode(raw, validate=True))
    if not data:  # frombuffer refuses an empty buffer
        if math.prod(shape) * dtype.itemsize:
            raise ValueError(f"an array of shape {shape} has no elements")
        return np.zeros(shape, dtype)
    array: np.ndarray[Any, Any] = np.frombuffer(data, dtype).reshape(shape)
    return array


def _as_descr(descr: Any) -> Any:
    """Return a dtype description with tuples in place of the lists of JSON."""
    if isinstance(descr, str):
        return descr
    fields = []
    for name, sub, *shape in descr:
        name = tuple(name) if isinstance(name, list) else name
        fields.append((name, _as_descr(sub), *map(tuple, shape)))
    return fields


def _encode_time(value: datetime.datetime | datetime.time) -> list[object]:
    zone = getattr(value.tzinfo, "key", None)
    zone = zone if isinstance(zone, str) else None
    naive = value.replace(tzinfo=None).isoformat()
    offset = value.utcoffset()
    seconds = None if offset is None else offset.total_seconds()
    name = None if zone is not None else value.tzname()
    return [naive, seconds, zone, value.fold, name]


def _decode_time(
    cls: type[datetime.datetime | datetime.time],
) -> Callable[[Any], datetime.datetime | datetime.time]:
    def read(payload: Any) -> datetime.datetime | datetime.time:
        naive, seconds, zone, fold, name = payload
        value = cls.fromisoformat(naive).replace(fold=fold)
        if zone is not None:
            try:
                zoned = value.replace(tzinfo=zoneinfo.ZoneInfo(zone))
            except (zoneinfo.ZoneInfoNotFoundError, ValueError):
                pass  # this system lacks the timezone; the offset gives the instant
            else:
                offset = zoned.utcoffset()
                known = None if offset is None else offset.total_seconds()
                if known == seconds:
                    return zoned
        if seconds is None:
            return value
        delta = datetime.timedelta(seconds=seconds)
        fixed = datetime.timezone(delta)
        if name is not None and name != fixed.tzname(None):
            fixed = datetime.timezone(delta, name)
        return value.replace(tzinfo=fixed)

    return read


def _encode_path(path: pathlib.PurePath) -> list[object]:
    flavour = "windows" if isinstance(path, pathlib.PureWindowsPath) else "posix"
    return [str(path), flavour, isinstance(path, pathlib.Path)]


def _decode_path(payload: Any) -> pathlib.PurePath:
    text, flavour, concrete = payload
    windows = flavour == "windows"
    if concrete and windows == isinstance(pathlib.Path(), pathlib.WindowsPath):
        return pathlib.Path(text)
    return pathlib.PureWindowsPath(text) if windows else pathlib.PurePosixPath(text)


def _sorted_items(items: set[Any] | frozenset[Any]) -> list[Any]:
    # Sorted, so that the same object is always encoded as the same bytes.
    return sorted((encode(item) for item in items), key=repr)


#: Types that JSON has, each with a test of whether JSON keeps a value without loss.
_AS_THEMSELVES: dict[type, Callable[[Any], bool]] = {
    type(None): lambda _: True,
    bool: lambda _: True,
    str: lambda _: True,
    int: lambda v: v.bit_length() <= _LONGEST_DECIMAL,
    float: math.isfinite,
}
_ENCODERS: dict[type, tuple[str, Callable[[Any], object]]] = {
    int: ("int", hex),
    float: ("float", repr),
    tuple: ("tuple", lambda v: [encode(item) for item in v]),
    set: ("set", _sorted_items),
    frozenset: ("frozenset", _sorted_items),
    complex: ("complex", lambda v: [repr(v.real), repr(v.imag)]),
    bytes: ("bytes", lambda v: base64.b64encode(v).decode("ascii")),
    bytearray: ("bytearray", lambda v: base64.b64encode(v).decode("ascii")),
    datetime.datetime: ("datetime", _encode_time),
    datetime.date: ("date", lambda v: v.isoformat()),
    datetime.time: ("time", _encode_time),
    datetime.timedelta: ("timedelta", lambda v: [v.days, v.seconds, v.microseconds]),
    decimal.Decimal: ("decimal", str),
    fractions.Fraction: ("fraction", lambda v: [v.numerator, v.denominator]),
    uuid.UUID: ("uuid", lambda v: v.hex),
}
_DECODERS: dict[str, Callable[[Any], Any]] = {
    "int": lambda v: int(v, 16),
    "float": float,
    "tuple": lambda v: tuple(decode(v)),
    "set": lambda v: set(map(_hashable, v)),
    "frozenset": lambda v: frozenset(map(_hashable, v)),
    "complex": lambda v: complex(float(v[0]), float(v[1])),
    "bytes": lambda v: base64.b64decode(v, validate=True),
    "bytearray": lambda v: bytearray(base64.b64decode(v, validate=True)),
    "datetime": _decode_time(datetime.datetime),
    "date": datetime.date.fromisoformat,
    "time": _decode_time(datetime.time),
    "timedelta": lambda v: datetime.timedelta(*v),
    "decimal": decimal.Decimal,
    "fraction": lambda v: fractions.Fraction(*v),
    "uuid": uuid.UUID,
    "path": _decode_path,
    "array": _decode_array,
    "scalar": lambda v: _decode_array(v)[()],
}
