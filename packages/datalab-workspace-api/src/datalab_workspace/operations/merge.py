"""Merge the objects of a file, or of another workspace, into a workspace."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, TypeAlias
from uuid import uuid4

from datalab_workspace.backends.base import Backend, Entry
from datalab_workspace.error_messages import add_note, list_names
from datalab_workspace.errors import LiveError, NameConflictError
from datalab_workspace.events import ObjectChange
from datalab_workspace.model.equality import equal
from datalab_workspace.model.name_book import NameBook
from datalab_workspace.model.naming import free_name
from datalab_workspace.model.project import Group, Item
from datalab_workspace.model.record import PendingRecord, Record
from datalab_workspace.validation import one_of

#: Bytes of the data of objects that are fetched together for a comparison.
_TOGETHER = 1 << 26
OnConflict: TypeAlias = Literal["error", "replace", "rename", "skip"]
CHOICES = ("error", "replace", "rename", "skip")


@dataclass
class Merge:
    """The merge of objects into a workspace: all of them, or none if that fails.

    Args:
        backend: Where the objects of the workspace are.
        names: Their names.
        on_conflict: See `Workspace.load`.

    Attributes:
        names: Names of the new objects by UUID.
        merged: Names of the objects that the workspace will hold.
        skipped: Names of the objects that are left out.

    Raises:
        ValueError: `on_conflict` is not one of the choices.
    """

    backend: Backend
    book: NameBook
    on_conflict: OnConflict
    names: dict[str, str] = field(default_factory=dict, init=False)
    merged: list[str] = field(default_factory=list, init=False)
    skipped: list[str] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        one_of(self.on_conflict, "on_conflict", CHOICES)
        self._groups: list[Group] = []
        # Groups of objects to append, and objects that replace others, in order.
        self._steps: list[Group | Record] = []
        self._replaced: dict[str, Record] = {}
        self._conflicts: list[str] = []
        # Objects here that joining objects are compared with, and those fetched ahead.
        self._twins: list[str] = []
        self._sizes: dict[str, int] = {}
        self._fetched: dict[str, Record] = {}

    @property
    def changes(self) -> list[ObjectChange]:
        """The objects that are added and replaced."""
        changes: list[ObjectChange] = []
        for step in self._steps:
            if isinstance(step, Group):
                changes += [
                    ObjectChange("added", item.uuid, None, self.names[item.uuid])
                    for item in step.items
                ]
            else:
                changes.append(self._replacement(step.uuid))
        return changes

    def _replacement(self, uuid: str) -> ObjectChange:
        name = self.book.name_of(uuid)
        return ObjectChange("replaced", uuid, name, name)

    def prepare(
        self, groups: Sequence[Group], names: Mapping[str, str], doing: str
    ) -> None:
        """Decide what to do with each object.

        Args:
            groups: The objects, in groups.
            names: Their names, by UUID.
            doing: The beginning of the error message.

        Raises:
            NameConflictError: Different objects use some of the names, and the choice
                is "error"; all of them are listed.
        """
        entries = self.backend.entries()
        if not entries:
            self._take_all(groups, names)
            return
        used = {self.book.name_of(entry.uuid) for entry in entries}
        known = _known(entries, groups)
        here = {entry.uuid for entry in entries}
        twins = {
            item.uuid: self._twin(item, names[item.uuid], known)
            for group in groups
            for item in group.items
        }
        self._sizes = {entry.uuid: _nbytes(entry) for entry in entries}
        self._twins = [twin for twin in twins.values() if twin is not None]
        for group in groups:
            some_new = not group.items
            for item in group.items:
                name = names[item.uuid]
                twin = twins.get(item.uuid)
                if twin is not None and self._settle(item, twin):
                    continue
                if name in used:
                    name = free_name(name, used)
                used.add(name)
                if item.uuid in here:
                    item = _with_uuid(item, str(uuid4()))
                self.names[item.uuid] = name
                self.merged.append(name)
                self._append(group, [self._told_apart(item, name)])
                some_new = True
            if some_new:
                self._groups.append(Group(group.kind, group.title))
        if self._conflicts:
            raise NameConflictError(
                f"{doing}: these names are already used by different objects: "
                f"{list_names(self._conflicts)}; pass "
                'on_conflict="replace", "rename" or "skip"'
            )

    def _take_all(self, groups: Sequence[Group], names: Mapping[str, str]) -> None:
        """Add each object under its own name: there is none to compare it with."""
        for group in groups:
            self._groups.append(Group(group.kind, group.title))
            items = [self._told_apart(item, names[item.uuid]) for item in group.items]
            self._append(group, items)
        uuids = [item.uuid for group in groups for item in group.items]
        if len(uuids) == len(names):
            self.names.update(names)
        else:
            self.names.update((uuid, names[uuid]) for uuid in uuids)
        self.merged += self.names.values()

    def _told_apart(self, item: Item, name: str) -> Item:
        """Return an object whose title is its name, if only titles distinguish them."""
        if self.backend.capabilities.tells_apart or item.title == name:
            return item
        return _with_title(item, name)

    def _twin(self, item: Item, name: str, known: set[str]) -> str | None:
        """Return the UUID of the object here that equals `item`, or has its name.

        Args:
            item: An object that joins.
            name: Its name.
            known: UUIDs of the joining objects that are already here, under any name.
                Such an object is never matched with another joining object.
        """
        if item.uuid in known:
            return item.uuid
        holder = self.book.uuid_of(name)
        return None if holder in known else holder

    def _settle(self, item: Item, twin: str) -> bool:
        """Decide about an object whose name is in use; return False to add it."""
        record = item.resolve() if isinstance(item, PendingRecord) else item
        stored = self._stored(twin)
        name = self.book.hand_out(twin)
        if equal(stored, record):
            self.merged.append(name)
        elif self.on_conflict == "replace":
            # The object may be another workspace's, which keeps it as it is.
            fields = record.fields | {"title": stored.fields["title"]}
            record = dataclasses.replace(record, uuid=twin, fields=fields)
            self._steps.append(record)
            self._replaced[twin] = stored
            self.merged.append(name)
        elif self.on_conflict == "skip":
            self.skipped.append(name)
        elif self.on_conflict == "rename":
            return False
        else:
            self._conflicts.append(name)
        return True

    def _stored(self, twin: str) -> Record:
        """Return an object that is here; the next ones are fetched together with it."""
        if twin not in self._fetched:
            uuids, size = [twin], self._sizes.get(twin, _TOGETHER)
            for uuid in self._twins[self._twins.index(twin) + 1 :]:
                size += self._sizes.get(uuid, _TOGETHER)
                if size > _TOGETHER:
                    break
                uuids.append(uuid)
            records = self.backend.records(list(dict.fromkeys(uuids)))
            self._fetched = {record.uuid: record for record in records}
        return self._fetched[twin]

    def _append(self, group: Group, items: Sequence[Item]) -> None:
        """Append objects to a group like their own."""
        if not items:
            return
        last = self._steps[-1] if self._steps else None
        if not (
            isinstance(last, Group)
            and (last.kind, last.title) == (group.kind, group.title)
        ):
            last = Group(group.kind, group.title)
            self._steps.append(last)
        last.items += items

    def carry_out(self) -> None:
        """Do what `prepare` decided, and name the new objects.

        Raises:
            LiveError: DataLab failed; earlier changes are undone if possible.
        """
        done: list[Group | Record] = []
        self.backend.give_names(self.names)
        try:
            self.backend.extend(self._groups)
            for step in self._steps:
                done.append(step)
                if isinstance(step, Group):
                    self.backend.extend([step])
                else:
                    self.backend.replace(step.uuid, step)
        except BaseException as error:
            if not self.backend.transactional:
                self._undo(done, error)
            raise
        added = [step.items for step in self._steps if isinstance(step, Group)]
        titles = [item.title for items in added for item in items]
        self.book.bind_all(self.names, titles)
        for step in self._steps:
            if isinstance(step, Record):
                self.book.set_meaning(self.book.name_of(step.uuid), step.uuid)

    def _undo(self, done: Sequence[Group | Record], error: BaseException) -> None:
        try:
            self.backend.refresh()
            here = {entry.uuid for entry in self.backend.entries()}
            added = [
                item.uuid
                for step in done
                if isinstance(step, Group)
                for item in step.items
                if item.uuid in here
            ]
            if added:
                self.backend.remove(added)
            for step in done:
                if isinstance(step, Record) and step.uuid in here:
                    self.backend.replace(step.uuid, self._replaced[step.uuid])
        except LiveError as another:
            add_note(error, f"earlier changes could not be undone: {another}")


def _nbytes(entry: Entry) -> int:
    """Return the size of an object; the largest if it is not known."""
    if entry.dtype is None:
        return _TOGETHER
    rows = 2 if entry.kind == "signal" else 1
    return rows * math.prod(entry.shape) * entry.dtype.itemsize


def _known(entries: Sequence[Entry], groups: Sequence[Group]) -> set[str]:
    titles = {entry.uuid: entry.title for entry in entries}
    return {
        item.uuid
        for group in groups
        for item in group.items
        if titles.get(item.uuid) == item.title
    }


def _with_uuid(item: Item, uuid: str) -> Item:
    if isinstance(item, Record):
        return dataclasses.replace(item, uuid=uuid)
    resolve = partial(_resolved_with_uuid, item.resolve, uuid)
    return dataclasses.replace(item, uuid=uuid, resolve=resolve)


def _with_title(item: Item, title: str) -> Item:
    if isinstance(item, Record):
        return dataclasses.replace(item, fields=item.fields | {"title": title})
    resolve = partial(_resolved_with_title, item.resolve, title)
    return dataclasses.replace(item, title=title, resolve=resolve)


def _resolved_with_title(resolve: Callable[[], Record], title: str) -> Record:
    record = resolve()
    return dataclasses.replace(record, fields=record.fields | {"title": title})


def _resolved_with_uuid(resolve: Callable[[], Record], uuid: str) -> Record:
    return dataclasses.replace(resolve(), uuid=uuid)
