"""What the plain form of a file or wire can't hold, and how it is restored.

`split` turns a Record into its *plain* form: texts, numbers, lists, dicts and numeric
arrays of DataLab's own dtypes, which every DataLab can show and keep. Whatever that
changes goes, as typed JSON, into one metadata value beside it, the sidecar, under the
key `KEY`. The key is a public one on purpose: DataLab copies it along and saves it.

`join` restores. An entry of the sidecar is used only where the plain value is still the
one that `split` made of it, so that whatever is changed in DataLab wins; and all of it
only while the data is the data that was written, so that the result of a processing,
which inherits the metadata of its source, is not mistaken for the source.

Files and protocols differ in what they hold; see
:mod:`datalab_workspace.encoding.carriers`. An object may be read from another carrier
than it was written to, with DataLab in between.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from datalab_workspace.encoding import typed_json
from datalab_workspace.encoding.arrays import (
    fingerprint,
    is_unchanged,
    plain_arrays,
    restored_array,
)
from datalab_workspace.encoding.carriers import (
    CARRIERS,
    FILE,
    Carrier,
    as_json,
)
from datalab_workspace.encoding.metadata import ABSENT, is_plain_key, lower
from datalab_workspace.model.metadata_values import values_equal
from datalab_workspace.model.record import (
    PRIMARY_ARRAY,
    FieldValue,
    Record,
)

#: Metadata key of the sidecar.
KEY = "datalab_workspace"
_FORMAT = 1
# Under keys that begin so DataLab looks for a result, and fails without these parts.
_RESULTS = {
    "Geometry_": ("title", "kind", "coords"),
    "Table_": ("title", "names", "data"),
}


def split(record: Record, form: Carrier = FILE) -> Record:
    """Return the plain form of `record`, with a sidecar where one is needed.

    Args:
        record: Any record; it is not changed. Arrays that are not converted are shared
            with it; in a file, unread ones stay unread.
        form: The plain form to make.

    Returns:
        A record whose fields are texts without NUL, flags, numbers and None (bounds
        only), whose arrays have the form's dtypes, and whose metadata is a dict of
        plain values (see `metadata.to_plain` and `Carrier.lower`).

    Raises:
        UnsupportedDtypeError: No dtype of DataLab's holds the data without loss.
        StaleFileError: An unread array that must be converted is gone.
    """
    sidecar: dict[str, Any] = {}
    fields = _split_fields(record, sidecar, form)
    arrays, specs = plain_arrays(record, form)
    if specs:
        sidecar["arrays"] = specs
    metadata = _split_metadata(record, sidecar, form)
    if sidecar:
        data = arrays[PRIMARY_ARRAY[record.kind]]
        head = {"format": _FORMAT, "data": fingerprint(data)}
        # Files say nothing, as they did before there were other forms.
        named = {} if form is FILE else {"form": form.name}
        sidecar = head | named | sidecar
        metadata[KEY] = json.dumps(sidecar, separators=(",", ":"))
    return Record(record.kind, fields, arrays, metadata, record.uuid)


def join(plain: Record, form: Carrier = FILE) -> Record:
    """Return the record that `split` made `plain` of, or `plain` without a sidecar.

    Args:
        plain: A record as read from a file or wire. Its data is read, to compare it
            with the fingerprint, if there is a sidecar and the data is a reference.
        form: The plain form that it has.

    Returns:
        The record; it shares arrays with `plain` and has no `KEY` in its metadata.
    """
    if KEY not in plain.metadata:
        return plain
    metadata = {key: v for key, v in plain.metadata.items() if key != KEY}
    record = Record(
        plain.kind, dict(plain.fields), dict(plain.arrays), metadata, plain.uuid
    )
    sidecar = _parse(plain)
    if sidecar is not None and sidecar.get("data") == fingerprint(record.data):
        try:
            _restore(record, sidecar, form)
        except (KeyError, TypeError, ValueError) as error:
            warnings.warn(
                f"the sidecar of {plain.title!r} cannot be read ({error}); "
                "showing the object as DataLab does",
                stacklevel=2,
            )
    return record


def has_sidecar(plain: Record) -> bool:
    """Tell whether `join` would look at the data of `plain`."""
    return KEY in plain.metadata


def _parse(plain: Record) -> dict[str, Any] | None:
    text = plain.metadata[KEY]
    try:
        sidecar = json.loads(text)
        if sidecar["format"] == _FORMAT:
            return dict(sidecar)
        reason = f"it is of format {sidecar['format']!r:.20}, which this version"
        reason += " does not know; a newer one may"
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        reason = f"it is no sidecar ({error})"
    warnings.warn(
        f"the sidecar of {plain.title!r} is left aside: {reason}", stacklevel=3
    )
    return None


def _restore(record: Record, sidecar: Mapping[str, Any], reader: Carrier) -> None:
    writer = CARRIERS[sidecar.get("form", FILE.name)]
    # Decoded before anything is put back: all of it, or nothing.
    fields = {k: typed_json.decode(v) for k, v in sidecar.get("fields", {}).items()}
    metadata = [
        (typed_json.decode(key), typed_json.decode(value))
        for key, value in sidecar.get("metadata", ())
    ]
    arrays = {
        name: restored_array(record.arrays[name], spec)
        for name, spec in sidecar.get("arrays", {}).items()
        if is_unchanged(record.arrays[name], spec)
    }
    record.arrays.update(arrays)
    for name, typed in fields.items():
        written = writer.field(record.kind, name, typed)
        expected = reader.field(record.kind, name, written)
        if values_equal(expected, record.fields.get(name)):
            record.fields[name] = typed
    for key, typed in metadata:
        plain = _plain_item(key, typed, writer)
        if plain is ABSENT or (reader.drops(key) and key not in record.metadata):
            record.metadata.setdefault(key, typed)
        elif key in record.metadata and _agree(
            plain, record.metadata[key], writer.is_json or reader.is_json
        ):
            record.metadata[key] = typed


def _agree(written: Any, found: Any, by_json: bool) -> bool:
    if by_json:  # where an array and a list of the same numbers are the same
        return values_equal(as_json(written), as_json(found))
    return values_equal(written, found)


# -- fields ---------------------------------------------------------------------------


def _split_fields(
    record: Record, sidecar: dict[str, Any], form: Carrier
) -> dict[str, FieldValue]:
    fields: dict[str, FieldValue] = {}
    for name, value in record.fields.items():
        fields[name] = form.field(record.kind, name, value)
        if not values_equal(fields[name], value):
            sidecar.setdefault("fields", {})[name] = typed_json.encode(value)
    return fields


def _held(value: Any, plain: Any) -> bool:
    """Tell whether a file gives back `value` where `plain` was written."""
    if isinstance(value, np.ndarray):
        return value is plain
    if isinstance(value, np.generic):
        # Read back as the Python number of the same precision.
        return value is plain and value.dtype.char not in "?dDlq"
    if type(value) is not type(plain):
        return False
    if isinstance(value, dict):
        return value.keys() == plain.keys() and all(
            _held(item, plain[key]) for key, item in value.items()
        )
    if isinstance(value, list):
        return all(map(_held, value, plain))
    return bool(value == plain) or (value != value and plain != plain)


def _plain_item(key: object, value: Any, form: Carrier) -> Any:
    if not is_plain_key(key) or key == KEY or _is_broken_result(str(key), value):
        return ABSENT
    lowered = lower(value)
    return ABSENT if lowered is ABSENT else form.to_plain(str(key), lowered)


def _is_broken_result(key: str, value: Any) -> bool:
    """Tell whether DataLab would take a value for a result, and fail."""
    for prefix, parts in _RESULTS.items():
        if key.startswith(prefix) and key.endswith("_dict"):
            return not isinstance(value, dict) or any(
                value.get(part) is None for part in parts
            )
    return False


def _split_metadata(
    record: Record, sidecar: dict[str, Any], form: Carrier
) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    for key, value in record.metadata.items():
        plain = _plain_item(key, value, form)
        if plain is not ABSENT:
            metadata[key] = plain
        if plain is ABSENT or form.drops(key) or not _held(value, plain):
            entry = [typed_json.encode(key), typed_json.encode(value)]
            sidecar.setdefault("metadata", []).append(entry)
    return metadata
