"""List and describe the objects and groups of a workspace, and fetch them."""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from datalab_workspace.errors import ObjectNotFoundError, ReusedNameError
from datalab_workspace.model.description import (
    Description,
    GroupInfo,
    GroupList,
    Listing,
    Preview,
    Status,
)
from datalab_workspace.model.name_lists import NamesOf, listed
from datalab_workspace.model.naming import short_ids
from datalab_workspace.model.record import KINDS, Kind, Record
from datalab_workspace.model.sigima_objects import to_object
from datalab_workspace.operations.mapping import MISSING, NamesToGet
from datalab_workspace.processing.selection import known_operands
from datalab_workspace.session import Session
from datalab_workspace.transaction import Transaction
from datalab_workspace.validation import one_of

#: Seconds for which a name is taken to mean the same object without another look.
_RECENT = 0.2


def get(
    session: Session, name: str | NamesToGet, default: Any, copy: bool, full: bool
) -> Any:
    """See `Workspace.get`."""
    if isinstance(name, list | tuple):
        return [get(session, each, default, copy, full) for each in name]

    def operation(transaction: Transaction) -> Any:
        # The error for a missing name is slow to make: it compares all names.
        if default is not MISSING and transaction.find(name) is None:
            return default
        record = transaction.record(name, full=full)
        own = not transaction.backend.capabilities.shares_views
        obj = to_object(record, copy=copy, own=own)
        session.recorder.on_get(obj, record, own=own)
        return obj

    try:
        return session.run(operation, _RECENT)
    except ObjectNotFoundError:
        if default is MISSING:
            raise
        return default


def get_record(session: Session, name: str, *, data: bool = True) -> Record:
    """See `Workspace.record`."""
    if data:
        return session.run(lambda t: t.record(name).copy(views=True), _RECENT)
    return session.run(lambda t: _without_data(t, name), _RECENT)


def _without_data(transaction: Transaction, name: str) -> Record:
    uuid = transaction.uuid(name)
    [found] = transaction.backend.records_without_data([uuid])
    return replace(found, arrays={}, uuid=uuid).copy()


def pop(session: Session, name: str, default: Any) -> Any:
    """See `Workspace.pop`."""

    def operation(transaction: Transaction) -> Any:
        if default is not MISSING and transaction.find(name) is None:
            return default
        uuid = transaction.uuid(name)
        obj = get(session, uuid, MISSING, copy=True, full=False)
        transaction.remove([uuid])
        return obj

    try:
        return session.run(operation)
    except ObjectNotFoundError:
        if default is MISSING:
            raise
        return default


def exists(session: Session, name: str) -> bool:
    """See `Workspace.exists`."""
    with session.transaction() as transaction:
        if transaction.find(name) is None:
            return False
        # The name that was asked for means this object from now on.
        with suppress(ReusedNameError):
            transaction.uuid(name)
        return True


def count(session: Session) -> int:
    """Return the number of objects."""
    with session.transaction() as transaction:
        return transaction.backend.count()


def list_objects(
    session: Session, kind: Kind | None, pattern: str | None, group: str | None
) -> list[str]:
    """See `Workspace.list`."""
    with session.transaction() as transaction:
        _check_kind(kind)
        backend = transaction.backend
        if group is None:
            uuids = backend.uuids(kind)
        else:
            groups = [g for g in backend.groups(kind) if g.title == group]
            uuids = [uuid for group_ in groups for uuid in group_.uuids]
        names = transaction.names.hand_out_all(uuids)
    if pattern is None:
        return names
    return [name for name in names if fnmatch.fnmatchcase(name, pattern)]


def list_groups(session: Session, kind: Kind | None) -> GroupList:
    """See `Workspace.groups`."""
    with session.transaction() as transaction:
        _check_kind(kind)
        return GroupList(
            GroupInfo(panel, title, tuple(map(transaction.names.hand_out, uuids)))
            for panel, title, uuids in transaction.backend.groups(kind)
        )


def describe(session: Session, name: NamesOf | None) -> Description | Listing:
    """See `Workspace.describe`."""
    names = [] if name is None else listed(name)
    with session.transaction() as transaction:
        if name is not None:
            uuids = [transaction.uuid(each) for each in names]
            known = known_operands(session)
            found = [
                _described(transaction, uuid, *transaction.position(uuid), known)
                for uuid in uuids
            ]
            return found[0] if isinstance(name, str) else Listing(found)
        group_of = {
            uuid: group.title
            for group in transaction.backend.groups()
            for uuid in group.uuids
        }
        known = {*known_operands(session)}
        return Listing(
            _described(
                transaction, entry.uuid, number, group_of.get(entry.uuid, ""), known
            )
            for number, entry in short_ids(transaction.backend.entries())
        )


def preview(session: Session, most: int) -> tuple[int, list[Preview]]:
    """See `Workspace.preview`."""
    with session.transaction(None) as transaction:
        backend = transaction.backend
        if not backend.seen:
            transaction.look()
        numbered = list(short_ids(backend.entries()))
        total, known = len(numbered), {*known_operands(session)}
        if total > most:
            numbered[most // 2 : total - most // 2] = []
        return total, [
            Preview(
                transaction.names.name_of(entry.uuid),
                number,
                entry.group,
                *backend.preview(entry.uuid),
                entry.uuid in known,
            )
            for number, entry in numbered
        ]


def status(session: Session, notes: Sequence[str]) -> Status:
    """Return the status of a session.

    Args:
        session: The session.
        notes: Other sentences, about running DataLabs.
    """
    with session.transaction(None) as transaction:
        backend = transaction.backend
        server = backend.status()
        transaction.names.sync(backend.entries())
        return Status(
            backend.mode,
            backend.count("signal"),
            backend.count("image"),
            session.project.path,
            session.project.modified,
            server.version,
            server.url,
            server.protocols,
            (*notes, *server.notes, *session.recorder.problems()),
        )


def summarize(session: Session) -> str:
    """Return the repr of a workspace, without waiting for DataLab."""
    backend, project = session.backend, session.project
    counts = {kind: backend.count(kind) for kind in KINDS}
    parts = [f"{n} {kind}{'s' * (n != 1)}" for kind, n in counts.items()]
    selected = len(known_operands(session))
    if selected:
        parts.append(f"{selected} selected")
    if not backend.seen:
        parts = ["not looked at yet"]
    if project.path is not None:
        parts.append(f"{str(project.path)!r}{' (modified)' * project.modified}")
    place = "" if backend.location is None else f" in {backend.location}"
    return f"<Workspace {backend.mode}{place}: {', '.join(parts)}>"


def _described(
    transaction: Transaction,
    uuid: str,
    number: str,
    group: str,
    selected: Collection[str],
) -> Description:
    return Description.of(
        transaction.backend.summary(uuid),
        name=transaction.names.hand_out(uuid),
        short_id=number,
        uuid=uuid,
        group=group,
        selected=uuid in selected,
    )


def _check_kind(kind: Kind | None) -> None:
    if kind is not None:
        one_of(kind, "kind", KINDS)
