"""Rename, edit and remove the objects of a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datalab_workspace.backends.window import COMPANION_NEEDED
from datalab_workspace.error_messages import list_names
from datalab_workspace.errors import (
    NameConflictError,
    NotSupportedByProtocolError,
    ObjectNotFoundError,
)
from datalab_workspace.model.metadata_values import as_base, snapshot
from datalab_workspace.model.name_lists import NamesOf, listed
from datalab_workspace.model.naming import check_name
from datalab_workspace.model.record import (
    FIELDS,
    IDENTITY_KEYS,
    KINDS,
    ROI_KEY,
    Kind,
    checked_field,
)
from datalab_workspace.model.regions import checked_roi
from datalab_workspace.operations.mapping import MISSING
from datalab_workspace.session import Session
from datalab_workspace.transaction import Transaction
from datalab_workspace.validation import one_of, unknown_argument


def remove(session: Session, names: NamesOf) -> None:
    """See `Workspace.remove`."""
    wanted = listed(names)
    session.run(lambda t: t.remove(list(dict.fromkeys(map(t.uuid, wanted)))))


def rename(session: Session, name: str, new_name: str) -> str:
    """See `Workspace.rename`."""

    def operation(transaction: Transaction) -> str:
        uuid = transaction.uuid(name)
        title = check_name(new_name)
        holder = transaction.names.uuid_of(title)
        if holder == uuid:
            transaction.take_name(title, uuid)
            return title
        if holder is not None:
            raise NameConflictError(
                f"cannot rename {name!r:.80}: the name {new_name!r} is already used by "
                "another object; choose another name, or remove that object first"
            )
        transaction.rename(uuid, title)
        return title

    return session.run(operation)


def edit(
    session: Session,
    name: str,
    metadata: Mapping[Any, Any] | None,
    fields: Mapping[str, Any],
    roi: Any = MISSING,
) -> None:
    """See `Workspace.edit`."""

    def operation(transaction: Transaction) -> None:
        uuid = transaction.uuid(name)
        backend = transaction.backend
        kind, known = backend.kind_of(uuid), backend.fields_of(uuid)
        checked = _checked_fields(kind, known, name, fields)
        entries, dropped = _checked_entries(name, metadata), []
        if roi is not MISSING:
            regions = checked_roi(roi, kind, f"{name!r:.80}")
            if regions is None:
                entries.pop(ROI_KEY, None)
                dropped = [ROI_KEY]
            else:
                entries[ROI_KEY] = regions
        transaction.edit(uuid, checked, entries, dropped)

    session.run(operation)


def move(session: Session, names: NamesOf, group: str) -> None:
    """See `Workspace.move`."""
    title = _checked_title(group, "group")
    wanted = listed(names)

    def operation(transaction: Transaction) -> None:
        _check_groups(transaction, "move()")
        uuids = list(dict.fromkeys(map(transaction.uuid, wanted)))
        for kind in KINDS:
            of_kind = [u for u in uuids if transaction.backend.kind_of(u) == kind]
            if of_kind:
                transaction.move_to_group(of_kind, title)

    session.run(operation)


def rename_group(
    session: Session, group: str, new_title: str, kind: Kind | None
) -> None:
    """See `Workspace.rename_group`."""
    if kind is not None:
        one_of(kind, "kind", KINDS)
    title = _checked_title(new_title, "new_title")

    def operation(transaction: Transaction) -> None:
        _check_groups(transaction, "rename_group()")
        groups = transaction.backend.groups(kind)
        holders = {each.kind for each in groups if each.title == group}
        if not holders:
            titles = list(dict.fromkeys(each.title for each in groups))
            raise ObjectNotFoundError(
                f"there is no group {group!r:.80}; the groups are {list_names(titles)}"
            )
        if len(holders) > 1:
            raise ValueError(
                f"both panels have a group {group!r:.80}; pass kind='signal' or 'image'"
            )
        (panel,) = holders
        if title == group:
            return
        if any((g.kind, g.title) == (panel, title) for g in groups):
            raise NameConflictError(
                f"the {panel} panel already has a group {title!r:.80}; choose "
                "another title, or move() the objects to that group"
            )
        transaction.rename_group(panel, group, title)

    session.run(operation)


def _checked_title(title: object, argument: str) -> str:
    if not isinstance(title, str):
        raise TypeError(
            f"expected the title of a group for {argument}, got {type(title).__name__}"
        )
    plain: str = as_base(title, str)
    return plain


def _check_groups(transaction: Transaction, call: str) -> None:
    if not transaction.backend.capabilities.edits_groups:
        raise NotSupportedByProtocolError(f"{call} needs {COMPANION_NEEDED}")


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
            choices = ["metadata", "roi", *(f for f in known if f != "title")]
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
