"""The objects that are out of date: one that they were made from has changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from datalab_workspace.error_messages import both
from datalab_workspace.errors import NotReplayableError
from datalab_workspace.history.replay.available import Available
from datalab_workspace.history.steps import (
    Edit,
    Reference,
    Step,
    closure,
    edit_chain,
)
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
        sources: UUIDs of those of these objects that exist, by the `id` of the step.
    """

    uuid: str
    latest: Step
    steps: tuple[Step, ...]
    inputs: tuple[Step, ...]
    sources: Mapping[int, str]


@dataclass
class Ages:
    """The objects of a workspace, and what is out of date.

    Attributes:
        makings: How each object was made, by UUID.
        reasons: Why objects are out of date, in words, by UUID.
    """

    makings: dict[str, Making] = field(default_factory=dict)
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
    """Return the objects of a workspace and the reasons why some are out of date."""
    available, ages = Available(session, transaction), Ages()
    for entry in transaction.backend.entries():
        uuid = entry.uuid
        making = _making(uuid, available)
        ages.makings[uuid] = making
        for step in making.inputs:
            if reason := _reason(step, making, available):
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
            if available.is_stored(step) and available.source_of(step, uuid) != uuid:
                inputs[id(step)] = step
            elif id(step) not in own:
                own[id(step)] = step
                todo.append(step)
    ordered = tuple(step for step in closure(latest) if id(step) in own)
    known = ((n, available.source_of(step, uuid)) for n, step in inputs.items())
    sources = {n: source for n, source in known if source and available.has(source)}
    return Making(uuid, latest, ordered, tuple(inputs.values()), sources)


def _reason(step: Step, making: Making, available: Available) -> str:
    """Return why an object is out of date with an input; "" if it is not."""
    source = making.sources.get(id(step))
    if source is None:
        return f"{available.name_of(step)!r:.80} was removed"
    name = f"{available.name(source)!r:.80}"
    latest = available.latest(source)
    if isinstance(step.action, Reference):
        step = available.find(step.action) or step
    if latest is step:
        return ""
    edits = available.edits_since(step, source)
    if edits is None and edit_chain(latest)[0] is edit_chain(step)[0]:
        edits = _other_edits(latest, step)
    if edits is not None:
        parts = _parts(edits)
        return f"{both(parts)} of {name} changed" if parts else ""
    if available.given(step) is not None:
        return ""
    # An object may be replaced by one that was made from it: this does not count.
    if any(each is making.latest for each in closure(latest)):
        return ""
    return f"{name} has changed"


def _other_edits(latest: Step, step: Step) -> list[Edit]:
    """Return the edits that only one of two steps has, which edit the same data."""
    chains = [edit_chain(latest), edit_chain(step)]
    shared = {*map(id, chains[0])} & {*map(id, chains[1])}
    found = [
        each.action for chain in chains for each in chain if id(each) not in shared
    ]
    return [action for action in found if isinstance(action, Edit)]


def _parts(edits: Sequence[Edit]) -> list[str]:
    """Return the parts of an object that edits have changed, in words."""
    changed: dict[str, None] = {}
    for edit in edits:
        changed |= dict.fromkeys(edit.fields)
        if edit.sets_roi:
            changed["the regions of interest"] = None
    return [*changed]


def _spread(ages: Ages, transaction: Transaction) -> None:
    """Mark the objects that were made from others that are out of date."""
    users: dict[str, list[str]] = {}
    for uuid, making in ages.makings.items():
        for source in making.sources.values():
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

    Raises:
        NotReplayableError: Objects that are out of date were made from each other.
    """
    done: set[str] = set()
    todo = [(uuid, iter(ages.makings[uuid].sources.values()))]
    seen, unfinished = {uuid}, {uuid}
    while todo:
        current, sources = todo[-1]
        following = next(sources, None)
        if following in unfinished and following in ages.reasons:
            raise NotReplayableError(
                "cannot recompute objects that were made from each other, one of them "
                "in place of another"
            )
        if following is not None and following in seen:
            continue
        if following is not None:
            unfinished.add(following)
            seen.add(following)
            todo.append((following, iter(ages.makings[following].sources.values())))
            continue
        todo.pop()
        unfinished.discard(current)
        if current in ages.reasons and current not in done:
            done.add(current)
            yield current
