"""Make an object again from its inputs, and compare it with the stored one.

The workspace does not change. The steps begin at the objects that no step computed, or
that cannot be computed again. These objects must still be in the workspace, unchanged.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from datalab_workspace.errors import NotReplayableError
from datalab_workspace.history.calls.execution import (
    EXACT,
    Execution,
    Tolerance,
    edited,
    execution_of,
    for_use,
    is_random,
)
from datalab_workspace.history.environment import computes_alike, here
from datalab_workspace.history.replay.analyses import verified_results
from datalab_workspace.history.replay.available import Available, Given
from datalab_workspace.history.replay.comparison import difference
from datalab_workspace.history.replay.verdict import Replay, Verdict
from datalab_workspace.history.resolution import Resolution, resolve
from datalab_workspace.history.steps import (
    Action,
    Call,
    Code,
    Edit,
    FileRead,
    Reference,
    Step,
    Unknown,
)
from datalab_workspace.model.record import Record
from datalab_workspace.model.sigima_objects import to_object, to_record
from datalab_workspace.progress import Progress
from datalab_workspace.runtime import require
from datalab_workspace.session import Session
from datalab_workspace.transaction import Transaction


@dataclass(frozen=True)
class Obstacle:
    """The reason why the object of a step cannot be made again.

    Attributes:
        text: The reason in words.
        random: The values are random, so the result would be different.
    """

    text: str
    random: bool = False


@dataclass(frozen=True)
class Plan:
    """The steps that a replay computes.

    Attributes:
        name: Name of the object.
        record: Its stored record.
        resolution: Its steps.
        executions: The calls, ready to be computed, by the `id` of the action.
        given: The objects of the workspace, by the `id` of the step that made them.
        obstacles: Why steps cannot be computed, by the `id` of the step.
    """

    name: str
    record: Record
    resolution: Resolution
    executions: Mapping[int, Execution]
    given: Mapping[int, Given]
    obstacles: Mapping[int, Obstacle]

    def sources(self) -> list[Record]:
        """Return the available objects with other data, from which this was made."""
        same = {id(step) for step in self.resolution.same_data()}
        return [found.record for key, found in self.given.items() if key not in same]

    def needed(self) -> list[Step]:
        """Return the steps to compute, each one after its inputs."""
        latest = self.resolution.latest
        wanted, todo = {id(latest)}, [latest]
        while todo:
            for step in self.resolution.inputs_of(todo.pop()):
                if id(step) not in wanted:
                    wanted.add(id(step))
                    if id(step) not in self.obstacles:
                        todo.append(step)
        return [
            step
            for step in self.resolution.steps
            if id(step) in wanted and id(step) not in self.obstacles
        ]


def replay(session: Session, name: str, *, code: bool = False) -> Replay:
    """See `Workspace.replay`."""
    require("sigima", "replay()", "look at history(), which needs no sigima")
    plan = plan_of(session, name)
    obstacle = plan.obstacles.get(id(plan.resolution.latest))
    random = obstacle is not None and obstacle.random
    if code and not random and _has_code(plan):
        from datalab_workspace.history.replay.code_replay import replay_by_cells

        return replay_by_cells(session, plan)
    if obstacle is None:
        return Run(plan).replay()
    verdict = Verdict.RANDOM if obstacle.random else Verdict.NOT_REPLAYABLE
    return Replay(
        plan.name,
        verdict,
        obstacle.text,
        versions=here().versions,
        recorded=_recorded(plan.resolution.steps),
        results=verified_results(plan.record, plan.sources()),
    )


def _has_code(plan: Plan) -> bool:
    """Return whether code is a step on the way, and not only the beginning."""
    resolution = plan.resolution
    edited = resolution.same_data()
    remade = {id(resolution.latest)}
    remade |= {id(s) for s in takewhile(lambda s: id(s) not in plan.given, edited)}
    return any(
        isinstance(step.action, Code)
        and (resolution.inputs_of(step) or id(step) in remade)
        for step in resolution.steps
    )


def judged(session: Session, name: str, made: Any) -> Replay:
    """Compare an object that exported code has made with the stored one.

    Args:
        session: The session of the workspace that stores the object.
        name: Name of the object.
        made: The signal or image that was made again.
    """
    return Run(plan_of(session, name)).compared(made)


# -- the plan -------------------------------------------------------------------------


def plan_of(session: Session, name: str) -> Plan:
    """Return the plan to make an object of a workspace again."""
    session.recorder.settle()
    return session.run(lambda transaction: _planned(session, transaction, name))


def _planned(session: Session, transaction: Transaction, name: str) -> Plan:
    uuid = transaction.uuid(name)
    record = transaction.record(uuid)
    shown = transaction.names.hand_out(uuid)
    available = Available(session, transaction)
    resolution = resolve(available.latest(uuid), available.find)
    executions, refusals = _executions(resolution)
    given: dict[int, Given] = {}
    obstacles: dict[int, Obstacle] = {}
    for step in resolution.steps:
        found = available.given(step, but=uuid)
        if found is not None:
            given[id(step)] = found
        obstacle = refusals.get(id(step.action)) or _obstacle(step)
        for each in resolution.inputs_of(step):
            if obstacle is None and id(each) not in given:
                obstacle = obstacles.get(id(each))
        if obstacle is not None:
            obstacles[id(step)] = _explained(
                obstacle, step, resolution.latest, available
            )
    return Plan(shown, record, resolution, executions, given, obstacles)


def _executions(
    resolution: Resolution,
) -> tuple[dict[int, Execution], dict[int, Obstacle]]:
    """Return the executions of calls, and the obstacles to the others, by action."""
    executions: dict[int, Execution] = {}
    refusals: dict[int, Obstacle] = {}
    for step in resolution.steps:
        action = step.action
        if not isinstance(action, Call) or id(action) in {**executions, **refusals}:
            continue
        if is_random(action):
            feature = action.operation.rpartition(".")[2]
            text = f"{feature} gives other values each time, because its seed is None"
            refusals[id(action)] = Obstacle(text, random=True)
            continue
        try:
            executions[id(action)] = execution_of(action)
        except NotReplayableError as error:
            refusals[id(action)] = Obstacle(str(error))
    return executions, refusals


def _obstacle(step: Step) -> Obstacle | None:
    """Return why a step cannot be computed by itself; None if it can."""
    action = step.action
    if isinstance(action, Code):
        where = action.script or "a cell"
        if action.cell is not None and action.cell.number:
            where = f"cell [{action.cell.number}]"
        return Obstacle(f"Python code made it, in {where}")
    if isinstance(action, FileRead):
        return Obstacle(f"it was read from {action.name!r:.80}")
    if isinstance(action, Reference):
        return Obstacle(f"it is {action.name!r:.80}, whose history is not known")
    if isinstance(action, Unknown):
        return Obstacle(action.reason)
    return None


def _explained(
    obstacle: Obstacle, step: Step, latest: Step, available: Available
) -> Obstacle:
    """Return an obstacle that says which object is missing."""
    name = available.name_of(step)
    is_last = step is latest or obstacle.text.startswith("'")
    if not name or is_last or available.given(step) is not None:
        return obstacle
    return Obstacle(available.why_not(step), obstacle.random)


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
