"""Draw thumbnails of signals and images with characters of a terminal.

A curve consists of Braille patterns, with eight dots in each character. An image
consists of half blocks, with two pixels in each character, in as many shades of grey as
the terminal supports.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from enum import Enum
from typing import Any, TextIO

import numpy as np

from datalab_workspace.model.image_reduction import reduce_blocks
from datalab_workspace.model.record import Kind

#: Size of a picture in characters.
COLUMNS, ROWS = 60, 15
#: Ratio of the sides from which an image is not drawn to scale.
_ELONGATED = 5
_BRAILLE = 0x2800
#: Code of each dot of a pattern, by row and column (Unicode 15, chapter 21.1).
_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_SHADES = " ░▒▓█"
_RESET = "\x1b[0m"
_GREYS_OF_256 = (232, 24)  # the first code, and the number of codes


class Style(Enum):
    """The style of an image in a terminal. Curves need no colours.

    Attributes:
        TRUECOLOR: 256 shades of grey.
        COLOR256: The 24 shades of grey in the palette that most terminals have.
        SHADES: Block characters of five densities, in one colour.
    """

    TRUECOLOR = "truecolor"
    COLOR256 = "256"
    SHADES = "shades"


STYLES = tuple(style.value for style in Style)


def best_style(stream: TextIO) -> Style | None:
    """Return the best style that a terminal supports; None if it is not a terminal.

    The variables ``TERM``, ``COLORTERM`` and ``NO_COLOR`` are taken into account.
    """
    try:
        "⣿▀░".encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return None
    terminal = os.environ.get("TERM", "")
    if not stream.isatty() or terminal == "dumb":
        return None
    if "NO_COLOR" in os.environ:
        return Style.SHADES
    if os.environ.get("COLORTERM") in ("truecolor", "24bit"):
        return Style.TRUECOLOR
    return Style.COLOR256 if "256" in terminal else Style.SHADES


def picture(data: np.ndarray[Any, Any], kind: Kind, style: Style) -> list[str]:
    """Return a picture of an object as lines; no lines for an empty object.

    Args:
        data: The primary array of a record. For complex data, the modulus is drawn.
        kind: "signal" or "image".
        style: Style of an image.
    """
    if not data.size:
        return []
    return _curve(data[0], data[1]) if kind == "signal" else _image(data, style)


# -- curves -------------------------------------------------------------------------


def _curve(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> list[str]:
    """Draw a line in each column from its smallest to its largest value."""
    x, y = _real(x), _real(y)
    keep = np.isfinite(x) & np.isfinite(y)
    x, y = x[keep], y[keep]
    if not x.size:
        return []
    width, height = 2 * COLUMNS, 4 * ROWS
    column = _scaled(x, width)
    row = _scaled(-y, height)
    top = np.full(width, height)
    bottom = np.full(width, -1)
    np.minimum.at(top, column, row)
    np.maximum.at(bottom, column, row)
    rows = np.arange(height)[:, None]
    return _braille((rows >= top) & (rows <= bottom))


def _braille(dots: np.ndarray[Any, Any]) -> list[str]:
    cells = dots.reshape(ROWS, 4, COLUMNS, 2)
    codes = (cells * _DOTS[None, :, None, :]).sum((1, 3)) + _BRAILLE
    return ["".join(map(chr, line)) for line in codes]


# -- images -------------------------------------------------------------------------


def _image(data: np.ndarray[Any, Any], style: Style) -> list[str]:
    per_line = 1 if style is Style.SHADES else 2
    size = _size(data.shape, per_line)
    rows, columns = (
        -(-length // count) for length, count in zip(data.shape, size, strict=True)
    )
    values = reduce_blocks(data, (rows, columns))
    levels = _levels(values[np.ix_(*map(_every, values.shape, size))])
    if style is Style.SHADES:
        return ["".join(map(_shade, line)) for line in levels]
    code = _truecolor if style is Style.TRUECOLOR else _color256
    if len(levels) % 2:
        levels = np.vstack([levels, np.full((1, levels.shape[1]), -1)])
    return [
        "".join(map(code, upper, lower)) + _RESET
        for upper, lower in zip(levels[::2], levels[1::2], strict=True)
    ]


def _size(shape: tuple[int, ...], per_line: int) -> tuple[int, int]:
    """Return the number of rows and columns of a picture.

    It is to scale. A long narrow image is not: to scale, its short side would get fewer
    rows or columns than it has.

    Args:
        shape: Shape of the image.
        per_line: Rows in a line of the terminal, which is twice as high as a character
            is wide.
    """
    height, width = shape
    most = ROWS * per_line
    if height > _ELONGATED * width or width > _ELONGATED * height:
        return min(height, most), min(width, COLUMNS)
    rows = round(COLUMNS * height / width * per_line / 2)
    columns = round(2 * ROWS * width / height)
    return max(1, min(most, rows)), max(1, min(COLUMNS, columns))


def _every(length: int, count: int) -> np.ndarray[Any, Any]:
    """Return the middle index of each of `count` equal parts."""
    return (np.arange(count) * 2 + 1) * length // (2 * count)


def _levels(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return levels from 0 to 255; -1 for values that are not finite."""
    finite = np.isfinite(values)
    levels = np.full(values.shape, -1)
    if finite.any():
        levels[finite] = _scaled(values[finite], 256)
    return levels


def _shade(level: int) -> str:
    return " " if level < 0 else _SHADES[level * len(_SHADES) // 256]


def _truecolor(upper: int, lower: int) -> str:
    return _half(upper, lower, lambda level: f"2;{level};{level};{level}")


def _color256(upper: int, lower: int) -> str:
    first, count = _GREYS_OF_256
    return _half(upper, lower, lambda level: f"5;{first + level * count // 256}")


def _half(upper: int, lower: int, grey: Callable[[int], str]) -> str:
    """Return a character with an upper and a lower half in different shades."""
    if upper < 0 and lower < 0:
        return f"{_RESET} "
    if upper < 0:
        return f"{_RESET}\x1b[38;{grey(lower)}m▄"
    behind = "49" if lower < 0 else f"48;{grey(lower)}"
    return f"\x1b[38;{grey(upper)};{behind}m▀"


# -- both ---------------------------------------------------------------------------


def _real(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    real: np.ndarray[Any, Any] = np.abs(values) if values.dtype.kind == "c" else values
    return real.astype(np.float64)


def _scaled(values: np.ndarray[Any, Any], count: int) -> np.ndarray[Any, Any]:
    """Scale finite values to integers from 0 to `count` - 1."""
    # Halved, so that the difference between the largest floats is finite.
    low, high = values.min() / 2, values.max() / 2
    if low == high:
        return np.full(values.shape, count // 2)
    part = (values / 2 - low) / (high - low)
    scaled: np.ndarray[Any, Any] = np.minimum(part * count, count - 1)
    return scaled.astype(np.int64)
