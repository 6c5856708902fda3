"""Colors that metadata and annotations contain, with and without Matplotlib."""

from __future__ import annotations

import re
from typing import Any

from datalab_workspace.runtime import is_installed

_HEX = re.compile("#(?:[0-9a-fA-F]{3,4}){1,2}")
#: The names of the basic colors of CSS, and Matplotlib's letters.
_NAMED = {
    **dict.fromkeys(("black", "k"), "#000000"),
    **dict.fromkeys(("white", "w"), "#ffffff"),
    **dict.fromkeys(("red", "r"), "#ff0000"),
    **dict.fromkeys(("green", "g"), "#008000"),
    **dict.fromkeys(("blue", "b"), "#0000ff"),
    **dict.fromkeys(("cyan", "aqua", "c"), "#00ffff"),
    **dict.fromkeys(("magenta", "fuchsia", "m"), "#ff00ff"),
    **dict.fromkeys(("yellow", "y"), "#ffff00"),
    **dict.fromkeys(("gray", "grey"), "#808080"),
    "orange": "#ffa500",
    "lime": "#00ff00",
    "navy": "#000080",
    "purple": "#800080",
    "brown": "#a52a2a",
    "pink": "#ffc0cb",
}


def is_color(value: Any) -> bool:
    """Return whether a string is a color that can be drawn."""
    if not isinstance(value, str):
        return False
    if not is_installed("matplotlib"):
        return value.lower() in _NAMED or _HEX.fullmatch(value) is not None
    from matplotlib.colors import is_color_like

    return bool(is_color_like(value))


def hex_color(value: Any) -> str:
    """Return a color as ``#rrggbb``; see `is_color`."""
    if is_installed("matplotlib"):
        from matplotlib.colors import to_hex

        return to_hex(value)
    digits = _NAMED.get(value.lower(), value)[1:]
    if len(digits) < 6:
        digits = "".join(2 * digit for digit in digits)
    return f"#{digits[:6].lower()}"


def rgb(value: Any) -> tuple[int, int, int]:
    """Return red, green and blue of a color, each from 0 to 255."""
    red, green, blue = bytes.fromhex(hex_color(value)[1:])
    return red, green, blue
