"""Compute features from the objects of a workspace, and store the results.

Everything is computed by sigima in this process. Titles, groups and metadata of results
are those that DataLab would give, so that DataLab can recompute them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from datalab_workspace.errors import LiveUnavailableError
from datalab_workspace.model.name_lists import NamesOf, listed
from datalab_workspace.model.record import Record
from datalab_workspace.operations.mask_warning import warn_of_shown_masks
from datalab_workspace.processing.doubtful_results import Doubts
from datalab_workspace.processing.masks import fill_with_nan
from datalab_workspace.processing.selection import (
    chosen_as_one,
    operands_of_choice,
)
from datalab_workspace.progress import Progress
from datalab_workspace.runtime import require
from datalab_workspace.session import Session
from datalab_workspace.transaction import Transaction
from datalab_workspace.validation import one_of

if TYPE_CHECKING:
    from datalab_workspace.processing.calculation import Calculation, Operand, Source
    from datalab_workspace.processing.operands import Fetched
    from datalab_workspace.processing.plan import Plan
    from datalab_workspace.processing.result_writer import ResultWriter

Where: TypeAlias = Literal["kernel", "datalab"]
Masked: TypeAlias = Literal["ignore", "nan"]
#: Seconds for which the last look at a backend is good enough to compute in it.
_RECENT = 0.2


class _Begun(NamedTuple):
    """A call after its checks.

    Attributes:
        plan: The plan of the call.
        one: Whether the call is for one object, so that it returns no list of results.
        masked: The use of masked values.
        doubts: The reasons to doubt the results.
        fetched: The first source objects.
        second: The second operand, if the feature has one.
    """

    plan: Plan
    one: bool
    masked: Masked
    doubts: Doubts
    fetched: Fetched
    second: tuple[Source, Record] | None


def calculate(
    session: Session,
    name: str,
    param: Any,
    on: NamesOf | None,
    with_: str | None,
    where: Where,
    masked: Masked,
    parameters: dict[str, Any],
) -> Any:
    """See `Workspace.calc`.

    The call is checked in one transaction. The source objects are fetched and the
    results are stored in further ones, several small objects at a time; nothing is
    locked while sigima computes. No more than a few objects are in memory at once.
    """
    from datalab_workspace.processing.result_writer import ResultWriter

    one_of(where, "where", ("kernel", "datalab"))
    one_of(masked, "masked", ("ignore", "nan"))
    if masked == "nan" and where == "datalab":
        raise ValueError(
            "masked='nan' computes in this process only, because DataLab knows no "
            "masks; omit where='datalab'"
        )
    require("sigima", "calc()")
    names = None if on is None else listed(on)

    def operation(transaction: Transaction) -> _Begun:
        plan, one = _planned(
            transaction, session, name, param, names, with_, parameters
        )
        if where == "datalab":
            _check_remote(session, plan)
        one = one or isinstance(on, str)
        return _Begun(plan, one, masked, Doubts(), *_first(transaction, plan))

    begun = session.run(operation)
    plan = begun.plan
    total = 1 if plan.combines else len(plan.sources)
    writer = ResultWriter(session, total)
    try:
        with Progress(f"computing {name!r}", total) as progress:
            if plan.combines:
                _compute_together(session, begun, writer)
            else:
                _compute_each(session, begun, writer, progress, where)
            writer.flush()
    except BaseException as error:
        writer.rescue(error)
        raise
    finally:
        begun.doubts.warn()
        warn_of_shown_masks(session, writer.masked)
    single = plan.combines or begun.one
    return writer.outcomes[0] if single else writer.listed()


def _planned(
    transaction: Transaction,
    session: Session,
    name: str,
    param: Any,
    names: Sequence[str] | None,
    with_: str | None,
    parameters: dict[str, Any],
) -> tuple[Plan, bool]:
    """Return the plan of a call, after its checks.

    Returns:
        The plan, and whether it computes from the one object that was selected.
    """
    from datalab_workspace.processing.operands import source_of
    from datalab_workspace.processing.parameters import no_region
    from datalab_workspace.processing.plan import Plan

    one = False
    if names is not None:
        uuids = [transaction.uuid(each) for each in names]
    else:
        uuids = list(operands_of_choice(session))
        one = chosen_as_one(session, uuids)
    if not uuids:
        raise ValueError(
            f"calc({name!r:.80}) has no object to compute from: pass on=name, or "
            "choose objects with select(names)"
        )
    second = None
    if with_ is not None:
        second = source_of(transaction, transaction.uuid(with_))
    sources = [source_of(transaction, uuid) for uuid in uuids]
    plan = Plan(name, sources, second, param, parameters)
    plan.check()
    for source in plan.needs_regions():
        if transaction.backend.summary(source.uuid).roi_count == 0:
            raise no_region(plan.feature, source.name)
    return plan, one


def _first(
    transaction: Transaction, plan: Plan
) -> tuple[Fetched, tuple[Source, Record] | None]:
    """Fetch the first source objects, and the second operand."""
    from datalab_workspace.processing.operands import fetch, together

    count = len(plan.sources)
    if not plan.combines:
        count = together(transaction.backend, plan.sources)
    second = [] if plan.second is None else [plan.second]
    fetched = fetch(transaction, [*plan.sources[:count], *second])
    return fetched, fetched.pop() if second else None


def _compute_together(session: Session, begun: _Begun, writer: ResultWriter) -> None:
    """Compute one result from all source objects."""
    own = not session.backend.capabilities.shares_views
    operands = [_operand(session, begun, *each, own=own) for each in begun.fetched]
    begun.fetched.clear()
    (calculation,) = begun.plan.calculations(operands)
    result = calculation.run(begun.doubts)
    writer.put([(calculation, result)], several=False)


def _compute_each(
    session: Session,
    begun: _Begun,
    writer: ResultWriter,
    progress: Progress,
    where: Where,
) -> None:
    """Compute the results from each source object, and release it."""
    from datalab_workspace.processing.operands import fetch, together

    fetched, rest = begun.fetched, begun.plan.sources[len(begun.fetched) :]
    while fetched:
        while fetched:
            # Its arrays are in no variable here, so that they are released soon.
            operands = _operands(session, begun, *fetched.popleft())
            calculations = begun.plan.calculations(operands)
            del operands
            _compute(session, calculations, writer, begun.doubts, where)
            del calculations
            progress.advance(1)
        count = together(session.backend, rest)
        now, rest = rest[:count], rest[count:]
        if now:
            fetched = session.run(partial(fetch, sources=now))


def _operands(
    session: Session, begun: _Begun, source: Source, record: Record
) -> list[Operand]:
    own = not session.backend.capabilities.shares_views
    operands = [_operand(session, begun, source, record, own=own)]
    if begun.second is not None:
        operands.append(_operand(session, begun, *begun.second, own=False))
    return operands


def _operand(
    session: Session, begun: _Begun, source: Source, record: Record, *, own: bool
) -> Operand:
    """Return a source object with its data, and the step that made it."""
    from datalab_workspace.processing.operands import operand_of

    # An analysis makes no object whose history would need the step.
    analysis = begun.plan.feature.analysis
    step = None if analysis else session.recorder.step_of_source(record)
    operand = operand_of(source, record, own=own, step=step)
    if begun.masked == "nan":
        fill_with_nan(operand.obj, operand.name)
        return replace(operand, masked=0, filled=operand.masked > 0)
    return operand


def _compute(
    session: Session,
    calculations: Sequence[Calculation],
    writer: ResultWriter,
    doubts: Doubts,
    where: Where,
) -> None:
    """Compute the results from one source object."""
    done = [(calculation, calculation.run(doubts)) for calculation in calculations]
    if where == "kernel":
        writer.put(done, several=calculations[0].feature.gives_several)
        return
    # It was computed here first to show that DataLab need not open a dialog.
    del done
    (calculation,) = calculations
    with session.transaction(_RECENT) as transaction:
        transaction.call = writer.call
        added = transaction.backend.compute(
            calculation.sources[0].uuid,
            calculation.feature.name,
            calculation.parameter_values(),
        )
        transaction.note(added)
        names = [transaction.names.name_of(uuid) for uuid in added]
    for name in names:
        writer.put_stored(name)


def _check_remote(session: Session, plan: Plan) -> None:
    """Raise an error unless DataLab can compute a plan."""
    plan.check_remote()
    if not session.backend.capabilities.computes:
        raise LiveUnavailableError(
            "where='datalab' computes in a running DataLab, but this workspace is not "
            "attached to one; connect() it, or leave where= out to compute here"
        )
