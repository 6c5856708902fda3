"""The links between the sigima objects of a user and the steps that made them.

`get` and `add` only make a link, which takes about a microsecond. Whether the
object is still as the step left it is found out when its history is needed.

A *glance* at data is its dtype, its shape and a sum of at most 64 KiB of it. It
is exact for small arrays. Larger ones may differ between the blocks that it looks at.
So `same_data` compares all of the data wherever both are available.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from datalab_workspace.encoding.arrays import checksum
from datalab_workspace.errors import StaleFileError
from datalab_workspace.history.steps import Cell, RecordHistory
from datalab_workspace.model.array_reference import ArrayReference
from datalab_workspace.model.metadata_values import arrays_equal, is_masked_array
from datalab_workspace.model.record import ARRAYS, PRIMARY_ARRAY, Record
from datalab_workspace.model.sigima_objects import object_kind

Arrays: TypeAlias = "Mapping[str, Any]"
Glance: TypeAlias = "tuple[tuple[str, tuple[int, ...], int], ...]"

#: Arrays of at most this many bytes are read completely.
EXACT = 1 << 16
_BLOCKS = 16
#: Small, because a computation leaves nothing of a large array in the cache.
_BLOCK = 1 << 10
_ATTRIBUTE = "_datalab_workspace_marker"


class Marker:
    """The link between an object and the step that made it.

    It is an attribute of the object. A copy of the object has the same link, and a
    pickled object has none.

    Args:
        history: The history of the object when the link was made.
        record: The record whose data the object had then.
        seen: A glance at the data then. It is needed if there is no record.
        cell: The cell that was running.
        place: See below.

    Attributes:
        history: See above.
        record: A weak reference to the record; None without one.
        seen: See above.
        cell: See above.
        checked: The checksums of all of the data, once they have been computed.
        obj: A weak reference to the object, where no record has its data.
        unsure: Whether the data was not compared with the cell that might change it.
        place: Stands for the workspace; None for the result of a call.
    """

    __slots__ = (
        "cell",
        "checked",
        "history",
        "obj",
        "place",
        "record",
        "seen",
        "unsure",
    )

    def __init__(
        self,
        history: RecordHistory,
        record: Record | None,
        seen: Glance | None,
        cell: Cell | None,
        place: object = None,
    ) -> None:
        self.history = history
        self.place = place
        self.record = None if record is None else weakref.ref(record)
        self.seen = seen
        self.cell = cell
        self.checked: Glance | None = None
        self.obj: weakref.ref[Any] | None = None
        self.unsure = False

    def __copy__(self) -> Marker:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Marker:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return type(None), ()

    @property
    def arrays(self) -> Arrays | None:
        """The arrays of the record; None if it exists no longer."""
        record = None if self.record is None else self.record()
        return None if record is None else record.arrays


def mark(obj: Any, marker: Marker) -> None:
    """Link a sigima object to the step that made it."""
    obj.__dict__[_ATTRIBUTE] = marker


def marker_of(obj: Any) -> Marker | None:
    """Return the link of a sigima object; None if it has none."""
    found: Marker | None = obj.__dict__.get(_ATTRIBUTE)
    return found


def arrays_of(obj: Any) -> dict[str, Any]:
    """Return the arrays of a sigima object as those of a record."""
    kind = object_kind(obj)
    assert kind is not None, "the caller checks it"
    arrays = {name: getattr(obj, name) for name in ARRAYS[kind]}
    for name, array in arrays.items():
        if array is None and name != PRIMARY_ARRAY[kind]:
            arrays[name] = np.empty(0)
        elif array is not None and not isinstance(array, np.ndarray | ArrayReference):
            arrays[name] = np.asarray(array)
    return arrays


def nbytes(arrays: Arrays) -> int:
    """Return the size of all arrays in memory."""
    return sum([array.nbytes for array in arrays.values() if array is not None])


def glance(arrays: Arrays) -> Glance:
    """Return the dtype, shape and weighted sum of a part of each array."""
    return tuple(
        ("", (), 0) if array is None else _glance(array)
        for _, array in sorted(arrays.items())
    )


def checksums(arrays: Arrays) -> Glance:
    """Return the dtype, shape and checksum of all of each array."""
    return tuple(
        ("", (), 0) if array is None else _checked(_read(array))
        for _, array in sorted(arrays.items())
    )


def is_exact(arrays: Arrays) -> bool:
    """Return whether a glance covers all of the data."""
    return all(array is None or array.nbytes <= EXACT for array in arrays.values())


def looks_same(arrays: Arrays, others: Arrays) -> bool:
    """Return whether the glances at two sets of arrays are the same."""
    if arrays.keys() != others.keys():
        return False
    return all(
        one is other
        or (one is not None and other is not None and _looks_same(one, other))
        for one, other in ((arrays[name], others[name]) for name in arrays)
    )


def same_data(arrays: Arrays, others: Arrays) -> bool:
    """Return whether two sets of arrays have the same data, bit for bit."""
    if arrays.keys() != others.keys():
        return False
    return all(_is_same(arrays[name], others[name]) for name in arrays)


def _is_same(one: Any, other: Any) -> bool:
    if one is other:
        return True
    if one is None or other is None:
        return False
    if getattr(other, "crc", None) is not None:
        # The file may have been removed, and is read no second time.
        alike = one.dtype == other.dtype and one.shape == other.shape
        return alike and _same_array(one, other)
    same = _looks_same(one, other)
    return same and (one.nbytes <= EXACT or _same_array(one, other))


def _glance(array: Any) -> tuple[str, tuple[int, ...], int]:
    sampled = _sum(_sample(array))
    if is_masked_array(array):
        sampled = hash((sampled, _sum(_sample(np.ma.getmaskarray(array)))))
    return array.dtype.str, array.shape, sampled


def _checked(array: np.ndarray[Any, Any]) -> tuple[str, tuple[int, ...], int]:
    total = checksum(np.ma.getdata(array))
    if is_masked_array(array):
        total ^= checksum(np.ma.getmaskarray(array))
    return array.dtype.str, array.shape, total


def _looks_same(one: Any, other: Any) -> bool:
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    if not one.size:
        return True
    masked = is_masked_array(one)
    if masked != is_masked_array(other):
        return False
    if masked and one.nbytes <= EXACT:
        return arrays_equal(one, other)  # values under the mask do not matter
    if _same_memory(one, other):
        return True
    return bool(_sample(one) == _sample(other))


def _same_array(one: Any, other: Any) -> bool:
    if _same_memory(one, other):
        return True
    known_crc = getattr(other, "crc", None)
    if known_crc is not None and isinstance(one, np.ndarray):
        return bool(checksum(one) == known_crc)
    try:
        return arrays_equal(_read(one), _read(other))
    except StaleFileError:  # nothing proves that they are the same
        return False


def _same_memory(one: Any, other: Any) -> bool:
    """Return whether one array is a view of the other, so that it cannot differ."""
    return (
        type(one) is type(other) is np.ndarray
        and one.strides == other.strides
        and one.__array_interface__["data"][0] == other.__array_interface__["data"][0]
    )


def _sum(sample: bytes) -> int:
    """Return a weighted sum of some bytes, several times as fast as a CRC-32.

    The weights are odd, so that a change of one number always changes the sum.
    """
    count = len(sample) // 8
    numbers = np.frombuffer(sample, np.int64, count)
    rest = int.from_bytes(sample[8 * count :], "little")
    return hash((int(np.dot(numbers, _weights()[:count])), rest))


@functools.cache
def _weights() -> np.ndarray[Any, Any]:
    numbers = np.arange(1, EXACT // 8 + 1, dtype=np.uint64)
    numbers *= np.uint64(0x9E3779B97F4A7C15)
    numbers ^= numbers >> np.uint64(29)
    numbers *= np.uint64(0xBF58476D1CE4E5B9)
    weights: np.ndarray[Any, Any] = (numbers | np.uint64(1)).view(np.int64)
    return weights


def _read(array: Any) -> np.ndarray[Any, Any]:
    read: np.ndarray[Any, Any] = (
        array.read() if isinstance(array, ArrayReference) else array
    )
    return read


def _sample(array: Any) -> bytes:
    """Return all bytes of a small array in C order, and blocks of a larger one."""
    if isinstance(array, ArrayReference):
        array = array.read()
    plain = np.ma.getdata(array) if is_masked_array(array) else array
    if plain.nbytes <= EXACT:
        return plain.tobytes()
    if plain.flags.c_contiguous:
        flat = plain.reshape(-1).view(np.uint8)
        step = flat.size // _BLOCKS
        blocks: np.ndarray[Any, Any] = flat[: step * _BLOCKS].reshape(_BLOCKS, step)
        return blocks[:, step - _BLOCK :].tobytes()
    count, step = _BLOCK // plain.itemsize, plain.size // _BLOCKS
    ends = range(step, step * _BLOCKS + 1, step)
    return b"".join(plain.flat[end - count : end].tobytes() for end in ends)
