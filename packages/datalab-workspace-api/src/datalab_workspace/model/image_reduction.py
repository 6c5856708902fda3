"""Reduce images to the resolution of a picture.

Matplotlib copies its data several times, and a terminal or a thumbnail has few pixels,
so an image is reduced first. Each axis has its own factor: a long narrow image keeps
all pixels along its short side. Values that cannot be drawn are ignored: NaN, infinity,
masked pixels, and values beyond `LARGEST`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

Array: TypeAlias = "np.ndarray[Any, Any]"
#: Rows and columns of the blocks of pixels that become one pixel.
Blocks: TypeAlias = tuple[int, int]
Reduction: TypeAlias = Literal["mean", "max", "min", "extremes"]

REDUCTIONS: tuple[Reduction, ...] = get_args(Reduction)
#: Larger values overflow in Matplotlib's own arithmetic.
LARGEST = 1e300
#: Number of pixels that are processed at a time.
_CHUNK = 1 << 21
#: The same where several steps are faster in the processor's cache.
_IN_CACHE = 1 << 16
#: The longest side of a block that is halved step by step.
_SHORT = 64


def block_sides(shape: tuple[int, ...], most: tuple[int, int]) -> Blocks:
    """Return the sides of the blocks that reduce an image to a size.

    Args:
        shape: Shape of the image.
        most: Largest numbers of rows and columns of the reduced image.

    Returns:
        The smallest powers of two that suffice, one for each axis.
    """
    rows, columns = (
        1 << (max(-(-length // limit), 1) - 1).bit_length()
        for length, limit in zip(shape, most, strict=True)
    )
    return rows, columns


def reduced_note(blocks: Blocks, how: Reduction = "mean") -> str:
    """Return a sentence about a reduced image, "" if it is not reduced."""
    if blocks == (1, 1):
        return ""
    rows, columns = blocks
    return f"each pixel is the {_NOTES[how]} of {columns}×{rows}"


_NOTES = {
    "mean": "mean",
    "max": "highest",
    "min": "lowest",
    "extremes": "highest or lowest",
}


def shown_values(pixels: Array) -> Array:
    """Return the values of pixels that are drawn.

    Args:
        pixels: Shape (H, W), any numeric dtype, possibly masked.

    Returns:
        A new array of real values in native byte order: the modulus of complex
        pixels, NaN for pixels that are masked or cannot be drawn.
    """
    mask, values = np.ma.getmask(pixels), np.asarray(pixels)
    with np.errstate(over="ignore", invalid="ignore"):
        if values.dtype.kind == "c":
            values = np.abs(values)
        values = values.astype(_shown_dtype(values.dtype, masked=bool(np.any(mask))))
    if values.dtype == np.float64:
        values[~(np.abs(values) < LARGEST)] = np.nan
    elif values.dtype == np.float32:
        values[~np.isfinite(values)] = np.nan
    if np.any(mask):
        values[mask] = np.nan
    return values


def _shown_dtype(dtype: np.dtype[Any], *, masked: bool) -> np.dtype[Any]:
    if dtype.kind == "f":
        return np.dtype(np.float32 if dtype.itemsize <= 4 else np.float64)
    if masked:
        return np.result_type(dtype, np.float32)
    return np.dtype(np.uint8) if dtype.kind == "b" else dtype.newbyteorder("=")


def value_range(data: Array) -> tuple[float, float] | None:
    """Return the lowest and highest value of a whole image.

    Args:
        data: Pixels, shape (H, W), any numeric dtype, possibly masked.

    Returns:
        The extremes of `shown_values`; None if no pixel can be drawn.
    """
    ranges = [
        found
        for row in _tiles(data, (1, 1))
        for tile in row
        if (found := _tile_range(tile))
    ]
    return (min(r[0] for r in ranges), max(r[1] for r in ranges)) if ranges else None


def _tile_range(pixels: Array) -> tuple[float, float] | None:
    if pixels.dtype.kind != "c" and np.ma.getmask(pixels) is np.ma.nomask:
        low, high = float(pixels.min()), float(pixels.max())
        if low > -LARGEST and high < LARGEST:
            return low, high
    values = shown_values(pixels)
    values = values[np.isfinite(values)]
    return (float(values.min()), float(values.max())) if values.size else None


def lowest_positive(data: Array) -> float | None:
    """Return the lowest value of an image above 0, None if no value is.

    Args:
        data: Pixels, shape (H, W), any numeric dtype, possibly masked.
    """
    positive = [
        values[values > 0]
        for row in _tiles(data, (1, 1))
        for values in map(shown_values, row)
    ]
    lowest = [float(values.min()) for values in positive if values.size]
    return min(lowest) if lowest else None


def histogram(data: Array, ends: tuple[float, float], bins: int) -> Array:
    """Count the pixels of an image in bins of equal width.

    Args:
        data: Pixels, shape (H, W), any numeric dtype, possibly masked.
        ends: The lowest and the highest value, which differ.
        bins: Number of bins, at most 256.

    Returns:
        The number of pixels in each bin. Pixels that cannot be drawn are not counted.
    """
    plain = np.ma.getmask(data) is np.ma.nomask
    if plain and data.dtype.kind in "iu" and data.dtype.itemsize <= 2:
        return _histogram_of_integers(data, ends, bins)
    counts = np.zeros(bins, np.int64)
    for row in _tiles(data, (1, 1), _IN_CACHE):
        for tile in row:
            values = shown_values(tile)
            drawable = np.isfinite(values)
            if not drawable.all():
                values = values[drawable]
            numbers = _bin_numbers(values, ends, bins)
            counts += np.bincount(numbers.ravel(), minlength=bins)
    return counts


def _histogram_of_integers(data: Array, ends: tuple[float, float], bins: int) -> Array:
    """Count how often each integer occurs, which is faster than to compute its bin."""
    info = np.iinfo(data.dtype)
    found = np.zeros(info.max - info.min + 1, np.int64)
    for row in _tiles(data, (1, 1), _IN_CACHE):
        for tile in row:
            native = tile.astype(tile.dtype.newbyteorder("="), copy=False)
            numbers = native - np.int32(info.min) if info.min else native
            found += np.bincount(numbers.ravel(), minlength=len(found))
    values = np.arange(info.min, info.max + 1, dtype=np.float64)
    weights = np.bincount(_bin_numbers(values, ends, bins), found, minlength=bins)
    return np.rint(weights).astype(np.int64)


def _bin_numbers(values: Array, ends: tuple[float, float], bins: int) -> Array:
    low, high = ends
    scaled = values.astype(np.float64)
    scaled -= low
    scaled /= high - low  # the reciprocal of a very small range is infinite
    scaled *= bins
    np.clip(scaled, 0, bins - 1, out=scaled)
    numbers: Array = scaled.astype(np.intp)
    return numbers


def reduce_blocks(data: Array, blocks: Blocks, how: Reduction = "mean") -> Array:
    """Reduce an image to one value for each block of its pixels.

    Args:
        data: Pixels, shape (H, W), any numeric dtype, possibly masked.
        blocks: Rows and columns of the blocks; those at the end may be smaller.
        how: The value of a block: its mean, its highest or lowest value, or of these
            two the one farther from the mean ("extremes").

    Returns:
        Values of the pixels that can be drawn, NaN for blocks without any; shape
        (ceil(H / blocks[0]), ceil(W / blocks[1])), float32, or float64 if float32
        would round the values.
    """
    reduce = partial(_BY_NAME[how], blocks=blocks)
    return np.concatenate(
        [
            np.concatenate([reduce(shown_values(tile)) for tile in row], axis=1)
            for row in _tiles(data, blocks)
        ]
    )


def _mean(values: Array, blocks: Blocks) -> Array:
    mean_dtype = np.result_type(values.dtype, np.float32)
    total = _sums(values, blocks, _sum_dtype(values.dtype, blocks))
    if np.isfinite(total).all():
        return (total / _block_sizes(values.shape, blocks)).astype(mean_dtype)
    drawable = np.isfinite(values)
    total = _sums(np.where(drawable, values, 0), blocks, np.dtype(np.float64))
    count = _sums(drawable, blocks, np.dtype(np.float64))
    count[count == 0] = np.nan
    return (total / count).astype(mean_dtype)


def _sums(values: Array, blocks: Blocks, dtype: np.dtype[Any]) -> Array:
    return _folded(values, blocks, np.add, dtype)


def _extreme(values: Array, blocks: Blocks, choose: np.ufunc) -> Array:
    dtype = np.result_type(values.dtype, np.float32)
    return _folded(values, blocks, choose, None).astype(dtype)


def _extremes(values: Array, blocks: Blocks) -> Array:
    middle = _mean(values, blocks)
    low, high = _extreme(values, blocks, np.fmin), _extreme(values, blocks, np.fmax)
    return np.where(high - middle >= middle - low, high, low)


_BY_NAME: dict[str, Callable[..., Array]] = {
    "mean": _mean,
    # Both ignore NaN unless it is the only value.
    "max": partial(_extreme, choose=np.fmax),
    "min": partial(_extreme, choose=np.fmin),
    "extremes": _extremes,
}


def _folded(
    values: Array, blocks: Blocks, combine: np.ufunc, dtype: np.dtype[Any] | None
) -> Array:
    """Combine blocks, first along their columns, which reads memory in order."""
    rows, columns = blocks
    starts = range(0, len(values), rows)
    folded = np.stack(
        [combine.reduce(values[i : i + rows], axis=0, dtype=dtype) for i in starts]
    )
    whole = folded.shape[1] // columns * columns
    blocked: Array = folded[:, :whole]
    left = columns
    while left % 2 == 0 and left <= _SHORT:  # faster than to reduce a short axis
        blocked, left = combine(blocked[:, ::2], blocked[:, 1::2]), left // 2
    blocked = combine.reduce(blocked.reshape(len(folded), -1, left), axis=2)
    if whole == folded.shape[1]:
        return blocked
    rest = combine.reduce(folded[:, whole:], axis=1, keepdims=True)
    return np.concatenate([blocked, rest], axis=1)


def _block_sizes(shape: tuple[int, ...], blocks: Blocks) -> Array:
    sides = [
        np.minimum(side, n - np.arange(0, n, side))
        for n, side in zip(shape, blocks, strict=True)
    ]
    return np.outer(*sides)


def _sum_dtype(dtype: np.dtype[Any], blocks: Blocks) -> np.dtype[Any]:
    """Return the narrowest, and so the fastest, dtype that holds the sum of a block."""
    few = blocks[0] * blocks[1] <= 1 << 16
    if few and dtype.kind in "iu" and dtype.itemsize <= 2:
        return np.dtype(np.int32 if dtype.kind == "i" else np.uint32)
    return np.dtype(np.float64)


def _tiles(data: Array, blocks: Blocks, most: int = _CHUNK) -> Iterator[list[Array]]:
    """Yield rows of tiles of an image: whole blocks, except in the last tiles."""
    height, width = data.shape
    rows, columns = blocks
    wide = min(max(1, most // (rows * columns)) * columns, max(width, 1))
    high = max(1, most // (wide * rows)) * rows
    for top in range(0, height, high):
        strip = data[top : top + high]
        yield [strip[:, left : left + wide] for left in range(0, width, wide)]
