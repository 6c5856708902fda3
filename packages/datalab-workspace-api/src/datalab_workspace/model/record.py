"""The Record: one signal or one image as arrays, fields and metadata.

It is the narrow waist of the package: files, protocols and memory all speak Record, and
only `datalab_workspace.model.sigima_objects` knows sigima's classes. A Record takes its
fields from the items of sigima's data sets by name, so that an item which a later
sigima adds is carried along without a change here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable
from uuid import uuid4

import numpy as np

from datalab_workspace.errors import UnsupportedObjectError
from datalab_workspace.model.metadata_values import snapshot

Kind: TypeAlias = Literal["signal", "image"]
FieldValue: TypeAlias = "str | bool | int | float | None"

KINDS: tuple[Kind, ...] = ("signal", "image")
#: Name of the array that holds the data: rows x, y[, dx, dy] of a signal, pixels of an
#: image.
PRIMARY_ARRAY: Mapping[str, str] = MappingProxyType(
    {"signal": "xydata", "image": "data"}
)
ARRAYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"signal": ("xydata",), "image": ("data", "xcoords", "ycoords")}
)
#: Metadata key under which sigima keeps the regions of interest of an object.
ROI_KEY = "_roi_"
#: Metadata key under which DataLab notes how an object was computed.
PROCESSING_KEY = "__processing_parameters"
_RESULT_KEY = re.compile(r"(Geometry|Table)_.*_dict\Z", re.DOTALL)


@dataclass(frozen=True)
class FieldSpec:
    """Type and default of one field.

    Attributes:
        type: `str`, `bool` or `float`.
        default: Value of a field that a file or wire leaves out.
    """

    type: type
    default: FieldValue


def _texts(*axes: str) -> dict[str, FieldSpec]:
    return {
        f"{axis}{part}": FieldSpec(str, "")
        for axis in axes
        for part in ("label", "unit")
    }


def _scales(*axes: str) -> dict[str, FieldSpec]:
    specs = {"autoscale": FieldSpec(bool, True)}
    for axis in axes:
        specs[f"{axis}scalelog"] = FieldSpec(bool, False)
        specs[f"{axis}scalemin"] = FieldSpec(float, None)
        specs[f"{axis}scalemax"] = FieldSpec(float, None)
    return specs


_COMMON = {"title": FieldSpec(str, "Untitled"), "annotations": FieldSpec(str, "")}
#: The fields that every signal and image has: the items of sigima 1.0's data sets.
FIELDS: Mapping[str, Mapping[str, FieldSpec]] = MappingProxyType(
    {
        "signal": _COMMON | _texts("x", "y") | _scales("x", "y"),
        "image": _COMMON
        | _texts("x", "y", "z")
        | _scales("x", "y")
        | {
            "is_uniform_coords": FieldSpec(bool, True),
            "x0": FieldSpec(float, 0.0),
            "y0": FieldSpec(float, 0.0),
            "dx": FieldSpec(float, 1.0),
            "dy": FieldSpec(float, 1.0),
            "zscalemin": FieldSpec(float, None),
            "zscalemax": FieldSpec(float, None),
        },
    }
)


def checked_field(value: Any, spec: FieldSpec | None, where: str) -> FieldValue:
    """Return `value` as the field that `spec` describes.

    Args:
        value: None, or a Python or NumPy scalar of the field's type.
        spec: The field; None of a field that this version does not know.
        where: What to call the field in an error.

    Returns:
        A Python value; an integer is made a float where the field is one.

    Raises:
        UnsupportedObjectError: `value` is of another type.
    """
    if value is None and (spec is None or spec.type is str or spec.default is None):
        return None
    if isinstance(value, np.generic):
        value = value.item()
    wanted = type(value) if spec is None else spec.type
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if wanted is bool and value in (0, 1):
        return bool(value)
    for base in (str, bool, int, float):
        if isinstance(value, base) and issubclass(base, wanted):
            return base(value)
    raise UnsupportedObjectError(
        f"{where} is {value!r:.60}; it must be of type {wanted.__name__}"
    )


@runtime_checkable
class ArrayReference(Protocol):
    """An array that stays where it is until it is read.

    `shape`, `dtype` and `nbytes` cost nothing; `read` returns a new, writable array.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the array's elements."""

    @property
    def nbytes(self) -> int:
        """Size of the array in bytes, once read."""

    def read(self) -> np.ndarray[Any, Any]:
        """Read the whole array into memory.

        Raises:
            StaleFileError: The array's file no longer holds it.
        """


Array: TypeAlias = "np.ndarray[Any, Any] | ArrayReference | None"


@dataclass(eq=False)
class Record:
    """One signal or image.

    Attributes:
        kind: "signal" or "image".
        fields: Value of each item by its name: texts, flags, numbers. Text fields and
            bounds may be None.
        arrays: "xydata" of a signal, float32, float64 or complex128 of shape (2, N)
            or (4, N), rows x, y[, dx, dy]; "data" of an image, of shape (H, W), any
            numeric dtype, possibly a masked array, and its "xcoords" (W,) and
            "ycoords" (H,), empty where coordinates are uniform. The data of an empty
            object is None. An array may be an `ArrayReference`.
        metadata: The object's metadata without ``__uuid`` and ``__number``, which are
            no properties of the object but of its place in a workspace.
        uuid: What tells this object from every other, for ever.
    """

    kind: Kind
    fields: dict[str, FieldValue] = field(default_factory=dict)
    arrays: dict[str, Array] = field(default_factory=dict)
    metadata: dict[Any, Any] = field(default_factory=dict)
    uuid: str = field(default_factory=lambda: str(uuid4()))

    def __post_init__(self) -> None:
        for name, spec in FIELDS[self.kind].items():
            self.fields.setdefault(name, spec.default)
        for name in ARRAYS[self.kind]:
            if name not in self.arrays:
                empty = name != PRIMARY_ARRAY[self.kind]
                self.arrays[name] = np.empty(0) if empty else None

    @property
    def title(self) -> str:
        """The title, "" where the object has none."""
        title = self.fields["title"]
        return "" if title is None else str(title)

    @property
    def data(self) -> Array:
        """The primary array."""
        return self.arrays[PRIMARY_ARRAY[self.kind]]

    @property
    def shape(self) -> tuple[int, ...]:
        """(N,) of a signal of N points, (H, W) of an image, () of an empty object."""
        return data_shape(self.kind, () if self.data is None else self.data.shape)

    @property
    def dtype(self) -> np.dtype[Any] | None:
        """Element type of the data, None of an empty object."""
        return None if self.data is None else self.data.dtype

    @property
    def nbytes(self) -> int:
        """Size of all arrays in bytes, once read."""
        return sum(array.nbytes for array in self.arrays.values() if array is not None)

    def array(self, name: str) -> np.ndarray[Any, Any] | None:
        """Return one of the arrays, reading it if it has not been read yet.

        Args:
            name: Key of `arrays`.

        Returns:
            The array itself, not a copy, or None.

        Raises:
            StaleFileError: The array's file no longer holds it.
        """
        array = self.arrays[name]
        if array is None or isinstance(array, np.ndarray):
            return array
        return array.read()

    def copy(self, *, views: bool = False) -> Record:
        """Return a record that shares nothing with this one.

        Args:
            views: Take read-only views of the arrays instead of copies. Fields and
                metadata are copied in any case.

        Returns:
            The copy, with the same UUID. Unread arrays stay unread.
        """
        take = read_only_view if views else independent_copy
        return Record(
            self.kind,
            dict(self.fields),
            {
                name: take(array) if isinstance(array, np.ndarray) else array
                for name, array in self.arrays.items()
            },
            snapshot(self.metadata),
            self.uuid,
        )


@dataclass(eq=False, slots=True)  # frozen ones take thrice as long to make
class PendingRecord:
    """What is known of an object before its record is made.

    Attributes:
        uuid: The object's UUID.
        kind: "signal" or "image".
        title: The object's title.
        shape: As `Record.shape`.
        dtype: As `Record.dtype`.
        resolve: Makes the record; called once at most by a backend.
    """

    uuid: str
    kind: Kind
    title: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any] | None
    resolve: Callable[[], Record]


def data_shape(kind: Kind, array_shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of an object from that of its primary array."""
    return array_shape[1:] if kind == "signal" else array_shape


def independent_copy(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a writable copy in memory of its own, masked where `array` is."""
    copied: np.ndarray[Any, Any] = array.copy(order="C")
    return copied


def read_only_view(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a view that cannot be written through; `array`'s own flags stay."""
    if isinstance(array, np.ma.MaskedArray):
        mask = np.ma.getmask(array)
        masked: np.ndarray[Any, Any] = np.ma.MaskedArray(
            read_only_view(array.data),
            mask=read_only_view(mask) if isinstance(mask, np.ndarray) else mask,
            fill_value=fill_value(array),
        )
        return masked
    view: np.ndarray[Any, Any] = array.view()
    view.flags.writeable = False
    return view


def fill_value(array: np.ma.MaskedArray[Any, Any]) -> Any:
    """Return the fill value; None for NumPy's default where the dtype has no such."""
    value = np.asarray(array.fill_value)
    return value if value.dtype == array.dtype else None


def roi_count(record: Record) -> int:
    """Return the number of regions of interest."""
    roi = record.metadata.get(ROI_KEY)
    return len(roi.get("single_rois", ())) if isinstance(roi, dict) else 0


def result_keys(record: Record) -> Iterator[str]:
    """Yield the metadata keys of the geometry and table results of analyses."""
    yield from filter(is_result_key, record.metadata)


def is_result_key(key: object) -> bool:
    """Tell whether a metadata key is that of a geometry or table result."""
    return isinstance(key, str) and _RESULT_KEY.match(key) is not None
