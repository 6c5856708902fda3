"""Records from and to sigima's objects, NumPy arrays and (x, y) pairs.

The one module of the workspace that knows sigima's object model. It is imported without
sigima, which is only needed to make a `SignalObj` or `ImageObj`: where no sigima has
been imported, a value cannot be one of its objects.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from datalab_workspace.errors import UnsupportedDtypeError, UnsupportedObjectError
from datalab_workspace.model.metadata_values import fits, snapshot
from datalab_workspace.model.record import (
    ARRAYS,
    FIELDS,
    PRIMARY_ARRAY,
    ROI_KEY,
    FieldValue,
    Kind,
    Record,
    checked_field,
    independent_copy,
    read_only_view,
)
from datalab_workspace.runtime import require

if TYPE_CHECKING:
    from sigima import ImageObj, SignalObj

#: Metadata that tells where in a workspace an object is, not what it is.
IDENTITY_KEYS = frozenset({"__uuid", "__number"})
_ACCEPTED = (
    "a SignalObj, an ImageObj, a 1-D or 2-D array of numbers, or a pair of 1-D arrays "
    "(x, y)"
)


def to_record(value: object, *, copy: bool = True) -> Record:
    """Make the record of a signal or image.

    Args:
        value: A `sigima.SignalObj` or `sigima.ImageObj`; a 1-D array, shape (N,), the
            y of a signal whose x is 0 … N-1; a 2-D array, shape (H, W), the pixels of
            an image; or a tuple (x, y) of two of shape (N,).
        copy: Copy the arrays; otherwise the record holds read-only views of them, as
            far as `value` holds them in the shape and dtype of a record.

    Returns:
        A new record, with a new UUID. `value` is left as it was.

    Raises:
        UnsupportedObjectError: `value` is something else, or its data has a shape that
            neither a signal nor an image has.
        UnsupportedDtypeError: Its data is not numeric.
        UnsupportedMetadataError: Its metadata holds a value that cannot be kept.
    """
    kind = _kind_of(value)
    if kind is not None:
        return _from_object(value, kind, copy)
    if isinstance(value, np.ndarray) and value.ndim in (1, 2):
        return _from_array(value, copy)
    if isinstance(value, tuple) and len(value) == 2:
        return _from_pair(*value)
    what = type(value).__qualname__
    if isinstance(value, np.ndarray):
        what = f"an array of {value.ndim} dimensions"
    raise UnsupportedObjectError(f"cannot add {what}; a workspace holds {_ACCEPTED}")


def to_object(
    record: Record, *, copy: bool = True, own: bool = False
) -> SignalObj | ImageObj:
    """Make the sigima object of a record.

    Args:
        record: The record.
        copy: Give the object arrays of its own; otherwise read-only views of the
            record's, where those are in memory. Metadata is copied in any case.
        own: Nobody else has the record's arrays: they need not be copied.

    Returns:
        A new `sigima.SignalObj` or `sigima.ImageObj`.

    Raises:
        ImportError: sigima is not installed.
        StaleFileError: An unread array's file no longer holds it.
    """
    require("sigima", "a SignalObj or ImageObj", "read its arrays by record()")
    from guidata.config import ValidationMode, temporary_validation_mode
    from sigima import ImageObj, SignalObj

    arrays = {name: _handed_out(record, name, copy, own) for name in record.arrays}
    values = {**record.fields, **arrays, "metadata": snapshot(record.metadata)}
    obj: Any = (SignalObj if record.kind == "signal" else ImageObj)()
    # What was stored is given back as it was; sigima's checks would warn about it.
    with temporary_validation_mode(ValidationMode.DISABLED):
        for item in _items(obj):
            if item.get_name() in values:
                setattr(obj, item.get_name(), values[item.get_name()])
    return obj


def _handed_out(
    record: Record, name: str, copy: bool, own: bool
) -> np.ndarray[Any, Any] | None:
    held = record.arrays[name]
    if held is None:
        return None
    if not isinstance(held, np.ndarray):
        read = held.read()
        return read if copy else read_only_view(read)
    if own and copy and held.flags.writeable:
        return held
    return independent_copy(held) if copy else read_only_view(held)


def _kind_of(value: object) -> Kind | None:
    objects = sys.modules.get("sigima.objects")
    if objects is None:
        return None
    if isinstance(value, objects.SignalObj):
        return "signal"
    return "image" if isinstance(value, objects.ImageObj) else None


def _items(obj: Any) -> Iterator[Any]:
    """Yield the items of a data set that hold a value of their own."""
    for item in obj.get_items():
        layout = type(item).__name__.startswith(("Begin", "End"))
        if not layout and item.get_prop("data", "computed", None) is None:
            yield item


def _from_object(obj: Any, kind: Kind, copy: bool) -> Record:
    fields: dict[str, FieldValue] = {}
    arrays: dict[str, Any] = {}
    for item in _items(obj):
        name = item.get_name()
        value = getattr(obj, name)
        if name == "metadata":
            continue
        if name in ARRAYS[kind] or isinstance(value, np.ndarray):
            arrays[name] = _checked_array(value, kind, name, obj.title, copy)
        else:
            spec = FIELDS[kind].get(name)
            fields[name] = checked_field(value, spec, f"{name} of {obj.title!r:.80}")
    return Record(kind, fields, arrays, _metadata(obj))


def held_metadata(obj: SignalObj | ImageObj) -> dict[Any, Any]:
    """Return an object's metadata as it is, regions of interest included; no copy."""
    metadata = {k: v for k, v in obj.metadata.items() if k not in IDENTITY_KEYS}
    # obj.roi may be ahead of the metadata, which only sync_roi_to_metadata(), called
    # on the user's own object, would bring up to date.
    roi = getattr(obj, "_BaseObj__roi_cache", None)
    if roi is not None:
        metadata[ROI_KEY] = roi.to_dict()
    return metadata


def _metadata(obj: Any) -> dict[Any, Any]:
    copied: dict[Any, Any] = snapshot(
        held_metadata(obj), f"metadata of {obj.title!r:.80}: it"
    )
    return copied


def _checked_array(
    value: Any, kind: Kind, name: str, title: object, copy: bool
) -> np.ndarray[Any, Any] | None:
    if value is None:
        return None if name == PRIMARY_ARRAY[kind] else np.empty(0)
    array = value if isinstance(value, np.ndarray) else np.asarray(value)
    if array.dtype.kind not in "biufc":
        raise UnsupportedDtypeError(
            f"{name} of {title!r:.80} is of dtype {array.dtype}, which is no number; "
            "convert it with astype() first"
        )
    expected = 2 if name == PRIMARY_ARRAY[kind] else 1
    if name in ARRAYS[kind] and array.ndim != expected:
        raise UnsupportedObjectError(
            f"{name} of {title!r:.80} has {array.ndim} dimensions, not {expected}; "
            f"a workspace holds {_ACCEPTED}"
        )
    if name == "xydata" and array.shape[0] not in (2, 4):
        raise UnsupportedObjectError(
            f"xydata of {title!r:.80} has {array.shape[0]} rows; a signal has 2 "
            "(x, y) or 4 (x, y, dx, dy)"
        )
    return _taken(array, copy)


def _taken(array: np.ndarray[Any, Any], copy: bool) -> np.ndarray[Any, Any]:
    if not isinstance(array, np.ma.MaskedArray):
        array = np.asarray(array)
    return independent_copy(array) if copy else read_only_view(array)


def _from_array(array: np.ndarray[Any, Any], copy: bool) -> Record:
    if array.ndim == 1:
        return _from_pair(np.arange(len(array), dtype=np.float64), array)
    data = _checked_array(array, "image", "data", "the array", copy)
    return Record("image", arrays={"data": data})


def checked_pair(x: object, y: object) -> list[np.ndarray[Any, Any]]:
    """Return the arrays of a pair (x, y), each of shape (N,), x real.

    Raises:
        UnsupportedObjectError: The arrays are not 1-D or differ in length.
        UnsupportedDtypeError: x is complex.
    """
    try:
        rows = [np.asanyarray(x), np.asanyarray(y)]
    except ValueError as error:  # rows of different lengths
        message = f"x and y of the pair (x, y) must be 1-D: {error}"
        raise UnsupportedObjectError(message) from error
    if rows[0].ndim != 1 or rows[0].shape != rows[1].shape:
        raise UnsupportedObjectError(
            f"x and y of the pair (x, y) are of shape {rows[0].shape} and "
            f"{rows[1].shape}; both must be 1-D and of the same length"
        )
    if rows[0].dtype.kind == "c":
        raise UnsupportedDtypeError("x of the pair (x, y) is complex; x must be real")
    return rows


def _from_pair(x: object, y: object) -> Record:
    rows = checked_pair(x, y)
    # float64 and complex128 are what sigima itself makes of x and y.
    dtype = np.dtype(np.complex128 if rows[1].dtype.kind == "c" else np.float64)
    for name, row in zip("xy", rows, strict=True):
        if not fits(row, dtype):
            raise UnsupportedDtypeError(
                f"{name} of the pair (x, y) is of dtype {row.dtype}, which a signal "
                "cannot hold without loss; convert it with astype(float)"
            )
    masked = any(isinstance(row, np.ma.MaskedArray) for row in rows)
    stack = np.ma.stack if masked else np.stack
    return Record("signal", arrays={"xydata": stack(rows).astype(dtype, copy=False)})
