"""Rename, edit and remove the objects of a workspace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from datalab_workspace.errors import NameConflictError
from datalab_workspace.model.metadata_values import snapshot
from datalab_workspace.model.naming import check_name
from datalab_workspace.model.record import (
    FIELDS,
    IDENTITY_KEYS,
    Kind,
    checked_field,
)
from datalab_workspace.session import Session
from datalab_workspace.transaction import Transaction
from datalab_workspace.validation import unknown_argument


def remove(session: Session, names: Sequence[str]) -> None:
    """See `Workspace.remove`."""
    session.run(lambda t: t.remove(list(dict.fromkeys(map(t.uuid, names)))))


def rename(session: Session, name: str, new_name: str) -> None:
    """See `Workspace.rename`."""

    def operation(transaction: Transaction) -> None:
        uuid = transaction.uuid(name)
        check_name(new_name)
        holder = transaction.names.uuid_of(new_name)
        if holder == uuid:
            transaction.take_name(new_name, uuid)
            return
        if holder is not None:
            raise NameConflictError(
                f"cannot rename {name!r:.80}: the name {new_name!r} is already used by "
                "another object; choose another name, or remove that object first"
            )
        transaction.rename(uuid, new_name)

    session.run(operation)


def edit(
    session: Session,
    name: str,
    metadata: Mapping[Any, Any] | None,
    fields: Mapping[str, Any],
) -> None:
    """See `Workspace.edit`."""

    def operation(transaction: Transaction) -> None:
        uuid = transaction.uuid(name)
        backend = transaction.backend
        kind, known = backend.kind_of(uuid), backend.fields_of(uuid)
        checked = _checked_fields(kind, known, name, fields)
        transaction.edit(uuid, checked, _checked_entries(name, metadata))

    session.run(operation)


def clear(session: Session, *, all: bool) -> None:
    """See `Workspace.clear`."""
    session.run(lambda transaction: transaction.clear(all=all))


def _checked_fields(
    kind: Kind, present: Mapping[str, Any], name: str, fields: Mapping[str, Any]
) -> dict[str, Any]:
    known = FIELDS[kind]
    if "title" in fields:
        raise TypeError("edit() does not change the title; call rename() instead")
    for field in fields:
        if field not in present:
            choices = ["metadata", *(f for f in known if f != "title")]
            raise unknown_argument("edit", field, choices)
    return {
        field: checked_field(value, known.get(field), f"{field} of {name!r:.80}")
        for field, value in fields.items()
    }


def _checked_entries(name: str, metadata: object) -> dict[Any, Any]:
    if metadata is None:
        return {}
    if not isinstance(metadata, Mapping):
        raise TypeError(f"expected a dict for metadata, got {type(metadata).__name__}")
    entries = {k: v for k, v in metadata.items() if k not in IDENTITY_KEYS}
    checked: dict[Any, Any] = snapshot(entries, f"metadata of {name!r:.80}: it")
    return checked
