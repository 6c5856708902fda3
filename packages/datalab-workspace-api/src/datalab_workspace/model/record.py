"""The record of one signal or image: arrays, fields and metadata.

Files, protocols and memory all exchange Records. Of the modules in this package, only
`datalab_workspace.model.sigima_objects` knows sigima's object classes. A Record takes
its fields by name from the items of sigima's data sets. An item that a later version of
sigima adds is therefore kept without a change here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeAlias
from uuid import uuid4

import numpy as np

from datalab_workspace.errors import UnsupportedObjectError
from datalab_workspace.model.array_reference import ArrayReference
from datalab_workspace.model.metadata_values import as_base, is_masked_array, snapshot

Kind: TypeAlias = Literal["signal", "image"]
FieldValue: TypeAlias = "str | bool | int | float | None"

KINDS: tuple[Kind, ...] = ("signal", "image")
#: Name of the array that holds the data: the rows x, y[, dx, dy] of a signal, or the
#: pixels of an image.
PRIMARY_ARRAY: Mapping[str, str] = MappingProxyType(
    {"signal": "xydata", "image": "data"}
)
ARRAYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"signal": ("xydata",), "image": ("data", "xcoords", "ycoords")}
)
#: Metadata key under which DataLab keeps the UUID of an object.
UUID_KEY = "__uuid"
#: Metadata keys that identify an object within DataLab. They do not belong to its data.
IDENTITY_KEYS = frozenset({UUID_KEY, "__number"})
#: Metadata key under which sigima keeps the regions of interest of an object.
ROI_KEY = "_roi_"
#: Metadata key under which sigima keeps the path of the file it read an object from.
SOURCE_KEY = "source"
#: Metadata key under which DataLab records how an object was computed.
PROCESSING_KEY = "__processing_parameters"
_RESULT_KEY = re.compile(r"(Geometry|Table)_.*_dict\Z", re.DOTALL)


@dataclass(frozen=True)
class FieldSpec:
    """The type and default of one field.

    Attributes:
        type: `str`, `bool` or `float`.
        default: Value of the field where a file or protocol omits it.
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
    """Check the value of a field and convert it to the type of the field.

    Args:
        value: None, or a Python or NumPy scalar of the field's type.
        spec: The field; None for a field that this version does not know.
        where: Name of the field in an error message.

    Returns:
        A Python value. If the field is a float, an integer is converted to float.

    Raises:
        UnsupportedObjectError: `value` has another type.
    """
    if spec is not None and type(value) is spec.type:
        return value  # type: ignore[return-value]  # of one of the four types
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
            converted: FieldValue = as_base(value, base)
            return converted
    raise UnsupportedObjectError(
        f"{where} must be of type {wanted.__name__}, got {value!r:.60}"
    )


Array: TypeAlias = "np.ndarray[Any, Any] | ArrayReference | None"


@dataclass(eq=False)
class Record:
    """One signal or image.

    Attributes:
        kind: "signal" or "image".
        fields: Value of each item of the object by name: strings, flags and numbers.
            String fields and bounds may be None.
        arrays: The arrays by name. A signal has "xydata": float32, float64 or
            complex128, shape (2, N) or (4, N), rows x, y[, dx, dy]. An image has
            "data": any numeric dtype, shape (H, W), possibly a masked array; and
            "xcoords", shape (W,), and "ycoords", shape (H,), both empty if the
            coordinates are uniform. The data of an empty object is None. An array may
            be an `ArrayReference`, which reads what an index selects:
            ``record.arrays["data"][10:20, :]``.
        metadata: The object's metadata without ``__uuid`` and ``__number``, which
            describe its position in a workspace and not the object itself.
        uuid: The permanent, unique identifier of the object.
        version: A token that identifies the content. A backend never changes a record
            that it keeps: an edited object is a new record, with a new version.
        history: How the object was made: a `RecordHistory`, the written form of one
            that a sidecar brought, or None. It does not belong to the content.

    Example:
        >>> record = workspace.record("spot")
        >>> record.kind, record.title
        ('image', 'spot')
    """

    kind: Kind
    fields: dict[str, FieldValue] = field(default_factory=dict)
    arrays: dict[str, Array] = field(default_factory=dict)
    metadata: dict[Any, Any] = field(default_factory=dict)
    uuid: str = field(default_factory=lambda: str(uuid4()))
    version: object = field(default_factory=object, init=False, repr=False)
    history: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name, spec in FIELDS[self.kind].items():
            self.fields.setdefault(name, spec.default)
        for name in ARRAYS[self.kind]:
            if name not in self.arrays:
                empty = name != PRIMARY_ARRAY[self.kind]
                self.arrays[name] = np.empty(0) if empty else None

    @property
    def title(self) -> str:
        """The title; "" for an object without one."""
        title = self.fields["title"]
        return "" if title is None else str(title)

    @property
    def data(self) -> Array:
        """The primary array."""
        return self.arrays[PRIMARY_ARRAY[self.kind]]

    @property
    def shape(self) -> tuple[int, ...]:
        """(N,) for a signal, (H, W) for an image, () for an empty object."""
        return data_shape(self.kind, () if self.data is None else self.data.shape)

    @property
    def dtype(self) -> np.dtype[Any] | None:
        """Data type of the elements; None for an empty object."""
        return None if self.data is None else self.data.dtype

    @property
    def nbytes(self) -> int:
        """Size in bytes of all arrays in memory."""
        return sum(array.nbytes for array in self.arrays.values() if array is not None)

    def __repr__(self) -> str:
        shape = " × ".join(map(str, self.shape)) or "empty"
        dtype = "" if self.dtype is None else f" {self.dtype}"
        return f"<Record {self.title!r:.80}: {self.kind}, {shape}{dtype}>"

    def array(self, name: str) -> np.ndarray[Any, Any] | None:
        """Return one of the arrays; read it if it is a reference.

        Args:
            name: Key of `arrays`.

        Returns:
            The array itself, not a copy; or None.

        Raises:
            StaleFileError: The file no longer contains the array.

        Example:
            >>> workspace.record("spot").array("data").ndim
            2
        """
        array = self.arrays[name]
        if array is None or isinstance(array, np.ndarray):
            return array
        return array.read()

    def copy(self, *, views: bool = False) -> Record:
        """Return an independent copy of the record.

        Args:
            views: Use read-only views of the arrays instead of copies. Fields and
                metadata are always copied.

        Returns:
            The copy, with the same UUID. Unread arrays stay unread.

        Example:
            >>> record = workspace.record("peak")
            >>> record.copy().uuid == record.uuid
            True
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
            history=self.history,
        )

    def to_pandas(self) -> Any:
        """Return a DataFrame: a column for y of a signal, or for each column of pixels.

        See `Workspace.to_pandas`.

        Raises:
            ImportError: pandas is not installed.

        Example:
            >>> workspace.record("spot").to_pandas().shape
            (48, 64)
        """
        from datalab_workspace.model.pandas_objects import to_pandas

        return to_pandas(self)

    def to_xarray(self) -> Any:
        """Return a DataArray of xarray; see `Workspace.to_xarray`.

        Raises:
            ImportError: xarray is not installed.

        Example:
            >>> workspace.record("spot").to_xarray().dims
            ('y', 'x')
        """
        from datalab_workspace.model.xarray_objects import to_xarray

        return to_xarray(self)


@dataclass(eq=False, slots=True)  # creating a frozen one takes three times as long
class PendingRecord:
    """The properties of an object that are known before its record is created.

    Attributes:
        uuid: The object's UUID.
        kind: "signal" or "image".
        title: The object's title.
        shape: See `Record.shape`.
        dtype: See `Record.dtype`.
            resolve: Returns the record, a new one with each call. A backend calls it at
            most once, and so does each copy of the workspace. A function that can be
            pickled lets the workspace be pickled before the object was read. A save
            may replace it by one that reads the new file.
        version: The version that the record will have; see `Record`.

    Example:
        >>> from datalab_workspace.backends import PendingRecord
        >>> record = workspace.record("peak")
        >>> known = (record.uuid, "signal", "peak", record.shape, record.dtype)
        >>> PendingRecord(*known, lambda: record).resolve() is record
        True
    """

    uuid: str
    kind: Kind
    title: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any] | None
    resolve: Callable[[], Record]
    version: object = field(default_factory=object, init=False, repr=False)

    def record(self) -> Record:
        """Return the record that `resolve` returns, with the version of this object.

        Example:
            >>> from datalab_workspace.backends import PendingRecord
            >>> record = workspace.record("peak")
            >>> known = (record.uuid, "signal", "peak", record.shape, record.dtype)
            >>> pending = PendingRecord(*known, lambda: record)
            >>> pending.record().version is pending.version
            True
        """
        record = self.resolve()
        record.version = self.version
        return record

    # Nothing changes it, and it may stand for much: copies of a workspace share it.

    def __copy__(self) -> PendingRecord:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> PendingRecord:
        return self


def data_shape(kind: Kind, array_shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of an object, given the shape of its primary array."""
    return array_shape[1:] if kind == "signal" else array_shape


def independent_copy(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a writable copy in C order; the copy of a masked array is masked."""
    copied: np.ndarray[Any, Any] = array.copy(order="C")
    return copied


def read_only_view(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a read-only view of `array`, whose own flags do not change."""
    if is_masked_array(array):
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
    """Return the fill value; None if it is not of the array's dtype.

    NumPy has a default fill value that some dtypes cannot represent.
    """
    value = np.asarray(array.fill_value)
    return value if value.dtype == array.dtype else None


def roi_count(record: Record) -> int:
    """Return the number of regions of interest."""
    roi = record.metadata.get(ROI_KEY)
    return len(roi.get("single_rois", ())) if isinstance(roi, dict) else 0


def result_keys(record: Record) -> Iterator[str]:
    """Yield the metadata keys of geometry and table results."""
    yield from filter(is_result_key, record.metadata)


def is_result_key(key: object) -> bool:
    """Return whether a metadata key belongs to a geometry or table result."""
    return isinstance(key, str) and _RESULT_KEY.match(key) is not None
