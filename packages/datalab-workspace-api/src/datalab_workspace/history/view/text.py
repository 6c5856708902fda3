"""The history of an object as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from datalab_workspace.error_messages import both
from datalab_workspace.model.description import size_text
from datalab_workspace.result_text import cut

if TYPE_CHECKING:
    from datalab_workspace.history.view.history import (
        History,
        HistoryInput,
        HistoryStep,
    )

#: The greatest number of rows.
MAX_ROWS = 60
#: The greatest numbers of characters of a name, and of the parameters of a step.
_NAME, _SETTINGS = 40, 100
#: The names of libraries as their projects write them.
_LIBRARIES = {"numpy": "NumPy", "scipy": "SciPy", "python": "Python"}


@dataclass(frozen=True)
class Row:
    """A row for one step, or for equal ones that each used the one before.

    Attributes:
        first: The first step.
        last: The last step; the same one for a single step.
    """

    first: HistoryStep
    last: HistoryStep

    @property
    def number(self) -> str:
        """The number of the step, or the first and last number."""
        if self.first is self.last:
            return str(self.first.number)
        return f"{self.first.number}–{self.last.number}"

    @property
    def what(self) -> str:
        """The name of the step, with the number of its repetitions."""
        count = self.last.number - self.first.number + 1
        return self.first.what + (f" × {count}" if count > 1 else "")


def rows(steps: Sequence[HistoryStep]) -> Iterator[Row]:
    """Yield a row for each step; equal steps in succession share one."""
    first: HistoryStep | None = None
    last: HistoryStep | None = None
    for step in steps:
        if first is None or last is None:
            first = step
        elif not _continues(last, step):
            yield Row(first, last)
            first = step
        last = step
    if first is not None and last is not None:
        yield Row(first, last)


def _continues(last: HistoryStep, step: HistoryStep) -> bool:
    return (
        step.inputs == (last.number,)
        and step.what == last.what
        and step.settings == last.settings
        and (step.cell, step.remarks, step.code) == (last.cell, last.remarks, last.code)
        and step.versions == last.versions
    )


def shown_rows(history: History, most: int = MAX_ROWS) -> tuple[list[Row], int]:
    """Return the first and last rows of the steps, and the number of those left out.

    Args:
        history: The history.
        most: The greatest number of rows.
    """
    found = list(rows(history.steps))
    if len(found) <= most:
        return found, 0
    half = most // 2
    return [*found[:half], *found[-half:]], len(found) - 2 * half


def heading(history: History) -> str:
    """Return the numbers of steps and inputs, the versions and the completeness."""
    parts = [f"{_count(len(history.steps), 'step')} from "]
    parts[0] += _count(len(history.inputs), "input")
    if versions := versions_text(history.versions):
        parts.append(versions)
    parts.append("complete" if history.complete else "incomplete")
    return "; ".join(parts)


def versions_text(versions: Mapping[str, Sequence[str]]) -> str:
    """Return versions as "sigima 1.3.0, NumPy 2.4.6"; several as "1.0.1 and 1.3.0"."""
    return ", ".join(
        f"{_LIBRARIES.get(name, cut(name))} {' and '.join(map(cut, found))}"
        for name, found in versions.items()
        if name in ("sigima", "numpy")
    )


def history_text(history: History) -> str:
    """Return the history of an object as lines of text."""
    lines = [f"{cut(history.name, 2 * _NAME)}: {heading(history)}"]
    body = [_input_cells(each) for each in history.inputs]
    shown, hidden = shown_rows(history)
    half = len(body) + len(shown) // 2
    body += [row_cells(row) for row in shown]
    widths = [max(map(len, column)) for column in zip(*body, strict=True)]
    for number, cells in enumerate(body):
        if hidden and number == half:
            lines.append(f"  … {hidden} more steps")
        padded = (c.ljust(w) for c, w in zip(cells, widths, strict=True))
        lines.append("  " + "  ".join(padded).rstrip())
    return "\n".join([*lines, *(f"  not known: {gap}" for gap in history.gaps)])


def _input_cells(item: HistoryInput) -> tuple[str, str, str, str]:
    kind = f"{item.kind}, {size_text(item.shape)}" if item.kind else ""
    place = "; ".join(filter(None, (kind, item.origin)))
    return cut(item.name, _NAME), place, _cell(item.cell), ""


def row_cells(row: Row) -> tuple[str, str, str, str]:
    """Return the cells of a row: step, details, number of the notebook's cell, name."""
    stored = f"→ {cut(row.last.name, _NAME)!r}" if row.last.name is not None else ""
    return f"{row.number} {row.what}", details(row.first), _cell(row.first.cell), stored


def details(step: HistoryStep) -> str:
    """Return the inputs, parameters, remarks and code of a step."""
    used = [f"step {n}" if isinstance(n, int) else cut(n, _NAME) for n in step.inputs]
    pairs = ", ".join(f"{name}={value}" for name, value in step.settings)
    parts = [f"of {_listed(used)}" if used else "", cut(pairs, _SETTINGS)]
    code = f": {step.code}" if step.code else ""
    return ", ".join([*filter(None, parts), *step.remarks]) + code


def _listed(names: Sequence[str]) -> str:
    if len(names) > 8:
        return f"{', '.join(names[:7])} and {len(names) - 7} more"
    return both(names or [""])


def _cell(number: int | None) -> str:
    return "" if number is None else f"[{number}]"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
