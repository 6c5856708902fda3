"""The separator, the decimal mark and the other marks of a delimited table."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from datalab_workspace.measured_files.cells import MISSING, date_form, number_marks

#: The number of cells of a line that say what kind of line it is.
_ENOUGH = 40


@dataclass(frozen=True)
class Dialect:
    """The marks of a delimited table.

    Attributes:
        sep: The separator of the columns; None stands for any number of spaces.
        decimal: The decimal mark.
        thousands: The separator of groups of three digits; "" without any.
        strict: Whether every cell is a number or a date.
    """

    sep: str | None
    decimal: str
    thousands: str = ""
    strict: bool = True

    def split(self, line: str) -> list[str]:
        """Return the cells of a line, without empty ones at its end."""
        if self.sep is None:
            return [cell.strip('"') for cell in line.split()]
        if '"' in line:
            cells = next(csv.reader([line], delimiter=self.sep, skipinitialspace=True))
        else:
            cells = line.split(self.sep)
        cells = [cell.strip() for cell in cells]
        while cells and not cells[-1]:
            cells.pop()
        return cells

    def holds(self, cells: Sequence[str]) -> bool:
        """Return whether cells are a line of the table."""
        values = 0
        for column, cell in enumerate(cells[:_ENOUGH]):
            if number_marks(cell, self.decimal) is not None:
                values += cell.lower() not in MISSING
            elif not (column < 2 and date_form(cell)) and (self.strict or column == 0):
                return False
        # Among other cells, one number may be anything.
        return values > (0 if self.strict else 1)


def is_row(line: str) -> bool:
    """Return whether a line may be a row of a table: not empty, and no comment."""
    return bool(line) and line[0] != "#" and not line.isspace()
