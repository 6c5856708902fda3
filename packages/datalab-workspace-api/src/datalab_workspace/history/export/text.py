"""The history of an object as text: one line for each input and each step.

Such lines fit into the metadata of any format. They are for people, and nothing reads
them again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from datalab_workspace.history.view.text import details, versions_text
from datalab_workspace.result_text import cut

if TYPE_CHECKING:
    from datalab_workspace.history.view.history import History, HistoryStep

_NAME = 200


def text(history: History) -> str:
    """Return the history as lines of text."""
    return "".join(f"{line}\n" for line in lines(history))


def lines(history: History) -> Iterator[str]:
    """Yield the lines: the inputs, the steps, and what is not known."""
    for item in history.inputs:
        yield f"{cut(item.name, _NAME)}: {item.origin}{_cell(item.cell)}"
    for step in history.steps:
        yield f"{step.number}: {line(step)}"
    for gap in history.gaps:
        yield f"not known: {gap}"


def line(step: HistoryStep) -> str:
    """Return a step as one line."""
    name = f" -> {cut(step.name, _NAME)!r}" if step.name is not None else ""
    what = step.what if step.operation is None else cut(step.operation, _NAME)
    shown = " ".join(filter(None, (what, details(step))))
    return shown + _cell(step.cell) + _versions(step) + name


def _versions(step: HistoryStep) -> str:
    shown = versions_text({name: (one,) for name, one in step.versions.items()})
    return f" ({shown})" if shown and step.operation else ""


def _cell(number: int | None) -> str:
    return "" if number is None else f" [{number}]"
