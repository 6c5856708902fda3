"""The objects that are out of date, because one they were made from has changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from datalab_workspace.history.available import Available
from datalab_workspace.history.steps import Edit, Step, closure
from datalab_workspace.operations.history import without_edits
from datalab_workspace.session import Session
from datalab_workspace.transaction import Transaction


@dataclass(frozen=True)
class Making:
    """The steps between an object and the other objects that it was made from.

    Attributes:
        uuid: UUID of the object.
        latest: Its latest step.
        steps: The steps that made it, each one after its inputs.
        inputs: The steps of the other objects.
    """

    uuid: str
    latest: Step
    steps: tuple[Step, ...]
    inputs: tuple[Step, ...]


@dataclass
class Ages:
    """The objects of a workspace, and what is out of date.

    Attributes:
        makings: How each object was made, by UUID.
        sources: UUIDs of the objects that each object was made from and that exist.
        reasons: Why objects are out of date, in words, by UUID.
    """

    makings: dict[str, Making] = field(default_factory=dict)
    sources: dict[str, list[str]] = field(default_factory=dict)
    reasons: dict[str, list[str]] = field(default_factory=dict)


def stale(session: Session) -> dict[str, list[str]]:
    """See `Workspace.stale`."""
    session.recorder.settle()

    def operation(transaction: Transaction) -> dict[str, list[str]]:
        ages = ages_of(session, transaction)
        hand_out = transaction.names.hand_out
        return {hand_out(uuid): why for uuid, why in ages.reasons.items()}

    return session.run(operation)


def ages_of(session: Session, transaction: Transaction) -> Ages:
    """Return which objects of a workspace are out of date, in their order."""
    available, ages = Available(session, transaction), Ages()
    for entry in transaction.backend.entries():
        uuid = entry.uuid
        making = _making(uuid, available)
        ages.makings[uuid], ages.sources[uuid] = making, []
        for step in making.inputs:
            source = available.uuid_of(step)
            if source is not None and transaction.backend.has(source):
                ages.sources[uuid].append(source)
            if reason := _reason(step, source, making, available):
                ages.reasons.setdefault(uuid, []).append(reason)
    _spread(ages, transaction)
    return ages


def _making(uuid: str, available: Available) -> Making:
    """Return the steps of an object up to those that made other objects."""
    latest = available.latest(uuid)
    own: dict[int, Step] = {id(latest): latest}
    inputs: dict[int, Step] = {}
    todo = [latest]
    while todo:
        for step in todo.pop().inputs:
            made = available.uuid_of(step)
            if made not in (None, uuid):
                inputs[id(step)] = step
            elif id(step) not in own:
                own[id(step)] = step
                todo.append(step)
    ordered = tuple(step for step in closure(latest) if id(step) in own)
    return Making(uuid, latest, ordered, tuple(inputs.values()))


def _reason(
    step: Step, source: str | None, making: Making, available: Available
) -> str:
    """Return why an object is out of date with an input; "" if it is not."""
    name = f"{available.name_of(step)!r:.80}"
    if source is None or not available.has(source):
        return f"{name} was removed"
    latest = available.latest(source)
    if latest is step:
        return ""
    if without_edits(latest) is without_edits(step):
        edits = _edits_since(latest, step)
        return f"{' and '.join(edits)} of {name} changed" if edits else ""
    if available.given(step) is not None:
        return ""
    # An object may be replaced by one that was made from it: that is no change.
    if any(each is making.latest for each in closure(latest)):
        return ""
    return f"{name} has changed"


def _edits_since(latest: Step, step: Step) -> list[str]:
    """Return what edits have changed since a step, in words."""
    changed: dict[str, None] = {}
    while latest is not step and isinstance(latest.action, Edit) and latest.inputs:
        for name in latest.action.fields:
            changed[name] = None
        if latest.action.sets_roi:
            changed["the regions of interest"] = None
        latest = latest.inputs[0]
    return [*changed]


def _spread(ages: Ages, transaction: Transaction) -> None:
    """Mark the objects that were made from others that are out of date."""
    users: dict[str, list[str]] = {}
    for uuid, sources in ages.sources.items():
        for source in sources:
            users.setdefault(source, []).append(uuid)
    todo = list(ages.reasons)
    while todo:
        source = todo.pop()
        name = transaction.names.name_of(source)
        for user in users.get(source, ()):
            reasons = ages.reasons.get(user)
            if reasons is None:
                todo.append(user)
                reasons = ages.reasons[user] = []
            text = f"{name!r:.80} is out of date"
            if text not in reasons:
                reasons.append(text)
    order = [uuid for uuid in ages.makings if uuid in ages.reasons]
    ages.reasons = {uuid: ages.reasons[uuid] for uuid in order}


def in_order(uuid: str, ages: Ages) -> Iterator[str]:
    """Yield an object and those it depends on that are out of date, inputs first.

    Args:
        uuid: UUID of the object.
        ages: The objects of the workspace.
    """
    done: set[str] = set()
    todo = [(uuid, iter(ages.sources.get(uuid, ())))]
    seen = {uuid}
    while todo:
        current, sources = todo[-1]
        following = next((s for s in sources if s not in seen), None)
        if following is not None:
            seen.add(following)
            todo.append((following, iter(ages.sources.get(following, ()))))
            continue
        todo.pop()
        if current in ages.reasons and current not in done:
            done.add(current)
            yield current
