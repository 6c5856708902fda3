"""Recognise the numbers, dates and units in the cells of a delimited table."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: What stands for a value that is missing or not finite.
MISSING = frozenset(
    ("", "nan", "na", "n/a", "null", "none", "inf", "+inf", "-inf", "infinity",
     "-infinity", "-nan", "#n/a", "1.#qnan", "1.#inf")
)  # fmt: skip
_EXPONENT = r"(?:[eE][+-]?\d+)?"
_PLAIN = {
    ".": re.compile(rf"[+-]?(?:\d+\.?\d*|\.\d+){_EXPONENT}"),
    ",": re.compile(rf"[+-]?(?:\d+(?:,\d+)?|,\d+){_EXPONENT}"),
}
_GROUPED = {
    (decimal, mark): re.compile(
        rf"[+-]?[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+(?:{re.escape(decimal)}\d*)?"
    )
    for decimal, marks in ((".", ",' \u00a0\u202f"), (",", ".' \u00a0\u202f"))
    for mark in marks
}
_TIME = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp][Mm])?"
_ISO = re.compile(
    rf"\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}(?:[T ]{_TIME}(?:Z|[+-]\d\d:?\d\d)?)?"
)
_DAY_OR_MONTH = re.compile(
    rf"(\d{{1,2}})([./-])(\d{{1,2}})\2(?:\d{{4}}|\d{{2}})(?: {_TIME})?"
)
_NAMED_MONTH = re.compile(
    rf"\d{{1,2}}[- ](?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*[- ]"
    rf"(?:\d{{4}}|\d{{2}})(?: {_TIME})?"
)
_CLOCK = re.compile(_TIME)

_PREFIX = r"[yzafpnuµμmcdhkMGTP]?"
_SYMBOL = (
    r"(?:s|V|A|W|K|m|g|Hz|eV|J|N|Pa|bar|T|G|Oe|F|H|S|C|Ω|Ohm|ohm|mol|l|L|Å|rad|sr|lx|lm"
    r"|cd|Bq|Torr|torr|emu|cal|min|h|d|dB|dBm|px)"
)
_POWER = r"(?:\^?-?\d|[²³⁻¹]+)?"
_UNIT = re.compile(
    rf"(?:1/)?(?:{_PREFIX}{_SYMBOL}{_POWER}|1)(?:[ */·⋅.]{_PREFIX}{_SYMBOL}{_POWER})*"
)
_UNIT_WORDS = frozenset(
    ("%", "°", "°c", "°f", "deg", "degc", "degrees", "angstrom", "a.u.", "a.u", "au",
     "arb", "arb.", "arb.u.", "arb. u.", "arb. units", "arb units", "a. u.", "counts",
     "count", "cts", "cps", "counts/s", "pixel", "pixels", "sec", "secs", "second",
     "seconds", "msec", "usec", "volt", "volts", "amp", "amps", "ampere", "amperes",
     "watt", "watts", "hertz", "meter", "meters", "metre", "metres", "kelvin",
     "celsius", "tesla", "gauss", "ohms", "none", "#", "-", "unitless")
)  # fmt: skip
_BRACKETED = re.compile(r"\((.*)\)|\[(.*)\]|<(.*)>")


def number_marks(cell: str, decimal: str) -> str | None:
    """Return which marks a number needs, or None if the cell is not a number.

    Args:
        cell: The cell, without spaces around it.
        decimal: The decimal mark.

    Returns:
        "" for a plain number, or else the separator of its groups of three digits.
    """
    if _PLAIN[decimal].fullmatch(cell) or cell.lower() in MISSING:
        return ""
    for (point, mark), pattern in _GROUPED.items():
        if point == decimal and mark in cell and pattern.fullmatch(cell):
            return mark
    return None


def date_form(cell: str) -> str | None:
    """Return the form of a date, or None: "sure", "day or month" or "clock"."""
    if _ISO.fullmatch(cell) or _NAMED_MONTH.fullmatch(cell):
        return "sure"
    if _DAY_OR_MONTH.fullmatch(cell):
        return "day or month"
    return "clock" if _CLOCK.fullmatch(cell) else None


def year_of(cell: str) -> int | None:
    """Return the year with which a date begins, or None."""
    return int(cell[:4]) if _ISO.fullmatch(cell) else None


def is_day_first(cells: Iterable[str]) -> bool | None:
    """Return whether dates such as 13/04/2025 begin with the day.

    Returns:
        None if they can be read both ways. A date with points begins with the day.
    """
    for cell in cells:
        match = _DAY_OR_MONTH.fullmatch(cell)
        if match is None:
            continue
        if match[2] == "." or int(match[1]) > 12:
            return True
        if int(match[3]) > 12:
            return False
    return None


def unit(cell: str) -> str | None:
    """Return the unit that a cell holds, without brackets; None if it holds another.

    An empty cell is the unit of a quantity without dimension.
    """
    match = _BRACKETED.fullmatch(cell)
    if match is not None:
        return next(part for part in match.groups() if part is not None).strip()
    if not cell or cell.lower() in _UNIT_WORDS or _UNIT.fullmatch(cell):
        return cell
    return None
