"""Short strings for values of any type, which are safe to show."""

from __future__ import annotations

import reprlib
from html import escape
from typing import Any

import numpy as np

#: Names and other strings are shortened to these numbers of characters.
NAME_LENGTH, GROUP_LENGTH, UNIT_LENGTH, VALUE_LENGTH = 60, 40, 24, 120
_JOINERS = "\u200c\u200d"  # within emoji, and letters of some scripts
_MAX_BITS = 256


def shorten(text: object, length: int = NAME_LENGTH) -> str:
    """Return a string in one line, shortened, without unprintable characters.

    Args:
        text: The string; None is empty.
        length: Number of characters to keep.
    """
    # A bounded part of a long string is enough to fill the line.
    flat = " ".join(str("" if text is None else text)[: 64 * length].split())
    if len(flat) > length:
        flat = flat[: length - 1] + "…"
    return "".join(c if c.isprintable() or c in _JOINERS else "\ufffd" for c in flat)


def shorten_middle(text: object, length: int = NAME_LENGTH) -> str:
    """Return a string as `shorten` does, with its start and end if it is too long."""
    whole = str("" if text is None else text)
    ends = 32 * length
    if len(whole) > 2 * ends:
        whole = f"{whole[:ends]} {whole[-ends:]}"
    line = shorten(whole, len(whole) + 1)
    if len(line) <= length:
        return line
    end = (length - 1) // 2
    return f"{line[: length - 1 - end]}…{line[-end:]}"


def html(text: object, length: int = NAME_LENGTH) -> str:
    """Return the shortened string, escaped for HTML."""
    return escape(shorten(text, length))


def short_repr(value: object, length: int = VALUE_LENGTH) -> str:
    """Return a short string for a value of any type and size."""
    if isinstance(value, float):
        return number(value)
    return shorten(value if isinstance(value, str) else _SHORT.repr(value), length)


def number(value: float) -> str:
    """Return a number with six significant digits."""
    return f"{value:.6g}"


def size(nbytes: int) -> str:
    """Return a number of bytes with a unit, such as "1.5 MB"."""
    value, unit = float(nbytes), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.3g} {unit}"


def count(number: int, what: str) -> str:
    """Return a number with a noun: "1 signal", "2 signals"."""
    return f"{number} {what}{'s' * (number != 1)}"


class _Short(reprlib.Repr):
    """A repr in bounded time."""

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

    repr_MaskedArray = repr_ndarray  # noqa: N815  reprlib looks for the name of the type


_SHORT = _Short()
