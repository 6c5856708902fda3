"""Replay an object by the cells that made it, and compare it with the stored one."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

from datalab_workspace.history.calls.execution import edited
from datalab_workspace.history.cells.running_cell import ran_here
from datalab_workspace.history.replay.available import Available
from datalab_workspace.history.replay.cell_plan import CellPlan, plan_cells
from datalab_workspace.history.replay.cell_replay import remake
from datalab_workspace.history.replay.comparison import difference
from datalab_workspace.history.replay.plan import Plan
from datalab_workspace.history.replay.replay import Run
from datalab_workspace.history.replay.verdict import Replay, Verdict
from datalab_workspace.model.record import KINDS, Kind
from datalab_workspace.model.sigima_objects import to_object, to_record
from datalab_workspace.result_text import printable
from datalab_workspace.session import Session
from datalab_workspace.transaction import Transaction

Numbers = Mapping[str, tuple[Kind, int]]


def replay_by_cells(session: Session, plan: Plan) -> Replay:
    """Run the cells that made an object, and compare their object with it.

    Cells that come from a file are printed before they run.

    Args:
        session: The session of the workspace, which does not change.
        plan: The steps of the object, and the available objects.
    """
    return CellRun(session, plan).replay()


class CellRun(Run):
    """The computation of a plan by the cells of its steps."""

    def __init__(self, session: Session, plan: Plan) -> None:
        super().__init__(plan)
        self._session = session
        self._texts: tuple[str, ...] = ()

    def replay(self) -> Replay:
        """Run the cells, and compare the result.

        Two runs that make different objects show that the cells use random numbers.
        """
        begin = time.perf_counter()
        result = super().replay()
        if result.verdict != Verdict.DIFFERENT:
            return result
        again = to_record(self._compute(), copy=False)
        if not difference(to_record(result.obj, copy=False), again).what:
            return result
        reason = "the cells give other values each time"
        return self._result(Verdict.RANDOM, reason, begin, obj=result.obj)

    def _compute(self) -> Any:
        plan = self._plan
        given = {step: found.record for step, found in plan.given.items()}
        cells = plan_cells(plan.resolution, given)
        numbers = self._session.run(lambda t: self._surroundings(t, cells))
        if not self._texts:
            self._texts = tuple(cell.text or "" for cell in cells.cells)
            _show(cells)
        self._computed = list(cells.steps)
        self._inputs = dict.fromkeys(
            plan.given[id(step)].name for step in cells.roots if id(step) in plan.given
        )
        value = to_object(remake(cells, numbers=numbers))
        for edit in cells.edits:
            value = edited(value, edit)
        return value

    def _surroundings(self, transaction: Transaction, cells: CellPlan) -> Numbers:
        """Offer other objects whose names the cells contain; return all numbers."""
        texts = [cell.text or "" for cell in cells.cells]
        available = Available(self._session, transaction)
        taken = {*cells.offered, *cells.names, self._plan.name}
        numbers: dict[str, tuple[Kind, int]] = {}
        for kind in KINDS:
            for number, uuid in enumerate(transaction.backend.uuids(kind), 1):
                name = transaction.names.name_of(uuid)
                numbers[name] = kind, number
                if name not in taken and any(name in text for text in texts):
                    cells.offer(name, transaction.record(uuid), available.latest(uuid))
        return numbers

    def _result(self, *arguments: Any, **options: Any) -> Replay:
        return super()._result(*arguments, cells=self._texts, **options)


def _show(plan: CellPlan) -> None:
    """Print the cells that come from a file, so that the user sees them."""
    for cell in plan.cells:
        if not ran_here(cell):
            lines = (cell.text or "").splitlines()
            text = "\n".join(f"    {printable(line)}" for line in lines)
            sys.stdout.write(f"[{cell.number or ' '}]\n{text}\n")
