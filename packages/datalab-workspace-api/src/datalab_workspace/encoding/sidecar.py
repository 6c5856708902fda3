"""The sidecar: the parts of an object that a file or protocol cannot hold.

`split` converts a Record to its *plain* form: strings, numbers, lists, dicts and
numeric arrays of DataLab's own dtypes, which every DataLab supports. The original of
each part that this changes is stored as typed JSON in one metadata value, the sidecar,
under the key `KEY`. The key has no leading underscore, because DataLab copies and saves
such metadata.

`join` restores the original parts. It uses an entry of the sidecar only if the plain
value has not changed since `split` wrote it, so that a change made in DataLab takes
precedence. It ignores the whole sidecar if the data has changed. Otherwise the result
of a computation, which inherits the metadata of its source, would be restored as the
source. Only the order of the metadata keys holds for any data.

Files and protocols support different values; see
:mod:`datalab_workspace.encoding.carriers`. An object may be written with one carrier
and read with another, with DataLab in between.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from datalab_workspace.encoding import key_order, shallow_json, typed_json
from datalab_workspace.encoding.arrays import (
    fingerprint,
    is_unchanged,
    plain_arrays,
    restored_array,
)
from datalab_workspace.encoding.carriers import CARRIERS, COMPANION, FILE, NPZ, Carrier
from datalab_workspace.encoding.metadata import ABSENT, is_plain_key, to_plain
from datalab_workspace.encoding.plain_json import as_json
from datalab_workspace.history.storage.writer import HistoryWriter, sent_alone
from datalab_workspace.history.storage.written import Entry, Written
from datalab_workspace.model.metadata_values import values_equal
from datalab_workspace.model.record import (
    PRIMARY_ARRAY,
    Array,
    FieldValue,
    Record,
)
from datalab_workspace.runtime import NEWER_VERSION
from datalab_workspace.validation import warn_caller

#: Metadata key of the sidecar.
KEY = "datalab_workspace"
_FORMAT = 1
# DataLab expects a result under keys with these prefixes, and fails if it lacks one of
# these parts.
_RESULTS = {
    "Geometry_": ("title", "kind", "coords"),
    "Table_": ("title", "names", "data"),
}


def split(
    record: Record, carrier: Carrier = FILE, *, history: HistoryWriter | None = None
) -> Record:
    """Return the plain form of `record`, with a sidecar if one is needed.

    Args:
        record: Any record; it is not changed. The result shares the arrays that are
            not converted. For a file, unread arrays stay unread.
        carrier: The carrier that will transport the record.
        history: Writes the history of the record. By default, a file has no histories,
            and other carriers transport them.

    Returns:
        A record whose fields are strings without NUL, flags, numbers and None (bounds
        only), whose arrays have dtypes of the carrier, and whose metadata is a dict of
        plain values (see `metadata.to_plain` and `Carrier.to_plain`).

    Raises:
        UnsupportedDtypeError: DataLab has no dtype that holds the data without loss.
        StaleFileError: The file no longer contains an unread array that must be
            converted.
    """
    if history is not None:
        metadata = history.metadata(record)
        if metadata is not record.metadata:
            record = dataclasses.replace(record, metadata=metadata)
    sidecar: dict[str, Any] = {}
    arrays, specs = plain_arrays(record, carrier)
    if specs:
        sidecar["arrays"] = specs
    fields = _split_fields(record, sidecar, carrier, arrays)
    metadata = _split_metadata(record, sidecar, carrier)
    head: dict[str, Any] = {"format": _FORMAT}
    if sidecar:
        head["data"] = fingerprint(arrays[PRIMARY_ARRAY[record.kind]])
    if carrier is FILE and (order := _order(record, metadata, sidecar)):
        sidecar["order"] = order
    if history is None and carrier is not FILE:
        history = sent_alone()
    data = arrays[PRIMARY_ARRAY[record.kind]]
    made = None if history is None else history.entry(record, data)
    if made is not None:
        sidecar["made"] = made
    if sidecar:
        # The file is the default, because older sidecars do not name their carrier.
        named = {} if carrier is FILE else {"form": carrier.name}
        sidecar = head | named | sidecar
        metadata[KEY] = json.dumps(sidecar, separators=(",", ":"))
    return Record(record.kind, fields, arrays, metadata, record.uuid)


def join(plain: Record, carrier: Carrier = FILE, *, is_own: bool = False) -> Record:
    """Return the record that `split` was given; `plain` itself without a sidecar.

    Args:
        plain: A record as read from a file or received by a protocol. If it has a
            sidecar, unread data is read to compare it with the fingerprint.
        carrier: The carrier that transported the record.
        is_own: It is known that nothing has changed the record since `split`.

    Returns:
        The record. It shares arrays with `plain`, and its metadata has no `KEY`.

    Warns:
        UserWarning: The sidecar cannot be read; the record is as DataLab shows it.
    """
    if KEY not in plain.metadata:
        return plain
    metadata = {key: v for key, v in plain.metadata.items() if key != KEY}
    record = Record(
        plain.kind, dict(plain.fields), dict(plain.arrays), metadata, plain.uuid
    )
    sidecar = _parse(plain)
    if sidecar is not None:
        try:
            if "data" in sidecar and sidecar["data"] == fingerprint(record.data):
                _restore(record, sidecar, carrier)
            record.metadata = key_order.restored(
                record.metadata, sidecar.get("order", {})
            )
            if "made" in sidecar:
                made = dict(sidecar["made"])
                is_guess = made.get("uuid") != record.uuid
                if carrier is NPZ:  # the Web API does not say which UUID an object has
                    made["uuid"] = record.uuid
                data = None if is_own else plain.data
                record.history = Written(Entry(made), record, data, is_guess=is_guess)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            warn_caller(
                f"the sidecar of {plain.title!r} cannot be read ({error}); the object "
                "is as DataLab shows it",
                UserWarning,
            )
    return record


def depends_on_data(plain: Record) -> bool:
    """Return whether `join` would read the data of `plain`, to compare it.

    The order of keys alone holds for any data.
    """
    text = plain.metadata.get(KEY)
    return isinstance(text, str) and '"data":' in text.partition('"made":')[0]


def _parse(plain: Record) -> dict[str, Any] | None:
    text = plain.metadata[KEY]
    try:
        sidecar = shallow_json.loads(text)
        if sidecar["format"] == _FORMAT:
            return dict(sidecar)
        reason = f"this version cannot read its format {sidecar['format']!r:.20}"
        reason += f"; {NEWER_VERSION}"
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        reason = f"it is not a valid sidecar ({error})"
    warn_caller(f"the sidecar of {plain.title!r} is ignored: {reason}", UserWarning)
    return None


def _restore(record: Record, sidecar: Mapping[str, Any], reader: Carrier) -> None:
    writer = CARRIERS[sidecar.get("form", FILE.name)]
    # Everything is decoded before anything is restored, so that an error leaves the
    # record as it was.
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
        # Missing coordinates are the only reason to replace this flag.
        replaced = name == "is_uniform_coords"
        written = replaced or writer.field(record.kind, name, typed)
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
    if by_json:  # JSON does not distinguish an array from a list
        return values_equal(as_json(written), as_json(found))
    return values_equal(written, found)


# -- fields ---------------------------------------------------------------------------


def _split_fields(
    record: Record,
    sidecar: dict[str, Any],
    carrier: Carrier,
    arrays: Mapping[str, Array],
) -> dict[str, FieldValue]:
    fields: dict[str, FieldValue] = {}
    for name, value in record.fields.items():
        fields[name] = carrier.field(record.kind, name, value)
        if carrier is COMPANION and name == "is_uniform_coords" and not value:
            # DataLab cannot draw an image whose coordinates are missing.
            fields[name] = not _has_coordinates(arrays)
        # Most values are the same object, which needs no comparison.
        if fields[name] is not value and not values_equal(fields[name], value):
            sidecar.setdefault("fields", {})[name] = typed_json.encode(value)
    return fields


def _has_coordinates(arrays: Mapping[str, Array]) -> bool:
    given = [arrays.get(name) for name in ("xcoords", "ycoords")]
    return all(array is not None and math.prod(array.shape) for array in given)


def _reads_back(value: Any, plain: Any) -> bool:
    """Return whether reading `plain` back gives `value`."""
    if isinstance(value, np.ndarray):
        return value is plain
    if isinstance(value, np.generic):
        # These dtypes are read back as Python numbers of the same precision.
        return value is plain and value.dtype.char not in "?dDlq"
    if type(value) is not type(plain):
        return False
    if isinstance(value, dict):
        return value.keys() == plain.keys() and all(
            _reads_back(item, plain[key]) for key, item in value.items()
        )
    if isinstance(value, list):
        return all(map(_reads_back, value, plain))
    return bool(value == plain) or (value != value and plain != plain)


def _plain_item(key: object, value: Any, carrier: Carrier) -> Any:
    if not is_plain_key(key) or key == KEY or _is_broken_result(str(key), value):
        return ABSENT
    plain = to_plain(value)
    return ABSENT if plain is ABSENT else carrier.to_plain(str(key), plain)


def _is_broken_result(key: str, value: Any) -> bool:
    """Return whether DataLab would treat a value as a result and fail to read it."""
    for prefix, parts in _RESULTS.items():
        if key.startswith(prefix) and key.endswith("_dict"):
            return not isinstance(value, dict) or any(
                value.get(part) is None for part in parts
            )
    return False


def _order(
    record: Record, metadata: Mapping[str, Any], sidecar: Mapping[str, Any]
) -> dict[str, Any] | None:
    whole = [typed_json.decode(key) for key, _ in sidecar.get("metadata", ())]
    return key_order.recorded(record.metadata, metadata, whole)


def _split_metadata(
    record: Record, sidecar: dict[str, Any], carrier: Carrier
) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    for key, value in record.metadata.items():
        plain = _plain_item(key, value, carrier)
        if plain is not ABSENT:
            metadata[key] = plain
        if plain is ABSENT or carrier.drops(key) or not _reads_back(value, plain):
            entry = [typed_json.encode(key), typed_json.encode(value)]
            sidecar.setdefault("metadata", []).append(entry)
    return metadata
