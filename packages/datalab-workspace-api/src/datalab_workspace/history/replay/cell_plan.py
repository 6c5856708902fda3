"""Choose the cells that make an object again, and the objects that they begin with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from datalab_workspace.errors import NotReplayableError
from datalab_workspace.history.calls.execution import is_random
from datalab_workspace.history.cells.slices import identity_of, with_needed
from datalab_workspace.history.resolution import Resolution
from datalab_workspace.history.steps import (
    Call,
    Cell,
    Code,
    Edit,
    FileRead,
    Reference,
    Step,
    cells_of,
    edit_chain,
)
from datalab_workspace.model.record import Record


@dataclass
class CellPlan:
    """The plan to make an object again by the cells that made it.

    Attributes:
        cells: The cells, in the order of execution.
        target: The step whose object the cells make.
        name: The name under which they store it.
        last: The cell after which it is taken.
        edits: The edits after it, which no cell made.
        offered: The objects that exist before the first cell, by name.
        given: The objects that replace those which a cell adds, by the identity of the
            cell and by name.
        edited: The edits that no cell made, each with the name of its object, by the
            identity of the cell before which they are repeated.
        steps: The steps that the cells repeat.
        roots: The steps whose objects the cells begin with.
    """

    cells: list[Cell]
    target: Step
    name: str
    last: Cell
    edits: list[Edit]
    offered: dict[str, Record] = field(default_factory=dict)
    given: dict[object, dict[str, Record]] = field(default_factory=dict)
    edited: dict[object, list[tuple[str, Edit]]] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    roots: list[Step] = field(default_factory=list)

    @property
    def names(self) -> set[str]:
        """The names of the objects that the cells make or begin with."""
        return {name for step in [*self.steps, *self.roots] if (name := _name_of(step))}

    def offer(self, name: str, record: Record, step: Step) -> None:
        """Make an object available to the cells: from the start, or when they add it.

        Args:
            name: Its name.
            record: Its record.
            step: The step that made it.
        """
        # A cell that adds the object would undo the edits since.
        cell, place = storing_cell(edit_chain(step)[0]), self.offered
        if cell is not None and identity_of(cell) in map(identity_of, self.cells):
            place = self.given.setdefault(identity_of(cell), {})
        place.setdefault(name, record)


def plan_cells(resolution: Resolution, given: Mapping[int, Record]) -> CellPlan:
    """Return the plan for an object.

    Args:
        resolution: The steps of the object.
        given: The objects that are available, by the `id` of the step that made them.

    Raises:
        NotReplayableError: No cell stored the object, or a step needs something that
            is not available.
    """
    target, edits = _without_edits(resolution.latest, resolution)
    last = storing_cell(target)
    if target.stored is None or last is None:
        raise NotReplayableError(_no_cell(resolution))
    remade, roots = _divided(resolution, target, given)
    cells = with_needed(cells_of(remade))
    plan = CellPlan(cells, target, target.stored.name, last, edits)
    plan.steps, plan.roots = remade, [root for root, _ in roots]
    for root, record in roots:
        plan.offer(_name_of(root), record, root)
    for step in remade:
        _note_edits(plan, resolution, step)
    return plan


def storing_cell(step: Step) -> Cell | None:
    """Return the cell that stored the object of a step; None outside cells."""
    if step.stored is not None and step.stored.cell is not None:
        return step.stored.cell
    return running_cell_of(step)


def running_cell_of(step: Step) -> Cell | None:
    """Return the cell that ran during a step; None outside cells."""
    if step.cell is None and isinstance(step.action, Code):
        return step.action.cell
    return step.cell


def _without_edits(step: Step, resolution: Resolution) -> tuple[Step, list[Edit]]:
    """Return the step before edits that no cell made, and these edits in order."""
    edits: list[Edit] = []
    while isinstance(step.action, Edit) and running_cell_of(step) is None:
        edits.insert(0, step.action)
        (step,) = resolution.inputs_of(step)
    return step, edits


def _divided(
    resolution: Resolution, target: Step, given: Mapping[int, Record]
) -> tuple[list[Step], list[tuple[Step, Record]]]:
    """Return the steps that cells repeat, and those whose objects are available."""
    remade: list[Step] = []
    roots: list[tuple[Step, Record]] = []
    todo, seen = [target], {id(target)}
    while todo:
        step = todo.pop()
        base, _ = _without_edits(step, resolution)
        record = given.get(id(base)) or given.get(id(step))
        if base is not target and record is not None and not _is_computed(base):
            roots.append((base, record))
            continue
        if isinstance(base.action, FileRead) and base.action.reader == "sigima":
            continue  # the cell that used it reads the file itself
        if running_cell_of(base) is None:
            raise NotReplayableError(_reason(base))
        remade.append(base)
        for each in resolution.inputs_of(base):
            if id(each) not in seen:
                seen.add(id(each))
                todo.append(each)
    return remade, roots


def _is_computed(step: Step) -> bool:
    """Return whether a cell computes the object of a step from others, not randomly."""
    cell = running_cell_of(step)
    if not step.inputs or cell is None or cell.text is None:
        return False
    return not (isinstance(step.action, Call) and is_random(step.action))


def _name_of(step: Step) -> str:
    """Return the name of the object of a step, as it was then; "" without one."""
    if isinstance(step.action, Reference):
        return step.action.name
    return "" if step.stored is None else step.stored.name


def _no_cell(resolution: Resolution) -> str:
    """Return the reason for an object that no cell stored."""
    codes = [s.action for s in resolution.steps if isinstance(s.action, Code)]
    scripts = [code.script for code in codes if code.script]
    if not scripts:
        return "it was not made in a cell"
    return f"it was not made in a cell, but by {scripts[-1]:.80}; run the script again"


def _reason(step: Step) -> str:
    name = _name_of(step)
    shown = f"{name!r:.80}" if name else "an object that it was made from"
    script = step.action.script if isinstance(step.action, Code) else ""
    where = f", but by {script}" if script else ""
    return f"{shown} was not made by a cell{where}, and has changed or is missing here"


def _note_edits(plan: CellPlan, resolution: Resolution, step: Step) -> None:
    """Note the edits of objects that a step used; they are repeated before its cell."""
    user = running_cell_of(step)
    for each in resolution.inputs_of(step):
        base, edits = _without_edits(each, resolution)
        name = _name_of(base)
        if edits and name and user is not None and storing_cell(base) is not user:
            due = plan.edited.setdefault(identity_of(user), [])
            due += [(name, edit) for edit in edits if (name, edit) not in due]
