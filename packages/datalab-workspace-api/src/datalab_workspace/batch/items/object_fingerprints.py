"""The fingerprints of objects, by which a run recognises changed items."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from datalab_workspace.model.array_reference import ArrayReference
from datalab_workspace.model.project import Item as Held
from datalab_workspace.model.record import Array, Record


def known_fingerprint(held: Held) -> str | None:
    """Return a fingerprint that is known without reading the object.

    Only an object of a project without a manifest has one: it is the state of the file,
    because nothing else is known about the object.
    """
    resolve = getattr(held, "resolve", None)
    known = getattr(resolve, "fingerprint", None)
    return None if known is None else str(known)


def is_in_file(record: Record) -> bool:
    """Return whether the data of an object is still in a file."""
    return isinstance(record.data, ArrayReference)


def content_fingerprint(record: Record) -> str:
    """Return a hash of everything that belongs to an object, without its UUID.

    Arrays in a file are not read: their checksum counts, or the state of the file.
    """
    digest = hashlib.blake2b(digest_size=16)
    add = digest.update
    add(f"{record.kind}{sorted(record.fields.items())!r}".encode("utf-8", "replace"))
    for name in sorted(record.arrays):
        add(name.encode())
        _add_array(add, record.arrays[name])
    _add_value(add, record.metadata)
    return digest.hexdigest()


def _add_array(add: Callable[[Any], None], array: Array) -> None:
    if array is None:
        add(b"none")
        return
    add(f"{array.dtype.str}{array.shape}".encode())
    if isinstance(array, ArrayReference):
        add(_state(array).encode())
        return
    if isinstance(array, np.ma.MaskedArray):
        add(np.packbits(np.ma.getmaskarray(array)).data)
        add(repr(array.fill_value).encode())
        array = np.ma.getdata(array)
    add(np.ascontiguousarray(array).view(np.uint8).data if array.size else b"")


def _state(array: ArrayReference) -> str:
    crc = getattr(array, "crc", None)
    if crc is not None:
        return f"crc {crc}"
    stamp = getattr(array, "stamp", None)
    if stamp is not None:
        return f"{stamp.mtime_ns} {stamp.size} {getattr(array, 'where', '')}"
    return ""


def _add_value(add: Callable[[Any], None], value: Any) -> None:
    """Add a value of the metadata, whose type counts."""
    if isinstance(value, Mapping):
        add(b"{")
        for key in sorted(value, key=repr):
            add(repr(key).encode("utf-8", "replace"))
            _add_value(add, value[key])
        add(b"}")
    elif isinstance(value, list | tuple):
        add(type(value).__name__.encode())
        for one in value:
            _add_value(add, one)
        add(b"]")
    elif isinstance(value, np.ndarray | ArrayReference):
        _add_array(add, value)
    else:
        add(f"{type(value).__name__} {value!r}".encode("utf-8", "replace"))
