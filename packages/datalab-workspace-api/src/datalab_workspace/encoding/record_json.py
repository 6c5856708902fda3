"""Records as JSON, with their arrays elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from datalab_workspace.encoding import typed_json
from datalab_workspace.encoding.typed_json import GetArray, PutArray
from datalab_workspace.history.storage.writer import HistoryWriter, sent_alone
from datalab_workspace.history.storage.written import Entry, Written
from datalab_workspace.model.record import KINDS, UUID_KEY, Record


def encode(
    record: Record,
    put_array: Callable[[str], PutArray],
    *,
    arrays: Iterable[str],
    with_metadata: bool = True,
    history: HistoryWriter | None = None,
) -> dict[str, Any]:
    """Return a record as JSON.

    Args:
        record: The record. An unread array is read, one after the other.
        put_array: Returns the function that stores the arrays of a part elsewhere;
            see `typed_json.encode`. A part is the name of an array, or "metadata".
        arrays: The names of the arrays to include.
        with_metadata: Include the metadata, and the history.
        history: Writes the history of the record. By default, its references to other
            objects are kept.
    """
    writer = history or sent_alone()
    made = writer.entry_of_whole(record) if with_metadata else None
    return {
        "uuid": record.uuid,
        "kind": record.kind,
        "fields": typed_json.encode(record.fields),
        "arrays": {
            name: typed_json.encode(record.array(name), put_array(name))
            for name in arrays
        },
        "metadata": typed_json.encode(
            writer.metadata(record) if with_metadata else {}, put_array("metadata")
        ),
        **({} if made is None else {"made": made}),
    }


def decode(data: Any, get_array: GetArray) -> Record:
    """Return the record that was encoded.

    Args:
        data: JSON data.
        get_array: Returns an array that is elsewhere.

    Raises:
        ValueError: It is not a record.
    """
    try:
        return _decoded(data, get_array)
    except (TypeError, LookupError, AttributeError) as error:
        raise ValueError(str(error)) from error


def _decoded(data: Any, get_array: GetArray) -> Record:
    if data["kind"] not in KINDS or not isinstance(data["uuid"], str):
        raise ValueError("a record needs a kind and a UUID")
    fields = typed_json.decode(data.get("fields", {}))
    found = {
        name: typed_json.decode(value, get_array)
        for name, value in data.get("arrays", {}).items()
    }
    metadata = typed_json.decode(data.get("metadata", {}), get_array)
    if not isinstance(fields, dict) or not isinstance(metadata, dict):
        raise TypeError("fields and metadata must be objects")
    for name, array in found.items():
        if array is not None and not isinstance(array, np.ndarray):
            raise TypeError(f"{name!r:.40} is not an array")
    metadata.pop(UUID_KEY, None)
    record = Record(data["kind"], fields, found, metadata, data["uuid"])
    if "made" in data:
        record.history = Written(Entry(dict(data["made"])), record)
    return record
