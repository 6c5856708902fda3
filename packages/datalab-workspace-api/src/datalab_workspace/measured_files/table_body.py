"""Read the numbers of a delimited table with pandas."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

from datalab_workspace.errors import UnreadableFileError
from datalab_workspace.measured_files.cells import date_form, is_day_first, number_marks
from datalab_workspace.measured_files.dialect import is_row
from datalab_workspace.measured_files.table_layout import Layout
from datalab_workspace.measured_files.text import Text

if TYPE_CHECKING:
    import pandas as pd

#: Strings for missing values that pandas does not know.
_MISSING = ["1.#QNAN", "1.#INF"]


def read_body(
    text: Text, layout: Layout, dayfirst: bool | None, *, all_lines: bool = False
) -> pd.DataFrame:
    """Return the table, with names of columns, numbers and dates.

    Columns and lines without any value are left out, and columns of text, too.

    Args:
        text: The file.
        layout: The layout of its table.
        dayfirst: Whether 03/04/2025 is the third of April; None lets the file decide.
        all_lines: Keep the lines and columns without any value, those of an image.

    Raises:
        UnreadableFileError: A cell holds no number, a line has too many cells, or the
            dates can be read in several ways.
    """
    import pandas as pd

    frame = _parse(text, layout)
    _check_width(text, layout, frame)
    for column in list(frame.columns):
        values = frame[column]
        if pd.api.types.is_numeric_dtype(values) or values.isna().all():
            continue
        if column < 2 and date_form(str(values.dropna().iloc[0]).strip()):
            frame[column] = _dates(text, values, dayfirst)
        elif layout.dialect.strict or _is_mixed(values, layout):
            raise _bad_cell(text, layout, column)
        else:
            frame = frame.drop(columns=column)
    if "datetime" in str(frame.dtypes.get(0)) and "timedelta" in str(
        frame.dtypes.get(1)
    ):
        frame[0] = frame[0] + frame[1]  # a column of dates and one of times
        frame = frame.drop(columns=1)
    if all_lines:
        return frame.iloc[:, : layout.columns]
    return frame.dropna(axis=0, how="all").dropna(axis=1, how="all")


def _parse(text: Text, layout: Layout) -> pd.DataFrame:
    import pandas as pd

    lines = text.lines[layout.first : layout.last]
    sep = layout.dialect.sep
    # A separator at the end of the lines makes one more column, which is empty.
    ends = [line.count(sep) + 1 for line in (lines[0], lines[-1])] if sep else [0]
    width = max(layout.columns, *ends)
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            return pd.read_csv(
                io.StringIO("\n".join(lines)),
                sep=r"\s+" if sep is None else sep,
                decimal=layout.dialect.decimal,
                thousands=layout.dialect.thousands or None,
                header=None,
                names=range(width),
                index_col=False,
                comment="#",
                skipinitialspace=True,
                na_values=_MISSING,
                low_memory=False,
                float_precision="round_trip",
            )
        except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
            raise UnreadableFileError.of(
                text.path,
                f"the lines of its table have different numbers of columns ({error})",
                "pass sep= or skiprows=, or repair the file",
            ) from None


def _check_width(text: Text, layout: Layout, frame: pd.DataFrame) -> None:
    """Raise an error if some lines only have more cells than the header."""
    for column in frame.columns[len(layout.header) :] if layout.header else ():
        if 0 < frame[column].notna().mean() < 0.5:
            raise UnreadableFileError.of(
                text.path,
                f"some lines have more cells than the header {list(layout.header)}",
                "repair them, or pass header=False",
            )


def _is_mixed(values: pd.Series, layout: Layout) -> bool:
    """Return whether a column of text has numbers, too."""
    decimal = layout.dialect.decimal
    cells = values.dropna().astype(str).str.strip()
    return any(number_marks(cell, decimal) is not None for cell in cells)


def _bad_cell(text: Text, layout: Layout, column: int) -> UnreadableFileError:
    """Return the error for the first cell of a column that holds no number."""
    for number in range(layout.first, layout.last):
        line = text.lines[number]
        cells = layout.dialect.split(line) if is_row(line) else []
        if column >= len(cells):
            continue
        if number_marks(cells[column], layout.dialect.decimal) is None:
            return UnreadableFileError.of(
                text.path,
                f"line {number + 1} holds {line.strip()[:60]!r} in the middle of the "
                "numbers",
                "if a second table begins there, split the file; otherwise repair the "
                "line, or pass sep= or decimal=",
            )
    return UnreadableFileError.of(text.path, f"column {column + 1} holds no numbers")


def _dates(text: Text, values: pd.Series, dayfirst: bool | None) -> pd.Series:
    """Return a column of dates as datetime64, one of times as timedelta64."""
    import pandas as pd

    cells = values.astype(str).str.strip()
    form = date_form(cells.iloc[0])
    try:
        if form == "clock" and not cells.str.contains("[AaPp][Mm]").any():
            counted = cells.where(cells.str.count(":") > 1, cells + ":00")
            return pd.to_timedelta(counted.str.replace(",", "."))
        if form == "day or month" and dayfirst is None:
            dayfirst = is_day_first(cells)
            if dayfirst is None:
                raise UnreadableFileError.of(
                    text.path,
                    f"{cells.iloc[0]!r} may begin with the day or with the month",
                    "pass dayfirst=True or dayfirst=False",
                )
        found = pd.to_datetime(
            cells.str.replace(",", "."),
            dayfirst=bool(dayfirst),
            format="mixed",
            utc=True,  # the time zone of a log changes twice a year
        )
        return found.dt.tz_localize(None)
    except UnreadableFileError:
        raise
    except (ValueError, TypeError) as error:
        raise UnreadableFileError.of(
            text.path, f"its dates cannot be read ({error})", "repair them"
        ) from None
