"""The number of a cell: the same in its prompt, result, errors, `In` and `Out`.

xeus-python counts every request that is not silent, but IPython counts only the cells
that it keeps in its history. The two numbers differ after a cell that was not run, and
after code that a front end runs without showing it. Python code cannot change the
number that the front end receives, so IPython uses the number of xeus-python.

Upstream: docs/upstream/counter.md
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from datalab_kernel.xeus.cells import RUNNER
from datalab_kernel.xeus.registry import NotApplicable

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

    from xeus_python_shell.shell import XPythonShell


def install(shell: XPythonShell) -> None:
    """Make the shell number its cells as the front end does."""
    module = sys.modules[type(shell).__module__]
    if not hasattr(module, RUNNER):
        raise NotApplicable(f"{module.__name__} has no {RUNNER}")
    counter = Counter(shell, getattr(module, RUNNER))
    shell.run_cell_async = counter.run_cell_async
    setattr(module, RUNNER, counter)


class Counter:
    """A count of the requests that arrive, kept in the way of xeus-python."""

    def __init__(self, shell: XPythonShell, runner: Callable[..., None]) -> None:
        self._shell = shell
        self._run_cell_async = shell.run_cell_async
        self._runner = runner
        self._count = 0
        self._silent = False

    def run_cell_async(
        self, raw_cell: str, done_callback: Callable[[], None], **options: Any
    ) -> Any:
        """Run a cell, as `XPythonShell.run_cell_async` does."""
        self._silent = bool(options.get("silent", False))
        self._count += not self._silent
        return self._run_cell_async(raw_cell, done_callback, **options)

    def __call__(self, cell: Coroutine[Any, Any, Any], *callbacks: Any) -> None:
        """Pass a cell to the runner, with the number that it will have."""
        numbered = NumberedCell(cell, self._shell, self._count)
        self._runner(cell if self._silent else numbered, *callbacks)


class NumberedCell:
    """A cell that takes its number when it runs, which may be later."""

    def __init__(
        self, cell: Coroutine[Any, Any, Any], shell: XPythonShell, number: int
    ) -> None:
        self._cell = cell
        self._shell = shell
        self._number = number

    def __await__(self) -> Generator[Any, Any, Any]:
        """Run the cell."""
        history = self._shell.history_manager
        for inputs in (history.input_hist_parsed, history.input_hist_raw):
            inputs.extend([""] * (self._number - len(inputs)))
        self._shell.execution_count = self._number
        return self._cell.__await__()

    def close(self) -> None:
        """Discard the cell without running it."""
        self._cell.close()
