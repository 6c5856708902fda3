"""Read and write Records as the JSON by which DataLab sends objects over XML-RPC.

An object is a list of three strings: a module, a class and guidata's JSON of the items
of that class. The first two are only compared with the names of sigima: nothing is
imported because a server names it, and sigima is not needed.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from datalab_workspace.encoding import shallow_json, sidecar
from datalab_workspace.encoding.carriers import RPC
from datalab_workspace.encoding.metadata import check_dict
from datalab_workspace.errors import DamagedFileError, UnsupportedObjectError
from datalab_workspace.model.record import (
    ARRAYS,
    FIELDS,
    IDENTITY_KEYS,
    PRIMARY_ARRAY,
    UUID_KEY,
    Kind,
    Record,
    checked_field,
)

_CLASS_OF: dict[Kind, str] = {"signal": "SignalObj", "image": "ImageObj"}
_KIND_OF = {name: kind for kind, name in _CLASS_OF.items()}
#: The module that contains the two classes in every version of sigima.
_MODULE = "sigima.objects"
#: Items that DataLab computes.
_COMPUTED = frozenset({"xmin", "xmax", "ymin", "ymax"})


def encode(record: Record) -> list[str]:
    """Return `record` in the form that DataLab accepts, with its UUID.

    Raises:
        UnsupportedDtypeError: No dtype of DataLab can hold the data without loss.
        StaleFileError: The file of an unread array has changed.
    """
    plain = sidecar.split(record, RPC)
    metadata = {key: _encoded(value) for key, value in plain.metadata.items()}
    items: dict[str, Any] = {name: plain.fields[name] for name in FIELDS[record.kind]}
    items |= {name: _encoded(plain.array(name)) for name in ARRAYS[record.kind]}
    items["metadata"] = metadata | {UUID_KEY: record.uuid}
    return [_MODULE, _CLASS_OF[record.kind], json.dumps(items)]


def decode(data: Any) -> Record:
    """Return the record of an object that DataLab sent.

    Args:
        data: The value that an XML-RPC call returned.

    Returns:
        The whole object, with its UUID.

    Raises:
        DamagedFileError: `data` is not a signal or image.
    """
    return sidecar.join(read(data), RPC)


def read(data: Any) -> Record:
    """Return the plain record of an object, without applying its sidecar."""
    kind, text = _checked(data)
    try:
        items = shallow_json.loads(text)
        check_dict(items, "its content")
        check_dict(items.get("metadata"), "its metadata")
        metadata = {key: _decoded(value) for key, value in items["metadata"].items()}
        record = Record(kind, _fields(items, kind), _arrays(items, kind))
    except (ValueError, RecursionError, UnsupportedObjectError) as error:
        raise DamagedFileError(f"it is not an object of sigima: {error}") from error
    record.uuid = str(metadata.get(UUID_KEY, record.uuid))
    record.metadata = {k: v for k, v in metadata.items() if k not in IDENTITY_KEYS}
    return record


def with_data(plain: Record, exact: Record) -> Record:
    """Return an object that combines what both protocols carry.

    Args:
        plain: The result of `read`, whose data was transferred as decimal numbers.
        exact: The result of `npz.read`, whose data is exact.

    Returns:
        The whole object.
    """
    name = PRIMARY_ARRAY[plain.kind]
    arrays = {**plain.arrays, name: exact.arrays[name]}
    return sidecar.join(dataclasses.replace(plain, arrays=arrays), RPC)


def _checked(data: Any) -> tuple[Kind, str]:
    if (
        isinstance(data, Sequence)
        and len(data) == 3
        and all(isinstance(part, str) for part in data)
    ):
        module, name, text = data
        if name in _KIND_OF and f"{module}.".startswith(f"{_MODULE}."):
            return _KIND_OF[name], text
        raise DamagedFileError(
            f"it is a {module:.80}.{name:.80}, which is not a signal or image of sigima"
        )
    raise DamagedFileError(f"{data!r:.80} is not a signal or image")


def _fields(items: dict[str, Any], kind: Kind) -> dict[str, Any]:
    fields = {}
    for name, value in items.items():
        if name in (*ARRAYS[kind], "metadata") or name in _COMPUTED:
            continue
        spec = FIELDS[kind].get(name)
        if spec is None and isinstance(value, list | dict):
            continue  # an item of a later sigima that no field can hold
        fields[name] = checked_field(value, spec, name)
    return fields


def _arrays(items: dict[str, Any], kind: Kind) -> dict[str, Any]:
    primary, *coordinates = ARRAYS[kind]
    arrays = {name: _decoded(items.get(name)) for name in (primary, *coordinates)}
    data = arrays[primary]
    if data is not None and (not isinstance(data, np.ndarray) or data.ndim != 2):
        raise ValueError(f"its {primary} does not have the shape of a {kind}")
    for name in coordinates:
        if arrays[name] is None:
            arrays[name] = np.empty(0)
        elif not isinstance(arrays[name], np.ndarray) or arrays[name].ndim != 1:
            raise ValueError(f"its {name} are not a list of numbers")
    return arrays


# -- arrays in guidata's JSON ----------------------------------------------------------


def _encoded(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        flat = value.tolist()
        if value.dtype.kind == "c":
            flat = value.real.tolist() + value.imag.tolist()
        return ["array", flat, str(value.dtype)]
    if isinstance(value, dict):
        return {key: _encoded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_encoded(item) for item in value]
    return value


def _decoded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _decoded(item) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    if len(value) == 3 and isinstance(value[0], str) and value[0] == "array":
        array = _decoded_array(value[1], value[2])
        if array is not None:
            return array
    return [_decoded(item) for item in value]


def _decoded_array(items: Any, dtype_name: Any) -> np.ndarray[Any, Any] | None:
    """Return the array; None if the list only looks like one."""
    if not isinstance(items, list) or not isinstance(dtype_name, str):
        return None
    try:
        dtype = np.dtype(dtype_name)
        if dtype.kind not in "biufcUS":
            return None
        if dtype.kind != "c":
            return np.asarray(items, dtype)
        half = len(items) // 2
        array = np.empty(np.shape(items[:half]), dtype)
        array.real, array.imag = items[:half], items[half:]
    except (TypeError, ValueError, OverflowError):
        return None
    return array
