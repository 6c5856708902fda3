"""Convert sigima objects to Records and back, and other values to Records.

No other module of the workspace knows sigima's object model. Importing this module does
not import sigima, which is needed only to create a `SignalObj` or `ImageObj`. If sigima
has not been imported, no value can be one of its objects.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from datalab_workspace.errors import UnsupportedDtypeError, UnsupportedObjectError
from datalab_workspace.model.array_reference import ArrayReference
from datalab_workspace.model.foreign_objects import foreign_record
from datalab_workspace.model.metadata_values import snapshot
from datalab_workspace.model.plain_arrays import (
    ACCEPTED,
    copy_or_view,
    is_numbers,
    record_of_array,
    record_of_list,
    record_of_tuple,
)
from datalab_workspace.model.record import (
    ARRAYS,
    FIELDS,
    IDENTITY_KEYS,
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


def to_record(value: object, *, copy: bool = True) -> Record:
    """Return the record of a signal or image.

    Args:
        value: A `sigima.SignalObj` or `sigima.ImageObj`; a 1-D array of shape (N,), the
            y of a signal whose x is 0 … N-1; a 2-D array of shape (H, W), the pixels of
            an image; a tuple (x, y), (x, y, dy) or (x, y, dx, dy) of arrays of shape
            (N,), where x may be dates; a list of numbers, or of equally long lists of
            numbers; or an object of another library, see `foreign_record`. An array
            may be a reference of a record, which is read.
        copy: Copy the arrays. Otherwise the record holds read-only views of the arrays
            that already have the shape and dtype of a record.

    Returns:
        A new record with a new UUID. `value` is not changed.

    Raises:
        UnsupportedObjectError: `value` has another type, or its data has a shape that
            neither a signal nor an image can have.
        UnsupportedDtypeError: The data is not numeric.
        UnsupportedMetadataError: The metadata contains a value that cannot be stored.
    """
    kind = object_kind(value)
    if kind is not None:
        return _from_object(value, kind, copy)
    if isinstance(value, ArrayReference):
        value = value.read()
    if isinstance(value, np.ndarray) and value.ndim in (1, 2):
        return record_of_array(value, copy=copy)
    if isinstance(value, tuple) and len(value) in (2, 3, 4):
        return record_of_tuple(value)
    if is_numbers(value):
        return record_of_list(value)
    record = foreign_record(value, copy=copy)
    if record is not None:
        return record
    raise UnsupportedObjectError(f"cannot add {_described(value)}; pass {ACCEPTED}")


def _described(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"an array with {value.ndim} dimensions"
    if not isinstance(value, list | tuple) or not value:
        return f"an object of type {type(value).__qualname__}"
    if isinstance(value[0], np.ndarray):
        return (
            f"a {type(value).__name__} of {len(value)} arrays (pass the tuple (x, y) "
            "for a signal, numpy.stack(rows) for an image)"
        )
    return (
        f"a {type(value).__name__} that begins with an object of type "
        f"{type(value[0]).__qualname__} (add objects one at a time)"
    )


def to_object(
    record: Record, *, copy: bool = True, own: bool = False
) -> SignalObj | ImageObj:
    """Return the sigima object of a record.

    Args:
        record: The record.
        copy: Copy the arrays. Otherwise the object gets read-only views of the
            record's arrays that are in memory. Metadata is always copied.
        own: The record's arrays are not used elsewhere, so that copying them is not
            necessary.

    Returns:
        A new `sigima.SignalObj` or `sigima.ImageObj`.

    Raises:
        ImportError: sigima is not installed.
        StaleFileError: The file of an unread array no longer contains it.
    """
    require("sigima", "a SignalObj or ImageObj", "read the arrays with record()")
    from guidata.config import ValidationMode, temporary_validation_mode
    from sigima import ImageObj, SignalObj

    arrays = {
        name: _array_for_object(record, name, copy, own) for name in record.arrays
    }
    values = {**record.fields, **arrays, "metadata": snapshot(record.metadata)}
    obj: Any = (SignalObj if record.kind == "signal" else ImageObj)()
    # A stored value is returned unchanged; sigima's validation could warn about it.
    with temporary_validation_mode(ValidationMode.DISABLED):
        for name in item_names(obj):
            if name in values:
                setattr(obj, name, values[name])
    return obj


def _array_for_object(
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


def object_kind(value: object) -> Kind | None:
    """Return the kind of a sigima object; None for anything else."""
    cls = type(value)
    if cls in _kind_of_class:
        return _kind_of_class[cls]
    if "sigima.objects" not in sys.modules:
        return None
    from sigima.objects import ImageObj, SignalObj  # waits if a thread imports it now

    kinds: dict[type[Any], Kind] = {SignalObj: "signal", ImageObj: "image"}
    found = [kind for known, kind in kinds.items() if issubclass(cls, known)]
    return _kind_of_class.setdefault(cls, found[0] if found else None)


def item_names(obj: Any) -> tuple[str, ...]:
    """Return the names of the items of a data set that store a value."""
    names = _names_of_class.get(type(obj))
    if names is None:
        names = _names_of_class[type(obj)] = tuple(
            item.get_name()
            for item in obj.get_items()
            if not type(item).__name__.startswith(("Begin", "End"))
            and item.get_prop("data", "computed", None) is None
        )
    return names


_kind_of_class: dict[type[Any], Kind | None] = {}
# Items belong to the class; asking each of them takes as long as the rest of an add.
_names_of_class: dict[type[Any], tuple[str, ...]] = {}


def _from_object(obj: Any, kind: Kind, copy: bool) -> Record:
    fields: dict[str, FieldValue] = {}
    arrays: dict[str, Any] = {}
    for name in item_names(obj):
        value = getattr(obj, name)
        if name == "metadata":
            continue
        if name in ARRAYS[kind] or isinstance(value, np.ndarray):
            arrays[name] = _checked_array(value, kind, name, obj.title, copy)
        else:
            spec = FIELDS[kind].get(name)
            fields[name] = checked_field(value, spec, f"{name} of {obj.title!r:.80}")
    return Record(kind, fields, arrays, _metadata(obj))


def current_metadata(obj: SignalObj | ImageObj) -> dict[Any, Any]:
    """Return the current metadata of an object, with its regions of interest.

    The values are not copied.
    """
    metadata = {k: v for k, v in obj.metadata.items() if k not in IDENTITY_KEYS}
    roi = _newer_roi(obj)
    if roi is not None:
        metadata[ROI_KEY] = roi
    return metadata


def current_roi(obj: SignalObj | ImageObj) -> Any:
    """Return the current regions of interest as a dict; None if there are none."""
    newer = _newer_roi(obj)
    if newer is not None:
        return newer
    held = obj.metadata.get(ROI_KEY)
    return None if held is None else snapshot(held)


def _newer_roi(obj: Any) -> Any:
    # obj.roi may be newer than the metadata. Only sync_roi_to_metadata() would update
    # the metadata, but that changes the user's own object.
    roi = getattr(obj, "_BaseObj__roi_cache", None)
    return None if roi is None else roi.to_dict()


def _metadata(obj: Any) -> dict[Any, Any]:
    copied: dict[Any, Any] = snapshot(
        current_metadata(obj), f"{obj.title!r:.80}: metadata"
    )
    return copied


def _checked_array(
    value: Any, kind: Kind, name: str, title: object, copy: bool
) -> np.ndarray[Any, Any] | None:
    if value is None:
        return None if name == PRIMARY_ARRAY[kind] else np.empty(0)
    array = value if isinstance(value, np.ndarray) else np.asarray(value)
    if array.dtype.kind not in "biufc":
        remedy = "pass numbers"
        if array.dtype.kind == "M" and name == "xydata":
            remedy = "for dates on x, call its set_x_from_datetime()"
        raise UnsupportedDtypeError(
            f"{name} of {title!r:.80} has the dtype {array.dtype}, which is not "
            f"numeric; {remedy}"
        )
    expected = 2 if name == PRIMARY_ARRAY[kind] else 1
    if name in ARRAYS[kind] and array.ndim != expected:
        raise UnsupportedObjectError(
            f"{name} of {title!r:.80} has {array.ndim} dimensions, expected "
            f"{expected}; pass {ACCEPTED}"
        )
    if name == "xydata" and array.shape[0] not in (2, 4):
        raise UnsupportedObjectError(
            f"xydata of {title!r:.80} has {array.shape[0]} rows, expected 2 (x, y) "
            "or 4 (x, y, dx, dy)"
        )
    return copy_or_view(array, copy)
