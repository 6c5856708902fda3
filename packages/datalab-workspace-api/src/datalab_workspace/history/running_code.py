"""The code that runs: the action of steps that nothing else explains."""

from __future__ import annotations

from datalab_workspace.history.running_cell import script_line
from datalab_workspace.history.steps import Cell, Code

#: The last one, so that the steps of one cell or line share it.
_last = Code(None)


def running_code(cell: Cell | None) -> Code:
    """Return the action for code that changes an object.

    Args:
        cell: The cell that runs; None outside cells, where it is a line of a script.
    """
    global _last
    last = _last
    if cell is not None:
        if last.cell is not cell:
            _last = last = Code(cell)
        return last
    line = script_line()
    if last.cell is not None or last.script != line:
        _last = last = Code(None, line)
    return last
