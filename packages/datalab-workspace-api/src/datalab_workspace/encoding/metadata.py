"""The plain form of texts and metadata: what every DataLab can show and keep.

A project file holds texts, numbers, numeric arrays, and lists and dicts of these.
Lowering turns any metadata value into one of them, always the same way, so that it can
be told later whether the plain value is still the one that was written.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from datalab_workspace.model.record import FieldValue

_LARGEST_LISTING = 1000
_LONGEST_DECIMAL = 2000  # bits
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")

# The names by which guidata marks dicts, sequences and dates in HDF5.
_MARKER = re.compile(r"__(dict|seq\d*)$|__type__$|^#callable#")


class _Absent:
    """Stands for a value that has no plain form."""


ABSENT = _Absent()


def to_plain_text(value: FieldValue) -> FieldValue:
    """Return the text without what HDF5 and XML can't hold, "" for None."""
    if value is None:
        return ""
    return _legible(value) if isinstance(value, str) else value


def _legible(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text)


def is_plain_key(key: object) -> bool:
    """Tell whether `key` can name a metadata value in a file that DataLab opens.

    DataLab takes "/" and "." for paths within the file, and cannot open a file that
    holds keys with them.
    """
    return (
        type(key) is str
        and key not in ("", ".", "..")
        and "/" not in key
        and len(key) <= 1000
        and not _UNWRITABLE.search(key)
        and not _MARKER.search(key)
    )


def lower(value: Any) -> Any:
    """Return the plain form of a metadata value, or `ABSENT`.

    Args:
        value: Any value that metadata may have.

    Returns:
        A text, flag, number, numeric array, or a list or dict of these. It is the same
        for the same value, wherever and whenever it is computed.
    """
    cls = type(value)
    if cls is bool or cls is float or cls is complex:
        return value
    if cls is int:
        return value if -(2**63) <= value < 2**63 else _digits(value)
    if cls is str:
        # DataLab resolves texts with this prefix to functions.
        return (
            f" {_legible(value)}"
            if value.startswith("#callable#")
            else (_legible(value))
        )
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
    """Raise `ValueError` unless what was read is a dict."""
    if not isinstance(value, dict):
        raise ValueError(f"{what} is no dict")  # noqa: TRY004  it was read


def _digits(value: int) -> str:
    # Python refuses to write down in decimal what takes it too long.
    return str(value) if value.bit_length() <= _LONGEST_DECIMAL else hex(value)


def _plain_container(value: Any) -> Any:
    if isinstance(value, dict):
        lowered = {k: lower(v) for k, v in value.items() if is_plain_key(k)}
        return {k: v for k, v in lowered.items() if v is not ABSENT}
    items = ["" if (low := lower(v)) is ABSENT else low for v in value]
    return items if isinstance(value, list | tuple) else sorted(items, key=repr)


def _plain_array(array: np.ndarray[Any, Any]) -> Any:
    values = np.ma.getdata(array)
    if values.dtype.kind in "biufc" and values.dtype.char not in "gG":
        return values
    if values.dtype.names is None and values.size <= _LARGEST_LISTING:
        if values.dtype.kind in "Mm":
            values = values.astype(str)
        return lower(values.tolist())
    return ABSENT


def _plain_scalar(value: np.generic) -> Any:
    if value.dtype.kind in "biufc" and value.dtype.char not in "gG":
        return value
    return _legible(str(value))
