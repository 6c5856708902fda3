"""Split an index of an array into the region to read and an index into that region."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np

#: One slice for each axis, with 0 <= start <= stop <= length and step >= 1.
Region: TypeAlias = "tuple[slice, ...]"


def split_index(key: Any, shape: tuple[int, ...]) -> tuple[Region, tuple[Any, ...]]:
    """Return the region that an index needs, and the index to apply to that region.

    Args:
        key: Any index that NumPy accepts: integers, slices, an ellipsis, None, and
            arrays or lists of integers or of flags.
        shape: Shape of the array.

    Returns:
        The region, which has as many axes as the array. For arrays of integers or
        flags it is the smallest that holds all elements. Then the index that selects
        the same elements of the region as `key` does of the array.

    Raises:
        IndexError: NumPy refuses the index for an array of this shape.
    """
    # An array that needs no memory raises the errors of NumPy.
    np.broadcast_to(np.empty((), bool), shape)[key]
    parts = [_part(part) for part in (key if isinstance(key, tuple) else (key,))]
    spare = len(shape) - sum(map(_axes, parts))
    region: list[slice] = []
    rest: list[Any] = []
    for part in parts:
        if part is Ellipsis:
            region += map(slice, shape[len(region) : len(region) + spare])
            rest.append(Ellipsis)
        elif not _axes(part):  # None or a single flag
            rest.append(part)
        else:
            for one in _by_axis(part):
                bounds, inner = _bounds(one, shape[len(region)])
                region.append(bounds)
                rest.append(inner)
    region += map(slice, shape[len(region) :])
    return tuple(slice(s.start or 0, s.stop, s.step or 1) for s in region), tuple(rest)


def is_whole(region: Region, shape: tuple[int, ...]) -> bool:
    """Return whether a region is the whole array."""
    return all(
        part == slice(0, length, 1) for part, length in zip(region, shape, strict=True)
    )


def region_shape(region: Region) -> tuple[int, ...]:
    """Return the shape of a region."""
    return tuple(len(range(s.start, s.stop, s.step)) for s in region)


def _part(part: Any) -> Any:
    """Return a part of an index as an integer, a slice, None, Ellipsis or an array."""
    if part is None or part is Ellipsis or isinstance(part, slice):
        return part
    if not isinstance(part, bool | np.bool_ | np.ndarray | list | tuple):
        try:
            return operator.index(part)
        except TypeError:
            pass  # an array of another library, or an error that NumPy explains
    array = np.asarray(part)
    empty = not array.size and not isinstance(part, np.ndarray)
    return array.astype(np.intp) if empty else array


def _axes(part: Any) -> int:
    """Return the number of axes that a part of an index selects from."""
    if part is None or part is Ellipsis:
        return 0
    is_mask = isinstance(part, np.ndarray) and part.dtype.kind == "b"
    return part.ndim if is_mask else 1


def _by_axis(part: Any) -> Iterator[Any]:
    """Yield the index of each axis; flags select by the positions of those set."""
    if isinstance(part, np.ndarray) and part.dtype.kind == "b":
        yield from part.nonzero()
    else:
        yield part


def _bounds(part: Any, length: int) -> tuple[slice, Any]:
    """Return the bounds of one axis, and the index within them."""
    if isinstance(part, slice):
        found = range(length)[part]
        if not found:
            return slice(0, 0, 1), slice(None)
        if found.step > 0:
            return slice(found[0], found[-1] + 1, found.step), slice(None)
        return slice(found[-1], found[0] + 1, -found.step), slice(None, None, -1)
    if isinstance(part, int):
        position = part + length if part < 0 else part
        return slice(position, position + 1, 1), 0
    positions = part.astype(np.intp)
    if not positions.size:
        return slice(0, 0, 1), positions
    positions = np.where(positions < 0, positions + length, positions)
    first = int(positions.min())
    return slice(first, int(positions.max()) + 1, 1), positions - first
