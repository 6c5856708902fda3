"""What the plain form of a file or wire can't hold, and how it is restored.

`split` turns a Record into its *plain* form: texts, numbers, lists, dicts and numeric
arrays of DataLab's own dtypes, which every DataLab can show and keep. Whatever that
changes goes, as typed JSON, into one metadata value beside it, the sidecar, under the
key `KEY`. The key is a public one on purpose: DataLab copies it along and saves it.

`join` restores. An entry of the sidecar is used only where the plain value is still the
one that `split` made of it, so that whatever is changed in DataLab wins; and all of it
only while the data is the data that was written, so that the result of a processing,
which inherits the metadata of its source, is not mistaken for the source.

Files and wires differ in what they hold, see :mod:`datalab_workspace.formats.forms`. An
object may be read from another carrier than it was written to, DataLab in between.
"""

from __future__ import annotations

import base64
import json
import warnings
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from datalab_workspace.errors import UnsupportedDtypeError
from datalab_workspace.formats import typedjson
from datalab_workspace.formats.forms import (
    FILE,
    FORMS,
    NATIVE_DTYPES,
    Form,
    as_json,
)
from datalab_workspace.formats.plain import ABSENT, is_plain_key, lower
from datalab_workspace.record import (
    PRIMARY_ARRAY,
    Array,
    ArrayReference,
    FieldValue,
    Record,
    fill_value,
)
from datalab_workspace.values import fits, same

__all__ = [
    "KEY",
    "NATIVE_DTYPES",
    "RestoredArray",
    "checksum",
    "fingerprint",
    "has_sidecar",
    "join",
    "native_dtype",
    "split",
]

#: Metadata key of the sidecar.
KEY = "datalab_workspace"
_FORMAT = 1
# Kinds of numbers, by what they can hold.
_RANKS = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}
# Under keys that begin so DataLab looks for a result, and fails without these parts.
_RESULTS = {
    "Geometry_": ("title", "kind", "coords"),
    "Table_": ("title", "names", "data"),
}


def split(record: Record, form: Form = FILE) -> Record:
    """Return the plain form of `record`, with a sidecar where one is needed.

    Args:
        record: Any record; it is not changed. Arrays that are not converted are shared
            with it; in a file, unread ones stay unread.
        form: The plain form to make.

    Returns:
        A record whose fields are texts without NUL, flags, numbers and None (bounds
        only), whose arrays have the form's dtypes, and whose metadata is a dict of
        plain values (see `plain.lower` and `Form.lower`).

    Raises:
        UnsupportedDtypeError: No dtype of DataLab's holds the data without loss.
        StaleFileError: An unread array that must be converted is gone.
    """
    sidecar: dict[str, Any] = {}
    fields = _split_fields(record, sidecar, form)
    arrays = _split_arrays(record, sidecar, form)
    metadata = _split_metadata(record, sidecar, form)
    if sidecar:
        data = arrays[PRIMARY_ARRAY[record.kind]]
        head = {"format": _FORMAT, "data": fingerprint(data)}
        # Files say nothing, as they did before there were other forms.
        named = {} if form is FILE else {"form": form.name}
        sidecar = head | named | sidecar
        metadata[KEY] = json.dumps(sidecar, separators=(",", ":"))
    return Record(record.kind, fields, arrays, metadata, record.uuid)


def join(plain: Record, form: Form = FILE) -> Record:
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


def fingerprint(array: Array) -> list[Any] | None:
    """Return what tells data from other data: checksum, dtype and shape.

    Args:
        array: The primary array of a plain record; read if it is a reference.

    Returns:
        CRC-32 of the bytes in C order, dtype and shape; None for None.
    """
    if array is None:
        return None
    known = getattr(array, "crc", None)
    if known is None:
        known = checksum(array.read() if isinstance(array, ArrayReference) else array)
    return [known, array.dtype.str, list(array.shape)]


def checksum(array: np.ndarray[Any, Any]) -> int:
    """Return the CRC-32 of the array's bytes in C order."""
    contiguous = np.ascontiguousarray(array)
    return zlib.crc32(contiguous.reshape(-1).view(np.uint8).data) if array.size else 0


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


def _restore(record: Record, sidecar: Mapping[str, Any], reader: Form) -> None:
    writer = FORMS[sidecar.get("form", FILE.name)]
    # Decoded before anything is put back: all of it, or nothing.
    fields = {k: typedjson.decode(v) for k, v in sidecar.get("fields", {}).items()}
    metadata = [
        (typedjson.decode(key), typedjson.decode(value))
        for key, value in sidecar.get("metadata", ())
    ]
    arrays = {
        name: _restored_array(record.arrays[name], spec)
        for name, spec in sidecar.get("arrays", {}).items()
        if _is_unchanged(record.arrays[name], spec)
    }
    record.arrays.update(arrays)
    for name, typed in fields.items():
        written = writer.field(record.kind, name, typed)
        expected = reader.field(record.kind, name, written)
        if same(expected, record.fields.get(name)):
            record.fields[name] = typed
    for key, typed in metadata:
        plain = _plain_item(key, typed, writer)
        if plain is ABSENT or (reader.drops(key) and key not in record.metadata):
            record.metadata.setdefault(key, typed)
        elif key in record.metadata and _agree(
            plain, record.metadata[key], writer.is_json or reader.is_json
        ):
            record.metadata[key] = typed


def _is_unchanged(plain: Array, spec: Mapping[str, Any]) -> bool:
    """Tell whether an array is still as it was written, or still left out."""
    if "of" in spec:
        return bool(fingerprint(plain) == spec["of"])
    return not (spec.get("left out") and plain is not None and plain.shape != (0,))


def _agree(written: Any, found: Any, by_json: bool) -> bool:
    if by_json:  # where an array and a list of the same numbers are the same
        return same(as_json(written), as_json(found))
    return same(written, found)


# -- fields ---------------------------------------------------------------------------


def _split_fields(
    record: Record, sidecar: dict[str, Any], form: Form
) -> dict[str, FieldValue]:
    fields: dict[str, FieldValue] = {}
    for name, value in record.fields.items():
        fields[name] = form.field(record.kind, name, value)
        if not same(fields[name], value):
            sidecar.setdefault("fields", {})[name] = typedjson.encode(value)
    return fields


# -- arrays ---------------------------------------------------------------------------


class RestoredArray:
    """An unread array that has another dtype, or a mask, once it is read.

    Attributes:
        plain: The array as the file holds it.
        dtype: Dtype of what `read` returns.
    """

    def __init__(self, plain: ArrayReference, spec: Mapping[str, Any]) -> None:
        self.plain = plain
        self.spec = spec
        self.dtype = np.dtype(str(spec["dtype"]))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return self.plain.shape

    @property
    def nbytes(self) -> int:
        """Size in bytes, once read."""
        return int(np.prod(self.shape)) * self.dtype.itemsize

    def read(self) -> np.ndarray[Any, Any]:
        """Read and restore the array."""
        return _convert_back(self.plain.read(), self.spec)


def _split_arrays(
    record: Record, sidecar: dict[str, Any], form: Form
) -> dict[str, Array]:
    arrays: dict[str, Array] = {}
    for name, array in record.arrays.items():
        plain, spec = _plain_array(array, record, name, form)
        arrays[name] = plain
        if spec is not None:
            sidecar.setdefault("arrays", {})[name] = spec
    return arrays


def _plain_array(
    array: Array, record: Record, name: str, form: Form
) -> tuple[Array, Mapping[str, Any] | None]:
    if array is None:
        return _nothing(record, form), {"absent": True}
    if isinstance(array, RestoredArray) and form is FILE:
        return array.plain, array.spec
    masked = isinstance(array, np.ma.MaskedArray)
    dtype = native_dtype(array, record, name, form)
    if form.landed is not None:
        return _landed_array(record, name, dtype, form)
    if dtype == array.dtype and not masked:
        return array, None
    values = record.array(name)
    assert values is not None
    return _converted(values, dtype)


def _nothing(record: Record, form: Form) -> np.ndarray[Any, Any]:
    return np.full(form.no_data[record.kind], np.nan)


def _converted(
    values: np.ndarray[Any, Any], dtype: np.dtype[Any]
) -> tuple[np.ndarray[Any, Any], dict[str, Any] | None]:
    if values.dtype == dtype and not isinstance(values, np.ma.MaskedArray):
        return values, None
    spec: dict[str, Any] = {"dtype": values.dtype.str}
    if isinstance(values, np.ma.MaskedArray):
        spec["mask"] = _packed(np.ma.getmaskarray(values))
        spec["fill"] = typedjson.encode(fill_value(values))
        values = values.data
    return values.astype(dtype, copy=False), spec


def _landed_array(
    record: Record, name: str, dtype: np.dtype[Any], form: Form
) -> tuple[np.ndarray[Any, Any], Mapping[str, Any] | None]:
    """Return what comes back of an array, and how it was where that differs."""
    values = record.array(name)
    assert values is not None
    if name != PRIMARY_ARRAY[record.kind]:
        if not values.size:
            return values, None
        if name in form.arrays[record.kind]:
            return _landed_coordinates(record, values, form)
        return np.empty(0), {"whole": typedjson.encode(values), "left out": True}
    if not values.size:
        return _nothing(record, form), {"whole": typedjson.encode(values)}
    assert form.landed is not None
    converted, spec = _converted(values, dtype)
    landed = form.landed(record.kind, converted)
    if landed is converted or same(landed, converted):
        return landed, spec
    return landed, {"whole": typedjson.encode(values)}


def _landed_coordinates(
    record: Record, values: np.ndarray[Any, Any], form: Form
) -> tuple[np.ndarray[Any, Any], Mapping[str, Any] | None]:
    assert form.landed is not None
    landed = form.landed(record.kind, values)
    if landed is values or same(landed, values):
        return landed, None
    whole = typedjson.encode(values)
    return landed, {"whole": whole, "of": fingerprint(landed)}


def native_dtype(
    array: Any, record: Record, name: str, form: Form = FILE
) -> np.dtype[Any]:
    """Return the dtype of DataLab's that holds `array` without loss.

    Args:
        array: The array, or a reference to it.
        record: The record that it belongs to.
        name: Its name there; only the primary array may have another dtype than
            float64.
        form: The plain form that it is to have.

    Returns:
        The array's own dtype where DataLab takes it, else the smallest that is exact,
        which is one of integers only for integers and flags, and of real numbers only
        for real ones.

    Raises:
        UnsupportedDtypeError: There is none.
    """
    primary = name == PRIMARY_ARRAY[record.kind]
    candidates = form.dtypes[record.kind] if primary else (np.dtype("f8"),)
    own: np.dtype[Any] = array.dtype.newbyteorder("=")
    if own in candidates:
        return own
    values = np.ma.getdata(record.array(name))  # type: ignore[arg-type]
    for dtype in candidates:
        # Whole numbers in a floating-point array stay floating-point: what DataLab
        # computes of integers is often rounded.
        if _RANKS[own.kind] <= _RANKS[dtype.kind] and fits(values, dtype):
            return dtype
    raise UnsupportedDtypeError(
        f"{name} of {record.title!r:.80} is of dtype {array.dtype} and holds values "
        f"that no dtype of DataLab's ({', '.join(map(str, candidates))}) holds without "
        "loss; convert it with astype() first"
    )


def _packed(mask: np.ndarray[Any, Any]) -> str:
    return base64.b64encode(zlib.compress(np.packbits(mask).tobytes(), 1)).decode()


def _unpacked(text: str, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    count = int(np.prod(shape))
    size = -(-count // 8)
    packed = base64.b64decode(text, validate=True)
    try:
        # The size is known, so that a forged mask cannot expand beyond it; to zlib,
        # a limit of 0 is none.
        raw = zlib.decompressobj().decompress(packed, max(size, 1))
    except zlib.error as error:
        raise ValueError(f"its mask is damaged: {error}") from error
    if len(raw) != size:
        raise ValueError(f"its mask is of {len(raw)} bytes, not {size}")
    bits = np.unpackbits(np.frombuffer(raw, np.uint8), count=count)
    return bits.astype(bool).reshape(shape)


def _restored_array(plain: Array, spec: Mapping[str, Any]) -> Array:
    if spec.get("absent"):
        return None
    if "whole" in spec:
        return _whole(typedjson.decode(spec["whole"]))
    if plain is None:
        raise ValueError("it converts an array that is not there")
    if isinstance(plain, np.ndarray):
        return _convert_back(plain, spec)
    return RestoredArray(plain, spec)


def _whole(array: Any) -> np.ndarray[Any, Any]:
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biufc":
        raise ValueError("data cannot be anything but an array of numbers")
    return array


def _convert_back(
    plain: np.ndarray[Any, Any], spec: Mapping[str, Any]
) -> np.ndarray[Any, Any]:
    dtype = np.dtype(str(spec["dtype"]))
    if dtype.kind not in "biufc":
        raise ValueError(f"data cannot be of dtype {dtype}")
    values = plain
    if plain.dtype != dtype:
        if plain.dtype.kind == "c" and dtype.kind != "c":
            raise ValueError(f"complex data cannot have been {dtype}")
        values = plain.astype(dtype)
    if "mask" not in spec:
        return values
    return np.ma.MaskedArray(
        values,
        mask=_unpacked(spec["mask"], plain.shape),
        fill_value=typedjson.decode(spec["fill"]),
    )


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


def _plain_item(key: object, value: Any, form: Form) -> Any:
    if not is_plain_key(key) or key == KEY or _is_broken_result(str(key), value):
        return ABSENT
    lowered = lower(value)
    return ABSENT if lowered is ABSENT else form.lower(str(key), lowered)


def _is_broken_result(key: str, value: Any) -> bool:
    """Tell whether DataLab would take a value for a result, and fail."""
    for prefix, parts in _RESULTS.items():
        if key.startswith(prefix) and key.endswith("_dict"):
            return not isinstance(value, dict) or any(
                value.get(part) is None for part in parts
            )
    return False


def _split_metadata(
    record: Record, sidecar: dict[str, Any], form: Form
) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    for key, value in record.metadata.items():
        plain = _plain_item(key, value, form)
        if plain is not ABSENT:
            metadata[key] = plain
        if plain is ABSENT or form.drops(key) or not _held(value, plain):
            entry = [typedjson.encode(key), typedjson.encode(value)]
            sidecar.setdefault("metadata", []).append(entry)
    return metadata
