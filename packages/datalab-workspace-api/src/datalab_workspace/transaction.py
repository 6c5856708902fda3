"""One public call of a workspace: its look at the backend, its writes, their undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from datalab_workspace.error_messages import add_note
from datalab_workspace.errors import LiveError, ObjectNotFoundError
from datalab_workspace.events import ALL_PARTS, ChangeKind, ObjectChange, parts_of
from datalab_workspace.lookup import Lookup
from datalab_workspace.model.record import FieldValue, Kind, Record

if TYPE_CHECKING:
    from datalab_workspace.session import Session


class Transaction(Lookup):
    """One public call of a workspace; see `Session.transaction`.

    Every write goes through it, so that the call's event lists every change, and so
    that a call which fails in the middle leaves nothing half done.

    Attributes:
        changes: The changes of objects so far, in order.
        kind: The kind of the call's event, if it concerns the whole workspace.
        path: The project file that the call saved or loaded.
        tickets: The tickets that take the call back; see `Backend.commit`.
        call: The long call that this is a part of; see `Session.run`.
    """

    __slots__ = (
        "_max_age", "_noted", "_outer", "_undo", "_writes",
        "call", "changes", "kind", "path", "tickets",
    )  # fmt: skip

    def __init__(self, session: Session, max_age: float | None = 0.0) -> None:
        super().__init__(session)
        self._max_age = max_age
        self._outer: Transaction | None = None
        self._writes = False
        # The backend has added objects by itself, without a check of the names.
        self._noted = False
        self._undo: list[Callable[[], object]] = []
        self.changes: list[ObjectChange] = []
        self.kind: ChangeKind | None = None
        self.path: Path | None = None
        self.tickets: Sequence[Any] = ()
        self.call: object = None

    # A generator with `contextmanager` would take twice as long for a small call.

    def __enter__(self) -> Transaction:  # noqa: PYI034 (Self needs Python 3.11)
        self._outer = self._session.begin(self)
        if self._outer is not None:
            return self._outer
        self.backend = self._session.backend
        self.names = self._session.names
        self.backend.begin()
        if self._max_age is not None:
            try:
                self.look(self._max_age)
            except BaseException:
                self._session.end(self)
                raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if self._outer is None:
                self._finish(error)
        finally:
            self._session.end(self, nested=self._outer is not None)

    def _finish(self, error: BaseException | None) -> None:
        if error is None:
            try:
                self.commit()
            except BaseException as failed:
                error = failed
                self._take_back(error)
                raise
        else:
            self._take_back(error)

    # -- writing ----------------------------------------------------------------------

    def add(
        self,
        record: Record,
        name: str,
        *,
        group: str | None = None,
    ) -> None:
        """Append an object under a name that is free; see `Backend.add`."""
        self._writes = True
        self.backend.give_names({record.uuid: name})
        self.backend.add(record, group=group)
        self._added(record, name)

    def add_result(self, record: Record, name: str, source: str | None) -> None:
        """Append a computed object under a name that is free.

        Args:
            record: The object.
            name: Its name.
            source: UUID of the object whose group it joins; None for the first group.
        """
        self._writes = True
        self.backend.give_names({record.uuid: name})
        if source is None:
            self.backend.add(record, composed=True)
        else:
            self.backend.add_to_group_of(record, source)
        self._added(record, name)

    def _added(self, record: Record, name: str) -> None:
        meant = self.names.meaning_of(name)
        self.names.bind(record.uuid, name, record.title)
        self._given.add(name)
        self._undo.append(lambda: self._remove_again(record.uuid, name, meant))
        self.changes.append(ObjectChange("added", record.uuid, None, name))

    def _remove_again(self, uuid: str, name: str, meant: str | None) -> None:
        self.names.release(uuid)
        self.names.set_meaning(name, meant)
        if not self.backend.transactional:  # which takes it back itself
            self.backend.remove([uuid])

    def take_name(self, name: str, uuid: str) -> None:
        """Let a name mean the object that has it now, until the call fails."""
        meant = self.names.meaning_of(name)
        if meant != uuid:
            self.names.set_meaning(name, uuid)
            self._undo.append(lambda: self.names.set_meaning(name, meant))

    def replace(
        self, record: Record, *, group: str | None = None, restorable: bool = False
    ) -> None:
        """Replace the object that has the same UUID.

        Args:
            record: The new object.
            group: Title of the group to move it to; None leaves it where it is.
            restorable: Fetch the old object first, to put it back if the call fails
                later. A call that writes nothing else needs no such thing.
        """
        self._writes = True
        uuid, before = record.uuid, None
        if group is not None:
            before = self.backend.group_of(uuid)
        moves = group != before
        if restorable and not self.backend.transactional:
            old = self.backend.record(uuid, full=True)
            self._undo.append(
                (lambda: self.backend.move(uuid, old, before))
                if moves
                else (lambda: self.backend.replace(uuid, old))
            )
        name, parts = self.names.name_of(uuid), ALL_PARTS
        if moves:
            self.backend.move(uuid, record, group)
            parts |= {"group"}
        else:
            self.backend.replace(uuid, record)
        self.changes.append(ObjectChange("replaced", uuid, name, name, parts))

    def edit(
        self,
        uuid: str,
        fields: Mapping[str, FieldValue],
        metadata: Mapping[Any, Any],
        drop: Sequence[Any] = (),
    ) -> None:
        """Set fields (not the title) and metadata of an object, and drop metadata."""
        if not fields and not metadata and not drop:
            return
        self._writes = True
        self._edit(uuid, fields, metadata, drop)
        name = self.names.name_of(uuid)
        parts = parts_of(fields, {**metadata, **dict.fromkeys(drop)})
        self.changes.append(ObjectChange("edited", uuid, name, name, parts))

    def rename(self, uuid: str, name: str) -> None:
        """Give an object a free name, which becomes its title, too."""
        self._writes = True
        before = self.names.name_of(uuid)
        self._edit(uuid, {"title": name}, {})
        self.names.bind(uuid, name)
        self._given.add(name)
        parts = frozenset({"title"})
        self.changes.append(ObjectChange("renamed", uuid, before, name, parts))

    def _edit(
        self,
        uuid: str,
        fields: Mapping[str, FieldValue],
        metadata: Mapping[Any, Any],
        drop: Sequence[Any] = (),
    ) -> None:
        in_place = not self.backend.capabilities.shared
        if in_place:
            self.recorder.on_edit(self.backend.record(uuid))
        if drop:
            self.backend.edit(uuid, fields, metadata, drop)
        else:
            self.backend.edit(uuid, fields, metadata)
        if in_place:
            # In case the backend has changed its record instead of replacing it: a save
            # recognises by the version which objects have changed.
            self.backend.record(uuid).version = object()

    def move_to_group(self, uuids: Sequence[str], group: str) -> None:
        """Move objects of one kind to the end of a group."""
        self._writes = True
        self.backend.move_to_group(uuids, group)
        for uuid in uuids:
            name, parts = self.names.name_of(uuid), frozenset({"group"})
            self.changes.append(ObjectChange("moved", uuid, name, name, parts))

    def rename_group(self, kind: Kind, title: str, new_title: str) -> None:
        """Give a group another title, which no group of its panel has."""
        self._writes = True
        members = [
            uuid
            for group in self.backend.groups(kind)
            if group.title == title
            for uuid in group.uuids
        ]
        self.backend.rename_group(kind, title, new_title)
        for uuid in members:
            name, parts = self.names.name_of(uuid), frozenset({"group"})
            self.changes.append(ObjectChange("moved", uuid, name, name, parts))

    def remove(self, uuids: Sequence[str]) -> None:
        """Remove objects."""
        if not uuids:
            return
        self._writes = True
        self.backend.remove(uuids)
        for uuid in uuids:
            name = self.names.name_of(uuid)
            self.names.release(uuid)
            self.changes.append(ObjectChange("removed", uuid, name, None))

    def clear(self, *, all: bool) -> None:
        """Remove every object that was added here, or `all` objects."""
        self._writes = True
        before = {e.uuid: self.names.name_of(e.uuid) for e in self.backend.entries()}
        self.backend.clear(all=all)
        left = self.backend.entries()
        kept = {entry.uuid for entry in left}
        for uuid in before.keys() - kept:
            self.names.release(uuid)
        self.names.sync(left)
        self.changes += [
            ObjectChange("removed", uuid, name, None)
            for uuid, name in before.items()
            if uuid not in kept
        ]
        self.kind = "cleared"

    def note(self, uuids: Sequence[str]) -> None:
        """Name and report objects that the backend has added by itself."""
        self._writes = self._noted = True
        self.sync_names()
        for uuid in uuids:
            name = self.names.name_of(uuid)
            self.take_name(name, uuid)
            self.changes.append(ObjectChange("added", uuid, None, name))

    @property
    def is_writing(self) -> bool:
        """Whether some of the writes of this call have been carried out, not all."""
        return self._writes or self._session.backend.is_writing

    # -- the end ----------------------------------------------------------------------

    def commit(self) -> None:
        """Carry out the writes that are left, if all names still mean the same.

        Raises:
            ConcurrentChangeError: One of them means another object now.
        """
        self.tickets = (*self.tickets, *self.backend.commit(self._used))
        self._writes = False

    def still_true(self) -> bool:
        """Return whether the names that the call has used still mean the same.

        After writes it is true: the backend has checked the names before them.
        """
        if self.changes and not self._noted:
            return True
        changed = {change.before for change in self.changes}
        return all(
            self.names.uuid_of(name) == uuid
            for name, uuid in self._used.items()
            if name not in changed
        )

    def start_over(self, meanings: Mapping[str, str]) -> None:
        """Forget an attempt, and take back what was carried out of it.

        Args:
            meanings: The meanings of the names before; see `NameBook.meanings`.
        """
        tickets, self.tickets = self.tickets, ()
        self.backend.abandon()
        self.backend.undo(tickets)
        self.backend.begin()
        self.names.restore_meanings(meanings)
        self.sync_names()
        self._undo.clear()
        self.changes.clear()
        self.kind = None
        self._used.clear()
        self._given.clear()
        self._writes = self._looked = self._noted = False

    def _take_back(self, error: BaseException) -> None:
        """Undo the writes, after an error in the middle of the call."""
        self.kind = None
        if not self._writes:
            return
        try:
            if self.backend.transactional:
                self.backend.abandon()
            for step in reversed(self._undo):
                with suppress(ObjectNotFoundError):  # others have removed it since
                    step()
            self.changes.clear()
        except LiveError as another:
            add_note(error, f"earlier changes could not be undone: {another}")
        # A write that was interrupted may have been carried out all the same.
        self.sync_names()
