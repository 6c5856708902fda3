"""The plan of a replay: the steps to compute, and what they begin with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from datalab_workspace.errors import NotReplayableError
from datalab_workspace.history.calls.execution import (
    Execution,
    execution_of,
    is_random,
)
from datalab_workspace.history.replay.available import Available, Given
from datalab_workspace.history.resolution import Resolution, resolve
from datalab_workspace.history.steps import (
    Call,
    Code,
    FileRead,
    Reference,
    Step,
    Unknown,
)
from datalab_workspace.model.record import Record
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
