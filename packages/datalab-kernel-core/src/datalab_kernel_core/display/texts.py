"""Values of any kind as short texts that are safe to show."""

from __future__ import annotations

import reprlib
from html import escape
from typing import Any

import numpy as np

#: Longest names and other texts, in characters.
NAME_LENGTH, GROUP_LENGTH, UNIT_LENGTH, VALUE_LENGTH = 60, 40, 24, 120
_JOINERS = "\u200c\u200d"  # within emoji, and letters of some scripts
_MAX_BITS = 256


def cut(text: object, length: int = NAME_LENGTH) -> str:
    """Return a text in one line, shortened, without characters that can't be shown.

    Args:
        text: The text; None is empty.
        length: Number of characters to shorten it to.
    """
    # Twice as many are enough to know what is left when spaces are joined.
    flat = " ".join(str("" if text is None else text)[: 64 * length].split())
    if len(flat) > length:
        flat = flat[: length - 1] + "…"
    return "".join(c if c.isprintable() or c in _JOINERS else "\ufffd" for c in flat)


def html(text: object, length: int = NAME_LENGTH) -> str:
    """Return a text as `cut` does, escaped for HTML."""
    return escape(cut(text, length))


def shown(value: object, length: int = VALUE_LENGTH) -> str:
    """Return a value of any type as a short text, however large it is."""
    if isinstance(value, float):
        return number(value)
    return cut(value if isinstance(value, str) else _SHORT.repr(value), length)


def number(value: float) -> str:
    """Return a number with six digits."""
    return f"{value:.6g}"


def size(nbytes: int) -> str:
    """Return a number of bytes as people write it."""
    value, unit = float(nbytes), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.3g} {unit}"


def count(number: int, what: str) -> str:
    """Return "1 signal", "2 signals"."""
    return f"{number} {what}{'s' * (number != 1)}"


class _Short(reprlib.Repr):
    """A repr that takes no longer for large values."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxstring, self.maxother = 3, VALUE_LENGTH, VALUE_LENGTH
        self.maxlong = 80

    def repr_int(self, value: int, level: int) -> str:  # noqa: ARG002
        bits = value.bit_length()
        return repr(value) if bits <= _MAX_BITS else f"an integer of {bits} bits"

    def repr_bytes(self, value: Any, level: int) -> str:  # noqa: ARG002
        return f"{type(value).__name__} of length {len(value)}"

    repr_bytearray = repr_bytes

    def repr_ndarray(self, value: np.ndarray[Any, Any], level: int) -> str:  # noqa: ARG002
        if value.size <= self.maxlist and value.dtype.kind in "biufc":
            return f"array({value.tolist()!r})"
        shape = " × ".join(map(str, value.shape))
        return f"array of {shape or 1} {value.dtype}"

    repr_MaskedArray = repr_ndarray  # noqa: N815  reprlib goes by the name of the type


_SHORT = _Short()
