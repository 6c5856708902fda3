"""Strict comparison of objects: what differs at all, told by its path.

It is stricter than the workspace's own equality, and shares no code with it: types
count, the sign of zero and the bits of NaN count, as does the data below a mask.
"""

from __future__ import annotations

import copy
import datetime
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np

from datalab_workspace.model.record import IDENTITY_KEYS

#: Metadata that DataLab gives an object that it draws.
DISPLAY_KEYS = frozenset(
    """
    __alpha __alpha_function __baseline __colormap __curvestyle __format
    __interpolation __invert_colormap __keep_lut_range __result_label_offset
    __result_label_position __shade __showlabel
    """.split()  # noqa: SIM905 - a list is easier to read so
)
#: What DataLab computes of an object that it draws, and that leaves it open.
BOUNDS = frozenset(f"{axis}scale{end}" for axis in "xyz" for end in ("min", "max"))


def assert_same(
    expected: Any, found: Any, *, but: tuple[str, ...] = (), what: str = "object"
) -> None:
    """Fail, listing what differs, unless two sigima objects are identical.

    Args:
        expected: A `SignalObj` or `ImageObj`.
        found: What is compared with it.
        but: Names of items that may differ.
        what: What to call the object.
    """
    different = list(differences(expected, found, but=but))
    assert not different, f"{what} differs:\n" + "\n".join(different)


def differences(
    expected: Any, found: Any, *, but: tuple[str, ...] = ()
) -> Iterator[str]:
    """Yield what differs between two sigima objects, one line each.

    What DataLab fills in where it draws an object is no difference.

    Args:
        expected: A `SignalObj` or `ImageObj`.
        found: What is compared with it.
        but: Names of items that may differ.
    """
    if type(expected) is not type(found):
        yield f"type: {type(expected)} became {type(found)}"
        return
    for item in expected.get_items():
        name = item.get_name()
        if name in but or type(item).__name__.startswith(("Begin", "End")):
            continue
        if name == "metadata":
            ours = {
                key: value
                for key, value in _metadata(expected).items()
                if value is not None or key not in DISPLAY_KEYS
            }
            theirs = own_metadata(found, besides=ours)
            yield from value_differences(ours, theirs, "metadata")
        elif name not in BOUNDS or getattr(expected, name) is not None:
            yield from value_differences(
                getattr(expected, name), getattr(found, name), name
            )
    yield from _roi_differences(expected, found)


def _metadata(obj: Any) -> dict[Any, Any]:
    return {k: v for k, v in obj.metadata.items() if k not in IDENTITY_KEYS}


def own_metadata(obj: Any, besides: Collection[Any] = ()) -> dict[Any, Any]:
    """Return the metadata of an object without what DataLab fills in.

    Args:
        obj: A `SignalObj` or `ImageObj`.
        besides: Keys that count in any case.
    """
    filled_in = DISPLAY_KEYS.difference(besides)
    return {k: v for k, v in _metadata(obj).items() if k not in filled_in}


def _roi_differences(expected: Any, found: Any) -> Iterator[str]:
    first, second = expected.roi, found.roi
    if (first is None) != (second is None):
        yield f"roi: {first} became {second}"
    elif first is not None:
        yield from value_differences(first.to_dict(), second.to_dict(), "roi")


def value_differences(expected: Any, found: Any, where: str = "value") -> Iterator[str]:
    """Yield what differs between two values of metadata or arrays, one line each.

    Args:
        expected: None, a Python or NumPy value, or a list, tuple, set or dict of these.
        found: What is compared with it.
        where: What to call the value.
    """
    if type(expected) is not type(found):
        yield (
            f"{where}: {type(expected).__qualname__} {expected!r:.80} became "
            f"{type(found).__qualname__} {found!r:.80}"
        )
    elif isinstance(expected, dict):
        yield from _dict_differences(expected, found, where)
    elif isinstance(expected, list | tuple):
        if len(expected) != len(found):
            yield f"{where}: {len(expected)} items became {len(found)}"
        for index, pair in enumerate(zip(expected, found, strict=False)):
            yield from value_differences(*pair, f"{where}[{index}]")
    elif isinstance(expected, np.ndarray):
        yield from _array_differences(expected, found, where)
    elif identity(expected) != identity(found):
        yield f"{where}: {expected!r:.80} became {found!r:.80}"


def _dict_differences(
    expected: dict[Any, Any], found: dict[Any, Any], where: str
) -> Iterator[str]:
    ours = {identity(key): value for key, value in expected.items()}
    theirs = {identity(key): value for key, value in found.items()}
    for key in ours.keys() - theirs.keys():
        yield f"{where}: the key {key[1]:.80} is gone"
    for key in theirs.keys() - ours.keys():
        yield f"{where}: the key {key[1]:.80} is new"
    for key in ours.keys() & theirs.keys():
        yield from value_differences(ours[key], theirs[key], f"{where}[{key[1]:.80}]")


def identity(value: Any) -> tuple[str, str]:
    """Return what tells a value that has no parts from every other one.

    Args:
        value: Anything but an array, list or dict.

    Returns:
        Two texts: the type, and all that there is to know of the value.
    """
    kind = type(value).__qualname__
    if isinstance(value, set | frozenset):
        return kind, repr(sorted(map(identity, value)))
    if isinstance(value, tuple):
        return kind, repr(list(map(identity, value)))
    if isinstance(value, np.generic):
        # The padding of extended precision is arbitrary.
        bits = repr(value) if value.dtype.char in "gG" else value.tobytes().hex()
        return f"{kind} {value.dtype!r}", bits
    if isinstance(value, datetime.datetime | datetime.time):
        return kind, f"{value!r} {value.utcoffset()} {value.tzname()} {value.fold}"
    if isinstance(value, int) and not isinstance(value, bool):
        return kind, hex(value)  # repr() refuses to write very large ones
    return kind, repr(value)


def _array_differences(
    expected: np.ndarray[Any, Any], found: np.ndarray[Any, Any], where: str
) -> Iterator[str]:
    if expected.dtype != found.dtype:
        yield f"{where}: dtype {expected.dtype!r} became {found.dtype!r}"
        return
    if expected.shape != found.shape:
        yield f"{where}: shape {expected.shape} became {found.shape}"
        return
    if isinstance(expected, np.ma.MaskedArray):
        masks = np.ma.getmaskarray(expected), np.ma.getmaskarray(found)
        if not np.array_equal(*masks):
            yield f"{where}: the mask changed"
        fills = _fill_value(expected), _fill_value(found)
        yield from _array_differences(*fills, f"{where}.fill_value")
    if _bits(expected) != _bits(found):
        yield f"{where}: {expected!r:.200} became {found!r:.200}"


def _fill_value(array: Any) -> np.ndarray[Any, Any]:
    value = np.asarray(array.fill_value)
    # NumPy's own default, 999999, is of another dtype where it does not fit.
    return value if value.dtype == array.dtype else np.empty(0, array.dtype)


def _bits(array: np.ndarray[Any, Any]) -> bytes:
    data = np.ma.getdata(array)
    if data.dtype.char in "gG":
        return repr(data.tolist()).encode()
    if data.dtype.hasobject:
        return repr(data.tolist()).encode()
    return _without_padding(data)


def _without_padding(data: np.ndarray[Any, Any]) -> bytes:
    """Return the bytes of all elements, without those between fields."""
    if data.dtype.names is None:
        return np.ascontiguousarray(data).tobytes()
    return b"".join(_without_padding(data[name]) for name in data.dtype.names)


def as_stored(obj: Any, name: str) -> Any:
    """Return what a workspace is to give back for `obj`, added under `name`.

    Args:
        obj: A `SignalObj` or `ImageObj`; it is left as it was.
        name: The name; it becomes the title.

    Returns:
        A copy of the object that shares nothing with it.
    """
    stored = copy.deepcopy(obj)
    stored.sync_roi_to_metadata()
    stored.title = name
    return stored
