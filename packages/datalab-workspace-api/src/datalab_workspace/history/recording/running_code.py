"""The running code: the action of steps that have no other explanation."""

from __future__ import annotations

from datalab_workspace.history.cells.running_cell import script_line, script_place
from datalab_workspace.history.steps import Cell, Code

#: The last one, so that the steps of one cell or line share it.
_last = Code(None)
_last_place: tuple[str, int] | None = None


def running_code(cell: Cell | None) -> Code:
    """Return the action for code that changes an object.

    Args:
        cell: The cell that runs; None outside cells, where it is a line of a script.
    """
    global _last, _last_place
    last = _last
    if cell is not None:
        if last.cell is not cell:
            _last = last = Code(cell)
        return last
    place = script_place()
    if last.cell is not None or place != _last_place:
        _last = last = Code(None, script_line(place))
        _last_place = place
    return last
