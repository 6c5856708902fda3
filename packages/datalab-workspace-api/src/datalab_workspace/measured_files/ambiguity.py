"""Decide between several readings of the numbers of a table, or refuse to guess."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from datalab_workspace.errors import UnreadableFileError
from datalab_workspace.measured_files.cells import number_marks
from datalab_workspace.measured_files.dialect import Dialect, is_row
from datalab_workspace.measured_files.text import Text


def settle(
    text: Text, start: int, dialects: Sequence[Dialect], *, explicit: bool
) -> Dialect:
    """Return the dialect of a table, with its separator of thousands.

    Args:
        text: The file.
        start: Index of the first line to look at.
        dialects: The dialects that fit a sample equally well, the likeliest first.
        explicit: Whether the caller said which decimal mark the file has.

    Raises:
        UnreadableFileError: Two of them fit the whole file and give other numbers.
    """
    best = dialects[0]
    same = [dialect for dialect in dialects if dialect.sep == best.sep]
    if len(same) == 1:
        marks = _marks(best, _sampled(text, start, best))
        best = dataclasses.replace(best, thousands="".join(sorted(marks - {""}))[:1])
        if best.sep == "," and not explicit:
            _check_decimal_commas(text, start, best)
        return best
    return _with_decimal(text, start, same)


def _with_decimal(text: Text, start: int, dialects: Sequence[Dialect]) -> Dialect:
    """Return the dialect, of one separator, whose decimal mark fits most lines."""
    rows = [dialects[0].split(line) for line in text.lines[start:] if is_row(line)]
    counts = [sum(map(dialect.holds, rows)) for dialect in dialects]
    fitting: list[Dialect] = []
    for dialect, count in zip(dialects, counts, strict=True):
        marks = _marks(dialect, filter(dialect.holds, rows)) - {""}
        if count == max(counts) and len(marks) < 2:
            mark = next(iter(marks), "")
            fitting.append(dataclasses.replace(dialect, thousands=mark))
    if not fitting:
        return dialects[0]
    plain = [dialect for dialect in fitting if not dialect.thousands]
    if len(plain) == len(fitting) or len(fitting) == 1:
        # One reading fits, or no cell has a mark at all.
        return fitting[0]
    if plain and plain[0].decimal == ".":
        return plain[0]  # 1.234 has a decimal point unless another cell speaks against
    raise UnreadableFileError.of(
        text.path,
        "its commas may be decimal commas or separate thousands, as in "
        f"{_example(rows)!r}",
        "pass decimal=',' or decimal='.'",
    )


def _marks(dialect: Dialect, rows: Iterable[list[str]]) -> set[str]:
    """Return the separators of thousands that numbers need, "" for plain numbers."""
    found = (number_marks(cell, dialect.decimal) for row in rows for cell in row)
    return {mark for mark in found if mark is not None}


def _sampled(text: Text, start: int, dialect: Dialect) -> list[list[str]]:
    """Return the cells of some lines in the middle of the table."""
    middle = start + (len(text.lines) - start) // 2
    lines = text.lines[max(start, middle - 12) : middle + 12]
    return list(filter(dialect.holds, map(dialect.split, filter(is_row, lines))))


def _example(rows: Sequence[list[str]]) -> str:
    return next((cell for row in rows for cell in row if "," in cell), "")


def _check_decimal_commas(text: Text, start: int, dialect: Dialect) -> None:
    """Refuse two columns of integers that look like one column of "0,125".

    Raises:
        UnreadableFileError: The second part always has the same two or more digits,
            and the first is not an axis.
    """
    rows = _sampled(text, start, dialect)
    if len(rows) < 2 or any(len(row) != 2 for row in rows):
        return
    if not all(a.lstrip("+-").isdigit() and b.isdigit() for a, b in rows):
        return
    digits = {len(b) for _, b in rows}
    firsts = [int(a) for a, _ in rows]
    if len(digits) == 1 and digits.pop() > 1 and len(set(firsts)) < len(firsts):
        raise UnreadableFileError.of(
            text.path,
            f"{','.join(rows[0])!r} may be one number or two",
            "pass decimal=',' for one column, sep=',' for two",
        )
