"""DataLab's objects as records of the protocol, and records as DataLab's objects."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import numpy as np

from datalab_kernel.desktop.companion.exchange import ProtocolError
from datalab_workspace.encoding import sidecar
from datalab_workspace.encoding.carriers import COMPANION, NATIVE_DTYPES
from datalab_workspace.errors import UnsupportedMetadataError, WorkspaceError
from datalab_workspace.model.metadata_values import snapshot
from datalab_workspace.model.record import (
    FIELDS,
    PRIMARY_ARRAY,
    UUID_KEY,
    FieldValue,
    Kind,
    Record,
    checked_field,
)
from datalab_workspace.model.sigima_objects import (
    current_metadata,
    item_names,
    to_object,
    to_record,
)

_GEOMETRY = ("x0", "y0", "dx", "dy")
_ROWS = (2, 4)


def uuid_of(obj: Any) -> str:
    """Return the UUID of one of DataLab's objects."""
    return str(obj.metadata[UUID_KEY])


def record_of(obj: Any) -> tuple[Record, list[str]]:
    """Return the record of an object, with views of its arrays.

    Returns:
        The record, and the keys of the metadata that it does not have because their
        values cannot be sent.

    Raises:
        ProtocolError: The object has data that a record cannot have.
    """
    dropped: list[str] = []
    try:
        try:
            record = to_record(obj, copy=False)
        except UnsupportedMetadataError:
            sendable = clone(obj)
            for key, value in current_metadata(obj).items():
                if not _can_be_sent(key, value):
                    dropped.append(str(key))
                    sendable.metadata.pop(key, None)
            record = to_record(sendable, copy=False)
    except (WorkspaceError, TypeError, ValueError) as error:
        raise refused(f"DataLab's object cannot be sent: {error}") from error
    record.uuid = uuid_of(obj)
    return record, dropped


def _can_be_sent(key: object, value: object) -> bool:
    try:
        snapshot({key: value})
    except UnsupportedMetadataError:
        return False
    return True


def object_of(record: Record, *, own: bool) -> Any:
    """Return a new object for DataLab.

    Parts that DataLab cannot hold are put into the sidecar of the object.

    Args:
        record: The record; its metadata is copied.
        own: The object may keep the record's arrays.

    Raises:
        ProtocolError: DataLab refuses such an object.
    """
    _check_uuid(record.uuid)
    try:
        record = sidecar.split(record, COMPANION)
    except (WorkspaceError, TypeError, ValueError) as error:
        raise refused(f"{record.title!r:.80}: {error}") from error
    _check_data(record)
    for name in _GEOMETRY if record.kind == "image" else ():
        _check_geometry(name, record.fields[name])
    try:
        for name, value in record.fields.items():
            checked_field(value, FIELDS[record.kind].get(name), name)
        obj = to_object(record, own=own)
        obj.check_data()
    except (WorkspaceError, TypeError, ValueError) as error:
        raise refused(f"{record.title!r:.80}: {error}") from error
    obj.metadata[UUID_KEY] = record.uuid
    return obj


def complete(record: Record) -> Record:
    """Return a record with the parts that its sidecar holds.

    This takes time for large arrays, and needs no window.
    """
    return sidecar.join(record, COMPANION)


def edit(
    obj: Any,
    kind: Kind,
    fields: Mapping[str, Any],
    metadata: Mapping[Any, Any],
    dropped: Collection[Any],
) -> None:
    """Set fields and metadata of an object, and keep its sidecar up to date.

    Raises:
        ProtocolError: It has no such field, or cannot have such a value.
    """
    record, _ = record_of(obj)
    before = set(record.metadata)  # `joined` may be the record itself
    joined = complete(record)
    joined.fields.update(fields)
    for key in dropped:
        joined.metadata.pop(key, None)
    joined.metadata.update(metadata)
    plain = sidecar.split(joined, COMPANION)
    set_fields(obj, kind, {name: plain.fields.get(name) for name in fields})
    gone = (before | {sidecar.KEY}) - plain.metadata.keys()
    kept = {key: value for key, value in obj.metadata.items() if key not in gone}
    obj.metadata = kept | plain.metadata


def clone(obj: Any) -> Any:
    """Return a new object with the same arrays, the same values and its own metadata.

    It shares what DataLab has derived from them, such as the regions of interest.
    """
    new = object.__new__(type(obj))
    vars(new).update(vars(obj))
    new.metadata = dict(obj.metadata)
    return new


def set_fields(obj: Any, kind: Kind, fields: Mapping[str, Any]) -> None:
    """Set fields of an object.

    Raises:
        ProtocolError: It has no such field, or cannot have such a value.
    """
    from guidata.config import ValidationMode, temporary_validation_mode

    known = set(item_names(obj)) - {"metadata", "title"}
    checked: dict[str, FieldValue] = {}
    for name, value in fields.items():
        if name not in known or isinstance(getattr(obj, name), np.ndarray):
            raise refused(f"an object of DataLab has no field {name!r:.80} to set")
        if name in _GEOMETRY and kind == "image":
            _check_geometry(name, value)
        try:
            checked[name] = checked_field(value, FIELDS[kind].get(name), name)
        except WorkspaceError as error:
            raise refused(str(error)) from error
    with temporary_validation_mode(ValidationMode.DISABLED):
        for name, value in checked.items():
            setattr(obj, name, value)


def refused(detail: str) -> ProtocolError:
    """Return the error of something that DataLab cannot do."""
    return ProtocolError(422, "refused", detail)


def _check_uuid(uuid: str) -> None:
    try:
        canonical = str(UUID(uuid))
    except ValueError:
        canonical = ""
    if canonical != uuid:
        raise ProtocolError(400, "malformed", f"{uuid!r:.80} is not a UUID")


def _check_data(record: Record) -> None:
    data = record.data
    what = f"the data of {record.title!r:.80}"
    if not isinstance(data, np.ndarray) or data.size == 0:
        raise refused(f"{what} is empty, which DataLab cannot draw")
    if isinstance(data, np.ma.MaskedArray):
        raise refused(f"{what} is masked, which DataLab cannot keep")
    if data.dtype not in NATIVE_DTYPES[record.kind]:
        raise refused(f"{what} has the dtype {data.dtype}, which DataLab does not have")
    if data.ndim != 2 or (record.kind == "signal" and data.shape[0] not in _ROWS):
        name = PRIMARY_ARRAY[record.kind]
        raise refused(f"{what} has the shape {data.shape}, which {name} cannot have")
    for name, length in zip(("xcoords", "ycoords"), data.shape[::-1], strict=True):
        coordinates = record.arrays.get(name)
        if not isinstance(coordinates, np.ndarray):
            continue
        if coordinates.dtype != np.float64 or coordinates.shape not in {
            (0,),
            (length,),
        }:
            raise refused(
                f"{name} of {record.title!r:.80} must have the dtype float64 and the "
                f"shape ({length},), got {coordinates.dtype} and {coordinates.shape}"
            )
    if record.kind == "image" and record.fields["is_uniform_coords"] is False:
        lengths = [getattr(record.arrays[n], "size", 0) for n in ("xcoords", "ycoords")]
        if 0 in lengths:
            raise refused(f"{what} has coordinates that are not uniform and not given")


def _check_geometry(name: str, value: Any) -> None:
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise refused(f"DataLab cannot draw an image whose {name} is {value!r:.40}")
