"""Report the cells of a shell to the history of objects.

`pre_run_cell` and `post_run_cell` exist in every IPython. A cell may run other cells,
for example by ``get_ipython().run_cell``; they belong to the one that the user sees.
"""

from __future__ import annotations

import sys
import threading
import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

from IPython.core.interactiveshell import InteractiveShell

from datalab_workspace.history.cells import running_cell

if TYPE_CHECKING:
    from types import FrameType

    from datalab_workspace.history.cells.running_cell import LoggedCell

#: The code that runs a cell. It is on the stack once for each cell that runs.
_RUN_CELL = InteractiveShell.run_cell_async.__code__
#: From IPython 9.8 on, the count is raised before a cell runs, and kept in a variable.
_COUNTS_FIRST = "execution_count" in _RUN_CELL.co_varnames + _RUN_CELL.co_cellvars

_installed: weakref.WeakKeyDictionary[InteractiveShell, CellReports] = (
    weakref.WeakKeyDictionary()
)


def install(shell: InteractiveShell) -> None:
    """Report the cells of a shell from the next one on."""
    if shell not in _installed:
        reports = _installed[shell] = CellReports(shell)
        events: Any = shell.events  # IPython's own methods are not typed
        events.register("pre_run_cell", reports.begin)
        events.register("post_run_cell", reports.end)


def uninstall(shell: InteractiveShell) -> None:
    """Stop reporting the cells of a shell."""
    reports = _installed.pop(shell, None)
    if reports is not None:
        events: Any = shell.events
        events.unregister("pre_run_cell", reports.begin)
        events.unregister("post_run_cell", reports.end)
        reports.close()


class _Open(NamedTuple):
    """A cell whose end has not been reported.

    Attributes:
        names: The names of the notebook before a cell that may run files.
    """

    thread: int
    info: Any
    cell: LoggedCell
    names: dict[str, Any] | None


class CellReports:
    """The reports of one shell.

    Args:
        shell: The shell. Only a weak reference to it is kept.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = weakref.ref(shell)
        self._log = running_cell.CellLog()
        self._open: list[_Open] = []

    def begin(self, info: Any) -> None:
        """Report that a cell begins.

        Args:
            info: IPython's `ExecutionInfo`.
        """
        if _cells_on_stack() > 1:
            return
        thread = threading.get_ident()
        for opened in [entry for entry in self._open if entry.thread == thread]:
            self._close(opened, failed=True)  # it ended without a report
        cell = running_cell.begin(self._number(info), info.raw_cell, self._log)
        shell = self._shell()
        runs = shell is not None and "%run" in info.raw_cell
        names = dict(shell.user_ns) if shell is not None and runs else None
        self._open.append(_Open(thread, info, cell, names))

    def end(self, result: Any) -> None:
        """Report that a cell has ended.

        Args:
            result: IPython's `ExecutionResult`.
        """
        for opened in self._open:
            if opened.info is result.info:
                if opened.cell.number and result.execution_count:
                    opened.cell.number = result.execution_count
                self._close(opened, failed=not result.success)
                return

    def close(self) -> None:
        """Report the end of all cells."""
        for opened in self._open[:]:
            self._close(opened, failed=False)

    def _number(self, info: Any) -> int:
        """Return the number that the front end shows for a cell; 0 without one."""
        shell = self._shell()
        if shell is None or not info.store_history:
            return 0
        return int(shell.execution_count) - _COUNTS_FIRST

    def _close(self, opened: _Open, *, failed: bool) -> None:
        self._open.remove(opened)
        shell = self._shell()
        names = None if shell is None else shell.user_ns
        if names is not None and opened.names is not None:
            opened.cell.bound = _bound(opened.names, names)
        running_cell.end(opened.cell, failed=failed, namespace=names)


def _bound(before: dict[str, Any], after: dict[str, Any]) -> frozenset[str]:
    """Return the names that were bound, or removed, between two states."""
    kept = {name for name in before if name in after and after[name] is before[name]}
    return frozenset({*before, *after} - kept)


def _cells_on_stack() -> int:
    """Return the number of cells that run, each called by the code of another."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  # inspect is slow
    found = 0
    while frame is not None:
        found += frame.f_code is _RUN_CELL
        frame = frame.f_back
    return found
