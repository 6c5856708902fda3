"""The state of a run as text: a line, and a summary with errors and first rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalab_workspace.batch.messages import Row
from datalab_workspace.batch.results.result_columns import column_names
from datalab_workspace.batch.results.run_results import errors_of, first_rows, left
from datalab_workspace.model.units import with_unit
from datalab_workspace.result_text import Block, block_lines, cut, fitted, number_text

if TYPE_CHECKING:
    from datalab_workspace.batch.results.item_errors import ItemError
    from datalab_workspace.batch.results.run_state import RunState

#: The rows and the groups of errors that a summary shows.
MAX_ROWS, MAX_ERRORS = 10, 5
_WIDEST = 100
_NAME = 40
_MINUTE, _HOUR = 60, 3600


def run_line(state: RunState) -> str:
    """Return the state of a run as a line: file, counts, time and engine."""
    name = "in a temporary folder" if state.out is None else cut(state.out.name)
    return f"{name}: {counts(state)}{_time(state)}"


def run_text(state: RunState) -> str:
    """Return the state of a run as lines: errors, and the first rows of the table."""
    lines = [run_line(state), f"chain: {cut(state.chain, _WIDEST)}", *status(state)]
    lines += [f"  {line}" for line in error_lines(state)]
    for block in row_blocks(state, _WIDEST, _NAME):
        lines += block_lines(block)
    more = more_rows(state)
    return "\n".join([*lines, more] if more else lines)


def counts(state: RunState) -> str:
    """Return the numbers of items: "9,900 done, 100 failed, 0 left"."""
    return f"{state.done:,} done, {state.failed:,} failed, {left(state):,} left"


def status(state: RunState) -> list[str]:
    """Return a line about a run that is not finished; none for a finished one."""
    driver = state.driver()
    if driver is not None:
        return [f"computed now by {cut(driver)}"]
    return ["unfinished: repeat the call to continue"] if left(state) else []


def error_lines(state: RunState) -> list[str]:
    """Return a line for each of the largest groups of similar errors."""
    groups = errors_of(state).similar()
    lines = [group.line() for group in groups[:MAX_ERRORS]]
    rest = sum(len(group.items) for group in groups[MAX_ERRORS:])
    return [*lines, f"{rest:,} items with other errors"] if rest else lines


def row_blocks(state: RunState, widest: int, longest: int) -> list[Block]:
    """Return the first rows of the table as blocks.

    Args:
        state: The state of the run.
        widest: The largest number of characters of a line.
        longest: The number of characters to which names are shortened.
    """
    rows = first_rows(state, MAX_ROWS)
    if not rows:
        return []
    columns = dict.fromkeys(key for row, _ in rows for key in row.values)
    units, names = state.units, column_names(columns)
    shown = [
        [with_unit(name, units.get(key, "")), *(_cell(row, key) for row, _ in rows)]
        for key, name in names.items()
    ]
    if any(error for _, error in rows):
        shown.append(["error", *(_error_cell(error) for _, error in rows)])
    return fitted([["item", *(row.name for row, _ in rows)]], shown, widest, longest)


def more_rows(state: RunState) -> str:
    """Return the number of items after the first rows, as a line; "" without any."""
    hidden = state.done + state.failed - MAX_ROWS
    return f"and {hidden:,} more items; run.table has all" if hidden > 0 else ""


def duration(seconds: float) -> str:
    """Return a time for people: "0.4 s", "12 s", "3 min 12 s", "2 h 5 min"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"


def _time(state: RunState) -> str:
    if not state.seconds:
        return ""
    on = f" on {state.engine}" if state.engine else ""
    return f"; {duration(state.seconds)}{on}"


def _cell(row: Row, column: str) -> str:
    value = row.values.get(column)
    if value is None:
        return ""
    return number_text(value, None) if isinstance(value, float) else cut(str(value))


def _error_cell(error: ItemError | None) -> str:
    return "" if error is None else cut(str(error))
