"""Find the table of numbers in a text file: its separator, header, units and lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from datalab_workspace.errors import UnreadableFileError
from datalab_workspace.measured_files.ambiguity import settle
from datalab_workspace.measured_files.cells import number_marks, unit
from datalab_workspace.measured_files.dialect import Dialect, is_row
from datalab_workspace.measured_files.options import TableOptions
from datalab_workspace.measured_files.text import Text

#: Separators of columns, the surest first; None stands for any number of spaces.
_SEPARATORS = ("\t", ";", ",", "|", None)
#: The number of lines from which the separator and the decimal mark are found out.
_SAMPLE = 24
#: The number of lines after which a table of numbers must have begun.
_PREAMBLE = 2000
#: The number of columns of one line that is rather a list of numbers.
_MANY_COLUMNS = 10
#: Strings for values that are not finite, as programs write them.
_NOT_FINITE = frozenset(("nan", "inf", "infinity"))
_COMMENTS = ("#", "%", "//", "!", "*")
_NAMED_SEPARATOR = re.compile(r'"?sep=(.)"?', re.IGNORECASE)


class NoTableError(UnreadableFileError):
    """A text file without a table of numbers, such as a note next to the data."""


@dataclass(frozen=True)
class Layout:
    """The place and form of a table in the lines of a file.

    Attributes:
        dialect: Its marks.
        first: Index of its first line of numbers.
        last: Index of the line after its last line of numbers.
        rows: The number of its lines.
        columns: The number of its columns.
        header: The names of the columns; empty if it has none.
        units: The units of the columns; empty if no line gives them.
        preamble: The lines above it.
    """

    dialect: Dialect
    first: int
    last: int
    rows: int
    columns: int
    header: tuple[str, ...]
    units: tuple[str, ...]
    preamble: str


def find_table(text: Text, options: TableOptions) -> Layout:
    """Return the layout of the table of numbers in a file.

    Raises:
        UnreadableFileError: There is none, or it can be read in several ways.
    """
    start = options.skiprows or 0
    sep = options.sep
    if start < len(text.lines) and (
        named := _NAMED_SEPARATOR.fullmatch(text.lines[start])
    ):
        start, sep = start + 1, sep or named[1]
    samples = _samples(text.lines, start)
    for strict, sample in product((True, False), samples):
        dialects = _dialects(sample, sep, options.decimal, strict)
        if not dialects:
            continue
        dialect = settle(text, start, dialects, explicit=options.decimal is not None)
        first = _first(text.lines, start, dialect)
        if first is not None:
            return _layout(text, start, first, dialect, options)
    raise NoTableError.of(
        text.path,
        "no table of numbers was found in it",
        "pass sep=, decimal= or skiprows= if it has one",
    )


def _dialects(
    sample: Sequence[str], sep: str | None, decimal: str | None, strict: bool
) -> list[Dialect]:
    """Return the dialects that fit most lines of a sample, the likeliest first."""
    joined = "\n".join(sample)
    best: list[Dialect] = []
    most = (0, 0)
    for candidate in _candidates(joined, sep, decimal, strict):
        score = _score(candidate, sample)
        if score > most:
            most, best = score, [candidate]
        elif score == most and score[0]:
            best.append(candidate)
    return best


def _samples(lines: Sequence[str], start: int) -> list[list[str]]:
    """Return lines from the middle, and others from the end.

    The first are within the table, unless it is shorter than what is above it.
    """
    middle = max(start, start + (len(lines) - start) // 2 - _SAMPLE // 2)
    rows = list(filter(is_row, lines[middle : middle + 2 * _SAMPLE]))[:_SAMPLE]
    return [rows, list(filter(is_row, lines[max(start, len(lines) - _SAMPLE) :]))]


def _candidates(
    sample: str, sep: str | None, decimal: str | None, strict: bool
) -> Iterator[Dialect]:
    separators = (
        _SEPARATORS
        if sep is None
        else ((None if sep.isspace() and sep != "\t" else sep),)
    )
    for separator in separators:
        if separator is not None and sep is None and separator not in sample:
            continue
        for mark in (".", ",") if decimal is None else (decimal,):
            if mark == separator or (decimal is None and mark == "," not in sample):
                continue
            yield Dialect(separator, mark, strict=strict)


def _score(dialect: Dialect, sample: Sequence[str]) -> tuple[int, int]:
    """Return the number of lines that fit, and that of their columns, at most 2."""
    counts = Counter(
        len(cells) for cells in map(dialect.split, sample) if dialect.holds(cells)
    )
    if not counts:
        return (0, 0)
    return (sum(counts.values()), min(counts.most_common(1)[0][0], 2))


def _first(lines: Sequence[str], start: int, dialect: Dialect) -> int | None:
    """Return the index of the first line of numbers, which others follow."""
    candidate: int | None = None
    for index in range(start, min(len(lines), start + _PREAMBLE)):
        line = lines[index]
        if not is_row(line):
            continue
        cells = dialect.split(line)
        if not dialect.holds(cells):
            candidate = None
        elif candidate is None or (
            # A number alone above a table is not a row of it, but that of its rows.
            len(cells) > 1 and _is_alone(lines[candidate], dialect)
        ):
            candidate = index
        else:
            return candidate
    if candidate is None or any(map(is_row, lines[candidate + 1 :])):
        return None
    # A table of one line, if nothing follows it, and it is surely not a sentence.
    columns = 0 if dialect.sep is None else len(dialect.split(lines[candidate]))
    return candidate if 1 < columns < _MANY_COLUMNS else None


def _is_alone(line: str, dialect: Dialect) -> bool:
    """Return whether a line has one cell, and no separator."""
    return len(dialect.split(line)) == 1 and (dialect.sep or "\0") not in line


def _layout(
    text: Text, start: int, first: int, dialect: Dialect, options: TableOptions
) -> Layout:
    lines = text.lines
    last = len(lines)
    while last > first + 1 and not (
        is_row(lines[last - 1]) and dialect.holds(dialect.split(lines[last - 1]))
    ):
        last -= 1
    first, last = _with_missing(lines, start, first, last, dialect)
    head = [dialect.split(line) for line in lines[first : first + 3] if is_row(line)]
    columns = max(map(len, head))
    header, units, above = _header(lines, start, first, dialect, columns, options)
    columns = max(columns, min(len(header), columns + 1))
    _check_ends(text, start, first, last, dialect, columns)
    return Layout(
        dialect,
        first,
        last,
        len(list(filter(is_row, lines[first:last]))),
        columns,
        header,
        units,
        "\n".join(lines[:above]).strip(),
    )


def _with_missing(
    lines: Sequence[str], start: int, first: int, last: int, dialect: Dialect
) -> tuple[int, int]:
    """Return the ends of a table with the lines of NaN or infinity next to it.

    They are the border of an image.
    """
    columns = len(dialect.split(lines[first]))

    def is_missing(index: int) -> bool:
        cells = dialect.split(lines[index])
        return len(cells) == columns and all(
            cell.lower().lstrip("+-") in _NOT_FINITE for cell in cells
        )

    while first > start and is_missing(first - 1):
        first -= 1
    while last < len(lines) and is_missing(last):
        last += 1
    return first, last


def _check_ends(
    text: Text, start: int, first: int, last: int, dialect: Dialect, columns: int
) -> None:
    """Refuse a table whose first or last line has a cell that is not a number.

    Such a line would be lost, as if it was not part of the table.

    Raises:
        UnreadableFileError: The line above or below has as many cells, and the first of
            them is a number.
    """
    if dialect.sep is None or not dialect.strict:
        return  # the line may be a sentence
    above, below = range(first - 1, start - 1, -1), range(last, len(text.lines))
    for indices in (above, below):
        index = next((i for i in indices if is_row(text.lines[i])), None)
        if index is None:
            continue
        cells = dialect.split(text.lines[index])
        if (
            1 < len(cells) == columns
            and _is_number(cells[0])
            and not all(map(_is_number, cells))
        ):
            remedy = f", or pass skiprows={index + 1}" if index < first else ""
            raise UnreadableFileError.of(
                text.path,
                f"line {index + 1} holds {text.lines[index].strip()[:60]!r} next to "
                "the numbers",
                f"repair the line or remove it{remedy}",
            )


def _header(
    lines: Sequence[str],
    start: int,
    first: int,
    dialect: Dialect,
    columns: int,
    options: TableOptions,
) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    """Return the names of the columns, their units, and the end of the preamble."""
    if options.header is False:
        return (), (), first
    above = [i for i in range(start, first) if lines[i].strip()][-2:]
    rows = [(index, _names(lines[index], dialect, columns)) for index in above]
    if not rows or not rows[-1][1] or any(map(_is_number, rows[-1][1])):
        return (), (), first
    index, names = rows[-1]
    units = [unit(name) for name in names]
    if len(rows) == 2 and rows[0][1] and None not in units:
        return rows[0][1], tuple(part or "" for part in units), rows[0][0]
    return names, (), index


def _is_number(cell: str) -> bool:
    return bool(cell) and any(number_marks(cell, mark) == "" for mark in ".,")


def _names(line: str, dialect: Dialect, columns: int) -> tuple[str, ...]:
    """Return the cells of a line that names columns; none if it does not."""
    if line.startswith(_COMMENTS):
        return ()
    cells = dialect.split(line)
    if dialect.sep is None and len(cells) != columns:
        cells = re.split(r"\t|\s{2,}", line.strip())
    fits = columns <= len(cells) or (dialect.sep is not None and len(cells) > 1)
    return tuple(cells) if fits and not _is_number(cells[0]) else ()
