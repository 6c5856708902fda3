"""Add objects to a workspace: new names, equal objects, conflicts, replacements."""

from __future__ import annotations

import os
from collections.abc import Mapping
from math import inf
from typing import Any

from datalab_workspace.error_messages import add_note
from datalab_workspace.errors import NameConflictError, UnsupportedObjectError
from datalab_workspace.model.equality import equal
from datalab_workspace.model.foreign_objects import mapping_of, own_title
from datalab_workspace.model.metadata_values import as_base
from datalab_workspace.model.naming import check_name
from datalab_workspace.model.record import Record
from datalab_workspace.model.sigima_objects import to_record
from datalab_workspace.operations.mapping import MISSING
from datalab_workspace.operations.mask_warning import is_masked, warn_of_shown_masks
from datalab_workspace.progress import Progress
from datalab_workspace.session import Session
from datalab_workspace.transaction import Transaction


def add(
    session: Session,
    name: Any,
    obj: Any,
    overwrite: bool,
    group: str | None,
    copy: bool,
) -> str:
    """See `Workspace.add`."""
    if obj is MISSING:
        name, obj = _own_title(name), name
    plain = check_name(name)
    # Whether others have taken a new name is found out by adding, without a look.
    trusting = session.backend.refuses_titles_in_use
    masked = session.run(
        lambda t: _add(t, plain, obj, overwrite, group, copy, several=False),
        inf if trusting else 0.0,
    )
    warn_of_shown_masks(session, [plain] if masked else [])
    return plain


def update(
    session: Session,
    objects: Mapping[str, Any],
    overwrite: bool,
    group: str | None,
    copy: bool,
) -> list[str]:
    """See `Workspace.update`."""
    objects = mapping_of(objects)
    if not isinstance(objects, Mapping):
        raise TypeError(
            "update() expects a mapping of names to objects, got "
            f"{type(objects).__name__}"
        )

    def operation(transaction: Transaction) -> tuple[list[str], list[str]]:
        done: list[str] = []
        masked: list[str] = []
        with (
            transaction.backend.bulk(),
            Progress("adding objects", len(objects)) as progress,
        ):
            for name, obj in objects.items():
                try:
                    plain = check_name(name)
                    if _add(
                        transaction, plain, obj, overwrite, group, copy, several=True
                    ):
                        masked.append(plain)
                except Exception as error:
                    add_note(error, f"while adding {name!r:.80}")
                    raise
                done.append(plain)
                progress.advance(1)
        return done, masked

    names, masked = session.run(operation)
    warn_of_shown_masks(session, masked)
    return names


def _add(
    transaction: Transaction,
    name: str,
    obj: object,
    overwrite: bool,
    group: str | None,
    copy: bool,
    *,
    several: bool,
) -> bool:
    """Add an object, and return whether it is masked."""
    backend, names = transaction.backend, transaction.names
    group = checked_group(transaction, name, group)
    _check_no_path(name, obj)
    record = to_record(obj, copy=False)
    uuid = names.uuid_of(name)
    if uuid is not None and backend.refuses_titles_in_use and transaction.look():
        uuid = names.uuid_of(name)  # it may have gone since it was last seen
    if uuid is None:
        uuid = _add_new(transaction, name, obj, record, group, copy)
    if uuid is not None:
        _add_again(
            transaction, name, uuid, obj, record, overwrite, group, copy, several
        )
    return is_masked(record)


def _check_no_path(name: str, obj: object) -> None:
    """Raise an error that names `Workspace.read` for the path of a file."""
    if isinstance(obj, str | os.PathLike):
        raise UnsupportedObjectError(
            f"cannot add {str(obj)!r:.200} as {name!r:.80}: it is a "
            f"{'string' if isinstance(obj, str) else 'path'}, not an object; "
            "workspace.read(path) reads files"
        )


def checked_group(transaction: Transaction, name: str, group: object) -> str | None:
    """Return the title of the group that an object is to join, if there is one.

    Raises:
        TypeError: It is not a string.
        NotImplementedError: The workspace cannot choose groups.
    """
    if group is None:
        return None
    if not isinstance(group, str):
        raise TypeError(
            f"expected the title of a group for group, got {type(group).__name__}"
        )
    if not transaction.backend.capabilities.groups:
        raise NotImplementedError(
            f"cannot put {name!r:.80} in the group {group!r:.80}: this workspace "
            "cannot choose groups; leave group out"
        )
    title: str = as_base(group, str)
    return title


def _add_new(
    transaction: Transaction,
    name: str,
    obj: object,
    record: Record,
    group: str | None,
    copy: bool,
) -> str | None:
    """Add an object under a name that seems to be free.

    Returns:
        None if it was added; otherwise the UUID of the object to which others have
        given the name since the last look.
    """
    record.fields["title"] = name
    try:
        transaction.add(_held(transaction, obj, record, copy), name, group=group)
    except NameConflictError:
        transaction.look()
        holder = transaction.names.uuid_of(name)
        if holder is None:
            raise
        return holder
    return None


def _add_again(
    transaction: Transaction,
    name: str,
    uuid: str,
    obj: object,
    record: Record,
    overwrite: bool,
    group: str | None,
    copy: bool,
    several: bool,
) -> None:
    """Replace the object that has the name, or leave it if it is equal."""
    if not overwrite:
        transaction.names.check_meaning(name, uuid)
        stored = transaction.backend.record(uuid)
        if equal(stored, record):
            transaction.take_name(name, uuid)
            transaction.recorder.on_found(obj, record, stored)
            return
        raise NameConflictError(
            f"the name {name!r} is already used by a different {stored.kind}; pass "
            "overwrite=True to replace it, or choose another name"
        )
    # The name stays bound; a title that differs from it was set in DataLab.
    record.uuid, record.fields["title"] = uuid, transaction.backend.title_of(uuid)
    # Copied before anything is removed: there may be no memory for it.
    held = _held(transaction, obj, record, copy)
    transaction.replace(held, group=group, restorable=several)
    transaction.take_name(name, uuid)


def _held(transaction: Transaction, obj: object, record: Record, copy: bool) -> Record:
    """Return the record to hand to the backend: a copy if the backend keeps it."""
    shares = transaction.backend.capabilities.shares_views
    held = record.copy() if copy and shares else record
    transaction.recorder.on_add(obj, held, own=not shares)
    return held


def _own_title(obj: Any) -> Any:
    if isinstance(obj, str | os.PathLike):
        raise TypeError(
            f"add({os.fspath(obj)!r:.80}) has no object; call add(name, object), or "
            "workspace.read(path) for a file"
        )
    title = own_title(obj)
    if title is None:
        raise TypeError(
            f"{type(obj).__name__} has no title of its own; call add(name, object)"
        )
    return title
