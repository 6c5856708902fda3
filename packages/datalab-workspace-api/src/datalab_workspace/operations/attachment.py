"""Where a workspace is: in memory, or attached to a running DataLab, and back."""

from __future__ import annotations

import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from datalab_workspace.backends.base import Backend
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.errors import LiveError, LiveUnavailableError
from datalab_workspace.live.discovery import (
    WITHIN,
    Endpoint,
    Search,
    locate,
    search,
    wanted_mode,
)
from datalab_workspace.model.description import Status, WorkspaceMode
from datalab_workspace.model.naming import NameBook
from datalab_workspace.model.project import Group
from datalab_workspace.operations.merge import Merge, OnConflict, in_short
from datalab_workspace.runtime import IN_BROWSER
from datalab_workspace.validation import suggest_on_typo

if TYPE_CHECKING:
    from datalab_workspace.live.backend import LiveBackend
    from datalab_workspace.operations.files import ProjectLink

Keep: TypeAlias = Literal[True, False, "all"]


def backend_of_choice() -> tuple[Backend, tuple[str, ...]]:
    """Return where the objects of a new workspace are, and why nowhere else.

    Raises:
        LiveUnavailableError: The environment asks for live mode, and no DataLab can be
            attached.
        ValueError: It asks for a mode that there is not.
    """
    mode = wanted_mode()
    if mode == "standalone":
        return MemoryBackend(), ("DATALAB_KERNEL_MODE=standalone",)
    end = time.monotonic() + WITHIN
    searched = search(default=False)
    notes = searched.notes
    if searched.found is not None:
        backend = _live(searched.found)
        try:
            backend.check(max(0.1, end - time.monotonic()))
        except LiveError as error:
            backend.close()
            notes = (*notes, f"by the {searched.found.how}: {error}")
        else:
            return backend, notes
    if mode == "live":
        raise LiveUnavailableError(
            "DATALAB_KERNEL_MODE=live, but no DataLab can be attached: "
            + ("; ".join(notes) or "none of this user's is running")
        )
    if searched.named or searched.found is not None:
        warnings.warn(
            f"not attached to DataLab, but working in memory: {'; '.join(notes)}",
            stacklevel=3,
        )
    return MemoryBackend(), notes


def _live(endpoint: Endpoint) -> LiveBackend:
    from datalab_workspace.live.backend import LiveBackend
    from datalab_workspace.live.connection import Connection

    return LiveBackend(Connection(endpoint))


class Attachable(ABC):
    """What makes ``ws.connect()`` and ``ws.disconnect()`` work."""

    _backend: Backend
    _names: NameBook
    _link: ProjectLink
    #: Held for the length of each call.
    _lock: AbstractContextManager[Any]
    #: Why the workspace is not attached to a DataLab.
    _notes: tuple[str, ...]

    @abstractmethod
    def _current(self, max_age: float = 0.0) -> AbstractContextManager[None]:
        """Do one thing as a whole, beginning with what others have changed."""

    @property
    def mode(self) -> WorkspaceMode:
        """Where the objects are, "standalone" in this process or "live" in DataLab."""
        return self._backend.mode

    def status(self) -> Status:
        """Return mode, counts, file, and what is known of running DataLabs.

        A standalone workspace looks whether one is running, for at most 2 s. The token
        is never told.
        """
        with self._lock:
            protocols: Mapping[str, Any] = {}
            notes = self._notes
            if self._backend.mode is WorkspaceMode.LIVE:
                protocols, notes = self._live_backend().connection_status()
                self._names.sync(self._backend.entries())
            else:
                notes = (*notes, *_what_runs())
            kinds = [entry.kind for entry in self._backend.entries()]
            return Status(
                self.mode,
                kinds.count("signal"),
                kinds.count("image"),
                self._link.path,
                self._link.modified,
                notes=notes,
                **protocols,
            )

    @suggest_on_typo
    def connect(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        on_conflict: OnConflict = "error",
    ) -> None:
        """Move to a running DataLab, with all objects, or with none if that fails.

        An object that is there already and equal is no conflict.

        Args:
            url: URL of its Web API, as DataLab shows it under File > Web API; by
                default that of the DataLab that is found, be it by its default port.
            token: The token that DataLab shows beside; by default that which the
                environment, or DataLab's own file, tells for this URL.
            on_conflict: What to do with an object of which a different one in DataLab
                has the name: "error", "replace" the one there, "rename" the one here,
                or "skip" it, which leaves it behind.

        Raises:
            LiveError: It cannot be reached, does not answer, or wants another token (a
                `ConnectionError`); the workspace is as it was.
            NameConflictError: Names are in use there by different objects; all are
                listed.
            ValueError: `url` is none, or there is no such choice.
        """
        with self._lock:
            if self._backend.mode is WorkspaceMode.LIVE:
                raise LiveError(
                    f"the workspace is attached to a DataLab already{self._where()}; "
                    "disconnect() first, or resync() to find it again"
                )
            backend = _live(_endpoint(url, token))
            try:
                names = self._moved_to(backend, on_conflict)
            except BaseException:
                backend.close()
                raise
            self._switch_backend(backend, names)

    def _moved_to(self, backend: Backend, on_conflict: OnConflict) -> NameBook:
        backend.refresh()
        names = NameBook()
        names.sync(backend.entries())
        groups = self._backend.content()
        ours = {item.uuid: item for group in groups for item in group.items}
        merge = Merge(backend, names, on_conflict)
        merge.prepare(
            groups,
            {uuid: self._names.name_of(uuid) for uuid in ours},
            "connecting to DataLab",
        )
        merge.carry_out()
        return names

    def _switch_backend(self, backend: Backend, names: NameBook) -> None:
        self._backend.close()
        self._backend, self._names = backend, names
        self._link.move(backend, names)
        self._notes = ()

    @suggest_on_typo
    def disconnect(self, keep: Keep = True) -> None:
        """Leave DataLab as it is and go on in memory.

        Args:
            keep: Bring home the objects that were added or got here; "all" brings home
                what DataLab holds besides, False nothing.

        Warns:
            UserWarning: DataLab is gone; what is remembered here of its objects is
                kept, and those that are lost are named.
        """
        with self._lock:
            if keep not in (True, False, "all"):
                raise ValueError(f"keep={keep!r:.60} must be True, False or 'all'")
            if self._backend.mode is WorkspaceMode.STANDALONE:
                return
            groups, lost, reason = self._brought_home(keep)
            memory = MemoryBackend()
            memory.extend(groups)
            names = NameBook()
            for group in groups:
                for item in group.items:
                    names.bind(item.uuid, self._names.name_of(item.uuid))
            self._switch_backend(memory, names)
            self._link.modified = bool(groups)
            if lost:
                warnings.warn(
                    f"DataLab does not answer ({reason}); these objects could not be "
                    f"brought home: {in_short(lost)}",
                    stacklevel=3,
                )

    def _brought_home(self, keep: Keep) -> tuple[list[Group], list[str], str]:
        live = self._live_backend()
        if not keep:
            return [], [], ""
        try:
            live.refresh()
            self._names.sync(live.entries())
            wanted = live.added | live.got
            return live.content(None if keep == "all" else wanted), [], ""
        except LiveError as error:
            reason = str(error)
        groups = {kind: Group(kind, "") for kind in ("signal", "image")}
        lost = []
        for entry in live.entries():
            if keep == "all" or entry.uuid in live.added | live.got:
                record = live.cached_records().get(entry.uuid)
                if record is None:
                    lost.append(self._names.name_of(entry.uuid))
                else:
                    groups[entry.kind].items.append(record)
        return [group for group in groups.values() if group.items], lost, reason

    def resync(self) -> None:
        """Find DataLab again, be it restarted on another port, and what it holds now.

        Objects that it still holds keep their names. A standalone workspace stays as it
        is.

        Raises:
            LiveError: DataLab is not found (a `ConnectionError`); the workspace goes on
                to look for it where it was.
        """
        with self._lock:
            if self._backend.mode is WorkspaceMode.STANDALONE:
                return
            live = self._live_backend()
            live.reattach(_found_again(live.connection.endpoint))
            live.refresh()
            self._names.sync(live.entries())

    @suggest_on_typo
    def show(self, name: str) -> None:
        """Have DataLab's window show an object; in memory, nothing happens.

        What `calc` computes of stays as `select` chose it.

        Args:
            name: Its name, UUID or short id.

        Raises:
            KeyError: There is no such object.
        """
        with self._current():
            self._backend.show(self._names.resolve(name, self._backend.entries))

    def screenshot(self) -> bytes:
        """Return a picture of DataLab's window, as a PNG file.

        Raises:
            LiveUnavailableError: The workspace is attached to no DataLab.
            ConnectionError: DataLab does not answer, runs on another machine, or
                cannot be reached by XML-RPC.
        """
        return self._backend.screenshot()

    def _live_backend(self) -> LiveBackend:
        from datalab_workspace.live.backend import LiveBackend

        if not isinstance(self._backend, LiveBackend):
            raise LiveUnavailableError(
                "this workspace is attached to no DataLab; connect() first"
            )
        return self._backend

    def _where(self) -> str:
        if self._backend.mode is WorkspaceMode.STANDALONE:
            return ""
        return f" in {_place(self._live_backend().connection.endpoint)}"


def _what_runs() -> tuple[str, ...]:
    # In a browser, its user would be asked whether the page may look.
    searched = search(default=not IN_BROWSER)
    if searched.found is not None:
        return (f"{_place(searched.found)} is yours; connect() attaches it",)
    if searched.default is not None:
        return (f"{_place(searched.default)} may not be yours; connect() attaches it",)
    return searched.notes


def _place(endpoint: Endpoint) -> str:
    place = endpoint.url or f"XML-RPC port {endpoint.xmlrpc_port}"
    return f"DataLab {endpoint.version} at {place}"


def _endpoint(url: str | None, token: str | None) -> Endpoint:
    if url is not None:
        return locate(url, token)
    searched = search()
    found = searched.found or searched.default
    if found is None:
        raise LiveUnavailableError(
            f"no running DataLab is found{_reasons(searched)}; start "
            "DataLab and its Web API (File > Web API), or pass its url and token"
        )
    if token is None or found.url is None:
        return found
    return locate(found.url, token)


def _reasons(searched: Search) -> str:
    return f" ({'; '.join(searched.notes)})" if searched.notes else ""


def _found_again(before: Endpoint) -> Endpoint:
    if before.how in ("url", "default port") and before.url is not None:
        return locate(before.url, before.token)
    searched = search(default=False)
    if searched.found is None:
        raise LiveUnavailableError(
            f"DataLab is not found again{_reasons(searched)}; start it, "
            "or disconnect() to go on in memory"
        )
    return searched.found
