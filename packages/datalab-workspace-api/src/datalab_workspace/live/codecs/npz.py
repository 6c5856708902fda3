"""Read and write Records as the NPZ bodies of DataLab's Web API.

The archive of a signal contains ``x.npy``, ``y.npy`` and, if it has uncertainties,
``dx.npy`` and ``dy.npy``; that of an image contains ``data.npy``. ``metadata.json``
contains the type, the title, labels, units and position of the axes, and under
``obj_metadata`` the object's own metadata, which includes the sidecar.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np

from datalab_workspace.encoding import shallow_json, sidecar
from datalab_workspace.encoding.carriers import NPZ, join_rows, split_rows
from datalab_workspace.encoding.metadata import check_dict
from datalab_workspace.encoding.npy import from_npy, to_npy
from datalab_workspace.encoding.zip_archive import Archive, Buffer, stored
from datalab_workspace.errors import DamagedFileError, UnsupportedObjectError
from datalab_workspace.model.record import (
    FIELDS,
    IDENTITY_KEYS,
    KINDS,
    PRIMARY_ARRAY,
    ROI_KEY,
    UUID_KEY,
    Kind,
    Record,
    checked_field,
)

_METADATA = "metadata.json"
_ROWS = ("x", "y", "dx", "dy")
#: Members that an archive may have; those of DataLab have at most five.
_MOST_MEMBERS = 64
#: Bytes that a compressed member may expand to. DataLab is asked for stored ones.
_LARGEST = 1 << 31

Array: TypeAlias = "np.ndarray[Any, Any]"


def encode(record: Record) -> list[Buffer]:
    """Return the body of a request that adds `record`, in parts.

    Args:
        record: The object; its UUID is sent too, and DataLab keeps it.

    Returns:
        Buffers, some of them views of the record's own arrays.

    Raises:
        UnsupportedDtypeError: No dtype of DataLab can hold the data without loss.
        StaleFileError: The file of an unread array has changed.
    """
    plain = sidecar.split(record, NPZ)
    fields = {name: plain.fields[name] for name in _carried(record.kind)}
    head: dict[str, Any] = {"type": record.kind, **fields}
    head["obj_metadata"] = plain.metadata | {UUID_KEY: record.uuid}
    text = json.dumps(head, ensure_ascii=False).encode()
    members = [
        (f"{name}.npy", to_npy(_native(array))) for name, array in _members(plain)
    ]
    return stored([*members, (_METADATA, [text])])


def decode(body: Buffer, *, uuid: str | None = None) -> Record:
    """Return the record in an NPZ body.

    Args:
        body: The archive. The record's arrays may be views of it.
        uuid: UUID of the object, which the archive does not contain; by default a new
            one.

    Returns:
        The record. Parts that neither the Web API nor the sidecar carries are those of
        a new object: bounds, scales, annotations, coordinates of an image, and metadata
        under keys that begin with an underscore.

    Raises:
        DamagedFileError: `body` is not such an archive.
    """
    return sidecar.join(read(body, uuid=uuid), NPZ)


def read(body: Buffer, *, uuid: str | None = None) -> Record:
    """Return the plain record in an NPZ body, without applying its sidecar.

    See `decode`.
    """
    archive = Archive(body, most=_MOST_MEMBERS, largest=_LARGEST)
    try:
        head = shallow_json.loads(bytes(archive.read(_METADATA)))
        kind, fields, metadata = _parsed(head)
        if kind == "signal":
            rows = {name: _array(archive, name) for name in _ROWS}
            data: Array | None = join_rows(**rows)
        else:
            data = _array(archive, "data")
        # The rows of a signal have been stacked.
        if data is None or data.ndim != 2:
            raise ValueError(f"the data of the {kind} is not two-dimensional")  # noqa: TRY301  reported below, with the other causes
    except (ValueError, RecursionError, UnsupportedObjectError) as error:
        raise DamagedFileError(f"it is not an object of DataLab: {error}") from error
    record = Record(kind, fields, {PRIMARY_ARRAY[kind]: data}, metadata)
    if uuid is not None:
        record.uuid = uuid
    return record


def _carried(kind: Kind) -> list[str]:
    return [name for name in FIELDS[kind] if NPZ.carries(kind, name)]


# -- arrays ---------------------------------------------------------------------------


def _members(plain: Record) -> Iterator[tuple[str, Array]]:
    if plain.kind == "image":
        data = plain.array("data")
        assert data is not None
        yield "data", data
        return
    xydata = plain.array("xydata")
    assert xydata is not None
    for name, row in zip(_ROWS, split_rows(xydata), strict=True):
        if row is not None:
            yield name, row


def _native(array: Array) -> Array:
    # DataLab opens a dialog with an error for data of another byte order.
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _array(archive: Archive, name: str) -> Array | None:
    if f"{name}.npy" not in archive:
        return None
    member = archive.read(f"{name}.npy")
    return from_npy(member, name)


# -- metadata -------------------------------------------------------------------------


def _parsed(head: Any) -> tuple[Kind, dict[str, Any], dict[str, Any]]:
    check_dict(head, _METADATA)
    if head.get("type") not in KINDS:
        raise ValueError("its type is not 'signal' or 'image'")
    kind: Kind = head["type"]
    fields = {
        name: checked_field(_default(head[name], name, kind), FIELDS[kind][name], name)
        for name in _carried(kind)
        if name in head
    }
    metadata = head.get("obj_metadata") or {}
    check_dict(metadata, "its metadata")
    kept = {key: value for key, value in metadata.items() if key not in IDENTITY_KEYS}
    return kind, fields, _with_coordinates(kept)


def _default(value: Any, name: str, kind: Kind) -> Any:
    """Return the value of a field; DataLab may send None for its default."""
    return FIELDS[kind][name].default if value is None else value


def _with_coordinates(metadata: dict[str, Any]) -> dict[str, Any]:
    """Turn the coordinates of regions of interest back into arrays."""
    roi = metadata.get(ROI_KEY)
    regions = roi.get("single_rois") if isinstance(roi, dict) else None
    for region in regions if isinstance(regions, list) else ():
        if isinstance(region, dict) and isinstance(region.get("coords"), list):
            region["coords"] = np.array(region["coords"], np.float64)
    return metadata
