"""Thumbnails of a few hundred bytes, made with NumPy alone in bounded time.

Only parts of large data are read, spread evenly over the whole.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from html import escape

import numpy as np

from datalab_kernel_core.display.markup import with_tooltip
from datalab_kernel_core.display.png import Picture, encode, viridis
from datalab_kernel_core.display.short_text import shorten, shorten_middle
from datalab_kernel_core.plotter.reduce import (
    LARGEST,
    Array,
    Bins,
    curve_indices,
    without_undrawable,
)
from datalab_workspace.model.image_reduction import reduce_blocks
from datalab_workspace.model.record import PRIMARY_ARRAY, Kind, Record

#: A transparent color, and a blue that is visible on light and on dark backgrounds.
_LINE = np.array([[0, 0, 0, 0], [55, 138, 221, 255]], np.uint8)
#: The largest number of bytes of one object that are read.
PART = 4 << 20
#: The number of pixels of a curve in one CSS pixel, in each direction.
_FINE = 2
_SPARK = (96, 24)
_TILE = 32
_TILE_LEVELS = 15
#: The shortest side of an image's thumbnail in CSS pixels.
_LEAST = 8


@dataclass
class Budget:
    """The limits for all thumbnails and tooltips of a workspace together.

    Attributes:
        nbytes: Bytes of data that may still be read.
        characters: Characters of HTML that may still be written.
        until: The time to stop, on the clock of `time.perf_counter`.
    """

    nbytes: int = 64 << 20
    characters: int = 100_000
    until: float = field(default_factory=lambda: time.perf_counter() + 0.2)

    def name(self, name: str, length: int) -> str:
        """Return a name as HTML; the whole name is the tooltip of a shortened one.

        Args:
            name: A name.
            length: Number of characters to show.
        """
        shown = shorten_middle(name, length)
        whole = shorten(name, len(name) + 1) if len(name) <= self.characters else shown
        if whole == shown:
            return escape(shown)
        element = with_tooltip(shown, whole)
        if len(element) > self.characters:
            return escape(shown)
        self.characters -= len(element)
        return element

    def thumbnail(self, record: Record | None, alternative: str) -> str:
        """Return the thumbnail of an object, "" without data or after the limits.

        Args:
            record: The object; None if it is not in memory.
            alternative: Alternative text for screen readers, already escaped.
        """
        picture = self.picture(record)
        element = "" if picture is None else picture.element(alternative)
        if len(element) > self.characters:
            return ""
        self.characters -= len(element)
        return element

    def picture(self, record: Record | None) -> Picture | None:
        """Return the thumbnail of an object, None without data or after the limits.

        Args:
            record: The object; None if it is not in memory.
        """
        data = in_memory(record)
        if record is None or data is None or not data.size:
            return None
        part = min(data.nbytes, PART)
        if part > self.nbytes or time.perf_counter() > self.until:
            return None
        self.nbytes -= part
        return thumbnail(record.kind, data)


def in_memory(record: Record | None) -> Array | None:
    """Return the data of an object if it is in memory; no file is read."""
    if record is None:
        return None
    data = record.arrays[PRIMARY_ARRAY[record.kind]]
    return data if isinstance(data, np.ndarray) else None


def thumbnail(kind: Kind, data: Array) -> Picture:
    """Return the thumbnail of data that is not empty.

    Args:
        kind: "signal" or "image".
        data: Shape (2, N) or (4, N) for a signal, (H, W) for an image.
    """
    return sparkline(data) if kind == "signal" else tile(data)


def sparkline(xydata: Array) -> Picture:
    """Return a picture of the y of a signal over the index of the sample."""
    width, height = _SPARK
    y = real(_sampled(xydata[1]))
    x = np.arange(len(y))
    return _curve(x, y, width, height)


def curve(xydata: Array, width: int, height: int) -> Picture:
    """Return a picture of a signal: y over x, from all samples.

    Args:
        xydata: Shape (2, N) or (4, N), N at least 1.
        width: Width in CSS pixels.
        height: Height in CSS pixels.
    """
    return _curve(xydata[0].real, real(xydata[1]), width, height)


def _curve(x: Array, y: Array, width: int, height: int) -> Picture:
    if len(y) > 8 * width:
        edges = np.linspace(0, len(y), 2 * width + 1).astype(int)
        increasing = bool((x[1:] >= x[:-1]).all())
        kept = curve_indices(x, y, Bins(tuple(edges.tolist()), increasing), -LARGEST)
        x, y = x[kept], y[kept]
    drawn = _drawn(x, y, width * _FINE, height * _FINE)
    return Picture(encode(drawn, _LINE), width, height)


def _drawn(x: Array, y: Array, width: int, height: int) -> Array:
    """Draw a line through points, with a gap for values that cannot be drawn.

    Returns:
        1 for pixels of the line, 0 for all others; uint8, shape (height, width).
    """
    columns, rows = _scaled(x, width - 2), _scaled(y, height - 2)
    rows = height - 1 - rows
    pixels = np.zeros((height, width), np.uint8)
    column, row = line_points(columns, rows).astype(int)
    pixels[row, column] = pixels[row - 1, column] = 1  # two pixels thick
    return pixels


def line_points(columns: Array, rows: Array) -> Array:
    """Return the points of a line, one for each of its pixels at least.

    Args:
        columns: Positions in pixels, shape (N,), NaN for a gap.
        rows: Positions in pixels, shape (N,), NaN for a gap.

    Returns:
        Columns and rows of the points, shape (2, number of points).
    """
    drawn = np.isfinite(columns) & np.isfinite(rows)
    between = drawn[1:] & drawn[:-1]
    start = np.stack([columns[:-1], rows[:-1]])[:, between]
    step = np.stack([columns[1:], rows[1:]])[:, between] - start
    # Each segment of the line gets as many points as it has pixels.
    points = np.ceil(np.abs(step).max(axis=0)).astype(int) + 1
    segment = np.repeat(np.arange(len(points)), points)
    number = np.arange(len(segment)) - np.repeat(np.cumsum(points) - points, points)
    line = start[:, segment] + step[:, segment] * (number / points[segment])
    alone = np.stack([columns, rows])[:, drawn]
    return np.concatenate([line, alone], axis=1)


def _scaled(values: Array, length: int) -> Array:
    """Return values scaled to the range from 0 to `length`, NaN if not finite."""
    values = without_undrawable(values)
    finite = values[np.isfinite(values)]
    if not finite.size:
        return values
    low, high = float(finite.min()), float(finite.max())
    half = high / 2 - low / 2  # high - low may overflow
    if not half:
        return np.where(np.isnan(values), values, length / 2)
    scaled: Array = (values / 2 - low / 2) / half * length
    return scaled


def tile(data: Array) -> Picture:
    """Return a picture of an image in a square of 32 pixels."""
    return pixels(data, _TILE, _TILE_LEVELS)


def pixels(data: Array, side: int, levels: int) -> Picture:
    """Return a picture of an image, from dark for low to bright for high values.

    Args:
        data: Pixels, shape (H, W), neither of them 0.
        side: Length of the longer side in CSS pixels.
        levels: Number of colors, at most 255.
    """
    part = _sampled_pixels(data, side)
    pixels = 2 * side if levels > _TILE_LEVELS else side
    rows, columns = (-(-length // pixels) for length in part.shape)
    values = reduce_blocks(part, (rows, columns))
    scaled = _scaled(values, levels - 1)
    with np.errstate(invalid="ignore"):
        indices = np.where(np.isnan(scaled), 0, scaled + 1).astype(np.uint8)
    return Picture(encode(indices, viridis(levels)), *_shown_size(data.shape, side))


def _sampled_pixels(data: Array, side: int) -> Array:
    """Return evenly spread pixels, about `PART` bytes, but no fewer than are shown."""
    wanted = -(-data.nbytes // PART)
    most = [max(1, length // (2 * side)) for length in data.shape]
    rows = min(wanted, most[0])
    columns = min(-(-wanted // rows), most[1])
    return data[::rows, ::columns]


def _shown_size(shape: tuple[int, ...], side: int) -> tuple[int, int]:
    """Return width and height in CSS pixels: to scale, unless one is too short.

    The short side of a long narrow image would otherwise be too short for its pixels.
    """
    height, width = shape
    scale = side / max(height, width)
    return max(_LEAST, round(width * scale)), max(_LEAST, round(height * scale))


def real(values: Array) -> Array:
    """Return real values, the modulus of complex ones."""
    if values.dtype.kind != "c":
        return values
    with np.errstate(over="ignore", invalid="ignore"):
        return np.abs(values)


def _sampled(y: Array) -> Array:
    """Return evenly spread runs of samples, at most `PART` bytes."""
    if y.nbytes <= PART:
        return y
    runs = 2 * _SPARK[0]
    step = len(y) // runs
    run = max(1, PART // y.itemsize // runs)
    indices = (np.arange(runs) * step)[:, np.newaxis] + np.arange(min(run, step))
    sampled: Array = y[indices.ravel()]
    return sampled
