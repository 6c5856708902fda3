"""Call functions before and after each cell, for every version of xeus-python.

Up to version 0.17, xeus-python calls the shell's `run_cell`, which returns when the
cell has finished. Later versions call the shell's `run_cell_async`, which passes the
cell to an event loop and calls a function that it was given when the cell has finished.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from xeus_python_shell.shell import XPythonShell

# The function of the shell's module that runs a cell as a task.
RUNNER = "xeus_loop_runner"


def run_as_tasks(shell: XPythonShell) -> bool:
    """Return whether cells run as tasks of an event loop."""
    return "run_cell_async" in vars(type(shell))


def wrap_each(
    shell: XPythonShell, begin: Callable[[], None], end: Callable[[], None]
) -> None:
    """Call `begin` before each cell, and `end` after it even if the cell fails."""
    if run_as_tasks(shell):
        _wrap_tasks(shell, begin, end)
    else:
        _wrap_calls(shell, begin, end)


def _wrap_tasks(
    shell: XPythonShell, begin: Callable[[], None], end: Callable[[], None]
) -> None:
    run_cell_async = shell.run_cell_async

    def run(raw_cell: str, done_callback: Callable[[], None], **options: Any) -> Any:
        begin()

        def done() -> None:
            try:
                end()
            finally:
                done_callback()

        return run_cell_async(raw_cell, done, **options)

    shell.run_cell_async = run


def _wrap_calls(
    shell: XPythonShell, begin: Callable[[], None], end: Callable[[], None]
) -> None:
    run_cell = shell.run_cell

    def run(*args: Any, **options: Any) -> Any:
        begin()
        try:
            return run_cell(*args, **options)
        finally:
            end()

    shell.run_cell = run
