"""The state of the window as clients see it, its revision and its changes.

The thread of the window looks at DataLab and updates the state. Threads of the server
read it under its lock.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import uuid4

from datalab_kernel.desktop.companion import titles
from datalab_kernel.desktop.companion.appearance import (
    Appearance,
    appearance_of,
    changed_parts,
    describe,
    describe_record,
)
from datalab_kernel.desktop.companion.draft import Draft
from datalab_kernel.desktop.companion.objects import complete, record_of
from datalab_kernel.desktop.companion.window import Window
from datalab_workspace.encoding import sidecar
from datalab_workspace.model.naming import NameBook
from datalab_workspace.model.record import KINDS, Kind, Record

_MOST_EVENTS = 2_000
_MOST_REMOVED = 10_000


class _Titled(NamedTuple):
    uuid: str
    kind: str
    title: str
    name: str | None = None


@dataclass(eq=False)
class Known:
    """An object as it was last looked at.

    Attributes:
        kind: Its kind.
        title: Its title.
        group: UUID of its group.
        appearance: Its values.
        entry: Its entry in a snapshot, without name, revisions and author.
        plain: Its record, if its sidecar was not read yet; the entry follows from both.
        added: The revision at which it appeared.
        changed: The revision of the last change of each part.
        by: The client that made the last change.
    """

    kind: Kind
    title: str
    group: str
    appearance: Appearance
    entry: dict[str, Any]
    added: int
    changed: dict[str, int] = field(default_factory=dict)
    by: str | None = None
    plain: Record | None = None

    def describe(self, obj: Any) -> None:
        """Take the entry from the object as it is now."""
        has_sidecar = sidecar.KEY in obj.metadata
        self.plain = record_of(obj)[0] if has_sidecar else None
        self.entry = {} if has_sidecar else describe(obj, self.kind)

    def full_entry(self) -> dict[str, Any]:
        """Return the entry. Reading a sidecar takes time if the data is large."""
        if self.plain is not None:
            self.entry, self.plain = describe_record(complete(self.plain)), None
        return self.entry

    @property
    def revision(self) -> int:
        """The revision of the last change."""
        return max(self.added, *self.changed.values(), 0)


class State:
    """The objects, groups, names and selections of a window.

    Args:
        window: The window.
    """

    def __init__(self, window: Window) -> None:
        self.boot = str(uuid4())
        self.rev = 0
        self.names = NameBook()
        #: Titles that clients gave to objects and groups, which stay as they are.
        self.given: dict[str, str] = {}
        self.known: dict[str, Known] = {}
        self.changes = threading.Condition(threading.RLock())
        self.window = window
        self._panels: dict[str, Any] = {}
        self._panels_rev = 0
        self._numbering: list[Any] = []
        self._removed: dict[str, int] = {}
        self._removed_since = 0
        self._events: deque[dict[str, Any]] = deque(maxlen=_MOST_EVENTS)
        self._events_since = 0

    def look(self, *, by: str | None = None, only: Iterable[str] | None = None) -> None:
        """Compare DataLab with the state, and note what has changed.

        This runs in the thread of the window.

        Args:
            by: The client that made the changes; None if it was the window.
            only: UUIDs of the objects whose values may have changed; None for all.
                Positions, groups and titles of all objects are compared anyway.
        """
        values = None if only is None else set(only)
        panels: dict[str, Any] = {kind: self._panel(kind) for kind in KINDS}
        panels["shown"] = self.window.shown()
        with self.changes:
            changes = _Changes(self.rev + 1, by)
            self._compare_objects(panels, values, changes)
            self._compare_panels(panels, changes)
            if changes.events or self.rev == 0:
                self.rev = changes.rev
                self._note(changes)

    def accept(self, draft: Draft) -> None:
        """Take over the names and titles of a draft that was applied."""
        with self.changes:
            self.names = draft.names
            for uuid in draft.templates:
                self.given.pop(uuid, None)
            self.given.update(draft.given)
            self.given.update(
                {
                    str(group.group.uuid): group.title
                    for groups in draft.groups.values()
                    for group in groups
                    if group.titled
                }
            )

    def _panel(self, kind: Kind) -> dict[str, Any]:
        panel = self.window.panels[kind]
        return {
            "groups": [
                {"uuid": str(group.uuid), "title": title, "objects": uuids}
                for group, title, uuids in panel.layout()
            ],
            "selection": panel.selection(),
            "selected_groups": panel.selected_groups(),
        }

    def _compare_objects(
        self, panels: dict[str, Any], values: set[str] | None, changes: _Changes
    ) -> None:
        numbering = [
            (group["uuid"], group["objects"])
            for kind in KINDS
            for group in panels[kind]["groups"]
        ]
        renumbered = numbering != self._numbering
        self._numbering = numbering
        group_of = {uuid: group for group, uuids in numbering for uuid in uuids}
        objects = {uuid: (kind, obj) for kind, uuid, obj in self.window.objects()}
        for uuid in [u for u in self.known if u not in objects]:
            self._forget(uuid, changes)
        if renumbered:
            self._restore_titles({uuid: obj for uuid, (_, obj) in objects.items()})
            for kind in KINDS:
                for group, (data, _, _) in zip(
                    panels[kind]["groups"],
                    self.window.panels[kind].layout(),
                    strict=True,
                ):
                    group["title"] = data.title
        self._compare_each(objects, group_of, values, changes, renumbered=renumbered)
        self.names.sync(
            _Titled(uuid, kind, obj.title or "")
            for uuid, (kind, obj) in objects.items()
        )

    def _compare_each(
        self,
        objects: Mapping[str, tuple[Kind, Any]],
        group_of: Mapping[str, str],
        values: set[str] | None,
        changes: _Changes,
        *,
        renumbered: bool,
    ) -> None:
        new: list[str] = []
        for uuid, (kind, obj) in objects.items():
            known = self.known.get(uuid)
            if known is not None and known.kind == kind:
                if (values is None or uuid in values) or obj.title != known.title:
                    self._compare(uuid, known, obj, changes, renumbered=renumbered)
                if group_of[uuid] != known.group:
                    known.group = group_of[uuid]
                    known.changed["group"] = changes.rev
                    known.by = changes.by
                    changes.moved.append(uuid)
                continue
            if known is not None:
                self._forget(uuid, changes, keeps_name=True)
            self.known[uuid] = known = Known(
                kind,
                obj.title,
                group_of[uuid],
                appearance_of(obj),
                {},
                changes.rev,
                by=changes.by,
            )
            known.describe(obj)
            new.append(uuid)
        if new:
            changes.add("added", new)

    def _compare(
        self, uuid: str, known: Known, obj: Any, changes: _Changes, *, renumbered: bool
    ) -> None:
        after = appearance_of(obj)
        parts = changed_parts(obj, known.appearance, after)
        if not parts:
            return
        if "title" in parts:
            title = known.title
            known.title = obj.title
            if self.given.get(uuid) not in (None, obj.title):
                del self.given[uuid]  # the user has renamed it
            if renumbered and titles.is_rewritten(title or "", obj.title or ""):
                self.names.release(uuid)  # the name follows the title
            else:
                self._rename(uuid, changes)
        known.appearance = after
        known.describe(obj)
        known.changed.update(dict.fromkeys(parts, changes.rev))
        known.by = changes.by
        changes.change(uuid, parts)

    def _rename(self, uuid: str, changes: _Changes) -> None:
        """Release the name of an object that the window has renamed."""
        if changes.by is None:
            self.names.release(uuid)

    def _restore_titles(self, objects: Mapping[str, Any]) -> None:
        """Restore the given titles that DataLab has rewritten."""
        restored = {}
        for uuid, title in self.given.items():
            value = objects.get(uuid)
            if value is not None and titles.is_rewritten(title, value.title or ""):
                restored[uuid] = (value, title)
        for panel in self.window.panels.values():
            for group, found, _ in panel.layout():
                title = self.given.get(str(group.uuid), found)
                if title != found and titles.is_rewritten(title, found):
                    restored[str(group.uuid)] = (group, title)
        changed = {u for u, (value, title) in restored.items() if value.title != title}
        for uuid in changed:
            value, title = restored[uuid]
            value.title = title
        if changed:
            for panel in self.window.panels.values():
                panel.update_tree(changed)

    def _forget(
        self, uuid: str, changes: _Changes, *, keeps_name: bool = False
    ) -> None:
        del self.known[uuid]
        if not keeps_name:
            self.given.pop(uuid, None)
            self.names.release(uuid)
        self._removed[uuid] = changes.rev
        while len(self._removed) > _MOST_REMOVED:
            oldest = next(iter(self._removed))
            self._removed_since = self._removed.pop(oldest)
        changes.removed.append(uuid)

    def _compare_panels(self, panels: dict[str, Any], changes: _Changes) -> None:
        before, self._panels = self._panels, panels
        if panels == before:
            changes.finish()
            return
        self._panels_rev = changes.rev
        if not before:
            changes.finish()
            return
        if not (changes.moved or changes.structural or changes.removed) and any(
            before[kind]["groups"] != panels[kind]["groups"] for kind in KINDS
        ):
            changes.order_changed = True
        changes.finish()
        for name in ("selection", "selected_groups"):
            if any(before[kind][name] != panels[kind][name] for kind in KINDS):
                chosen = [u for kind in KINDS for u in panels[kind]["selection"]]
                changes.add("selection", chosen)
                break
        if before["shown"] != panels["shown"]:
            changes.add("shown", [])

    def _note(self, changes: _Changes) -> None:
        for event in changes.events:
            if len(self._events) == _MOST_EVENTS:
                self._events_since = self._events[0]["rev"]
            self._events.append(event)
        self.changes.notify_all()

    def snapshot(
        self, since: int | None = None, boot: str | None = None
    ) -> dict[str, Any]:
        """Return the state, or what has changed since a revision."""
        with self.changes:
            full = (
                since is None
                or boot != self.boot
                or not self._removed_since <= since <= self.rev
            )
            earliest = -1 if since is None or full else since
            return {
                "boot": self.boot,
                "rev": self.rev,
                "full": full,
                "panels": self._panels if self._panels_rev > earliest else None,
                "objects": [
                    self._entry(uuid, known)
                    for uuid, known in self.known.items()
                    if known.revision > earliest
                ],
                "removed": [
                    uuid
                    for uuid, rev in self._removed.items()
                    if not full and rev > earliest and uuid not in self.known
                ],
            }

    def _entry(self, uuid: str, known: Known) -> dict[str, Any]:
        return {
            "uuid": uuid,
            "name": self.names.name_of(uuid),
            **known.full_entry(),
            "added": known.added,
            "changed": dict(known.changed),
            "by": known.by,
        }

    def events(self, since: int) -> dict[str, Any]:
        """Return the events after a revision."""
        with self.changes:
            return {
                "boot": self.boot,
                "rev": self.rev,
                "missed": since < self._events_since or since > self.rev,
                "events": [event for event in self._events if event["rev"] > since],
            }

    def report_closing(self) -> None:
        """Add the event that DataLab is closing."""
        with self.changes:
            self.rev += 1
            self._note(
                _Changes(self.rev, None, [_event(self.rev, "closing", [], None)])
            )


@dataclass(eq=False)
class _Changes:
    """The changes that one look finds."""

    rev: int
    by: str | None
    events: list[dict[str, Any]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    changed: dict[frozenset[str], list[str]] = field(default_factory=dict)
    structural: bool = False
    order_changed: bool = False

    def add(self, name: str, uuids: list[str], parts: Iterable[str] = ()) -> None:
        event = _event(self.rev, name, uuids, self.by)
        if parts:
            event["parts"] = sorted(parts)
        self.structural |= name in ("added", "removed")
        self.events.append(event)

    def change(self, uuid: str, parts: frozenset[str]) -> None:
        self.changed.setdefault(parts, []).append(uuid)

    def finish(self) -> None:
        """Make the events of the removed, changed and moved objects."""
        if self.removed:
            self.events.insert(0, _event(self.rev, "removed", self.removed, self.by))
        for parts, uuids in self.changed.items():
            self.add("changed", uuids, parts)
        if self.moved or self.order_changed:
            self.add("moved", self.moved)


def _event(rev: int, name: str, uuids: list[str], by: str | None) -> dict[str, Any]:
    return {"rev": rev, "event": name, "uuids": uuids, "by": by}
