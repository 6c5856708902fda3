"""The tables of results as text: columns, values with uncertainties, lines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from datalab_workspace.model.dates import date_text
from datalab_workspace.model.units import with_unit

if TYPE_CHECKING:
    from datalab_workspace.results_table import ResultValue, WideTable

#: Rows of each table that are shown.
MAX_ROWS = 60
#: Longest text in a cell.
_LONGEST = 40
#: The width from which a table is shown with its rows as columns, if that is narrower.
_WIDEST = 120


def value_text(item: ResultValue | None) -> str:
    """Return a value with its uncertainty as short text; "" for no value."""
    if item is None or item.value is None:
        return ""
    if isinstance(item.value, str):
        return item.value
    text = position_text if item.date else number_text
    return text(float(item.value), item.uncertainty)


def number_text(value: float, spread: float | None) -> str:
    """Return a number with its uncertainty as short text.

    A number has four significant digits. With an uncertainty, it has as many decimals
    as the uncertainty, which has two significant digits.
    """
    if spread is None or not spread > 0 or not math.isfinite(spread):
        return f"{value:.4g}"
    exponent = math.floor(math.log10(max(abs(value), spread)))
    place = 1 - math.floor(math.log10(spread))
    if -4 < exponent < 6:
        digits = max(place, 0)
        return f"{value:.{digits}f} ± {spread:.{digits}f}"
    scale, digits = 10.0**exponent, max(place + exponent, 0)
    return f"({value / scale:.{digits}f} ± {spread / scale:.{digits}f})e{exponent}"


def position_text(seconds: float, spread: float | None) -> str:
    """Return a date, in seconds since 1970, with its uncertainty as short text."""
    known = spread is not None and spread > 0 and math.isfinite(spread)
    return date_text(seconds) + (f" ± {spread:.2g} s" if known else "")


def column_heading(table: WideTable, column: tuple[str, str]) -> str:
    """Return the heading of a column; dates have no unit."""
    shown = [row[column] for _, row in table.rows if column in row]
    quantity, unit = column
    return quantity if all(item.date for item in shown) else with_unit(quantity, unit)


def heading_columns(table: WideTable) -> list[str]:
    """Return the headings of the first columns of a table: "object", "ROI", "row"."""
    named = any(roi for (_, roi, _), _ in table.rows)
    called = any(name for (name, _, _), _ in table.rows)
    return [*["object"] * called, *["ROI"] * named, *["row"] * table.numbered]


def heading_cells(table: WideTable, key: tuple[str, str, int]) -> list[str]:
    """Return the first cells of a row, below `heading_columns`."""
    name, roi, number = key
    cells = {"object": name, "ROI": roi, "row": str(number)}
    return [cells[column] for column in heading_columns(table)]


def table_text(table: WideTable) -> str:
    """Return a table as lines of text."""
    lines = _lines(table)
    heads = len(heading_columns(table))
    first = len(lines[0]) if len(table.rows) == 1 else heads
    if len(table.rows) > 1 and _width(lines) > _WIDEST:
        turned = _turned(lines)
        if _width(turned) <= _WIDEST:
            lines, first = turned, 1
    widths = _widths(lines)
    shown = [f"{cut(table.title)} [{cut(table.analysis)}]"]
    for line in lines:
        cells = (
            cell.ljust(width) if index < first else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        shown.append("  ".join(cells).rstrip())
    if len(table.rows) > MAX_ROWS:
        shown.append(f"and {len(table.rows) - MAX_ROWS} more rows")
    return "\n".join(shown)


def _lines(table: WideTable) -> list[list[str]]:
    """Return the lines of a table; one row is shown as lines of name and value."""
    names = [cut(column_heading(table, column)) for column in table.columns]
    heads = heading_columns(table)
    rows = [
        [
            *map(cut, heading_cells(table, key)),
            *(cut(value_text(row.get(column))) for column in table.columns),
        ]
        for key, row in table.rows[:MAX_ROWS]
    ]
    lines = [[*heads, *names], *rows]
    return _turned(lines) if len(rows) == 1 else lines


def _turned(lines: list[list[str]]) -> list[list[str]]:
    return [list(line) for line in zip(*lines, strict=True)]


def _widths(lines: list[list[str]]) -> list[int]:
    return [max(map(len, column)) for column in _turned(lines)]


def _width(lines: list[list[str]]) -> int:
    return sum(width + 2 for width in _widths(lines))


def cut(text: str, longest: int = _LONGEST) -> str:
    """Return a string in one line, shortened, with control characters escaped.

    Args:
        text: The string.
        longest: The number of characters to keep.
    """
    some = text[: 2 * longest]  # a string from a file may be very long
    plain = some if some.isprintable() else repr(some)[1:-1]
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"
