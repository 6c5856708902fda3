"""Compare the entries of objects before and after a look at the backend."""

from __future__ import annotations

from collections.abc import Mapping

from datalab_workspace.backends.base import Entry
from datalab_workspace.events import ObjectChange


def changes_between(
    before: Mapping[str, tuple[Entry, str]],
    now: Mapping[str, tuple[Entry, str]],
    own: Mapping[str, str | None],
) -> tuple[ObjectChange, ...]:
    """Return the changes that others have made between two looks.

    Args:
        before: The entries of all objects and their names at the first look, by UUID.
        now: The same at the second look.
        own: The names before of the objects that this session has just changed.
    """
    changes = [
        ObjectChange("removed", uuid, name, None)
        for uuid, (_, name) in before.items()
        if uuid not in now and uuid not in own
    ]
    for uuid, (entry, name) in now.items():
        if uuid in own:
            found = own[uuid]  # others may have renamed it before this call
            if found is not None and uuid in before and before[uuid][1] != found:
                changes.append(renamed(uuid, before[uuid][1], found))
            continue
        if uuid not in before:
            changes.append(ObjectChange("added", uuid, None, name))
        elif before[uuid] != (entry, name):
            changes += differences(before[uuid][0], before[uuid][1], entry, name)
    return tuple(changes)


def renamed(uuid: str, before: str, after: str) -> ObjectChange:
    """Return the change of an object that has another name."""
    return ObjectChange("renamed", uuid, before, after, frozenset({"title"}))


def differences(
    before: Entry, name_before: str, entry: Entry, name: str
) -> list[ObjectChange]:
    """Compare two entries of one object, as far as both are known."""
    known = before.dtype is not None and entry.dtype is not None
    form, form_before = (entry.shape, entry.dtype), (before.shape, before.dtype)
    if before.kind != entry.kind or (known and form_before != form):
        return [ObjectChange("replaced", entry.uuid, name_before, name)]
    if name != name_before:
        return [renamed(entry.uuid, name_before, name)]
    if entry.title != before.title:
        return [ObjectChange("edited", entry.uuid, name, name, frozenset({"title"}))]
    return []
