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
    Block,
    blocks,
)
from datalab_workspace.results_table import ResultList, Results, WideTable

#: Longer names are shortened to this number of characters.
_NAME_LENGTH = 30
#: The characters of a line that fits into an output of JupyterLab of 900 pixels.
_WIDEST = 110


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
    budget = Budget()
    shown = "".join(
        _block(block, budget) for block in blocks(table, _WIDEST, _NAME_LENGTH)
    )
    more = len(table.rows) - MAX_ROWS
    note = f'<div class="dl-dim">and {more} more rows</div>' if more > 0 else ""
    return markup.heading(html(table.title), html(table.analysis)) + shown + note


def _block(block: Block, budget: Budget) -> str:
    if not block.heads:
        return markup.properties(
            (html(name), html(value)) for name, value in block.lines
        )
    lines = [
        [
            budget.name(cell, _NAME_LENGTH)
            if number < block.heads or index < block.names
            else html(cell)
            for index, cell in enumerate(line)
        ]
        for number, line in enumerate(block.lines)
    ]
    classes = " " * block.names + "n" * (len(lines[0]) - block.names)
    return markup.table(lines[0], lines[1:], classes)
