"""Tables of the results of analyses, as a notebook shows them."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from datalab_workspace.model.analysis import Result
from datalab_workspace.model.record import Record
from datalab_workspace.model.roi_names import roi_name, roi_names
from datalab_workspace.model.units import (
    AxisUnits,
    is_position,
    split_columns,
    with_unit,
)
from datalab_workspace.result_text import (
    Block,
    fitted,
    number_text,
    position_text,
    turned,
)
from datalab_workspace.runtime import require

#: Rows that are shown; `to_dataframe` returns all of them.
MAX_ROWS = 200
#: The characters of the widest line. JupyterLab breaks the headings of a table.
_WIDEST, _WIDEST_HTML = 120, 140


class ResultTable:
    """The result of an analysis, shown by a notebook as a table.

    Args:
        result: The result.
        title: Title of the table, instead of the result's own.
        record: The object that was analysed, for units and the names of regions.
        visible_only: Leave out the columns that the result's display preferences hide.
        transpose_single_row: Show a result of one row as two columns: name and value.

    Example:
        >>> plotter.table({"title": "Width", "names": ["fwhm"], "data": [[2.5]]})
        Width
        fwhm  2.5
    """

    def __init__(
        self,
        result: Result,
        title: str | None = None,
        *,
        record: Record | None = None,
        visible_only: bool = True,
        transpose_single_row: bool = True,
    ) -> None:
        self._result = result
        self._title = result.title if title is None else title
        self._regions = [] if record is None else roi_names(record.metadata)
        shown = Record("signal") if record is None else record
        units = AxisUnits.of(shown.kind, shown.fields, shown.metadata)
        self._named = split_columns(result, units)
        self._dates = {
            name for name, _ in self._named if units.dates and is_position(result, name)
        }
        self._visible_only = visible_only
        self._transposed = transpose_single_row and len(result.rows) == 1

    def to_dataframe(self) -> Any:
        """Return the values as a `pandas.DataFrame`, one column for each name.

        If the object has regions of interest, the first column, "roi_index", is the
        index of each row's region, -1 for the whole object.

        Raises:
            ImportError: pandas is not installed.

        Example:
            >>> table = plotter.table({"title": "", "names": ["fwhm"], "data": [[2.5]]})
            >>> table.to_dataframe()["fwhm"].tolist()
            [2.5]
        """
        require("pandas", "to_dataframe()")
        import pandas as pd

        kept = self._kept()
        rows = [[row[index] for index in kept] for row in self._result.rows]
        columns = [self._result.columns[index] for index in kept]
        frame = pd.DataFrame(rows, columns=columns)
        if self._result.regions is not None:
            frame.insert(0, "roi_index", self._result.regions)
        return frame

    def _kept(self) -> list[int]:
        hidden = self._result.hidden() if self._visible_only else set()
        return [i for i, n in enumerate(self._result.columns) if n not in hidden]

    def _heads(self) -> list[str]:
        regions = self._result.regions
        if regions is None:
            return ["" for _ in self._result.rows]
        return [roi_name(self._regions, index) for index in regions]

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        """Return the headings, with units, and the strings of the cells below them."""
        names = [name for name, _ in self._named]
        # An uncertainty is shown in the cell of its value.
        uncertain = {f"u({name})" for name in names}
        shown = [index for index in self._kept() if names[index] not in uncertain]
        position = {name: index for index, name in enumerate(names)}
        spreads = [position.get(f"u({names[index]})") for index in shown]
        heads = [
            names[index]
            if names[index] in self._dates
            else with_unit(*self._named[index])
            for index in shown
        ]
        return heads, [
            [
                _text(
                    row[index],
                    None if spread is None else row[spread],
                    date=names[index] in self._dates,
                )
                for index, spread in zip(shown, spreads, strict=True)
            ]
            for row in self._result.rows
        ]

    def _blocks(self, widest: int) -> list[Block]:
        """Return the lines that are shown, in blocks that are narrow enough."""
        heads, cells = self._cells()
        rows = self._heads()
        if self._transposed:
            pairs = zip(heads, cells[0], strict=True)
            return [Block([["", rows[0]], *map(list, pairs)], 1, 1)]
        left = ["", *rows[:MAX_ROWS]]
        columns = turned([heads, *cells[:MAX_ROWS]])
        return fitted([left], columns, widest, widest)

    def _left_out(self) -> str:
        missing = len(self._result.rows) - MAX_ROWS
        return f"and {missing} more rows; to_dataframe() has all" if missing > 0 else ""

    def _repr_html_(self) -> str:
        caption = f"<caption>{escape(self._title)}</caption>" if self._title else ""
        tables = []
        for block in self._blocks(_WIDEST_HTML):
            tables.append(_table_html(block, caption))
            caption = ""
        foot = f"<p>{escape(self._left_out())}</p>" if self._left_out() else ""
        return f"{''.join(tables)}{foot}"

    def __repr__(self) -> str:
        rows: list[str] = []
        for block in self._blocks(_WIDEST):
            widths = [max(map(len, column)) for column in turned(block.lines)]
            rows += (
                "  ".join(
                    text.rjust(width) for text, width in zip(line, widths, strict=True)
                ).rstrip()
                for line in block.lines
            )
        shown = [self._title, *filter(None, rows), self._left_out()]
        return "\n".join(filter(None, shown))


def _table_html(block: Block, caption: str) -> str:
    first, *rest = block.lines
    head = "".join(f"<th>{escape(text)}</th>" for text in first)
    head = f"<thead><tr>{head}</tr></thead>" if any(first) else ""
    body = "".join(
        f"<tr><th>{escape(name)}</th>"
        + "".join(f"<td>{escape(text)}</td>" for text in cells)
        + "</tr>"
        for name, *cells in rest
    )
    return f"<table>{caption}{head}<tbody>{body}</tbody></table>"


def _text(value: Any, spread: Any, *, date: bool) -> str:
    if value is None:
        return ""
    if not isinstance(value, float | np.floating):
        return str(value)
    known = float(spread) if isinstance(spread, float | np.floating) else None
    return (position_text if date else number_text)(float(value), known)
