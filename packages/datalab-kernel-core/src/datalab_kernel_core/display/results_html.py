"""The results of analyses as tables: one for each analysis."""

from __future__ import annotations

from typing import Any

from datalab_kernel_core.display import markup
from datalab_kernel_core.display.short_text import html
from datalab_kernel_core.display.thumbnails import Budget
from datalab_kernel_core.plotter.tables import ResultTable
from datalab_workspace.model.analysis import Result
from datalab_workspace.result_text import (
    MAX_ROWS,
    column_heading,
    heading_cells,
    heading_columns,
    value_text,
)
from datalab_workspace.results_table import ResultList, Results, WideTable

#: Longer names are shortened to this number of characters.
_NAME_LENGTH = 30


def results_html(results: Results) -> str:
    """Return the results of analyses as HTML."""
    tables = "".join(map(_table, results.tables()))
    return markup.page(tables or '<div class="dl-dim">no results</div>')


def results_text(results: Results) -> str:
    """Return the results of analyses as lines of text."""
    return repr(results)


def list_html(items: ResultList) -> str:
    """Return a list that `calc` returned as HTML: its results as tables."""
    return results_html(items.results) if items.results else ""


def list_text(items: ResultList) -> str:
    """Return a list that `calc` returned as lines of text."""
    return repr(items)


def analysis_html(result: Any) -> str:
    """Return a TableResult or GeometryResult of sigima as HTML."""
    table: str = ResultTable(Result.of(result))._repr_html_()
    return table


def analysis_text(result: Any) -> str:
    """Return a TableResult or GeometryResult of sigima as lines of text."""
    return repr(ResultTable(Result.of(result)))


def _table(table: WideTable) -> str:
    heading = markup.heading(html(table.title), html(table.analysis))
    columns = [html(column_heading(table, column)) for column in table.columns]
    first = heading_columns(table)
    if len(table.rows) == 1:
        [(key, row)] = table.rows
        names = zip(first, map(html, heading_cells(table, key)), strict=True)
        values = [html(value_text(row.get(column))) for column in table.columns]
        return heading + markup.properties([*names, *zip(columns, values, strict=True)])
    budget = Budget()
    rows = [
        [
            *(budget.name(cell, _NAME_LENGTH) for cell in heading_cells(table, key)),
            *(html(value_text(row.get(column))) for column in table.columns),
        ]
        for key, row in table.rows[:MAX_ROWS]
    ]
    more = len(table.rows) - len(rows)
    note = f'<div class="dl-dim">and {more} more rows</div>' if more else ""
    numbers = "w" * len(first[:1]) + " " * len(first[1:]) + "n" * len(columns)
    return heading + markup.table([*first, *columns], rows, numbers) + note
