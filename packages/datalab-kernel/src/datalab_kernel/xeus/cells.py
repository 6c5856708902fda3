"""Where a cell begins and ends, in each way that xeus-python has it run.

Up to 0.17, it calls the shell's `run_cell`, which returns when the cell has been run.
Later, it calls a `run_cell_async` of its own and leaves the cell to an event loop;
what is to be called when the cell has been run is among the arguments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from xeus_python_shell.shell import XPythonShell


def are_tasks(shell: XPythonShell) -> bool:
    """Whether cells are run as tasks of an event loop."""
    return "run_cell_async" in vars(type(shell))


def around_each(
    shell: XPythonShell, begin: Callable[[], None], end: Callable[[], None]
) -> None:
    """Have functions called before each cell, and after it whatever came of it."""
    if are_tasks(shell):
        _around_tasks(shell, begin, end)
    else:
        _around_calls(shell, begin, end)


def _around_tasks(
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


def _around_calls(
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
