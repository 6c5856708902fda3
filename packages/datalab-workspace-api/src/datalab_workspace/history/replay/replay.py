"""Make an object again from its inputs, and compare it with the stored one.

The workspace does not change. The steps begin at the objects that no step computed, or
that cannot be computed again. These objects must still be in the workspace, unchanged.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from datalab_workspace.errors import NotReplayableError
from datalab_workspace.history.calls.execution import (
    EXACT,
    Tolerance,
    edited,
    for_use,
)
from datalab_workspace.history.environment import computes_alike, here
from datalab_workspace.history.replay.analyses import verified_results
from datalab_workspace.history.replay.cell_plan import plan_cells
from datalab_workspace.history.replay.comparison import difference
from datalab_workspace.history.replay.plan import Plan, plan_of
from datalab_workspace.history.replay.verdict import Replay, Verdict
from datalab_workspace.history.steps import (
    Action,
    Call,
    Code,
    Edit,
    Step,
)
from datalab_workspace.model.sigima_objects import to_object, to_record
from datalab_workspace.progress import Progress
from datalab_workspace.runtime import require
from datalab_workspace.session import Session

#: What to do about code whose cells are known.
_HINT = "; code=True or --code runs the cells"


def replay(session: Session, name: str, *, code: bool = False) -> Replay:
    """See `Workspace.replay`."""
    require("sigima", "replay()", "look at history(), which needs no sigima")
    plan = plan_of(session, name)
    obstacle = plan.obstacles.get(id(plan.resolution.latest))
    random = obstacle is not None and obstacle.random
    uses_code = not random and _has_code(plan)
    has_cells = uses_code and _has_cells(plan)
    if code and uses_code and (has_cells or obstacle is not None):
        from datalab_workspace.history.replay.code_replay import replay_by_cells

        return replay_by_cells(session, plan)
    if obstacle is None:
        return Run(plan).replay()
    verdict = Verdict.RANDOM if obstacle.random else Verdict.NOT_REPLAYABLE
    return Replay(
        plan.name,
        verdict,
        obstacle.text + _HINT * (has_cells and not code),
        versions=here().versions,
        recorded=_recorded(plan.resolution.steps),
        results=verified_results(plan.record, plan.sources()),
    )


def _has_code(plan: Plan) -> bool:
    """Return whether code is a step on the way.

    The code that made the first objects counts only if it is the only way: these are in
    the workspace, and are not made again.
    """
    resolution, latest = plan.resolution, plan.resolution.latest
    codes = [step for step in resolution.steps if isinstance(step.action, Code)]
    if any(resolution.inputs_of(step) for step in codes):
        return True
    return id(latest) in plan.obstacles and any(
        step is latest or id(step) not in plan.given for step in codes
    )


def _has_cells(plan: Plan) -> bool:
    """Return whether there are cells that make the object, with their text."""
    given = {step: found.record for step, found in plan.given.items()}
    try:
        cells = plan_cells(plan.resolution, given).cells
    except NotReplayableError:
        return False
    return all(cell.text is not None for cell in cells)


def judged(session: Session, name: str, made: Any) -> Replay:
    """Compare an object that exported code has made with the stored one.

    Args:
        session: The session of the workspace that stores the object.
        name: Name of the object.
        made: The signal or image that was made again.
    """
    return Run(plan_of(session, name)).compared(made)


def _recorded(steps: Any) -> dict[str, str]:
    """Return the versions that computed some steps; several of one library joined."""
    found: dict[str, dict[str, None]] = {}
    for step in steps:
        if step.environment is not None:
            for name, version in step.environment.versions.items():
                found.setdefault(name, {})[str(version)] = None
    return {name: " and ".join(versions) for name, versions in found.items()}


# -- the computation ------------------------------------------------------------------


class Run:
    """The computation of a plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._steps = plan.needed()
        self._values: dict[int, Any] = {}
        self._uses = Counter(
            id(each) for step in self._steps for each in plan.resolution.inputs_of(step)
        )
        self._inputs: dict[str, None] = {}
        self._differs_from = ""
        self._computed: list[Step] = []

    def replay(self) -> Replay:
        """Compute the steps, and compare the result."""
        begin = time.perf_counter()
        try:
            made = self._compute()
        except NotReplayableError as error:
            return self._result(Verdict.NOT_REPLAYABLE, str(error), begin)
        return self._judged(made, begin)

    def compared(self, made: Any) -> Replay:
        """Compare an object that was made elsewhere from the same steps."""
        self._computed = self._steps
        return self._judged(made, time.perf_counter())

    def _judged(self, made: Any, begin: float) -> Replay:
        plan = self._plan
        allowed = self._tolerance()
        found = difference(plan.record, to_record(made, copy=False), allowed)
        if not found.what:
            return self._result(Verdict.IDENTICAL, "", begin, obj=made)
        reason = found.what
        if found.largest is not None:
            reason = f"by up to {found.largest:.3g}"
            limit = max(allowed.absolute, allowed.relative)
            reason += f" (allowed {limit:.3g})" if limit else ""
        verdict = Verdict.WITHIN_TOLERANCE
        if found.exceeds or self._computes_alike():
            verdict = Verdict.DIFFERENT
        return self._result(
            verdict, reason, begin, obj=made, largest=found.largest, allowed=allowed
        )

    def _compute(self) -> Any:
        latest = self._plan.resolution.latest
        with Progress(f"replaying {self._plan.name!r:.80}", len(self._steps)) as shown:
            for step in self._steps:
                try:
                    value = self._computed_step(step)
                except NotReplayableError:
                    # The object itself is a starting point for later steps.
                    if id(step) not in self._plan.given:
                        raise
                    continue
                self._computed.append(step)
                if step is not latest:
                    self._keep(step, value)
                shown.advance(1)
        return value

    def _computed_step(self, step: Step) -> Any:
        used = self._plan.resolution.inputs_of(step)
        inputs = [self._take(each, step.action) for each in used]
        if isinstance(step.action, Edit):
            (obj,) = inputs
            return edited(obj, step.action)
        return self._plan.executions[id(step.action)].run(inputs)

    def _take(self, step: Step, action: Action) -> Any:
        """Return the object of a step, for one use by an action."""
        self._uses[id(step)] -= 1
        if id(step) in self._values:
            if not self._uses[id(step)]:
                return self._values.pop(id(step))
            return for_use(self._values[id(step)], action)
        given = self._plan.given[id(step)]
        self._inputs[given.name] = None
        return to_object(given.record)

    def _keep(self, step: Step, value: Any) -> None:
        """Keep an object for the steps that use it."""
        if step.stored is not None:
            # In the workspace, regions that sigima has merged became metadata. A copy
            # of an object that was never stored does not have them.
            value.sync_roi_to_metadata()
        self._values[id(step)] = value
        self._compare(step, value)

    def _compare(self, step: Step, value: Any) -> None:
        """Note the first object on the way that is already different."""
        given = self._plan.given.get(id(step))
        if given is None or self._differs_from:
            return
        if difference(given.record, to_record(value, copy=False)).what:
            self._differs_from = given.name

    def _tolerance(self) -> Tolerance:
        """Return the tolerance of all computed steps; none if bits must agree."""
        allowed = EXACT
        if self._computes_alike():
            return allowed
        for step in self._computed:
            execution = self._plan.executions.get(id(step.action))
            if execution is not None:
                allowed = allowed.widest(execution.tolerance)
        return allowed

    def _computes_alike(self) -> bool:
        present = here()
        return all(
            computes_alike(step.environment, present)
            for step in self._computed
            if isinstance(step.action, Call | Code)
        )

    def _result(
        self,
        verdict: Verdict,
        reason: str,
        begin: float,
        *,
        obj: Any = None,
        largest: float | None = None,
        allowed: Tolerance = EXACT,
        cells: tuple[str, ...] = (),
    ) -> Replay:
        return Replay(
            self._plan.name,
            verdict,
            reason,
            len(self._computed),
            time.perf_counter() - begin,
            tuple(self._inputs),
            largest,
            (allowed.absolute, allowed.relative),
            self._differs_from,
            here().versions,
            _recorded(self._computed),
            cells,
            results=verified_results(self._plan.record, self._plan.sources()),
            obj=obj,
        )
