"""The tables of a history: its inputs, its steps, its cells and its gaps."""

from __future__ import annotations

from html import escape

from datalab_kernel_core.display import markup
from datalab_kernel_core.display.short_text import html
from datalab_kernel_core.display.thumbnails import Budget
from datalab_workspace.history.steps import Cell
from datalab_workspace.history.view.history import History, HistoryInput, HistoryStep
from datalab_workspace.history.view.text import Row, heading, shown_rows
from datalab_workspace.model.description import size_text

#: The rows, cells and characters of a cell that are shown.
_MAX_ROWS, _MAX_CELLS, _MAX_CELL = 200, 60, 4000
_NAME_LENGTH, _SETTINGS_LENGTH = 40, 400
_INPUTS = ("input", "size", "origin", "cell")
_STEPS = ("", "step", "from", "parameters", "cell", "stored as")


def history_html(history: History) -> str:
    """Return the history of an object as HTML."""
    budget = Budget()
    parts = [markup.heading(html(history.name), escape(heading(history)))]
    if history.inputs:
        inputs = [_input(item, budget) for item in history.inputs[:_MAX_ROWS]]
        parts.append(markup.table(_INPUTS, inputs, "wnwn"))
    if history.steps:
        parts.append(_steps(history, budget))
    parts += [
        markup.paragraph(f"Not known: {html(gap, _SETTINGS_LENGTH)}")
        for gap in history.gaps[:_MAX_ROWS]
    ]
    return markup.page(*parts, _cells(history.cells))


def history_text(history: History) -> str:
    """Return the history of an object as lines of text."""
    return repr(history)


def _steps(history: History, budget: Budget) -> str:
    shown, hidden = shown_rows(history, _MAX_ROWS)
    rows = [_row(row, budget) for row in shown]
    if hidden:
        rows.insert(len(rows) // 2, ["", f"… {hidden} more steps", "", "", "", ""])
    return markup.table(_STEPS, rows, "n www")


def _input(item: HistoryInput, budget: Budget) -> list[str]:
    size = "" if item.kind is None else f"{item.kind}, {size_text(item.shape)}"
    name = budget.name(item.name, _NAME_LENGTH)
    return [name, size, html(item.origin, _SETTINGS_LENGTH), _number(item.cell)]


def _row(row: Row, budget: Budget) -> list[str]:
    step = row.first
    used = ", ".join(
        f"step {one}" if isinstance(one, int) else budget.name(one, _NAME_LENGTH)
        for one in step.inputs[:8]
    )
    more = f" and {len(step.inputs) - 8} more" if len(step.inputs) > 8 else ""
    name = row.last.name
    stored = "" if name is None else budget.name(name, _NAME_LENGTH)
    what = html(row.what)
    return [row.number, what, used + more, _details(step), _number(step.cell), stored]


def _details(step: HistoryStep) -> str:
    pairs = ", ".join(f"{name} = {value}" for name, value in step.settings)
    parts = [html(part, _SETTINGS_LENGTH) for part in (pairs, *step.remarks) if part]
    if step.code:
        parts.append(f"<code>{html(step.code, _SETTINGS_LENGTH)}</code>")
    return "; ".join(parts)


def _number(cell: int | None) -> str:
    return "" if cell is None else f"[{cell}]"


def _cells(cells: tuple[Cell, ...]) -> str:
    """Return the code of the cells, which a click shows."""
    kept = [(cell.number, cell.text) for cell in cells if cell.text is not None]
    if not kept:
        return ""
    blocks = "".join(
        f'<div class="dl-dim">[{number}]</div><pre>{markup.code(_some(text))}</pre>'
        for number, text in kept[:_MAX_CELLS]
    )
    left = len(kept) - _MAX_CELLS
    more = f'<div class="dl-dim">and {left} more cells</div>' if left > 0 else ""
    noun = "cell" if len(kept) == 1 else "cells"
    return markup.folded(f"{len(kept)} {noun}", blocks + more)


def _some(text: str) -> str:
    return text[:_MAX_CELL] + "…" * (len(text) > _MAX_CELL)
