"""The part of the companion's backend that finds DataLab and follows its window."""

from __future__ import annotations

import weakref
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from datalab_workspace.backends.base import (
    Backend,
    BackendStatus,
    BroughtHome,
    Capabilities,
    Observation,
    Resynced,
    Watcher,
)
from datalab_workspace.backends.window import Window
from datalab_workspace.encoding.carriers import COMPANION
from datalab_workspace.errors import LiveError, LiveUnavailableError
from datalab_workspace.live.attach import find_again
from datalab_workspace.live.companion.client import CompanionClient
from datalab_workspace.live.companion.state import ObjectState, State
from datalab_workspace.live.companion.watcher import ThreadedWatcher
from datalab_workspace.live.companion.window import CompanionWindow
from datalab_workspace.live.companion.writes import Writes
from datalab_workspace.live.endpoint import Endpoint, describe
from datalab_workspace.live.record_cache import RecordCache
from datalab_workspace.live.transport.base import Timeouts
from datalab_workspace.model.description import WorkspaceMode
from datalab_workspace.model.record import KINDS, Kind, Record
from datalab_workspace.runtime import IN_BROWSER

_CAPABILITIES = Capabilities(
    window=True,
    shared=True,
    computes=True,
    events=True,
    undo=True,
    edits_groups=True,
    dtypes=frozenset(str(d) for kind in KINDS for d in COMPANION.dtypes[kind]),
)


#: Seconds for the companion to answer a question that needs no window.
_QUICK = Timeouts(connect=0.5, read=1.0)


class CompanionAttachment(Backend):
    """A backend that is attached to a companion, whose DataLab may end.

    Args:
        endpoint: The address of the companion.
    """

    transactional = True
    optimistic = True

    def __init__(self, endpoint: Endpoint) -> None:
        self._tickets: list[str] = []
        self._given: dict[str, str] = {}
        #: UUIDs of the objects that the transaction has changed by earlier requests.
        self._sent: set[str] = set()
        self._cache = RecordCache()
        #: Objects of a DataLab that has ended, which are missing in the present one.
        self._missing: dict[str, ObjectState] = {}
        #: UUIDs of the objects that this program added, and of those that it got.
        self.added: set[str] = set()
        self.got: set[str] = set()
        self._attach(endpoint)

    def _attach(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._state = State()
        self._writes = None
        self.client = self._another_client(str(uuid4()))
        self.client.known = self._state.query
        self.client.on_snapshot = self._state.apply
        weakref.finalize(self, self.client.close)

    def _another_client(self, name: str | None = None) -> CompanionClient:
        """Return a client for requests that wait, which has the same name."""
        assert self.endpoint.companion_url is not None
        return CompanionClient(
            self.endpoint.companion_url,
            self.endpoint.companion_token,
            name or self.client.name,
        )

    def resync(self, *, restore: bool = True) -> Resynced:
        """See `Backend.resync`; DataLab may have been restarted on another port."""
        endpoint = find_again(self.endpoint)
        if endpoint.companion_url is None:
            raise LiveUnavailableError(
                f"{describe(endpoint)} has no companion, as the DataLab before had: "
                "install datalab-kernel there, or call disconnect() and connect()"
            )
        before = self._state
        self.close()
        self._attach(endpoint)
        self.refresh()
        gone = [o for u, o in before.objects.items() if u not in self._state.objects]
        if self._state.boot == before.boot:
            for known in gone:
                self._forget(known.uuid)
        else:
            self._missing.update((known.uuid, known) for known in gone)
        for uuid in self._state.objects:
            self._missing.pop(uuid, None)
        return self._put_back(restore=restore)

    def _put_back(self, *, restore: bool) -> Resynced:
        missing = dict(self._missing)
        groups, _ = self._cache.restore(missing.values())
        restored: dict[str, str] = {}
        for group in groups if restore else ():
            for record in group.items:
                if isinstance(record, Record):
                    self.add(record.copy(), group=group.title)
                    restored[record.uuid] = record.title
        if restore:
            self._missing.clear()
        lost = {u: o.title for u, o in missing.items() if u not in restored}
        return Resynced(restored, lost, "DataLab was restarted")

    def _forget(self, uuid: str) -> None:
        """Forget an object that was removed."""
        self._cache.forget(uuid)
        self.added.discard(uuid)
        self.got.discard(uuid)

    # -- the program ------------------------------------------------------------------

    @property
    def capabilities(self) -> Capabilities:
        """See `Backend.capabilities`; everything can be done."""
        return _CAPABILITIES

    @property
    def mode(self) -> WorkspaceMode:
        """See `Backend.mode`: the objects are in DataLab."""
        return WorkspaceMode.LIVE

    @property
    def location(self) -> str:
        """See `Backend.location`."""
        return describe(self.endpoint)

    def check(self, within: float | None = None) -> None:
        """Make sure that the companion accepts the token.

        Args:
            within: Seconds that this may take; by default a moment.

        Raises:
            LiveError: It does not accept the token, or does not answer.
        """
        quick = _QUICK if within is None else Timeouts(connect=within, read=within)
        self.client.hello(quick)

    def status(self) -> BackendStatus:
        """See `Backend.status`; it also finds out whether the companion answers."""
        notes: tuple[str, ...] = ()
        try:
            said = self.client.hello(_QUICK)
            if dialog := said.get("dialog"):
                notes = (f"a dialog is open in DataLab's window: {dialog!r:.80}",)
            self._state.apply(self.client.read("snapshot", wait=1.0).header)
        except LiveError as error:
            notes = (*notes, f"DataLab does not answer: {error}")
        endpoint = self.endpoint
        url = endpoint.companion_url
        return BackendStatus(endpoint.version, url, ("companion",), notes)

    def close(self) -> None:
        """Close the connection; a later request opens it again."""
        self.client.close()

    # -- looking ----------------------------------------------------------------------

    def refresh(self, max_age: float = 0.0) -> bool:  # noqa: ARG002 (one quick request)
        """See `Backend.refresh`."""
        rev, boot = self._state.rev, self._state.boot
        self._state.apply(self.client.read("snapshot").header)
        return (self._state.rev, self._state.boot) != (rev, boot)

    @property
    def seen(self) -> bool:
        """See `Backend.seen`; attaching reads nothing."""
        return bool(self._state.boot)

    @property
    def revision(self) -> object:
        """See `Backend.revision`."""
        return self._state.boot, self._state.rev

    def observed(self) -> Sequence[Observation]:
        """See `Backend.observed`; what this client did is left out."""
        found, self._state.observed = self._state.observed, []
        return [each for each in found if each.author != self.client.name]

    _writes: Writes | None = None

    @property
    def _now(self) -> State:
        """The state with the writes that were not sent yet."""
        return self._state if self._writes is None else self._writes.state

    def bring_home(self, *, everything: bool) -> BroughtHome:
        """See `Backend.bring_home`; if DataLab is gone, the cache has most objects."""
        mine = self.added | self.got
        missing, _ = self._cache.restore(self._missing.values())
        try:
            self.refresh()
            home = self.content(None if everything else mine)
            return BroughtHome([*home, *missing])
        except LiveError as error:
            reason = str(error)
        items = [
            known
            for known in self._state.objects.values()
            if everything or known.uuid in mine
        ]
        items += self._missing.values()
        return BroughtHome(*self._cache.restore(items), reason)

    @property
    def window(self) -> Window:
        """See `Backend.window`."""
        self._send()
        return CompanionWindow(self.client, self._another_client, self._note_ticket)

    def _note_ticket(self, answer: Mapping[str, Any]) -> None:
        """Note the ticket that takes back what a request has changed, if it has one."""
        ticket = answer.get("ticket")
        if isinstance(ticket, str):
            self._tickets.append(ticket)

    @property
    def shown(self) -> Kind | None:
        """See `Backend.shown`."""
        return self._now.shown

    def selection(self) -> Sequence[str]:
        """See `Backend.selection`: that of the shown panel."""
        return self._now.selection[self._now.shown]

    def known_selection(self) -> Sequence[str]:
        """See `Backend.known_selection`."""
        return self.selection()

    def selections(self) -> Mapping[Kind, Sequence[str] | None]:
        """See `Backend.selections`."""
        return {kind: [*uuids] for kind, uuids in self._now.selection.items()}

    def watch(self, on_change: Callable[[], bool]) -> Watcher:
        """See `Backend.watch`; a browser has no threads."""
        if not IN_BROWSER:
            return ThreadedWatcher(self._another_client(), on_change)
        from datalab_workspace.live.companion.poller import Poller

        return Poller(self._another_client(), on_change)

    @abstractmethod
    def _send(self, names: Mapping[str, str] | None = None) -> None:
        """Send the writes that were not sent yet."""
