"""The session of a workspace: the state that all of its operations share."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from datalab_workspace.backends.base import Backend, Entry, Watcher
from datalab_workspace.entry_changes import changes_between
from datalab_workspace.errors import (
    ConcurrentChangeError,
    InterruptedChangeError,
    LiveError,
    NameConflictError,
    ObjectNotFoundError,
    ReusedNameError,
)
from datalab_workspace.events import (
    ChangeEvent,
    ChangeKind,
    ObjectChange,
    Origin,
    kind_of,
)
from datalab_workspace.forks import follow_forks, is_held_elsewhere
from datalab_workspace.history.recording.recorder import HistoryRecorder
from datalab_workspace.journal import Journal
from datalab_workspace.model.name_book import NameBook
from datalab_workspace.project_file import ProjectFile
from datalab_workspace.subscriptions import Callback, Dispatcher, Subscription
from datalab_workspace.transaction import Transaction

T = TypeVar("T")

#: Attempts to carry out an operation while others change its objects.
_ATTEMPTS = 5
#: The attributes that a copy of a session makes for itself.
_OWN = ("_lock", "_transaction", "_watcher", "journal", "recorder", "subscribers")
#: The errors of an operation on objects that have been removed in the meantime.
_OUTDATED = (
    ConcurrentChangeError,
    ObjectNotFoundError,
    NameConflictError,
    ReusedNameError,
)


class Session:
    """The lock, the backend, the names and the project file of one workspace.

    Args:
        backend: Where the objects are.
        notes: Why the workspace is not attached to a running DataLab.

    Attributes:
        backend: Where the objects are.
        names: The names of the objects.
        project: The project file that was loaded or saved.
        chosen: UUIDs of the objects that `select` chose last.
        chose_one: Whether `select` was given one name then, not a list.
        shown_then: The selection of the panel that the window showed then, if known.
        in_passing: UUIDs of objects added or shown here since; DataLab may select them.
        warned_of_masks: UUIDs of the masked objects that a warning has named.
        notes: Why the workspace is not attached to a running DataLab.
        subscribers: The callbacks that receive change events.
        journal: The transactions that can be undone.
        recorder: Notes how the objects are made.
    """

    def __init__(self, backend: Backend, notes: Sequence[str] = ()) -> None:
        self._begin()
        self._revision = 0
        # The objects and names as last seen, if others may change them; None before.
        self._known: dict[str, tuple[Entry, str]] | None = None
        self.backend = backend
        self.names = NameBook(shared=backend.capabilities.shared)
        self.names.sync(backend.entries())
        #: The revision of the backend that `names` corresponds to.
        self.synced: object = backend.revision
        self.project = ProjectFile()
        self.chosen: tuple[str, ...] = ()
        self.chose_one = False
        self.shown_then: Sequence[str] | None = None
        self.in_passing: set[str] = set()
        self.warned_of_masks: set[str] = set()
        # The selection of the last event, or of the first subscription to it.
        self._selected: object = None
        self.notes = tuple(notes)
        #: True in a forked child if another thread was changing the objects.
        self._interrupted = False
        follow_forks(self)

    def _begin(self) -> None:
        """Make the attributes that each copy has for itself."""
        self._lock = threading.RLock()
        self._transaction: Transaction | None = None
        self.subscribers = Dispatcher()
        self.journal = Journal()
        self.recorder = HistoryRecorder(self)
        self._watcher: Watcher | None = None

    def __getstate__(self) -> dict[str, Any]:
        with self._lock:  # other threads may change everything afterwards
            self.recorder.settle()
            state = {key: held for key, held in vars(self).items() if key not in _OWN}
            state["backend"] = self.backend.independent_copy() or self.backend
            state["names"] = self.names.copy()
            state["project"] = self.project.copy()
            state["in_passing"] = set(self.in_passing)
            state["warned_of_masks"] = set(self.warned_of_masks)
        return state

    def __copy__(self) -> Session:
        state = self.__getstate__()
        if state["backend"] is self.backend:
            place = self.backend.location
            raise TypeError(
                "this workspace cannot be copied, because its objects are "
                f"{'elsewhere' if place is None else f'in the DataLab at {place}'}; "
                "save() them and open() the file"
            )
        copied = object.__new__(type(self))
        copied.__setstate__(state)
        return copied

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._begin()
        follow_forks(self)

    def after_fork(self) -> None:
        """Release the lock in a forked child if it belongs to a thread of the parent.

        A save of another thread leaves everything as it was. A change that was half
        carried out cannot be completed here.
        """
        self._watcher = None  # its thread does not exist here
        if not is_held_elsewhere(self._lock):
            return
        transaction, self._transaction = self._transaction, None
        self._lock = threading.RLock()
        self._interrupted |= transaction is not None and transaction.is_writing

    def transaction(self, max_age: float | None = 0.0) -> Transaction:
        """Return a context in which one public call is carried out as a whole.

        The call looks at the backend at most once, when it begins or when it first
        needs to, and holds the lock until its end. A transaction within another one is
        that other one. If the call fails, its writes are undone. Its event is
        delivered at the end, without the lock.

        Args:
            max_age: Do not look at the beginning if the last look is no more than this
                many seconds ago; None does not look at the beginning at all.

        Raises:
            LiveError: The backend cannot be asked (a `ConnectionError`).
        """
        return Transaction(self, max_age)

    def run(
        self,
        operation: Callable[[Transaction], T],
        max_age: float | None = 0.0,
        *,
        call: object = None,
    ) -> T:
        """Carry out an operation as one transaction, with as few requests as possible.

        If the backend allows it, the operation begins with the objects as they are
        known. If that turns out to be wrong, nothing has been done, and the operation
        begins again with the present objects.

        Args:
            operation: The operation, which may be called several times.
            max_age: See `transaction`.
            call: Something that stands for a long call of several transactions. They
                are undone together, unless there are others between them.

        Returns:
            What the operation returned.

        Raises:
            ConcurrentChangeError: Others changed the objects at each attempt.
            LiveError: The backend cannot be asked (a `ConnectionError`).
        """
        if not self.backend.optimistic or self._transaction is not None:
            with self.transaction(max_age) as transaction:
                transaction.call = call
                return operation(transaction)
        with self.transaction(None) as transaction:
            transaction.call = call
            return self._attempt(operation, transaction)

    def _attempt(
        self, operation: Callable[[Transaction], T], transaction: Transaction
    ) -> T:
        backend = self.backend
        if not backend.seen:
            transaction.look()
        for _ in range(_ATTEMPTS):
            if self.synced != backend.revision:
                transaction.follow_names()
            revision, meanings = backend.revision, self.names.meanings()
            try:
                result = operation(transaction)
                transaction.commit()
            except _OUTDATED:
                transaction.start_over(meanings)
                if backend.revision == revision:
                    transaction.look()
                if backend.revision == revision:
                    raise  # nothing has changed: the error is right
                continue
            if backend.revision != revision:
                transaction.follow_names()
            if transaction.still_true():
                return result
            transaction.start_over(meanings)
        raise ConcurrentChangeError(
            f"others changed the objects of this call {_ATTEMPTS} times while it ran; "
            "call it again when they are done (nothing was done)"
        )

    def begin(self, transaction: Transaction) -> Transaction | None:
        """Take the lock for a transaction; return the one that it is nested in."""
        self._lock.acquire()
        if self._interrupted:
            self._lock.release()
            raise InterruptedChangeError(
                "this process was forked while another thread changed the workspace, "
                "so that its objects are incomplete here; fork when no thread changes "
                "it, or open() a saved file in this process"
            )
        outer = self._transaction
        if outer is None:
            self._transaction = transaction
        return outer

    def end(self, transaction: Transaction, *, nested: bool = False) -> None:
        """Release the lock, and deliver the events of a transaction that ends."""
        events: Sequence[ChangeEvent] = ()
        try:
            if not nested:
                self._transaction = None
                events = self._events_of(transaction)
                if self.chosen:
                    self.in_passing.update(c.uuid for c in transaction.changes)
                # They wait for their thread or loop, in the order of their revisions.
                for event in events:
                    if event.origin is not Origin.NOTEBOOK:
                        self.subscribers.dispatch(event)
        finally:
            self._lock.release()
        for event in events:
            if event.origin is Origin.NOTEBOOK:
                self.subscribers.dispatch(event)

    def switch(self, backend: Backend, names: NameBook) -> None:
        """Continue with objects that are kept elsewhere."""
        self._unwatch()
        self.backend.close()
        self.backend, self.names, self.synced = backend, names, None
        self.backend.begin()
        self.notes = ()
        self._known = None
        self.journal.clear()
        self.watch()

    # -- events -----------------------------------------------------------------------

    def subscribe(self, callback: Callback, *, selection: bool = False) -> Subscription:
        """Let a function receive the change events; wait for changes of others.

        Args:
            callback: The function.
            selection: It also receives changes of the selection.
        """
        if selection and not self.subscribers.follow_selection:
            self._selected = self._selection()
        subscription = self.subscribers.add(callback, selection=selection)
        self.watch()
        return subscription

    def choose(self, uuids: tuple[str, ...]) -> None:
        """Note the objects that `select` chose, and report them."""
        events: list[ChangeEvent] = []
        with self._lock:
            self.chosen, self.in_passing = uuids, set()
            self._report_selection(events, Origin.NOTEBOOK)
        for event in events:
            self.subscribers.dispatch(event)

    def watch(self) -> None:
        """Wait for changes of others if a callback needs it and no thread waits yet."""
        waits = self._watcher is not None and self._watcher.active
        if self.subscribers.follow_others and not waits:
            reference = weakref.ref(self)

            def on_change() -> bool:
                session = reference()
                return session is not None and session.look_for_others()

            self._watcher = self.backend.watch(on_change)

    def look_for_others(self) -> bool:
        """Look for changes of others, and deliver them; return whether to continue."""
        if not self.subscribers.follow_others:
            return False
        try:
            with self.transaction():
                pass
        except LiveError as error:  # the next call of the user reports it
            logging.getLogger(__name__).debug("no look at DataLab: %s", error)
        return True

    def _unwatch(self) -> None:
        if self._watcher is not None:
            self._watcher.stop()
            self._watcher = None

    def _events_of(self, transaction: Transaction) -> list[ChangeEvent]:
        """Return the events of a transaction at its end, those of others first."""
        events: list[ChangeEvent] = []
        if self.backend.capabilities.shared and self.backend.seen:
            own = {c.uuid: c.before for c in reversed(transaction.changes)}
            for origin, elsewhere in self._changes_of_others(own).items():
                self._report(events, origin, kind_of(elsewhere), elsewhere)
        changes, kind = transaction.changes, transaction.kind
        if transaction.tickets:
            self.journal.note(changes, transaction.tickets, transaction.call)
        if changes and kind is None:
            kind = kind_of(changes)
        if kind is not None:
            self._report(events, Origin.NOTEBOOK, kind, changes, transaction.path)
        self._report_selection(events, Origin.DATALAB)
        return events

    def _report_selection(self, events: list[ChangeEvent], origin: Origin) -> None:
        """Add an event if other objects are selected and a callback follows that."""
        if self.subscribers.follow_selection:
            before, self._selected = self._selected, self._selection()
            if before != self._selected:
                self._report(events, origin, "selected", ())

    def _selection(self) -> object:
        """Return a value that differs when other objects are selected."""
        selected = self.backend.known_selection()
        return self.chosen, None if selected is None else tuple(selected)

    def _report(
        self,
        events: list[ChangeEvent],
        origin: Origin,
        kind: ChangeKind,
        changes: Sequence[ObjectChange],
        path: Path | None = None,
    ) -> None:
        self._revision += 1
        self.project.follow(kind)
        if self.subscribers:  # without one, no event needs to be made
            events += [ChangeEvent(self._revision, origin, kind, (*changes,), path)]

    def _changes_of_others(
        self, own: Mapping[str, str | None]
    ) -> dict[Origin, Sequence[ObjectChange]]:
        """Return the changes of others by their origin; see `_changed_elsewhere`."""
        observed = self.backend.observed()
        if observed is None:
            found = self._changed_elsewhere(own)
            return {Origin.DATALAB: found} if found else {}
        changes: dict[Origin, list[ObjectChange]] = {}
        for kind, uuid, before, after, parts, author in observed:
            if uuid not in own or kind == "renamed":
                origin = Origin.DATALAB if author is None else Origin.OTHER_NOTEBOOK
                change = ObjectChange(kind, uuid, before, after, parts)
                changes.setdefault(origin, []).append(change)
        return dict(changes)

    def _changed_elsewhere(
        self, own: Mapping[str, str | None]
    ) -> tuple[ObjectChange, ...]:
        """Return the changes of others since the session last saw its objects.

        Args:
            own: UUIDs of the objects that this session has just changed, with their
                names before.
        """
        entries = self.backend.entries()
        self.names.sync(entries)
        now = {entry.uuid: (entry, self.names.name_of(entry.uuid)) for entry in entries}
        before, self._known = self._known, now
        if before is None:
            return ()
        return changes_between(before, now, own)
