"""Break and shorten titles, labels and legends so that they fit the picture.

Matplotlib does not take the width of titles into account when it places axes, so that
long ones would reach into the neighbors.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

_POINTS = 72.0
#: The space that a title may take beyond its axes, in inches: about the width of tick
#: labels.
BEYOND = 0.5


def broken(text: str, width: float, size: float, lines: int = 2) -> str:
    """Break a string into lines; a string that is still too long is shortened.

    Args:
        text: The string, escaped as by `drawable`.
        width: Width of a line in inches.
        size: Font size in points.
        lines: The largest number of lines.
    """
    rest, made = text.replace(r"\$", "$").split(" "), list[str]()
    while rest:
        if len(made) == lines - 1:
            made.append(_cut(" ".join(rest), width, size))
            break
        count = 1
        while count < len(rest) and _fits(" ".join(rest[: count + 1]), width, size):
            count += 1
        line, rest = " ".join(rest[:count]), rest[count:]
        if not _fits(line, width, size):  # one long word
            kept = _longest_start(line, width, size)
            line, rest = line[:kept], [line[kept:], *rest]
        made.append(line)
    return "\n".join(made).replace("$", r"\$")


def shortened(text: str, width: float, size: float) -> str:
    """Return a string without its middle if it is too long.

    The ends of names differ more often than their middles.

    Args:
        text: The string, escaped as by `drawable`.
        width: Width in inches.
        size: Font size in points.
    """
    plain = text.replace(r"\$", "$")
    if _fits(plain, width, size):
        return text
    kept = _longest_start(plain, width - _inches("…", size), size)
    begin, end = (kept + 1) // 2, kept // 2
    short = plain[:begin] + "…" + plain[len(plain) - end :]
    return short.replace("$", r"\$")


def _cut(text: str, width: float, size: float) -> str:
    if _fits(text, width, size):
        return text
    kept = _longest_start(text, width - _inches("…", size), size)
    return text[:kept].rstrip() + "…"


def _longest_start(text: str, width: float, size: float) -> int:
    """Return the number of characters that fit, at least one."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if _inches(text[:middle], size) <= width:
            low = middle
        else:
            high = middle - 1
    return low


def _fits(text: str, width: float, size: float) -> bool:
    # Hardly any character is wider than it is high.
    if len(text) * size <= width * _POINTS:
        return True
    return _inches(text, size) <= width


@contextmanager
def without_glyph_warnings() -> Iterator[None]:
    """Let strings be in any script.

    Matplotlib draws a rectangle for each character that its font does not have.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        yield


@lru_cache(maxsize=1000)
def _inches(text: str, size: float) -> float:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(size=size)
    with without_glyph_warnings():
        width, _, _ = text_to_path.get_text_width_height_descent(
            text, font, ismath=False
        )
    return float(width) / _POINTS
