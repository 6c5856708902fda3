"""A strict comparison of objects, which reports the path of each difference.

It is stricter than the equality of the workspace and shares no code with it: it also
compares types, the sign of zero, the bits of NaN and the data below a mask.
"""

from __future__ import annotations

import copy
import datetime
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np

from datalab_workspace.model.record import IDENTITY_KEYS

#: Metadata that DataLab adds to an object that it draws.
DISPLAY_KEYS = frozenset(
    """
    __alpha __alpha_function __baseline __colormap __curvestyle __format
    __interpolation __invert_colormap __keep_lut_range __result_label_offset
    __result_label_position __shade __showlabel
    """.split()  # noqa: SIM905 - a list is easier to read so
)
#: Bounds that DataLab computes for an object that it draws without them.
BOUNDS = frozenset(f"{axis}scale{end}" for axis in "xyz" for end in ("min", "max"))


def assert_same(
    expected: Any, found: Any, *, but: tuple[str, ...] = (), what: str = "object"
) -> None:
    """Fail and list the differences unless two sigima objects are identical.

    Args:
        expected: A `SignalObj` or `ImageObj`.
        found: The object to compare with it.
        but: Names of items that may differ.
        what: Name of the object in the message.

    Example:
        >>> from datalab_workspace.testing import assert_same
        >>> assert_same(workspace.get("peak"), workspace.get("peak"))
    """
    different = list(differences(expected, found, but=but))
    assert not different, f"{what} differs:\n" + "\n".join(different)


def differences(
    expected: Any, found: Any, *, but: tuple[str, ...] = ()
) -> Iterator[str]:
    """Yield the differences between two sigima objects, one line at a time.

    Values that DataLab adds when it draws an object are ignored.

    Args:
        expected: A `SignalObj` or `ImageObj`.
        found: The object to compare with it.
        but: Names of items that may differ.

    Example:
        >>> from datalab_workspace.testing import differences
        >>> list(differences(workspace.get("peak"), workspace.get("peak")))
        []
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
    """Return the metadata of an object without the keys that DataLab adds.

    Args:
        obj: A `SignalObj` or `ImageObj`.
        besides: Keys to return even so.
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
    """Yield the differences between two metadata values or arrays.

    Args:
        expected: None, a Python or NumPy value, or a list, tuple, set or dict of these.
        found: The value to compare with it.
        where: Path of the value, for the messages.

    Yields:
        One line for each difference.
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
    """Return two strings that identify a value without parts.

    Args:
        value: Any value except an array, list or dict.

    Returns:
        The type, and a representation that differs for different values.
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
        return kind, hex(value)  # repr() refuses very large integers
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
    # The default of NumPy, 999999, has another dtype if it does not fit.
    return value if value.dtype == array.dtype else np.empty(0, array.dtype)


def _bits(array: np.ndarray[Any, Any]) -> bytes:
    data = np.ma.getdata(array)
    if data.dtype.char in "gG":
        return repr(data.tolist()).encode()
    if data.dtype.hasobject:
        return repr(data.tolist()).encode()
    return _without_padding(data)


def _without_padding(data: np.ndarray[Any, Any]) -> bytes:
    """Return the bytes of all elements, without the padding between fields."""
    if data.dtype.names is None:
        return np.ascontiguousarray(data).tobytes()
    return b"".join(_without_padding(data[name]) for name in data.dtype.names)


def as_stored(obj: Any, name: str) -> Any:
    """Return the object that a workspace must return for `obj`, added as `name`.

    Args:
        obj: A `SignalObj` or `ImageObj`; it is not changed.
        name: The name, which becomes the title.

    Returns:
        An independent copy of the object.
    """
    stored = copy.deepcopy(obj)
    stored.sync_roi_to_metadata()
    stored.title = name
    return stored
