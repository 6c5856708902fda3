"""Find the cells that an object needs: those that made it, and those that they need.

A cell needs the cells before it that gave its names their meaning. This is found in the
text of cells, when a history is shown or saved; nothing is traced while cells run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from datalab_workspace.history.cells.common_names import WORKSPACE
from datalab_workspace.history.cells.names import ANY, CellNames, names_of
from datalab_workspace.history.cells.text import parsed, shell_transform
from datalab_workspace.history.steps import (
    Cell,
    Step,
    cells_of,
    closure,
    in_order,
    needed_cells,
)

if TYPE_CHECKING:
    from datalab_workspace.history.cells.running_cell import CellLog, LoggedCell


def slice_of(latest: Step, *, roots: Iterable[Step] = ()) -> list[Cell]:
    """Return the cells that make an object again, in the order of execution.

    Args:
        latest: The latest step of the object.
        roots: Steps whose objects are there already, such as those that a file
            contains. The cells that made them are left out, unless others use their
            names.

    Returns:
        The cells that computed, changed or stored the object and those it was made
        from, and all cells whose names these use.

    Example:
        >>> from datalab_workspace.history.cells.slices import slice_of
        >>> from datalab_workspace.history.steps import Cell, Code, Step
        >>> first = Cell(1, "a = 1", ())
        >>> second = Cell(2, "workspace['x'] = [a, a]", (first,))
        >>> [cell.number for cell in slice_of(Step(Code(second)))]
        [1, 2]
    """
    given = {id(step) for step in roots}
    steps = [step for step in closure(latest) if id(step) not in given]
    return with_needed(cells_of(steps))


def with_needed(cells: Iterable[Cell]) -> list[Cell]:
    """Return cells and all those that they need, in the order of execution.

    A file may contain a cell several times, once for each object that needs it. It is
    returned once, with its text if any of them has it.
    """
    found: dict[object, Cell] = {}
    for cell in needed_cells(cells):
        key = identity_of(cell)
        if key not in found or found[key].text is None:
            found[key] = cell
    return in_order(found.values())


def identity_of(cell: Cell) -> object:
    """Return a value that is the same for all copies of a cell."""
    return (cell.session, cell.order) if cell.session else id(cell)


def cells_before(cell: LoggedCell, log: CellLog) -> tuple[Cell, ...]:
    """Return the cells of a log that a cell needs directly, in the order of execution.

    Args:
        cell: The cell.
        log: The log that contains it.
    """
    analysis = _analyses.get(log)
    if analysis is None:
        analysis = _analyses[log] = _Analysis()
    analysis.read(log.cells)
    return analysis.needed_by(cell)


@dataclass
class _Entry:
    """A cell and its names, completed by those of the cells before.

    Attributes:
        cell: The cell.
        names: Its names according to its own text.
        uses: The names that it uses, also in the functions that it calls.
        changes: The names that it may change, also by other names of the same data.
    """

    cell: LoggedCell
    names: CellNames
    uses: set[str]
    changes: set[str]


@dataclass
class _Analysis:
    """The names of all cells of a log, each cell read once.

    The attributes except `entries` describe the state after the last cell.
    """

    entries: list[_Entry] = field(default_factory=list)
    positions: dict[int, int] = field(default_factory=dict)
    functions: dict[str, tuple[set[str], set[str]]] = field(default_factory=dict)
    aliases: dict[str, set[str]] = field(default_factory=dict)
    workspaces: set[str] = field(default_factory=lambda: {WORKSPACE})

    def read(self, cells: Sequence[LoggedCell]) -> None:
        """Read the cells that have not been read yet."""
        last = self.entries[-1].cell.order if self.entries else 0
        unread = list(takewhile(lambda cell: cell.order > last, reversed(cells)))
        transform = shell_transform() if unread else None
        for cell in reversed(unread):
            if cell.source is None:
                continue
            tree = parsed(cell.source, transform)
            names = CellNames() if tree is None else names_of(tree)
            if names.runs_files:
                names.changes |= {ANY} if cell.bound is None else cell.bound
            self.positions[cell.order] = len(self.entries)
            self.entries.append(self._completed(cell, names))

    def needed_by(self, cell: LoggedCell) -> tuple[Cell, ...]:
        """Return the cells that gave the names of a cell their meaning."""
        position = self.positions.get(cell.order)
        if position is None:
            return ()
        wanted = self.entries[position].uses - {WORKSPACE}
        needed: list[Cell] = []
        for entry in reversed(self.entries[:position]):
            if not wanted:
                break
            names, certain = entry.names, not entry.cell.failed
            gives = wanted & (names.defines | entry.changes)
            if gives or ANY in entry.changes:
                needed.append(entry.cell)
            if names.resets:
                break
            if certain:
                wanted -= names.defines
        return tuple(reversed(needed))

    def _completed(self, cell: LoggedCell, names: CellNames) -> _Entry:
        """Add what the functions that a cell calls use and change."""
        if names.resets:
            self.functions.clear()
            self.aliases.clear()
        self.functions.update(names.functions)
        self.workspaces |= names.workspaces
        uses, changes = set(names.uses), set(names.changes)
        todo, seen = list(names.reads), set[str]()
        while todo:
            name = todo.pop()
            if name not in seen and name in self.functions:
                seen.add(name)
                used, changed = self.functions[name]
                uses |= used - names.defines
                changes |= changed
                todo.extend(used)
        self._bind(names)
        for name in tuple(changes):
            changes |= self.aliases.get(name, set())
        return _Entry(cell, names, uses, changes - self.workspaces)

    def _bind(self, names: CellNames) -> None:
        """Note which names share data after a cell."""
        bound = {name for name, _ in names.aliases}
        for name in names.defines - bound:
            for other in self.aliases.pop(name, ()):
                self.aliases.get(other, set()).discard(name)
        for name, other in names.aliases:
            together = {name, other}
            together |= self.aliases.get(name, set()) | self.aliases.get(other, set())
            for one in together:
                self.aliases[one] = together - {one}


_analyses: WeakKeyDictionary[CellLog, _Analysis] = WeakKeyDictionary()
