"""The carriers of objects: a project file and each protocol of DataLab.

A `Carrier` describes which parts of an object its format keeps, and how the format
changes the other parts. The sidecar restores what a carrier loses.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, TypeAlias

import numpy as np

from datalab_workspace.encoding.metadata import to_plain_text
from datalab_workspace.encoding.plain_json import as_json, as_rpc_json, json_entry
from datalab_workspace.model.record import ARRAYS, FIELDS, ROI_KEY, FieldValue, Kind

Shape: TypeAlias = tuple[int, ...]
Dtypes: TypeAlias = Mapping[str, "tuple[np.dtype[Any], ...]"]
Row: TypeAlias = "np.ndarray[Any, Any] | None"

#: Dtypes that DataLab accepts, by kind of object. Another opens an error dialog there.
NATIVE_DTYPES: Dtypes = MappingProxyType(
    {
        "signal": tuple(map(np.dtype, ("f8", "f4", "c16"))),
        "image": tuple(map(np.dtype, ("u1", "i2", "u2", "i4", "f4", "f8", "c16"))),
    }
)
_GEOMETRY = ("x0", "y0", "dx", "dy")
# DataLab opens an error dialog for a signal without points, and cannot draw an image
# without pixels.
_ONE_POINT: Mapping[str, Shape] = MappingProxyType({"signal": (2, 1), "image": (1, 1)})
_TEXTS = frozenset({"title", "xlabel", "xunit", "ylabel", "yunit"})


class Carrier(ABC):
    """A format that carries objects: a project file or a protocol of DataLab.

    Attributes:
        name: Name of the carrier in a sidecar.
        dtypes: The supported dtypes of data, by kind of object.
        no_data: Shape of the array that replaces missing data, by kind of object.
        arrays: Names of the arrays that the carrier transports, by kind of object.
        lossless: Whether data of a supported dtype comes back bit for bit.
        is_json: Whether metadata becomes JSON, so that an array may become a list.
    """

    name: ClassVar[str]
    dtypes: ClassVar[Dtypes]
    no_data: ClassVar[Mapping[str, Shape]]
    arrays: ClassVar[Mapping[str, tuple[str, ...]]] = ARRAYS
    lossless: ClassVar[bool] = False
    is_json: ClassVar[bool] = True

    def carries(self, kind: Kind, name: str) -> bool:  # noqa: ARG002 - for subclasses
        """Return whether the carrier transports a field."""
        return True

    def field(self, kind: Kind, name: str, value: FieldValue) -> FieldValue:
        """Return the value of a field after the carrier has transported it."""
        if not self.carries(kind, name):
            spec = FIELDS[kind].get(name)
            return None if spec is None else spec.default
        if name.endswith(("scalemin", "scalemax")):
            return value
        if self.is_json and name in _GEOMETRY and not math.isfinite(_number(value)):
            # DataLab cannot draw an image at such a position.
            return FIELDS[kind][name].default
        return to_plain_text(value)

    def drops(self, key: str) -> bool:  # noqa: ARG002 - for subclasses
        """Return whether the metadata under a key does not come back."""
        return False

    @abstractmethod
    def to_plain(self, key: str, value: Any) -> Any:
        """Return a metadata value after the carrier has transported it.

        Args:
            key: Key of the value.
            value: A value returned by `metadata.to_plain`.
        """

    @abstractmethod
    def round_trip(
        self, kind: Kind, data: np.ndarray[Any, Any]
    ) -> np.ndarray[Any, Any]:
        """Return data after the carrier has transported it.

        Args:
            kind: Kind of the object.
            data: The data, with at least one element.

        Returns:
            `data` itself if the carrier does not change it.
        """


class FileCarrier(Carrier):
    """A project file."""

    name = "file"
    dtypes = NATIVE_DTYPES
    # DataLab opens an object without data but then fails to save it, and loses the
    # whole project when it tries.
    no_data: ClassVar[Mapping[str, Shape]] = MappingProxyType(
        {"signal": (2, 0), "image": (0, 0)}
    )
    lossless = True
    is_json = False

    def to_plain(self, key: str, value: Any) -> Any:  # noqa: ARG002 - the same for all
        """Return `value`."""
        return value

    def round_trip(
        self,
        kind: Kind,  # noqa: ARG002 - the same for all
        data: np.ndarray[Any, Any],
    ) -> np.ndarray[Any, Any]:
        """Return `data`."""
        return data


class NpzCarrier(Carrier):
    """The Web API, which exchanges NPZ archives."""

    name = "npz"
    dtypes: ClassVar[Dtypes] = MappingProxyType(
        {
            "signal": tuple(map(np.dtype, ("f8", "c16"))),
            "image": NATIVE_DTYPES["image"],
        }
    )
    no_data = _ONE_POINT
    arrays: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType(
        {"signal": ("xydata",), "image": ("data",)}
    )
    fields: ClassVar[Mapping[str, frozenset[str]]] = MappingProxyType(
        {"signal": _TEXTS, "image": _TEXTS | {"zlabel", "zunit", *_GEOMETRY}}
    )

    def carries(self, kind: Kind, name: str) -> bool:
        """Return whether the Web API transports a field."""
        return name in self.fields[kind]

    def drops(self, key: str) -> bool:
        """Return whether a key is private: the Web API drops all but the ROI."""
        return key.startswith("_") and key != ROI_KEY

    def to_plain(self, key: str, value: Any) -> Any:
        """Return a metadata value as JSON represents it."""
        return json_entry(key, as_json(value))

    def round_trip(
        self, kind: Kind, data: np.ndarray[Any, Any]
    ) -> np.ndarray[Any, Any]:
        """Return data as DataLab stacks the rows of a signal; pixels do not change."""
        return data if kind == "image" else join_rows(*split_rows(data))


class RpcCarrier(Carrier):
    """XML-RPC, which exchanges objects as JSON."""

    name = "rpc"
    dtypes = NATIVE_DTYPES
    no_data = _ONE_POINT

    def to_plain(self, key: str, value: Any) -> Any:  # noqa: ARG002 - the same for all
        """Return a metadata value as the JSON of an object represents it."""
        return as_rpc_json(value)

    def round_trip(
        self,
        kind: Kind,  # noqa: ARG002 - the same for all
        data: np.ndarray[Any, Any],
    ) -> np.ndarray[Any, Any]:
        """Return data as guidata decodes it from JSON."""
        if data.dtype.kind in "iu":
            return data
        sent = _without_payloads(data)
        if data.dtype.kind != "c":
            return sent
        # One pass may produce a zero whose sign the next pass changes. The result of
        # two passes does not change again.
        return _without_payloads(_complex_by_guidata(_complex_by_guidata(sent)))


class CompanionCarrier(FileCarrier):
    """The companion protocol, which keeps all that DataLab itself can save."""

    name = "companion"
    no_data = _ONE_POINT
    # Data without elements is replaced, as DataLab cannot draw it.
    lossless = False

    def field(self, kind: Kind, name: str, value: FieldValue) -> FieldValue:
        """Return the value of a field; DataLab draws no image at infinity."""
        if name in _GEOMETRY and not math.isfinite(_number(value)):
            return FIELDS[kind][name].default
        return super().field(kind, name, value)


def _complex_by_guidata(data: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return complex numbers as guidata decodes them; it gets infinite ones wrong."""
    with np.errstate(invalid="ignore"):
        whole: np.ndarray[Any, Any] = 1j * data.imag.astype(data.dtype)
        whole += data.real
    return whole


#: A project file.
FILE = FileCarrier()
#: The Web API.
NPZ = NpzCarrier()
#: XML-RPC.
RPC = RpcCarrier()
#: The companion inside DataLab.
COMPANION = CompanionCarrier()
CARRIERS: Mapping[str, Carrier] = MappingProxyType(
    {carrier.name: carrier for carrier in (FILE, NPZ, RPC, COMPANION)}
)


def split_rows(xydata: np.ndarray[Any, Any]) -> tuple[Row, Row, Row, Row]:
    """Return the rows x, y, dx and dy of a signal as DataLab keeps them.

    Args:
        xydata: Array of shape (2, N) or (4, N).

    Returns:
        Four rows of shape (N,). x and dx are real; dx or dy is None if it is missing
        or contains only NaN.
    """
    x, y, *errors = xydata
    dx, dy = errors or (None, None)
    return (
        x.real,
        y,
        None if dx is None or np.isnan(dx).all() else dx.real,
        None if dy is None or np.isnan(dy).all() else dy,
    )


def join_rows(x: Row, y: Row, dx: Row = None, dy: Row = None) -> np.ndarray[Any, Any]:
    """Return the rows of a signal stacked as DataLab does.

    Args:
        x: Row of shape (N,).
        y: Row of shape (N,).
        dx: Uncertainty of x, shape (N,); None if missing.
        dy: Uncertainty of y, shape (N,); None if missing.

    Returns:
        An array of shape (2, N), or (4, N) with at least one uncertainty. A missing one
        is replaced by NaN.

    Raises:
        ValueError: x or y is missing, or the rows have different lengths.
    """
    if x is None or y is None:
        raise ValueError("a signal needs both x and y")
    if dx is None and dy is None:
        return np.vstack([x, y])
    missing_dx = np.full_like(x, np.nan) if dx is None else dx
    missing_dy = np.full_like(y, np.nan) if dy is None else dy
    return np.vstack([x, y, missing_dx, missing_dy])


def _number(value: FieldValue) -> float:
    return math.nan if value is None else float(value)


def _without_payloads(data: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return data in which every NaN is the one that JSON represents."""
    if not np.isnan(data).any():
        return data
    copied: np.ndarray[Any, Any] = data.copy()
    for part in (copied.real, copied.imag) if data.dtype.kind == "c" else (copied,):
        part[np.isnan(part)] = np.nan
    return copied
