"""Bring an object up to date: compute it again from its present inputs.

This happens only on request. Objects keep their UUIDs, names, groups and positions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datalab_workspace.errors import ConcurrentChangeError, NotReplayableError
from datalab_workspace.history.calls.execution import edited, execution_of, for_use
from datalab_workspace.history.environment import here
from datalab_workspace.history.replay.staleness import Ages, Making, ages_of, in_order
from datalab_workspace.history.steps import (
    Call,
    Code,
    Edit,
    RecordHistory,
    Step,
    Stored,
)
from datalab_workspace.model.metadata_values import snapshot
from datalab_workspace.model.record import (
    PROCESSING_KEY,
    ROI_KEY,
    Record,
    is_result_key,
)
from datalab_workspace.model.sigima_objects import to_object, to_record
from datalab_workspace.processing.fit_results import fit_entries
from datalab_workspace.processing.results import drop_results
from datalab_workspace.progress import Progress
from datalab_workspace.runtime import require
from datalab_workspace.session import Session
from datalab_workspace.transaction import Transaction


@dataclass(frozen=True)
class _Plan:
    """The objects to compute.

    Attributes:
        makings: How the objects were made, in the order in which they are computed.
        names: Their names, and those of their inputs, by UUID.
        records: Their records, and those of their inputs, by UUID.
        latest: The latest steps of all of them, by UUID.
    """

    makings: Sequence[Making]
    names: Mapping[str, str]
    records: Mapping[str, Record]
    latest: Mapping[str, Step]


def recompute(session: Session, name: str) -> list[str]:
    """See `Workspace.recompute`."""
    require("sigima", "recompute()")
    session.recorder.settle()
    plan = session.run(lambda transaction: _planned(session, transaction, name))
    if not plan.makings:
        return []
    records = _computed(plan)
    session.run(lambda transaction: _store(transaction, plan, records))
    return [plan.names[record.uuid] for record in records]


def _planned(session: Session, transaction: Transaction, name: str) -> _Plan:
    uuid = transaction.uuid(name)
    ages = ages_of(session, transaction)
    order = list(in_order(uuid, ages))
    if uuid not in ages.reasons:
        order = []
    for each in order:
        _check(ages.makings[each], ages, transaction)
    makings = [ages.makings[each] for each in order]
    wanted = dict.fromkeys(
        one for each in order for one in (*ages.makings[each].sources.values(), each)
    )
    fetched = transaction.backend.operands([*wanted]) if wanted else []
    return _Plan(
        makings,
        {one: transaction.names.name_of(one) for one in wanted},
        dict(zip(wanted, fetched, strict=True)),
        {one: ages.makings[one].latest for one in wanted},
    )


def _check(making: Making, ages: Ages, transaction: Transaction) -> None:
    """Raise an error if an object cannot be computed again."""
    name = f"{transaction.names.name_of(making.uuid)!r:.80}"
    for step in making.steps:
        action = step.action
        if isinstance(action, Code) and step.inputs:
            cell = action.cell
            where = f"cell [{cell.number}]" if cell else action.script or "a script"
            raise NotReplayableError(
                f"cannot recompute {name}: Python code made it; run {where} again"
            )
        if not isinstance(action, Call | Edit):
            raise NotReplayableError(
                f"cannot recompute {name}: the data that it was made from is not kept, "
                "because it was not stored, or was replaced by the result"
            )
        if isinstance(action, Call):
            execution_of(action)
    for reason in ages.reasons[making.uuid]:
        if reason.endswith(" was removed"):
            raise NotReplayableError(
                f"cannot recompute {name}: {reason}; add it again, and compute "
                f"{name} from it"
            )


# -- the computation ------------------------------------------------------------------


def _computed(plan: _Plan) -> list[Record]:
    """Return the new records, in the order in which they were computed."""
    records, latest = dict(plan.records), dict(plan.latest)
    computed = []
    with Progress("recomputing", len(plan.makings)) as shown:
        for making in plan.makings:
            record = _record(making, plan, records, latest)
            records[making.uuid] = record
            latest[making.uuid] = record.history.step
            computed.append(record)
            shown.advance(1)
    return computed


def _record(
    making: Making,
    plan: _Plan,
    records: Mapping[str, Record],
    latest: Mapping[str, Step],
) -> Record:
    """Return the record of an object, computed from its present inputs."""
    old = plan.records[making.uuid]
    values: dict[int, Any] = {}
    steps: dict[int, Step] = {}
    for step in making.inputs:
        uuid = making.sources[id(step)]
        values[id(step)], steps[id(step)] = to_object(records[uuid]), latest[uuid]
    for step in making.steps:
        inputs = [for_use(values[id(one)], step.action) for one in step.inputs]
        try:
            values[id(step)] = _value(step, inputs)
        except NotReplayableError as error:
            name = plan.names[making.uuid]
            raise NotReplayableError(
                f"cannot recompute {name!r:.80}: {error}"
            ) from error
        used = tuple(steps[id(one)] for one in step.inputs)
        steps[id(step)] = Step(step.action, used, None, here())
    made = to_record(values[id(making.latest)])
    return _in_place(old, made, steps[id(making.latest)], plan.names[making.uuid])


def _value(step: Step, inputs: list[Any]) -> Any:
    if isinstance(step.action, Edit):
        return edited(inputs[0], step.action)
    assert isinstance(step.action, Call), "_check() refuses others"
    value = execution_of(step.action).run(inputs)
    drop_results(value)
    name = step.action.operation.rpartition(".")[2]
    value.metadata.update(fit_entries(name, inputs[0], value))
    return value


def _in_place(old: Record, made: Record, step: Step, name: str) -> Record:
    """Return a record with new data that replaces an old one.

    Metadata of the user stays. Results of analyses are left out, because they describe
    the old data. A fit has new parameters.
    """
    fields = {**made.fields, "title": old.fields["title"]}
    kept = {
        key: value
        for key, value in old.metadata.items()
        if not is_result_key(key) and key != ROI_KEY
    }
    computed = {k: v for k, v in made.metadata.items() if k != PROCESSING_KEY}
    record = Record(
        old.kind, fields, dict(made.arrays), snapshot({**kept, **computed}), old.uuid
    )
    step.stored = Stored(record.uuid, name, record.version)
    record.history = RecordHistory(step, record.fields, record.metadata.get(ROI_KEY))
    return record


def _store(transaction: Transaction, plan: _Plan, records: Sequence[Record]) -> None:
    """Replace the objects, unless one of them has changed during the computation."""
    for uuid, known in plan.records.items():
        changed = not transaction.backend.has(uuid)
        if not changed and not transaction.backend.capabilities.shared:
            changed = transaction.record(uuid).version is not known.version
        if changed:
            raise ConcurrentChangeError(
                f"{plan.names[uuid]!r:.80} was changed during the computation; call "
                "recompute() again (nothing was done)"
            )
    for record in records:
        transaction.replace(record, restorable=len(records) > 1)
