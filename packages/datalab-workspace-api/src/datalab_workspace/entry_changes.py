"""Compare the entries of an object before and after a look at the backend."""

from __future__ import annotations

from datalab_workspace.backends.base import Entry
from datalab_workspace.events import ObjectChange


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
