"""Reduce large data to the resolution of a picture.

Matplotlib copies its data several times, so the data is reduced first. A curve keeps
the lowest and the highest sample of every column of pixels, with their own x, so that a
spike of one sample stays visible. An image is averaged over blocks. Both ignore values
that cannot be drawn: NaN, infinity, and values beyond `LARGEST`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = "np.ndarray[Any, Any]"

#: Larger values overflow in Matplotlib's own arithmetic.
LARGEST = 1e300
#: Curves with up to this number of points are not reduced.
MAX_POINTS = 50_000
#: The number of bins to which longer curves are reduced, about four for each column of
#: pixels.
BINS = 2000
#: Images with sides up to this length, in pixels, are not reduced.
MAX_SIDE = 2048
#: The same for images whose pixels differ in size, which take longer to draw.
MAX_MESH_SIDE = 512
#: The number of pixels that are processed at a time.
_CHUNK = 1 << 21


def without_undrawable(values: Array, lowest: float = -LARGEST) -> Array:
    """Return values as float64, NaN in place of those that cannot be drawn.

    Args:
        values: Real values of any shape.
        lowest: Values up to this one cannot be drawn; pass 0 for a logarithmic axis.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # of long doubles
        floats = np.array(values, dtype=np.float64)
    floats[~((floats > lowest) & (floats < LARGEST))] = np.nan
    return floats


@dataclass(frozen=True)
class Bins:
    """The bins of a curve.

    Attributes:
        edges: Increasing indices from 0 to the number of samples; no bin is empty.
        increasing: Whether x never decreases.
    """

    edges: tuple[int, ...]
    increasing: bool

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self.edges[:-1], self.edges[1:], strict=True)

    @classmethod
    def along(cls, x: Array, *, log: bool = False) -> Bins:
        """Return the bins of a curve of many samples.

        Args:
            x: Shape (N,). If it increases, the bins have equal widths on the axis;
                otherwise, as in a hysteresis loop, equal numbers of samples.
            log: Whether the axis is logarithmic.
        """
        n = len(x)
        increasing = bool(x[0] == x[0] and (x[1:] >= x[:-1]).all())
        start = int(np.searchsorted(x, 0.0, side="right")) if log and increasing else 0
        if start == n:
            start, log = 0, False
        low, high = float(x[start]), float(x[-1])
        if increasing and -LARGEST < low < high < LARGEST:
            spaced = np.geomspace if log else np.linspace
            inner = spaced(low, high, BINS + 1)[1:-1].astype(x.dtype)
            edges = np.array([0, start, n, *np.searchsorted(x, inner)])
        else:
            edges = np.linspace(0, n, (BINS if increasing else BINS // 2) + 1)
        return cls(tuple(np.unique(edges.astype(int)).tolist()), increasing)


def curve_indices(x: Array, y: Array, bins: Bins, lowest: float) -> Array:
    """Choose the samples that show a curve.

    Args:
        x: Shape (N,).
        y: Shape (N,).
        bins: The bins of the curve.
        lowest: Values of y up to this one cannot be drawn.

    Returns:
        Increasing indices of the first and last sample and, for every bin, of the
        samples with the lowest and highest y, and the lowest and highest x too if x
        decreases. A bin without a value that can be drawn keeps one sample, so that
        the gap stays visible.
    """
    rows = [(y, lowest)] if bins.increasing else [(y, lowest), (x, -LARGEST)]
    kept = [0, len(y) - 1]
    for start, stop in bins:
        for row, limit in rows:
            low, high = _extremes(row[start:stop], limit)
            kept += [start + low, start + high]
    return np.unique(kept)


def envelope(
    x: Array,
    lower: Callable[[slice], Array],
    upper: Callable[[slice], Array],
    bins: Bins,
) -> tuple[Array, Array, Array]:
    """Return the band between two curves, one point for each bin.

    Args:
        x: Shape (N,).
        lower: Returns the lower curve for a slice of the samples.
        upper: Returns the upper curve for a slice of the samples.
        bins: The bins of the curve.

    Returns:
        x of the middle sample, the lowest value of `lower` and the highest of `upper`,
        NaN if nothing can be drawn; each of shape (number of bins,).
    """
    rows = []
    for start, stop in bins:
        low, high = lower(slice(start, stop)), upper(slice(start, stop))
        lowest, highest = _extremes(low, -LARGEST)[0], _extremes(high, -LARGEST)[1]
        rows.append((x[(start + stop) // 2], low[lowest], high[highest]))
    middle, lows, highs = without_undrawable(np.array(rows)).T
    return middle, lows, highs


def _extremes(values: Array, lowest: float) -> tuple[int, int]:
    """Return the indices of the lowest and highest values that can be drawn."""
    low, high = int(values.argmin()), int(values.argmax())
    if float(values[low]) > lowest and float(values[high]) < LARGEST:
        return low, high
    cleaned = without_undrawable(values, lowest)
    drawable = np.flatnonzero(np.isfinite(cleaned))
    if not len(drawable):
        return 0, 0
    kept = cleaned[drawable]
    return int(drawable[kept.argmin()]), int(drawable[kept.argmax()])


def reduction_factor(shape: tuple[int, ...], max_side: int = MAX_SIDE) -> int:
    """Return the side of the blocks over which to average an image, a power of two."""
    factor = 1
    while -(-max(shape) // factor) > max_side:
        factor *= 2
    return factor


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
    ranges = [r for strip in _strips(data, 1) if (r := _strip_range(strip))]
    return (min(r[0] for r in ranges), max(r[1] for r in ranges)) if ranges else None


def _strip_range(pixels: Array) -> tuple[float, float] | None:
    if pixels.dtype.kind != "c" and np.ma.getmask(pixels) is np.ma.nomask:
        low, high = float(pixels.min()), float(pixels.max())
        if low > -LARGEST and high < LARGEST:
            return low, high
    values = shown_values(pixels)
    values = values[np.isfinite(values)]
    return (float(values.min()), float(values.max())) if values.size else None


def block_mean(data: Array, factor: int) -> Array:
    """Average an image over square blocks.

    Args:
        data: Pixels, shape (H, W), any numeric dtype, possibly masked.
        factor: Side of the blocks in pixels; blocks at the end may be smaller.

    Returns:
        Means of the pixels that can be drawn, NaN for blocks without any; shape
        (ceil(H / factor), ceil(W / factor)), float32, or float64 if float32 would
        round the values.
    """
    strips = _strips(data, factor)
    return np.concatenate([_block_mean(shown_values(s), factor) for s in strips])


def _block_mean(values: Array, factor: int) -> Array:
    mean_dtype = np.result_type(values.dtype, np.float32)
    total = _block_sum(values, factor, _sum_dtype(values.dtype, factor))
    if np.isfinite(total).all():
        return (total / _block_sizes(values.shape, factor)).astype(mean_dtype)
    drawable = np.isfinite(values)
    total = _block_sum(np.where(drawable, values, 0), factor, np.dtype(np.float64))
    count = _block_sum(drawable, factor, np.dtype(np.float64))
    count[count == 0] = np.nan
    return (total / count).astype(mean_dtype)


def _block_sum(values: Array, factor: int, dtype: np.dtype[Any]) -> Array:
    """Sum over blocks, first along their columns, which reads memory in order."""
    starts = range(0, len(values), factor)
    rows = np.stack([values[i : i + factor].sum(axis=0, dtype=dtype) for i in starts])
    whole = rows.shape[1] // factor * factor
    total = rows[:, :whole].reshape(len(rows), -1, factor).sum(axis=2, dtype=dtype)
    rest = rows[:, whole:].sum(axis=1, dtype=dtype, keepdims=True)
    return np.concatenate([total, rest], axis=1) if whole < rows.shape[1] else total


def _block_sizes(shape: tuple[int, ...], factor: int) -> Array:
    sides = [np.minimum(factor, n - np.arange(0, n, factor)) for n in shape]
    return np.outer(*sides)


def _sum_dtype(dtype: np.dtype[Any], factor: int) -> np.dtype[Any]:
    """Return the narrowest, and so the fastest, dtype that holds the sum of a block."""
    small = dtype.kind in "iu" and dtype.itemsize <= 2 and factor <= 256
    if small:
        return np.dtype(np.int32 if dtype.kind == "i" else np.uint32)
    return np.dtype(np.float64)


def _strips(data: Array, multiple: int) -> Iterator[Array]:
    """Yield strips of rows of an image: whole blocks, except in the last strip."""
    height, width = data.shape
    rows = max(1, _CHUNK // (width * multiple)) * multiple
    return (data[start : start + rows] for start in range(0, height, rows))
