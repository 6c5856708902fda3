"""The tables of results as text: columns, values with uncertainties, lines."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from datalab_workspace.model.dates import date_text
from datalab_workspace.model.units import with_unit

if TYPE_CHECKING:
    from datalab_workspace.results_table import ResultValue, WideTable

#: Rows of each table that are shown.
MAX_ROWS = 60
#: Longest text in a cell.
_LONGEST = 40
#: The number of characters of the widest line.
_WIDEST = 120


def printable(text: str) -> str:
    """Return a string from a file with its control characters escaped."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


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


@dataclass(frozen=True)
class Block:
    """A part of a table, narrow enough to be read.

    Attributes:
        lines: The cells of its lines; all have the same number.
        heads: The number of lines that are headings.
        names: The number of columns at the left that hold names.
    """

    lines: list[list[str]]
    heads: int
    names: int


def blocks(table: WideTable, widest: int, longest: int = _LONGEST) -> list[Block]:
    """Return the first rows of a table as blocks, one below the other.

    Quantities are columns. They are lines if only that is narrow enough, or if there
    is one row only. Otherwise, a table that is too wide is cut into several blocks.

    Args:
        table: The table.
        widest: The largest number of characters of a line.
        longest: The number of characters to which the reader of the blocks shortens
            names. The blocks have the whole names.
    """
    heads = heading_columns(table)
    names = [heading_cells(table, key) for key, _ in table.rows[:MAX_ROWS]]
    columns = _columns(table)
    left = turned([heads, *names]) if heads else []
    if len(names) == 1:
        return [Block([*left, *columns], 0, 2)]
    return fitted(left, columns, widest, longest)


def fitted(
    left: list[list[str]], columns: list[list[str]], widest: int, longest: int
) -> list[Block]:
    """Return a table as blocks that are narrow enough, one below the other.

    Args:
        left: The columns of names. Each column has a heading and cells.
        columns: The other columns.
        widest: See `blocks`.
        longest: See `blocks`.
    """
    lines = turned([*left, *columns])
    if _width(lines, longest) <= widest:
        return [Block(lines, 1, len(left))]
    if left and _width([*left, *columns], longest) <= widest:
        return [Block([*left, *columns], len(left), 1)]
    room = widest - (_width(turned(left), longest) if left else 0)
    return [
        Block(turned([*left, *part]), 1, len(left)) for part in _parts(columns, room)
    ]


def _columns(table: WideTable) -> list[list[str]]:
    """Return the columns of a table, one for each quantity.

    The heading has the unit if all of the column have the same, otherwise each cell.
    """
    units: dict[str, list[str]] = {}
    for quantity, unit in table.columns:
        units.setdefault(quantity, []).append(unit)
    columns = []
    for quantity, several in units.items():
        found = [
            next(
                (row[quantity, unit] for unit in several if (quantity, unit) in row),
                None,
            )
            for _, row in table.rows[:MAX_ROWS]
        ]
        given = [item for item in found if item is not None]
        shared = {"" if item.date else item.unit for item in given}
        is_shared = len(shared) == 1
        heading = with_unit(quantity, shared.pop()) if is_shared else quantity
        cells = [_cell(item, with_its_unit=not is_shared) for item in found]
        columns.append([cut(heading), *cells])
    return columns


def _cell(item: ResultValue | None, *, with_its_unit: bool) -> str:
    text = cut(value_text(item))
    if item is None or not text or not item.unit or item.date or not with_its_unit:
        return text
    return f"{text} {cut(item.unit)}"


def _parts(columns: list[list[str]], widest: int) -> list[list[list[str]]]:
    """Return columns in parts that are narrow enough; each has one column at least."""
    parts: list[list[list[str]]] = [[]]
    room = widest
    for column in columns:
        width = max(map(len, column)) + 2
        if parts[-1] and width > room:
            parts.append([])
            room = widest
        parts[-1].append(column)
        room -= width
    return parts


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
    shown = [f"{cut(table.title)} [{cut(table.analysis)}]"]
    for block in blocks(table, _WIDEST):
        shown += block_lines(block)
    if len(table.rows) > MAX_ROWS:
        shown.append(f"and {len(table.rows) - MAX_ROWS} more rows")
    return "\n".join(shown)


def block_lines(block: Block) -> list[str]:
    """Return a block as lines of text: names at the left, and columns of values."""
    lines = [list(map(cut, line)) for line in block.lines]
    widths = _widths(lines, _LONGEST)
    shown = []
    for line in lines:
        cells = (
            cell.ljust(width) if index < block.names else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        shown.append("  ".join(cells).rstrip())
    return shown


def turned(lines: list[list[str]]) -> list[list[str]]:
    """Return the columns of lines, or the lines of columns."""
    return [list(line) for line in zip(*lines, strict=True)]


def _widths(lines: list[list[str]], longest: int) -> list[int]:
    return [min(max(map(len, column)), longest) for column in turned(lines)]


def _width(lines: list[list[str]], longest: int) -> int:
    return sum(width + 2 for width in _widths(lines, longest))


def cut(text: str, longest: int = _LONGEST) -> str:
    """Return a string in one line, shortened, with control characters escaped.

    Args:
        text: The string.
        longest: The number of characters to keep.
    """
    some = text[: 2 * longest]  # a string from a file may be very long
    plain = some if some.isprintable() else repr(some)[1:-1]
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"
