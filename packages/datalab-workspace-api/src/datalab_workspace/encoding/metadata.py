"""Convert strings and metadata to the plain values that every DataLab supports.

A project file holds strings, numbers, numeric arrays, and lists and dicts of these.
`to_plain` converts any metadata value to one of them. The conversion is deterministic,
so that a reader can check whether a plain value has changed since it was written.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from datalab_workspace.model.record import FieldValue

_LARGEST_LISTING = 1000
_LONGEST_DECIMAL = 2000  # bits
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")

# Names that guidata uses in HDF5 to mark dicts, sequences and dates.
_MARKER = re.compile(r"__(dict|seq\d*)$|__type__$|^#callable#")


class _Absent:
    """The type of `ABSENT`, which stands for a value without a plain form."""


ABSENT = _Absent()


def to_plain_text(value: FieldValue) -> FieldValue:
    """Return a string without the characters that HDF5 and XML cannot hold.

    Args:
        value: Value of a field. None becomes ""; flags and numbers do not change.
    """
    if value is None:
        return ""
    return _legible(value) if isinstance(value, str) else value


def _legible(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text)


def is_plain_key(key: object) -> bool:
    """Return whether `key` can be a metadata key in a file that DataLab opens.

    DataLab interprets "/" and "." as paths within the file, and cannot open a file with
    such keys.
    """
    return (
        type(key) is str
        and key not in ("", ".", "..")
        and "/" not in key
        and len(key) <= 1000
        and not _UNWRITABLE.search(key)
        and not _MARKER.search(key)
    )


def to_plain(value: Any) -> Any:
    """Return the plain form of a metadata value, or `ABSENT`.

    Args:
        value: Any value that metadata may have.

    Returns:
        A string, flag, number, numeric array, or a list or dict of these. The same
        value always gives the same result.
    """
    cls = type(value)
    if cls is bool or cls is float or cls is complex:
        return value
    if cls is int:
        return value if -(2**63) <= value < 2**63 else _digits(value)
    if cls is str:
        # DataLab resolves strings with this prefix to functions.
        return (" " if value.startswith("#callable#") else "") + _legible(value)
    if value is None:
        return ABSENT
    if isinstance(value, dict | list | tuple | set | frozenset):
        return _plain_container(value)
    if isinstance(value, np.ndarray):
        return _plain_array(value)
    if isinstance(value, np.generic):
        return _plain_scalar(value)
    if isinstance(value, bytes | bytearray):
        return _legible(bytes(value).decode("utf-8", "backslashreplace"))
    iso = getattr(value, "isoformat", None)
    return iso() if iso is not None else _legible(str(value))


def check_dict(value: object, what: str) -> None:
    """Raise `ValueError` unless a value that was read is a dict.

    Args:
        value: The value.
        what: Name of the value in the error message.
    """
    if not isinstance(value, dict):
        raise ValueError(  # noqa: TRY004 - the value is data, not an argument
            f"{what} is not a dict"
        )


def _digits(value: int) -> str:
    # Python refuses to convert very long integers to decimal.
    return str(value) if value.bit_length() <= _LONGEST_DECIMAL else hex(value)


def _plain_container(value: Any) -> Any:
    if isinstance(value, dict):
        plain = {k: to_plain(v) for k, v in value.items() if is_plain_key(k)}
        return {k: v for k, v in plain.items() if v is not ABSENT}
    items = ["" if (low := to_plain(v)) is ABSENT else low for v in value]
    return items if isinstance(value, list | tuple) else sorted(items, key=repr)


def _plain_array(array: np.ndarray[Any, Any]) -> Any:
    values = np.ma.getdata(array)
    if values.dtype.kind in "biufc" and values.dtype.char not in "gG":
        return values
    if values.dtype.names is None and values.size <= _LARGEST_LISTING:
        if values.dtype.kind in "Mm":
            values = values.astype(str)
        return to_plain(values.tolist())
    return ABSENT


def _plain_scalar(value: np.generic) -> Any:
    if value.dtype.kind in "biufc" and value.dtype.char not in "gG":
        return value
    return _legible(str(value))
