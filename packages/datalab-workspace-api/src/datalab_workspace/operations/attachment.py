"""Attach a workspace to a running DataLab, and detach it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias

from datalab_workspace.backends.base import Resynced
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.error_messages import list_names
from datalab_workspace.errors import LiveError
from datalab_workspace.live.attach import backend_at, find_endpoint
from datalab_workspace.live.transport.token import Token
from datalab_workspace.model.name_book import NameBook
from datalab_workspace.operations.merge import CHOICES, Merge, OnConflict
from datalab_workspace.session import Session
from datalab_workspace.transaction import Transaction
from datalab_workspace.validation import one_of, warn_caller

if TYPE_CHECKING:
    from datalab_workspace.live.attach import AttachableBackend

Keep: TypeAlias = Literal[True, False, "all"]


def connect(
    session: Session, url: str | None, token: Token | None, on_conflict: OnConflict
) -> None:
    """See `Workspace.connect`."""
    with session.transaction(None) as transaction:
        if session.backend.location is not None:
            _check_attached(transaction, url, token)
            return
        backend = backend_at(find_endpoint(url, token))
        try:
            names = _move(session, backend, on_conflict)
        except BaseException:
            backend.close()
            raise
        session.switch(backend, names)
        transaction.kind = "attached"


def _check_attached(
    transaction: Transaction, url: str | None, token: Token | None
) -> None:
    """Raise `LiveError` if the workspace is attached to another DataLab, or a dead one.

    Args:
        transaction: The transaction of `connect`.
        url: The DataLab that the user asks for; None for any.
        token: The token for it.
    """
    transaction.look()
    if url is None:
        return
    # It may have other URLs than the one in use.
    other = backend_at(find_endpoint(url, token))
    other.close()
    place = transaction.backend.location
    if other.location != place:
        raise LiveError(
            f"the workspace is already attached to {place}; call disconnect() first"
        )


def _move(
    session: Session, backend: AttachableBackend, on_conflict: OnConflict
) -> NameBook:
    one_of(on_conflict, "on_conflict", CHOICES)
    names = NameBook(shared=backend.capabilities.shared)
    groups = session.backend.content()
    if not groups:
        # Listing many objects takes DataLab long, and is left to the first use.
        backend.check()
        return names
    backend.refresh()
    names.sync(backend.entries())
    ours = {item.uuid: item for group in groups for item in group.items}
    merge = Merge(backend, names, on_conflict)
    merge.prepare(
        groups,
        {uuid: session.names.name_of(uuid) for uuid in ours},
        "connecting to DataLab",
    )
    backend.begin()
    merge.carry_out()
    backend.commit({})
    return names


def disconnect(session: Session, keep: Keep) -> None:
    """See `Workspace.disconnect`."""
    if keep not in (True, False, "all"):
        raise ValueError(f"keep must be True, False or 'all', not {keep!r:.60}")
    with session.transaction(None) as transaction:
        backend = session.backend
        if backend.location is None:
            return
        memory, names, lost = MemoryBackend(), NameBook(), ""
        if keep:
            home = backend.bring_home(everything=keep == "all")
            session.names.sync(backend.entries())
            memory.extend(home.groups)
            here = [item for group in home.groups for item in group.items]
            for item in here:
                # An object that was missing after a restart no longer has a name.
                if item.uuid in session.names.uuids:
                    names.bind(item.uuid, session.names.name_of(item.uuid))
            names.sync(memory.entries())
            if home.lost:
                known = session.names
                gone = [
                    known.name_of(uuid) for uuid in home.lost if uuid in known.uuids
                ]
                lost = (
                    f"DataLab does not answer ({home.reason}); lost objects: "
                    f"{list_names(gone)}"
                )
        session.switch(memory, names)
        session.project.detached(modified=bool(memory.entries()))
        transaction.kind = "detached"
    if lost:
        warn_caller(lost, UserWarning)


def resync(session: Session, *, restore: bool) -> None:
    """See `Workspace.resync`."""
    with session.transaction(None) as transaction:
        before = {uuid: session.names.name_of(uuid) for uuid in session.names.uuids}
        resynced = session.backend.resync(restore=restore)
        transaction.look()
        # Another DataLab may hold the objects of the last one under other UUIDs.
        transaction.names.forget_removed()
    if resynced.restored or resynced.lost:
        # Changes of the DataLab that has ended cannot be undone in another one, and
        # undoing the return of its objects would remove them again.
        session.journal.clear()
        gone = "lost" if restore else "missing, which resync() puts back if known here"
        warn_caller(_said(resynced, before, gone), UserWarning)


def _said(resynced: Resynced, names: Mapping[str, str], gone: str) -> str:
    """Return the sentence that names the objects put back and those that are gone."""
    parts = [
        f"{what}: {list_names([names.get(uuid, title) for uuid, title in of.items()])}"
        for what, of in (("put back", resynced.restored), (gone, resynced.lost))
        if of
    ]
    return f"{resynced.reason}; {'; '.join(parts)}"


def show(session: Session, name: str) -> None:
    """See `Workspace.show`."""

    def operation(transaction: Transaction) -> str:
        uuid = transaction.uuid(name)
        transaction.backend.show(uuid)
        return uuid

    session.in_passing.add(session.run(operation))
