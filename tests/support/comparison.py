"""What DataLab is to show of an object, compared with what it does show.

The rules are written down once more here: DataLab keeps texts, numbers, lists, dicts
and numeric arrays, and is given what comes closest of the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from datalab_workspace.testing.comparison import as_stored, value_differences
from support.real_datalab.exchange import Item

#: Dtypes that data of an object of DataLab's may have, the smallest first.
DTYPES = {
    "signal": ("f8", "f4", "c16"),
    "image": ("u1", "i2", "u2", "i4", "f4", "f8", "c16"),
}
#: Where DataLab keeps how it draws an object, besides keys that begin with "__".
STYLE_KEYS = frozenset(
    {
        *("alpha", "color", "edgecolor", "edgewidth", "facecolor"),
        *("marker", "size", "style", "width"),
    }
)
SIDECAR = "datalab_workspace"
ABSENT = object()

_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")
_NUMBERS = [
    np.dtype(code).newbyteorder(order) for code in "?bBhHiIqQefdFD" for order in "<>"
]
_PYTHON = {np.bool_: bool, np.int64: int, np.float64: float, np.complex128: complex}


def assert_shows(item: Item, obj: Any, name: str, **options: Any) -> None:
    """Fail, listing what differs, unless DataLab shows an object as it should.

    Args:
        item: What DataLab made of the object.
        obj: The sigima object that was added to the workspace, or loaded by it.
        name: Its name there.
        options: See `differences`.
    """
    different = list(differences(item, obj, name, **options))
    assert not different, f"{name!r:.80} differs:\n" + "\n".join(different)


def differences(
    item: Item, obj: Any, name: str, *, opened: bool = False
) -> Iterator[str]:
    """Yield what DataLab shows otherwise than it should, one line each.

    Args:
        item: What DataLab made of the object.
        obj: The sigima object that was added to the workspace, or loaded by it.
        name: Its name there.
        opened: The window has opened the file, and given the object its style.
    """
    stored = as_stored(obj, name)
    kind = "signal" if hasattr(stored, "xydata") else "image"
    if item.kind != kind:
        yield f"kind: {kind} became {item.kind}"
        return
    primary = "xydata" if kind == "signal" else "data"
    for field, found in item.fields.items():
        value = getattr(stored, field)
        if field == primary:
            yield from data_differences(kind, value, found)
        elif field in ("xcoords", "ycoords"):
            coordinates = np.empty(0) if value is None else np.asarray(value, "f8")
            yield from value_differences(coordinates, found, field)
        else:
            expected = "" if value is None and not _is_bound(field) else shown(value)
            expected = None if expected is ABSENT else expected
            yield from value_differences(expected, as_python(found), field)
    roi = None if stored.roi is None else stored.roi.to_dict()
    yield from value_differences(as_python(roi), as_python(item.roi), "roi")
    yield from _metadata_differences(stored.metadata, item.metadata, opened)


def data_differences(kind: str, data: Any, found: Any) -> Iterator[str]:
    """Yield how the data that DataLab holds differs from what was added.

    Its dtype is the data's own if DataLab has it, else one that holds it without loss;
    all bits are there.

    Args:
        kind: "signal" or "image".
        data: The data of an object, of any dtype, maybe masked; None for no data,
            which is shown as data without elements.
        found: The array that DataLab holds.
    """
    if data is None:
        # DataLab cannot save an object without data.
        data = np.empty((2, 0) if kind == "signal" else (0, 0))
    values = np.ma.getdata(data)
    own = values.dtype.newbyteorder("=")
    native = own in map(np.dtype, DTYPES[kind])
    if found.dtype not in map(np.dtype, DTYPES[kind]):
        yield f"data: DataLab has no dtype {found.dtype}"
    elif native and found.dtype != own:
        yield f"data: dtype {own} became {found.dtype}"
    elif _is_real(found.dtype) != _is_real(own) or (
        own.kind == "f" and found.dtype.kind != "f"
    ):
        yield f"data: numbers of dtype {own} became {found.dtype}"
    elif own.kind in "iu" and values.tolist() != found.tolist():
        # Converted back, integers that have wrapped around would be the same.
        yield f"data: {values!r:.80} became {found!r:.80}"
    else:
        yield from value_differences(values.astype(own), found.astype(own), "data")


def _is_real(dtype: np.dtype[Any]) -> bool:
    return dtype.kind != "c"


def _is_bound(field: str) -> bool:
    return field.endswith(("scalemin", "scalemax"))


def _metadata_differences(
    expected: dict[Any, Any], found: dict[str, Any], opened: bool
) -> Iterator[str]:
    visible = shown(expected)
    remaining = dict(found)
    for key in ("__uuid", "__number"):
        if key not in remaining:
            yield f"metadata: DataLab found no {key}"
    for key in ("__uuid", "__number", SIDECAR):
        visible.pop(key, None)
        remaining.pop(key, None)
    visible = {key: v for key, v in visible.items() if not _is_broken_result(key, v)}
    if opened:
        for key in [*remaining]:
            if key not in visible and (key.startswith("__") or key in STYLE_KEYS):
                del remaining[key]
    yield from value_differences(visible, as_python(remaining), "metadata")


def _is_broken_result(key: str, value: Any) -> bool:
    """Tell whether DataLab would fail on a value, which is to be kept from it."""
    kind = re.fullmatch("(Geometry|Table)_.*_dict", key, re.DOTALL)
    if kind is None:
        return False
    parts = {"title", "kind", "coords"} if kind[1] == "Geometry" else {"title", "names"}
    return not (isinstance(value, dict) and parts <= value.keys())


def is_key(key: object) -> bool:
    """Tell whether DataLab can have a metadata key."""
    return (
        type(key) is str
        and 0 < len(key) <= 1000
        and not re.fullmatch(r"\.\.?|.*/.*|__dict|__seq\d*|.*__type__", key, re.DOTALL)
        and not key.startswith("#callable#")
        and not _UNWRITABLE.search(key)
    )


def shown(value: Any) -> Any:
    """Return what DataLab is to show for a value of metadata, or `ABSENT`.

    Args:
        value: None, a flag, number, text, bytes, numeric array, or a list, tuple or
            dict of these.

    Returns:
        The value, with Python's types for NumPy's of the same precision. In a dict,
        what DataLab can't have is left out; in a list, it is "".

    Raises:
        NotImplementedError: There is no rule here for values of this type.
    """
    if value is None:
        return ABSENT
    if isinstance(value, dict):
        pairs = {key: shown(item) for key, item in value.items() if is_key(key)}
        return {key: item for key, item in pairs.items() if item is not ABSENT}
    if isinstance(value, list | tuple):
        return ["" if (item := shown(part)) is ABSENT else item for part in value]
    if type(value) is str:
        return _UNWRITABLE.sub("\ufffd", value)
    if type(value) is bytes:
        return shown(value.decode("utf-8", "backslashreplace"))
    if type(value) is np.ndarray and value.dtype in _NUMBERS:
        return value
    if type(value) in (bool, int, float, complex):
        return value
    if isinstance(value, np.generic) and value.dtype in _NUMBERS:
        return as_python(value)
    raise NotImplementedError(f"how DataLab shows {value!r:.80}")


def as_python(value: Any) -> Any:
    """Return a value with Python's scalars where NumPy's are of the same precision.

    A file does not tell them apart.
    """
    if isinstance(value, dict):
        return {key: as_python(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_python(item) for item in value]
    python = _PYTHON.get(type(value))
    return value if python is None else python(value)
