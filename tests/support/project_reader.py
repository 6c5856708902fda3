"""A reader of project files that knows of them what docs/file-format.md says."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import fractions
import json
import math
import pathlib
import uuid
import zlib
import zoneinfo
from collections.abc import Iterator
from typing import Any, NamedTuple

import h5py
import numpy as np

SECTIONS = {"signal": "DataLab_Sig", "image": "DataLab_Ima"}
DATASETS = {"signal": ("xydata",), "image": ("data", "xcoords", "ycoords")}
EXTENT = {"xmin", "xmax", "ymin", "ymax"}
BOUNDS = {f"{axis}scale{end}" for axis in "xyz" for end in ("min", "max")}
PYTHON = {"bool", "int64", "float64", "complex128"}


class Item(NamedTuple):
    """What a file says of one object."""

    kind: str
    group: str
    fields: dict[str, Any]
    arrays: dict[str, Any]
    metadata: dict[Any, Any]


def read(path: pathlib.Path) -> Iterator[Item]:
    """Yield the objects of a project in order."""
    with h5py.File(path) as file:
        assert file["DataLab_Version"][()]
        for kind, section in SECTIONS.items():
            groups = file.get(section, {})
            for name in sorted(groups):
                for number in sorted(groups[name]):
                    title = groups[name].attrs["title"]
                    yield _item(kind, title, groups[name][number])


def _item(kind: str, group: str, item: h5py.Group) -> Item:
    fields = {key: _scalar(value) for key, value in item.attrs.items()}
    fields = {key: value for key, value in fields.items() if key not in EXTENT}
    fields |= {key: None for key in BOUNDS & fields.keys() if fields[key] == ""}
    arrays = {name: item[name][()] for name in DATASETS[kind]}
    metadata = _branch(item["metadata"])
    assert metadata.pop("__uuid")
    assert metadata.pop("__number")
    if "datalab_workspace" in metadata:
        sidecar = json.loads(metadata.pop("datalab_workspace"))
        data = arrays[DATASETS[kind][0]]
        crc = zlib.crc32(np.ascontiguousarray(data).tobytes())
        assert sidecar["format"] == 1
        if sidecar.keys() - {"format", "order", "made"}:
            assert sidecar["data"] == [crc, data.dtype.str, list(data.shape)]
        for key, value in sidecar.get("fields", {}).items():
            fields[key] = decode(value)
        for name, how in sidecar.get("arrays", {}).items():
            arrays[name] = _restored(arrays[name], how)
        for key, value in sidecar.get("metadata", ()):
            metadata[decode(key)] = decode(value)
        metadata = _ordered(metadata, sidecar.get("order", {}))
    return Item(kind, group, fields, arrays, metadata)


def _ordered(value: Any, order: dict[str, Any]) -> Any:
    for key, below in order.get("in", ()):
        value[decode(key)] = _ordered(value[decode(key)], below)
    if "keys" not in order:
        return value
    return {key: value[key] for key in map(decode, order["keys"])}


def _scalar(value: Any) -> Any:
    if isinstance(value, np.generic) and value.dtype.name in PYTHON:
        return value.item()
    return value


def _branch(group: h5py.Group) -> Any:
    found = {key: _scalar(value) for key, value in group.attrs.items()}
    length = found.pop("__seq", None)
    found.pop("__dict", None)
    for key, member in group.items():
        is_branch = isinstance(member, h5py.Group)
        found[key] = _branch(member) if is_branch else np.asarray(member[()])
    if length is None:
        return found
    return [found[f"__seq{index}"] for index in range(length)]


def _restored(plain: Any, how: dict[str, Any]) -> Any:
    if how.get("absent"):
        return None
    values = plain.astype(how["dtype"])
    if "mask" not in how:
        return values
    packed = np.frombuffer(zlib.decompress(base64.b64decode(how["mask"])), np.uint8)
    mask = np.unpackbits(packed, count=values.size).astype(bool).reshape(values.shape)
    return np.ma.MaskedArray(values, mask, fill_value=decode(how["fill"]))


def decode(data: Any) -> Any:
    """Return what typed JSON says."""
    if isinstance(data, list):
        return [decode(item) for item in data]
    if not isinstance(data, dict):
        return data
    if "$" not in data:
        return {key: decode(value) for key, value in data.items()}
    return TAGS[data["$"]](data["v"])


def _array(payload: Any) -> Any:
    descr, shape, raw = payload
    dtype = np.lib.format.descr_to_dtype(_descr(descr))
    size = math.prod(shape) * dtype.itemsize
    elements = base64.b64decode(raw)
    assert len(elements) == size
    return (
        np.frombuffer(elements, dtype).reshape(shape)
        if size
        else np.empty(shape, dtype)
    )


def _descr(descr: Any) -> Any:
    if isinstance(descr, str):
        return descr
    return [
        (tuple(n) if isinstance(n, list) else n, _descr(sub), *map(tuple, shape))
        for n, sub, *shape in descr
    ]


def _moment(cls: Any, payload: Any) -> Any:
    text, seconds, zone, fold, name = payload
    value = cls.fromisoformat(text).replace(fold=fold)
    if zone is not None:
        return value.replace(tzinfo=zoneinfo.ZoneInfo(zone))
    if seconds is None:
        return value
    offset = dt.timedelta(seconds=seconds)
    known = dt.timezone(offset)
    named = known if name in (None, known.tzname(None)) else dt.timezone(offset, name)
    return value.replace(tzinfo=named)


def _path(payload: Any) -> pathlib.PurePath:
    text, flavour, concrete = payload
    if concrete:
        return pathlib.Path(text)
    windows = flavour == "windows"
    return (pathlib.PureWindowsPath if windows else pathlib.PurePosixPath)(text)


def _masked(payload: Any) -> Any:
    data, mask, fill = map(decode, payload)
    return np.ma.MaskedArray(
        data, np.ma.nomask if mask is None else mask, fill_value=fill
    )


TAGS = {
    "dict": lambda v: {decode(key): decode(value) for key, value in v},
    "tuple": lambda v: tuple(map(decode, v)),
    "set": lambda v: set(map(decode, v)),
    "frozenset": lambda v: frozenset(map(decode, v)),
    "int": lambda v: int(v, 16),
    "float": float,
    "complex": lambda v: complex(float(v[0]), float(v[1])),
    "bytes": base64.b64decode,
    "bytearray": lambda v: bytearray(base64.b64decode(v)),
    "datetime": lambda v: _moment(dt.datetime, v),
    "time": lambda v: _moment(dt.time, v),
    "date": dt.date.fromisoformat,
    "timedelta": lambda v: dt.timedelta(*v),
    "decimal": decimal.Decimal,
    "fraction": lambda v: fractions.Fraction(*v),
    "uuid": uuid.UUID,
    "path": _path,
    "array": _array,
    "scalar": lambda v: _array(v)[()],
    "masked": _masked,
}
