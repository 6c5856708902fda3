"""Call functions before and after each cell, for every version of xeus-python.

Up to version 0.17, a cell is a call that returns when the cell has finished. With later
versions, a cell is a task of an event loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from datalab_kernel.shell.interactive import ZMQInteractiveShell


# The module of xeus-python's own shell.
STOCK = "xeus_python_shell.shell"


def run_as_tasks(shell: ZMQInteractiveShell) -> bool:
    """Return whether cells run as tasks of an event loop."""
    return any(
        "run_cell_async" in vars(base)
        for base in type(shell).__mro__
        if base.__module__ == STOCK
    )


def wrap_each(
    shell: ZMQInteractiveShell, begin: Callable[[], None], end: Callable[[], None]
) -> None:
    """Call `begin` when a cell arrives, and `end` before it is answered."""
    shell.endpoint.wrap_each(begin, end)
