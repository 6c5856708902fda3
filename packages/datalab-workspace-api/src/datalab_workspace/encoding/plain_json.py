"""Convert plain metadata values to the JSON that DataLab's protocols exchange."""

from __future__ import annotations

from typing import Any

import numpy as np


def as_json(value: Any) -> Any:
    """Return a plain metadata value as JSON represents it.

    Args:
        value: A value returned by `metadata.to_plain` or by this function.

    Returns:
        Strings, flags, numbers, and lists and dicts of these. Arrays become lists, and
        complex numbers become strings.
    """
    if isinstance(value, np.ndarray | np.generic):
        return as_json(value.tolist())
    if isinstance(value, complex):
        return str(value)
    if isinstance(value, dict):
        return {key: json_entry(key, as_json(item)) for key, item in value.items()}
    if isinstance(value, list):
        return _escaped([as_json(item) for item in value])
    return value


class _Coordinates(list[Any]):
    """A list that DataLab converts to an array, so that it does not come back as is."""


def json_entry(key: str, value: Any) -> Any:
    """Return the JSON value under a key, marked if DataLab converts it to an array."""
    return _Coordinates(value) if key == "coords" and type(value) is list else value


def as_rpc_json(value: Any) -> Any:
    """Return a plain metadata value as XML-RPC sends it to DataLab in an object.

    Args:
        value: A value returned by `metadata.to_plain`.

    Returns:
        The same as `as_json`, except that an array stays an array if guidata decodes
        it without a change.
    """
    if isinstance(value, np.ndarray):
        return _rpc_array(value)
    if isinstance(value, dict):
        return {key: as_rpc_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return _escaped([as_rpc_json(item) for item in value])
    return as_json(value)


def _rpc_array(array: np.ndarray[Any, Any]) -> Any:
    if array.ndim == 0 or not array.size or array.dtype.kind == "c":
        return as_json(array)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        return array.copy()  # a copy counts as changed: NaN loses its payload bits
    return array


def _escaped(items: list[Any]) -> list[Any]:
    # guidata decodes a list of three that begins with "array" as an array.
    if len(items) == 3 and isinstance(items[0], str) and items[0] == "array":
        return [" array", *items[1:]]
    return items
