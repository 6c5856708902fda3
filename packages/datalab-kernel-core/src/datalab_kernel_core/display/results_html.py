"""The results of analyses as tables: one for each analysis."""

from __future__ import annotations

from typing import Any

from datalab_kernel_core.display import markup
from datalab_kernel_core.display.blocks_html import NAME_LENGTH, block_html
from datalab_kernel_core.display.short_text import html
from datalab_kernel_core.display.thumbnails import Budget
from datalab_kernel_core.plotter.tables import ResultTable
from datalab_workspace.model.analysis import Result
from datalab_workspace.result_text import (
    MAX_ROWS,
    blocks,
)
from datalab_workspace.results_table import ResultList, Results, WideTable

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
        block_html(block, budget) for block in blocks(table, _WIDEST, NAME_LENGTH)
    )
    more = len(table.rows) - MAX_ROWS
    note = f'<div class="dl-dim">and {more} more rows</div>' if more > 0 else ""
    return markup.heading(html(table.title), html(table.analysis)) + shown + note
