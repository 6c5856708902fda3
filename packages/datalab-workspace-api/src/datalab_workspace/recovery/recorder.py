"""The recorder: it follows a workspace and writes its changes in the background.

A call of the workspace only notes which objects it changed. A thread fetches them a
little later, so that an object which changes often is written once, and writes them in
small parts. It takes the session's lock only to copy references, and waits for it
while another call, such as `save`, is being carried out. `in_browser` has a recorder
that needs no thread.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from datalab_workspace.error_messages import list_names
from datalab_workspace.events import ChangeEvent
from datalab_workspace.recovery.folder import Owner, expire
from datalab_workspace.recovery.snapshots import Snapshots
from datalab_workspace.recovery.store import LARGE, LARGEST, Snapshot, Store

if TYPE_CHECKING:
    from datalab_workspace.session import Session

#: Seconds from a change to its writing; changes in this time are written together.
DELAY = 0.3
#: Seconds after which everything that was written is flushed to the disk.
SYNC_EVERY = 30.0
#: Bytes and number of small objects in one entry.
_BATCH = 16 << 20
_MOST = 100
#: Seconds to wait at the end for the files that are being written.
_PATIENCE = 5.0
#: Events that may wait; if there are more, all objects are looked at.
_MOST_EVENTS = 10_000
_log = logging.getLogger(__name__)


class Recorder:
    """The recorder of one workspace; it starts at once.

    Args:
        session: The session of the workspace. It is not kept alive.
        parent: The folder that holds the recovery folders of all kernels.
        notebook: Path of the notebook of this kernel; "" if it is not known.
        limit: Bytes that the recovery folder may have at most.
    """

    def __init__(
        self,
        session: Session,
        parent: Path,
        *,
        notebook: str = "",
        limit: int = LARGEST,
    ) -> None:
        self._wake = threading.Event()
        wake = self._wake
        self._session = weakref.ref(session, lambda _: wake.set())
        self._parent = parent
        self._owner = Owner.this(notebook)
        self._limit = limit
        self._events: deque[ChangeEvent] = deque(maxlen=_MOST_EVENTS)
        self._snapshots = self._new_snapshots()
        self._store: Store | None = None
        self._messages: list[str] = []
        self._left_out: set[str] = set()
        self._process = os.getpid()
        self._ending = threading.Event()
        # It is held while files are written; `flush` and `end` wait for it.
        self._writing = threading.Lock()
        self._synced = time.monotonic()
        self._failed = False
        # At first, all objects are looked at.
        self._look_at_all = True
        self._wake.set()
        self._subscription = session.subscribers.add(self._note, own_only=True)
        self._begin()

    @property
    def folder(self) -> Path | None:
        """The recovery folder; None if nothing has been written."""
        return None if self._store is None else self._store.path

    def messages(self) -> list[str]:
        """Return the warnings that the user has not been given yet, once."""
        messages, self._messages = self._messages, []
        return messages

    def flush(self) -> None:
        """Write all changes now, and flush them to the disk."""
        self._flush()
        with self._writing:
            if self._store is not None and not self._failed:
                self._sync(self._store)

    def end(self, *, keep: bool = False) -> None:
        """Stop recording, and remove the recovery folder.

        Args:
            keep: Leave the folder as it is, as a crash would.
        """
        if os.getpid() != self._process:  # a forked child that ends
            return
        self._subscription.cancel()
        self._ending.set()
        self._wake.set()
        # A thread of the user may hold the session's lock, for which ours may wait.
        waited = self._writing.acquire(timeout=_PATIENCE)
        store, self._store, self._failed = self._store, None, True
        if store is not None:
            store.leave() if keep else store.remove()
        if waited:
            self._writing.release()

    def leave(self) -> None:
        """Stop in a forked child, and leave the files to the parent."""
        self._subscription.cancel()
        store, self._store, self._failed = self._store, None, True
        if store is not None:
            store.leave()

    # -- what differs in a page -------------------------------------------------------

    def _begin(self) -> None:
        self._thread = threading.Thread(
            target=self._run, name="datalab-workspace-recovery", daemon=True
        )
        self._thread.start()

    def _new_snapshots(self) -> Snapshots:
        return Snapshots()

    def _new_store(self) -> Store:
        return Store(self._parent, self._owner, limit=self._limit)

    def _rest(self, seconds: float) -> None:
        """Leave time to others that need the disk or the processor."""
        self._ending.wait(seconds)

    # -- in the thread of the call ----------------------------------------------------

    def _note(self, event: ChangeEvent) -> None:
        if len(self._events) == _MOST_EVENTS:
            self._look_at_all = True
        self._events.append(event)
        if not self._wake.is_set():
            self._wake.set()

    # -- in the recorder's thread -----------------------------------------------------

    def _run(self) -> None:
        expire(self._parent)
        while not self._ending.is_set():
            self._wake.wait(self._until_sync())
            if self._wake.is_set():
                self._ending.wait(DELAY)
            if self._ending.is_set() or self._session() is None:
                break
            self._attempt()
            if self._failed:
                return
        if self._session() is None:  # its objects cannot be reached
            self.end()

    def _attempt(self) -> None:
        """Write the changes; after an error, stop."""
        try:
            self._flush()
        except Exception as error:  # noqa: BLE001  reported; the user's work continues
            _log.exception("recovery stops: the changes cannot be written")
            self._fail(error)

    def _until_sync(self) -> float | None:
        """Return the seconds until the next flush to the disk; None if none is due."""
        if self._store is None:
            return None
        return max(0.0, self._synced + SYNC_EVERY - time.monotonic())

    def _flush(self) -> None:
        """Write the changes, and flush them to the disk from time to time."""
        self._wake.clear()
        try:
            with self._writing:
                if not self._failed:
                    self._write_changes()
                    if self._store and not self._until_sync():
                        self._sync(self._store)
        except OSError as error:
            self._fail(error)

    def _write_changes(self) -> None:
        session = self._session()
        if session is None:
            return
        if session.backend.location is not None:  # DataLab holds the objects
            self._forget()
            return
        everything, self._look_at_all = self._look_at_all, False
        changed = self._snapshots.changed(session, self._take_events(), everything)
        if self._store is not None:
            changed += self._store.in_waste()
        large: list[str] = []
        for batch in self._batches(session, changed, large):
            self._write(batch)
        for number, uuid in enumerate(large):
            if self._ending.is_set():
                return
            if self._events:  # small objects do not wait for many large ones
                self._snapshots.postpone(large[number:])
                self._wake.set()
                break
            self._write(self._snapshots.take(session, [uuid]))
        if changed:
            self._write_layout(session)

    def _forget(self) -> None:
        """Remove the folder; look at everything if the objects come back."""
        self._events.clear()
        self._snapshots = self._new_snapshots()
        self._look_at_all = True
        store, self._store = self._store, None
        if store is not None:
            store.remove()

    def _take_events(self) -> Iterator[ChangeEvent]:
        while self._events:
            yield self._events.popleft()

    def _batches(
        self, session: Session, uuids: Sequence[str], large: list[str]
    ) -> Iterator[list[Snapshot | str]]:
        """Yield small objects together; add the UUIDs of large ones to `large`."""
        for start in range(0, len(uuids), _MOST):
            batch: list[Snapshot | str] = []
            size = 0
            for item in self._snapshots.take(session, uuids[start : start + _MOST]):
                nbytes = item.nbytes if isinstance(item, Snapshot) else 0
                if isinstance(item, Snapshot) and nbytes >= LARGE:
                    large.append(item.uuid)
                    continue
                if size + nbytes > _BATCH:
                    yield batch
                    batch, size = [], 0
                batch.append(item)
                size += nbytes
            if batch:
                yield batch

    def _write(self, batch: Sequence[Snapshot | str]) -> None:
        """Write objects, and note those that are gone, given by their UUIDs."""
        gone = [item for item in batch if isinstance(item, str)]
        found = [item for item in batch if isinstance(item, Snapshot)]
        store = self._store
        if store is None:
            if not found:
                return
            store = self._store = self._new_store()
        gone = [uuid for uuid in gone if uuid in store.state]
        found = self._those_that_fit(store, found)
        if found or gone:
            started = time.monotonic()
            store.write(found, gone, project=self._snapshots.project)
            self._rest(min(0.1, time.monotonic() - started))

    def _those_that_fit(self, store: Store, found: list[Snapshot]) -> list[Snapshot]:
        sizes = [store.new_bytes(snapshot) for snapshot in found]
        room = store.room(sum(sizes))
        kept, left_out = [], []
        for snapshot, size in zip(found, sizes, strict=True):
            if size <= room:
                room -= size
                kept.append(snapshot)
            else:
                left_out.append(snapshot)
        new = [s for s in left_out if s.uuid not in self._left_out]
        self._left_out |= {snapshot.uuid for snapshot in left_out}
        if new:
            self._messages.append(self._no_room(new))
        return kept

    def _no_room(self, left_out: list[Snapshot]) -> str:
        return (
            f"recovery has no room for {list_names([s.name for s in left_out])} (at "
            f"most {self._limit / 2**30:.3g} GiB and 10 % of the free space of "
            f"{str(self._parent)!r}); save the workspace to keep them"
        )

    def _write_layout(self, session: Session) -> None:
        """Write the groups and names if they are not what the entries imply."""
        store = self._store
        if store is None:
            return
        layout = self._snapshots.layout(session, store.state)
        if layout is not None:
            store.write([], layout=layout, project=self._snapshots.project)

    def _sync(self, store: Store) -> None:
        self._synced = time.monotonic()
        store.sync()

    def _fail(self, error: Exception) -> None:
        """Stop after an error; the user gets a message with the next cell."""
        self._failed = True
        self._subscription.cancel()
        self._messages.append(
            f"recovery stops: {error}; save the workspace to keep its objects"
        )
