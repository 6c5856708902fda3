"""The state of the window as clients see it, its revision and its changes.

The thread of the window looks at DataLab and updates the state. Threads of the server
read it under its lock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from itertools import chain, takewhile
from typing import Any
from uuid import uuid4

from datalab_kernel.desktop.companion import titles
from datalab_kernel.desktop.companion.appearance import (
    appearance_of,
    changed_parts,
    describe_record,
)
from datalab_kernel.desktop.companion.changes import ChangeLog, Changes, event_of
from datalab_kernel.desktop.companion.draft import Draft, Titled
from datalab_kernel.desktop.companion.known import Known
from datalab_kernel.desktop.companion.layout import placed_elsewhere
from datalab_kernel.desktop.companion.objects import complete
from datalab_kernel.desktop.companion.window import Window
from datalab_workspace.model.name_book import NameBook
from datalab_workspace.model.naming import is_renumbered
from datalab_workspace.model.record import KINDS, Kind

#: The number of selected objects whose values are compared at once.
_MOST = 200


class State:
    """The objects, groups, names and selections of a window.

    Args:
        window: The window.
    """

    def __init__(self, window: Window) -> None:
        self.boot = str(uuid4())
        self.rev = 0
        self.names = NameBook()
        #: Whether nothing is looked at, because DataLab is within a computation.
        self.frozen = False
        #: Titles that clients gave to objects and groups, which stay as they are.
        self.given: dict[str, str] = {}
        self.known: dict[str, Known] = {}
        #: Called with the objects that the user has selected.
        self.selection_watchers: set[Callable[[list[str]], None]] = set()
        self.changes = threading.Condition(threading.RLock())
        self.window = window
        self._panels: dict[str, Any] = {}
        self._panels_rev = 0
        self._numbering: dict[str, list[str]] = {}
        self._titles: dict[str, str | None] = {}
        self._renumbered = False
        # UUIDs of the objects in the order of their last changes.
        self._recent: dict[str, None] = {}
        # UUIDs of the objects whose sidecars were not read yet.
        self._unread: set[str] = set()
        self._log = ChangeLog()

    def look(self, *, by: str | None = None, also: Iterable[str] = ()) -> None:
        """Compare DataLab with the state, and note what has changed.

        This runs in the thread of the window. Positions, groups and titles of all
        objects are compared, and the values of those that are selected.

        Args:
            by: The client that made the changes; None if it was the window.
            also: UUIDs of other objects whose values may have changed.
        """
        selected = {
            uuid
            for panel in self.window.panels.values()
            for uuid in panel.tree.get_sel_object_uuids(include_groups=True)[:_MOST]
        }
        self.look_at(selected.union(also), by=by)

    def look_at(self, values: Iterable[str], *, by: str | None = None) -> None:
        """Compare DataLab with the state, and the values of these objects."""
        if self.frozen:
            return
        values = set(values)
        panels: dict[str, Any] = {kind: self._panel(kind) for kind in KINDS}
        panels["shown"] = self.window.shown()
        with self.changes:
            changes = Changes(self.rev + 1, by)
            self._compare_objects(panels, values, changes)
            self._compare_panels(panels, changes)
            if changes.events or self.rev == 0:
                self.rev = changes.rev
                self._log.note(changes.events)
                self.changes.notify_all()

    def accept(self, draft: Draft) -> None:
        """Take over the names and titles of a draft that was applied."""
        with self.changes:
            self.names = draft.names
            for uuid in (*draft.templates, *draft.retitled):
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
        self, panels: dict[str, Any], values: set[str], changes: Changes
    ) -> None:
        numbering = {
            group["uuid"]: group["objects"]
            for kind in KINDS
            for group in panels[kind]["groups"]
        }
        # The order of the groups matters as well.
        before, self._renumbered = self._numbering, self._numbering != numbering
        self._renumbered |= list(before) != list(numbering)
        placed = placed_elsewhere(before, numbering) if self._renumbered else {}
        objects = self.window.objects_by_uuid()
        if self.known.keys() != objects.keys():
            for uuid in [u for u in self.known if u not in objects]:
                self._forget(uuid, changes)
        now = titles.titles_of(objects)
        retitled = titles.differing(self._titles, now)
        if self._renumbered:
            now |= self._restore_titles({*retitled, *placed}, objects, panels)
            retitled = titles.differing(self._titles, now)
        self._place(placed, objects, changes)
        chosen = values.union(retitled)
        for uuid in filter(chosen.__contains__, chain(*numbering.values())):
            if self.known[uuid].added < changes.rev:
                self._compare(uuid, self.known[uuid], objects[uuid], changes)
        if self.names.uuids != self.known.keys():
            self.names.sync(
                Titled(uuid, kind, obj.title or "")
                for kind, uuid, obj in self.window.objects()
            )
        # At the end: after an error, the next look finds all changes again.
        self._numbering, self._titles = numbering, now

    def _place(
        self, placed: Mapping[str, str], objects: Mapping[str, Any], changes: Changes
    ) -> None:
        """Take note of the objects that are new, or in another group than before.

        Args:
            placed: The UUID of the group of each, by UUID of the object.
            objects: All objects of the window.
            changes: Takes the changes.
        """
        kinds: dict[str, Kind] = {
            str(group.uuid): kind
            for kind, layout in self.window.layouts().items()
            for group, _, _ in layout
        }
        new: list[str] = []
        for uuid, group in placed.items():
            known, obj, kind = self.known.get(uuid), objects[uuid], kinds[group]
            if known is not None and known.kind == kind:
                if known.group == group:
                    continue
                known.group = group
                known.by = changes.by
                self._note_change(uuid, known, ("group",), changes)
                changes.moved.append(uuid)
                continue
            if known is not None:
                self._forget(uuid, changes, keeps_name=True)
            appearance = appearance_of(obj)
            self.known[uuid] = known = Known(
                kind, obj.title, group, appearance, {}, changes.rev, by=changes.by
            )
            self._describe(uuid, known, obj)
            self._note_change(uuid, known, (), changes)
            new.append(uuid)
        if new:
            changes.add("added", new)

    def _note_change(
        self, uuid: str, known: Known, parts: Iterable[str], changes: Changes
    ) -> None:
        known.changed.update(dict.fromkeys(parts, changes.rev))
        self._recent.pop(uuid, None)
        self._recent[uuid] = None

    def _describe(self, uuid: str, known: Known, obj: Any) -> None:
        known.describe(obj)
        if known.plain is None:
            self._unread.discard(uuid)
        else:
            self._unread.add(uuid)

    def _compare(self, uuid: str, known: Known, obj: Any, changes: Changes) -> None:
        before, after = known.appearance, appearance_of(obj)
        known.appearance = after
        parts = changed_parts(obj, before, after)
        if not parts:
            return
        if "title" in parts:
            title, known.title = known.title, obj.title
            if self.given.get(uuid) not in (None, obj.title):
                del self.given[uuid]  # the user has renamed it
            self._let_name_follow(uuid, title or "", obj.title or "")
        self._describe(uuid, known, obj)
        self._note_change(uuid, known, parts, changes)
        known.by = changes.by
        changes.change(uuid, parts)

    def _let_name_follow(self, uuid: str, before: str, after: str) -> None:
        """Release the name of an object that has another title.

        It stays if DataLab has only renumbered the short ids in the title.
        """
        renumbered = self._renumbered and is_renumbered(before, after)
        if not renumbered and not self.names.has_name_of_title(uuid, after):
            self.names.release(uuid)

    def _restore_titles(
        self,
        candidates: Iterable[str],
        objects: Mapping[str, Any],
        panels: dict[str, Any],
    ) -> dict[str, str]:
        """Restore the given titles that DataLab has rewritten.

        Args:
            candidates: UUIDs of the objects that may have another title.
            objects: All objects of the window.
            panels: The groups, whose titles are updated.

        Returns:
            The restored titles of objects by UUID.
        """
        restored = {}
        for uuid in candidates:
            title, value = self.given.get(uuid), objects[uuid]
            if title is not None and titles.is_lost(title, value.title or ""):
                value.title = restored[uuid] = title
        groups = set()
        for kind, layout in self.window.layouts().items():
            for row, (group, found, _) in enumerate(layout):
                title = self.given.get(str(group.uuid))
                if title is not None and titles.is_lost(title, found):
                    group.title = panels[kind]["groups"][row]["title"] = title
                    groups.add(str(group.uuid))
        if restored or groups:
            for panel in self.window.panels.values():
                panel.update_tree({*restored, *groups})
        return restored

    def _forget(self, uuid: str, changes: Changes, *, keeps_name: bool = False) -> None:
        del self.known[uuid]
        self._recent.pop(uuid, None)
        self._unread.discard(uuid)
        if not keeps_name:
            self.given.pop(uuid, None)
            self.names.release(uuid)
        self._log.note_removed(uuid, changes.rev, changes.by)
        changes.removed.append(uuid)

    def _compare_panels(self, panels: dict[str, Any], changes: Changes) -> None:
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
        if not changes.by:
            chosen = [
                uuid
                for kind in KINDS
                if before[kind]["selection"] != panels[kind]["selection"]
                for uuid in panels[kind]["selection"]
            ]
            for watcher in list(self.selection_watchers) if chosen else ():
                watcher(chosen)
        if before["shown"] != panels["shown"]:
            changes.add("shown", [])

    def revisions(self, uuids: Iterable[str]) -> dict[str, int]:
        """Return the revision of each object that exists."""
        return {u: self.known[u].revision for u in uuids if u in self.known}

    def snapshot(
        self, since: int | None = None, boot: str | None = None
    ) -> dict[str, Any]:
        """Return the state, or what has changed since a revision."""
        while True:
            self._read_sidecars()
            with self.changes:
                # The window may have changed in between.
                if not self._unread:
                    return self._snapshot(since, boot)

    def _snapshot(self, since: int | None, boot: str | None) -> dict[str, Any]:
        with self.changes:
            full = (
                since is None
                or boot != self.boot
                or since > self.rev
                or not self._log.knows_removed(since)
            )
            earliest = -1 if since is None or full else since
            removed = {} if full else self._log.removed(earliest, self.known)
            chosen = self.known if full else self._changed_since(earliest)
            return {
                "boot": self.boot,
                "rev": self.rev,
                "full": full,
                "panels": self._panels if self._panels_rev > earliest else None,
                "objects": [self._entry(u, self.known[u]) for u in chosen],
                "removed": list(removed),
                "removed_by": {u: by for u, by in removed.items() if by is not None},
            }

    def _changed_since(self, rev: int) -> list[str]:
        """Return the objects that have changed after a revision, the last one last."""
        last = takewhile(lambda u: self.known[u].revision > rev, reversed(self._recent))
        return list(last)[::-1]

    def _read_sidecars(self) -> None:
        """Complete the entries of objects with sidecars.

        This takes time if the data is large. It does not hold the thread of the window.
        """
        with self.changes:
            unread = [(uuid, self.known[uuid]) for uuid in self._unread]
        for uuid, known in unread:
            plain = known.plain
            if plain is None:
                continue  # another thread has just read it
            entry = describe_record(complete(plain))
            with self.changes:
                if known.plain is plain and self.known.get(uuid) is known:
                    known.entry, known.plain = entry, None
                    self._unread.discard(uuid)

    def _entry(self, uuid: str, known: Known) -> dict[str, Any]:
        return {
            "uuid": uuid,
            "name": self.names.name_of(uuid),
            **known.entry,
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
                "missed": since > self.rev or self._log.missed(since),
                "events": self._log.events(since),
            }

    def report_closing(self) -> None:
        """Add the event that DataLab is closing."""
        with self.changes:
            self.rev += 1
            self._log.note([event_of(self.rev, "closing", [], None)])
            self.changes.notify_all()
