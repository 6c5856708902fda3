"""Compute features from the objects of a workspace, and store the results.

Everything is computed by sigima in this process. Titles, groups and metadata of results
are those that DataLab would give, so that DataLab can recompute them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from datalab_workspace.errors import LiveUnavailableError, ObjectNotFoundError
from datalab_workspace.model.equality import (
    equal,
    missing_results,
    without_results,
)
from datalab_workspace.model.metadata_values import snapshot, values_equal
from datalab_workspace.model.naming import name_from_title, short_ids
from datalab_workspace.model.record import Record
from datalab_workspace.model.sigima_objects import to_object, to_record
from datalab_workspace.processing.result_list import result_list
from datalab_workspace.processing.selection import (
    NamesOf,
    listed,
    operands_of_choice,
)
from datalab_workspace.progress import Progress
from datalab_workspace.runtime import require
from datalab_workspace.session import Session
from datalab_workspace.transaction import Transaction
from datalab_workspace.validation import one_of

if TYPE_CHECKING:
    from datalab_workspace.processing.calculation import Calculation, Operand

Where: TypeAlias = Literal["kernel", "datalab"]
#: Seconds for which the last look at a backend is good enough to store a result.
_RECENT = 0.2


def calculate(
    session: Session,
    name: str,
    param: Any,
    on: NamesOf | None,
    with_: str | None,
    where: Where,
    parameters: dict[str, Any],
) -> Any:
    """See `Workspace.calc`.

    The operands are fetched in one transaction, and each result is stored in one of its
    own; nothing is locked while sigima computes.
    """
    one_of(where, "where", ("kernel", "datalab"))
    require("sigima", "calc()")
    calculations, single = _plan(session, name, param, on, with_, parameters)
    feature = calculations[0].feature
    if where == "datalab":
        outcomes = _compute_remotely(session, calculations)
    else:
        outcomes = _store_all(session, list(_run(calculations)))
    if feature.operands is None:
        return outcomes[0]
    of_one = isinstance(on, str) or (on is None and single)
    own_regions = feature.each_region and not parameters
    if own_regions and (param is None or isinstance(param, Sequence)):
        of_one = False
    if of_one:
        return outcomes[0]
    return result_list(outcomes, calculations) if feature.analysis else outcomes


def _plan(
    session: Session,
    name: str,
    param: Any,
    on: NamesOf | None,
    with_: str | None,
    parameters: dict[str, Any],
) -> tuple[list[Calculation], bool]:
    """Fetch the operands and check everything that can be checked beforehand.

    Returns:
        The calculations, and whether there is only one first operand.
    """
    from datalab_workspace.processing.calculation import plan

    wanted = None if on is None else list(listed(on))

    def operation(transaction: Transaction) -> Sequence[Operand]:
        if wanted is not None:
            uuids = [transaction.uuid(each) for each in wanted]
        else:
            uuids = list(operands_of_choice(session))
        if not uuids:
            raise ValueError(
                f"calc({name!r:.80}) has no object to compute from: pass on=name, or "
                "choose objects with select(names)"
            )
        second = [] if with_ is None else [transaction.uuid(with_)]
        return _operands(transaction, [*uuids, *second])

    operands = session.run(operation)
    first, other = (operands, None) if with_ is None else (operands[:-1], operands[-1])
    return plan(name, first, other, param, parameters), len(first) == 1


def _operands(transaction: Transaction, uuids: Sequence[str]) -> Sequence[Operand]:
    from datalab_workspace.processing.calculation import Operand

    wanted = list(dict.fromkeys(uuids))
    records = dict(zip(wanted, transaction.backend.operands(wanted), strict=True))
    operands = {
        entry.uuid: Operand(
            entry.uuid,
            transaction.names.name_of(entry.uuid),
            number,
            entry.kind,
            # A copy: functions may write to what they are given.
            to_object(records[entry.uuid]),
        )
        for number, entry in short_ids(transaction.backend.entries())
        if entry.uuid in records
    }
    return [operands[uuid] for uuid in uuids]


def _run(calculations: Sequence[Calculation]) -> Iterator[tuple[Calculation, Any]]:
    title = f"computing {calculations[0].feature.name!r}"
    with Progress(title, len(calculations)) as progress:
        for calculation in calculations:
            yield calculation, calculation.run()
            progress.advance(1)


# -- results --------------------------------------------------------------------------


def _store_all(session: Session, done: Sequence[tuple[Calculation, Any]]) -> list[Any]:
    """Store results; one that cannot be kept is refused before any is stored."""
    kept: list[Record | dict[Any, Any]] = []
    for calculation, result in done:
        if not calculation.feature.analysis:
            kept.append(to_record(result, copy=False))
        else:
            noted = calculation.noted(result)
            kept.append({} if noted is None else snapshot(noted, "the result"))

    def operation(transaction: Transaction) -> list[Any]:
        outcomes: list[Any] = []
        for (calculation, result), item in zip(done, kept, strict=True):
            source = calculation.sources[0]
            if isinstance(item, Record):
                joins = source.uuid if item.kind == source.kind else None
                outcomes.append(_add_result(transaction, item, joins))
            else:
                _note(transaction, source, item)
                outcomes.append(result)
        return outcomes

    return session.run(operation, _RECENT)


def _add_result(transaction: Transaction, record: Record, source: str | None) -> str:
    """Add a computed object under the next free name, unless an equal one has it.

    Args:
        transaction: The transaction.
        record: The object.
        source: UUID of the object whose group it joins; None for the first group.

    Returns:
        Its name.
    """
    title = name_from_title(record.title)
    name, number = title, 1
    while (holder := transaction.names.uuid_of(name)) is not None:
        try:
            held = transaction.record(holder)
        except ObjectNotFoundError:  # another program has just removed it
            transaction.names.release(holder)
            break
        if equal(held, without_results(record)):
            transaction.take_name(name, holder)
            missing = missing_results(held, record)
            transaction.edit(holder, {}, missing)
            return name
        number += 1
        name = f"{title} ({number})"
    can = transaction.backend.capabilities
    record.fields["title"] = title if can.tells_apart else name
    # The source may have been removed during the computation.
    joins = can.groups and source in {e.uuid for e in transaction.backend.entries()}
    transaction.add_result(record.copy(), name, source if joins else None)
    return name


def _note(transaction: Transaction, source: Operand, entries: dict[Any, Any]) -> None:
    """Put the result of an analysis into the metadata of the object analysed."""
    removed = ObjectNotFoundError(
        f"cannot store the result in {source.name!r:.80}, which was removed during "
        "the computation; add it again and repeat the call"
    )
    if source.uuid not in {e.uuid for e in transaction.backend.entries()}:
        raise removed
    try:
        # Only an object that had the result before is fetched again.
        known = source.obj.metadata
        if _has(known, entries):
            known = transaction.record(source.uuid).metadata
        if not _has(known, entries):
            transaction.edit(source.uuid, {}, entries)
    except ObjectNotFoundError:
        raise removed from None


def _has(metadata: Mapping[Any, Any], entries: Mapping[Any, Any]) -> bool:
    return values_equal({key: metadata.get(key) for key in entries}, entries)


def _compute_remotely(
    session: Session, calculations: Sequence[Calculation]
) -> list[str]:
    """Let DataLab compute, after a computation here has shown that it succeeds."""
    for calculation in calculations:
        calculation.check_remote()
    if not session.backend.capabilities.computes:
        raise LiveUnavailableError(
            "where='datalab' computes in a running DataLab, but this workspace is not "
            "attached to one; connect() it, or leave where= out to compute here"
        )
    for _ in _run(calculations):
        pass
    outcomes: list[str] = []
    with session.transaction(_RECENT) as transaction:
        for calculation in calculations:
            added = transaction.backend.compute(
                calculation.sources[0].uuid,
                calculation.feature.name,
                calculation.parameter_values(),
            )
            transaction.note(added)
            outcomes += [transaction.names.name_of(uuid) for uuid in added]
    return outcomes
