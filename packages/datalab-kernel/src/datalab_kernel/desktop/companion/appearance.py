"""Descriptions of DataLab's objects, and the parts in which two of them differ.

A look at an object that has not changed takes some microseconds, so that a thousand of
them are looked at after each sign of a change.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from datalab_workspace.encoding import typed_json
from datalab_workspace.events import parts_of
from datalab_workspace.model.equality import CURVE_STYLE_KEYS
from datalab_workspace.model.record import (
    FIELDS,
    PRIMARY_ARRAY,
    ROI_KEY,
    Kind,
    Record,
    checked_field,
    data_shape,
    is_result_key,
    result_keys,
    roi_count,
)
from datalab_workspace.model.sigima_objects import current_metadata, item_names

#: The number of values of a larger array that are compared.
_SAMPLES = 256
_ATOMS = frozenset((str, int, float, bool, type(None), complex, bytes))


class Appearance(NamedTuple):
    """The values of an object, in a form that is compared quickly.

    Attributes:
        fields: The values of its items in the order of `item_names`; for an array, its
            identity and a checksum of samples.
        metadata: Its metadata, in which other values than scalars are made comparable.
    """

    fields: tuple[Any, ...]
    metadata: dict[Any, Any]


def appearance_of(obj: Any) -> Appearance:
    """Return the present appearance of an object."""
    values = vars(obj)
    fields = tuple(
        _fingerprint(value) if isinstance(value, np.ndarray) else value
        for name in item_names(obj)
        if name != "metadata"
        for value in (values.get(f"_{name}"),)
    )
    metadata = {
        key: value if type(value) in _ATOMS else _frozen(value)
        for key, value in current_metadata(obj).items()
    }
    return Appearance(fields, metadata)


def changed_parts(obj: Any, before: Appearance, after: Appearance) -> frozenset[str]:
    """Return the parts of an object that differ, as the protocol names them.

    The display options that DataLab adds when it draws an object for the first time are
    not a change.
    """
    if before == after:
        return frozenset()
    names = [name for name in item_names(obj) if name != "metadata"]
    fields = {
        name: None
        for name, old, new in zip(names, before.fields, after.fields, strict=True)
        if old != new and not (old != old and new != new)
    }
    old, new = before.metadata, after.metadata
    keys = {key: None for key in old.keys() | new.keys() if _differs(key, old, new)}
    return parts_of(fields, keys)


def _differs(key: Any, old: dict[Any, Any], new: dict[Any, Any]) -> bool:
    if key not in old:
        return not _is_filled_in(key)
    return key not in new or bool(old[key] != new[key])


def _is_filled_in(key: Any) -> bool:
    """Return whether DataLab adds such an entry when it draws an object."""
    if not isinstance(key, str):
        return False
    return key in CURVE_STYLE_KEYS or (
        key.startswith("__") and not key.endswith("_parameters")
    )


def describe(obj: Any, kind: Kind) -> dict[str, Any]:
    """Return the entry of an object in a snapshot, as DataLab itself has the object."""
    fields = {}
    nbytes = 0
    for name in item_names(obj):
        value = getattr(obj, name)
        if name == "metadata":
            continue
        if isinstance(value, np.ndarray):
            nbytes += value.nbytes
        elif name not in ("xydata", "data"):
            fields[name] = _field(value, kind, name)
    data = getattr(obj, PRIMARY_ARRAY[kind])
    array = isinstance(data, np.ndarray)
    metadata = current_metadata(obj)
    roi = metadata.get(ROI_KEY)
    return {
        "kind": kind,
        "shape": list(data_shape(kind, data.shape)) if array else [],
        "dtype": data.dtype.str if array else None,
        "nbytes": nbytes,
        "fields": fields,
        "roi": len(roi.get("single_rois", ())) if isinstance(roi, dict) else 0,
        "results": sum(map(is_result_key, metadata)),
    }


def describe_record(record: Record) -> dict[str, Any]:
    """Return the entry of an object in a snapshot, given its record."""
    return {
        "kind": record.kind,
        "shape": list(record.shape),
        "dtype": None if record.dtype is None else record.dtype.str,
        "nbytes": record.nbytes,
        "fields": typed_json.encode(record.fields),
        "roi": roi_count(record),
        "results": len(list(result_keys(record))),
    }


def _field(value: Any, kind: Kind, name: str) -> Any:
    try:
        return typed_json.encode(checked_field(value, FIELDS[kind].get(name), name))
    except TypeError:
        return None  # a macro has set a value that the item cannot have


def _fingerprint(array: np.ndarray[Any, Any]) -> tuple[Any, ...]:
    if array.size <= _SAMPLES:
        samples = array
    elif array.flags.c_contiguous:
        samples = array.reshape(-1)[:: array.size // _SAMPLES]
    else:
        samples = array.flat[:: array.size // _SAMPLES]
    checksum = zlib.crc32(samples.tobytes()) if array.dtype != object else 0
    return id(array), array.dtype.str, array.shape, checksum


def _frozen(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _fingerprint(value)[1:]
    if isinstance(value, dict):
        return tuple(_pairs(value))
    if isinstance(value, list | tuple):
        return type(value).__name__, tuple(map(_frozen, value))
    if type(value) in _ATOMS:
        return value
    return type(value).__name__, repr(value)


def _pairs(value: dict[Any, Any]) -> Iterator[tuple[Any, Any]]:
    for key, item in value.items():
        yield key, _frozen(item)
