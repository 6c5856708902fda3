"""What each carrier can hold: a project file, and each of DataLab's two protocols.

A `Carrier` describes which parts of an object its format keeps, and what comes back of
the parts that it changes. The sidecar restores whatever that loses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from datalab_workspace.encoding.metadata import to_plain_text
from datalab_workspace.model.record import ARRAYS, FIELDS, FieldValue, Kind

Shape: TypeAlias = tuple[int, ...]
Dtypes: TypeAlias = Mapping[str, "tuple[np.dtype[Any], ...]"]

#: Dtypes that DataLab takes, by kind of object; anything else opens an error box there.
NATIVE_DTYPES: Dtypes = MappingProxyType(
    {
        "signal": tuple(map(np.dtype, ("f8", "f4", "c16"))),
        "image": tuple(map(np.dtype, ("u1", "i2", "u2", "i4", "f4", "f8", "c16"))),
    }
)
_GEOMETRY = ("x0", "y0", "dx", "dy")


@dataclass(frozen=True)
class Carrier:
    """What one carrier of objects holds.

    Attributes:
        name: What the sidecar calls it.
        dtypes: The dtypes of data, by kind of object.
        no_data: Shape of what stands for no data, by kind of object.
        arrays: Names of the arrays that it carries, by kind of object.
        fields: Names of the fields that it carries, by kind of object; None for all.
        drops: Tells whether a metadata value under a key does not come back.
        to_plain: Converts the plain metadata value under a key as the carrier does.
        round_trip: Makes of data what comes back of it, which has at least one element.
        is_json: Its metadata is JSON, so that an array may become a list.
    """

    name: str
    dtypes: Dtypes
    no_data: Mapping[str, Shape]
    arrays: Mapping[str, tuple[str, ...]]
    fields: Mapping[str, frozenset[str]] | None
    drops: Callable[[str], bool]
    to_plain: Callable[[str, Any], Any]
    round_trip: Callable[[Kind, np.ndarray[Any, Any]], np.ndarray[Any, Any]] | None
    is_json: bool

    def carries(self, kind: Kind, name: str) -> bool:
        """Tell whether a field of that name comes back."""
        return self.fields is None or name in self.fields[kind]

    def field(self, kind: Kind, name: str, value: FieldValue) -> FieldValue:
        """Return what comes back of the value of a field."""
        if not self.carries(kind, name):
            spec = FIELDS[kind].get(name)
            return None if spec is None else spec.default
        if name.endswith(("scalemin", "scalemax")):
            return value
        if self.is_json and name in _GEOMETRY and not math.isfinite(_number(value)):
            # DataLab would draw the image nowhere.
            return FIELDS[kind][name].default
        return to_plain_text(value)


def _number(value: FieldValue) -> float:
    return math.nan if value is None else float(value)


# -- metadata as JSON -----------------------------------------------------------------


def as_json(value: Any) -> Any:
    """Return a plain metadata value as JSON has it.

    Args:
        value: What `metadata.to_plain` returned, or what this did.

    Returns:
        Texts, flags, numbers, lists and dicts of these; arrays as lists, complex
        numbers as texts.
    """
    if isinstance(value, np.ndarray | np.generic):
        return as_json(value.tolist())
    if isinstance(value, complex):
        return str(value)
    if isinstance(value, dict):
        return {key: _json_item(key, as_json(item)) for key, item in value.items()}
    if isinstance(value, list):
        return _no_array([as_json(item) for item in value])
    return value


class _Coordinates(list[Any]):
    """A list of which DataLab makes an array, so that it is not held as it is."""


def _json_item(key: str, value: Any) -> Any:
    return _Coordinates(value) if key == "coords" and type(value) is list else value


def as_rpc_json(value: Any) -> Any:
    """Return a plain metadata value as it is sent to DataLab in place of an object.

    Args:
        value: What `metadata.to_plain` returned.

    Returns:
        As `as_json`, but with arrays, where guidata decodes them as they were.
    """
    if isinstance(value, np.ndarray):
        return _rpc_array(value)
    if isinstance(value, dict):
        return {key: as_rpc_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return _no_array([as_rpc_json(item) for item in value])
    return as_json(value)


def _rpc_array(array: np.ndarray[Any, Any]) -> Any:
    if array.ndim == 0 or not array.size or array.dtype.kind == "c":
        return as_json(array)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        return array.copy()  # not held as it is: NaN loses its bits
    return array


def _no_array(items: list[Any]) -> list[Any]:
    # guidata takes such a list of three for an array.
    if len(items) == 3 and isinstance(items[0], str) and items[0] == "array":
        return [" array", *items[1:]]
    return items


# -- data -----------------------------------------------------------------------------


def _npz_round_trip(kind: Kind, data: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return data if kind == "image" else join_rows(*split_rows(data))


Row: TypeAlias = "np.ndarray[Any, Any] | None"


def split_rows(xydata: np.ndarray[Any, Any]) -> tuple[Row, Row, Row, Row]:
    """Return x, y, dx and dy as DataLab has them: x and dx real, no row of NaN."""
    x, y, *errors = xydata
    dx, dy = errors or (None, None)
    return (
        x.real,
        y,
        None if dx is None or np.isnan(dx).all() else dx.real,
        None if dy is None or np.isnan(dy).all() else dy,
    )


def join_rows(x: Row, y: Row, dx: Row = None, dy: Row = None) -> np.ndarray[Any, Any]:
    """Stack the rows of a signal as DataLab does; a missing uncertainty is NaN.

    Raises:
        ValueError: There is no x or y, or the rows do not fit.
    """
    if x is None or y is None:
        raise ValueError("a signal has no x or no y")
    if dx is None and dy is None:
        return np.vstack([x, y])
    missing_dx = np.full_like(x, np.nan) if dx is None else dx
    missing_dy = np.full_like(y, np.nan) if dy is None else dy
    return np.vstack([x, y, missing_dx, missing_dy])


def _rpc_round_trip(_: Kind, data: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if data.dtype.kind in "iu":
        return data
    sent = _without_payloads(data)
    if data.dtype.kind != "c":
        return sent
    # This is how guidata puts complex numbers together, infinite ones wrongly.
    with np.errstate(invalid="ignore"):
        whole: np.ndarray[Any, Any] = 1j * sent.imag.astype(data.dtype)
        whole += sent.real
    return _without_payloads(whole)


def _without_payloads(data: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return data in which every NaN is the one that JSON can write down."""
    if not np.isnan(data).any():
        return data
    copied: np.ndarray[Any, Any] = data.copy()
    for part in (copied.real, copied.imag) if data.dtype.kind == "c" else (copied,):
        part[np.isnan(part)] = np.nan
    return copied


# -- the three ------------------------------------------------------------------------


def _as_it_is(_: str, value: Any) -> Any:
    return value


def _nothing(_: str) -> bool:
    return False


def _is_private(key: str) -> bool:
    return key.startswith("_") and key != "_roi_"


#: A project file. What stands for no data: DataLab opens an object without, but then
#: cannot save it, and loses the whole project in trying.
FILE = Carrier(
    name="file",
    dtypes=NATIVE_DTYPES,
    no_data={"signal": (2, 0), "image": (0, 0)},
    arrays=ARRAYS,
    fields=None,
    drops=_nothing,
    to_plain=_as_it_is,
    round_trip=None,
    is_json=False,
)
# DataLab opens an error box on a signal without points, and cannot draw an image
# without pixels.
_ONE_POINT = {"signal": (2, 1), "image": (1, 1)}
_TEXTS = frozenset({"title", "xlabel", "xunit", "ylabel", "yunit"})
#: The Web API.
NPZ = Carrier(
    name="npz",
    dtypes={
        "signal": tuple(map(np.dtype, ("f8", "c16"))),
        "image": NATIVE_DTYPES["image"],
    },
    no_data=_ONE_POINT,
    arrays={"signal": ("xydata",), "image": ("data",)},
    fields={"signal": _TEXTS, "image": _TEXTS | {"zlabel", "zunit", *_GEOMETRY}},
    drops=_is_private,
    to_plain=lambda key, value: _json_item(key, as_json(value)),
    round_trip=_npz_round_trip,
    is_json=True,
)
#: XML-RPC.
RPC = Carrier(
    name="rpc",
    dtypes=NATIVE_DTYPES,
    no_data=_ONE_POINT,
    arrays=ARRAYS,
    fields=None,
    drops=_nothing,
    to_plain=lambda _, value: as_rpc_json(value),
    round_trip=_rpc_round_trip,
    is_json=True,
)
CARRIERS = MappingProxyType({form.name: form for form in (FILE, NPZ, RPC)})
