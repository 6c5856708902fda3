"""The part of the live backend that finds DataLab, and finds it again."""

from __future__ import annotations

from datalab_workspace.backends.base import (
    Backend,
    BackendStatus,
    BroughtHome,
    Capabilities,
    Resynced,
)
from datalab_workspace.errors import LiveError
from datalab_workspace.live import discovery
from datalab_workspace.live.abilities import abilities_of
from datalab_workspace.live.attach import find_again
from datalab_workspace.live.catalogue import Catalogue
from datalab_workspace.live.connection import Connection
from datalab_workspace.live.endpoint import describe
from datalab_workspace.live.record_cache import RecordCache
from datalab_workspace.live.removal import Remover
from datalab_workspace.live.restarts import Restarts
from datalab_workspace.live.routing import Router
from datalab_workspace.live.snapshot import Snapshot
from datalab_workspace.live.sources import SourceIndex
from datalab_workspace.live.titles import PinnedTitles, TitleKeeper
from datalab_workspace.live.transport.base import Timeouts
from datalab_workspace.live.window import Window
from datalab_workspace.model.description import WorkspaceMode
from datalab_workspace.model.record import Record


class AttachedBackend(Backend):
    """A backend that is attached to a running DataLab, which may end or be restarted.

    Args:
        connection: The clients.
    """

    def __init__(self, connection: Connection) -> None:
        self._snapshot = Snapshot(connection)
        self._pinned = PinnedTitles()
        self._cache = RecordCache()
        self._restarts = Restarts(self._cache)
        self._waited = False
        self._sources = SourceIndex()
        #: UUIDs of the objects that this program added, and of those that it got.
        self.added: set[str] = set()
        self.got: set[str] = set()
        self._attach(connection)

    def resync(self, *, restore: bool = True) -> Resynced:
        """See `Backend.resync`; DataLab may have been restarted on another port."""
        endpoint = find_again(self.connection.endpoint)
        connection = Connection(
            endpoint if endpoint.answered else discovery.complete(endpoint)
        )
        self.connection.close()
        self._attach(connection)
        before = self._catalogue
        self._snapshot.refresh()
        for uuid in self._restarts.follow(connection, before, self._catalogue):
            self._forget(uuid)
        self._restarts.forget(item.uuid for item in self._catalogue.items)
        with self.bulk():
            return self._restarts.put_back(self._put_back, restore=restore)

    def _put_back(self, record: Record, group: str) -> None:
        self.add(record, group=group if self.capabilities.groups else None)

    def check(self, within: float | None = None) -> None:
        """Make sure that DataLab accepts the token.

        Args:
            within: Seconds that this may take; by default `discovery.PATIENCE`.

        Raises:
            LiveError: DataLab does not accept the token, or does not answer.
        """
        within = discovery.PATIENCE if within is None else within
        timeouts = Timeouts(connect=within, read=within)
        if self.connection.web is not None:
            self.connection.web.check(timeouts)

    @property
    def location(self) -> str:
        """See `Backend.location`."""
        return describe(self.connection.endpoint)

    def status(self) -> BackendStatus:
        """See `Backend.status`; it also finds out whether DataLab answers."""
        notes: tuple[str, ...] = ()
        try:
            self.connection.probe()
            self.refresh()
            protocols = self.connection.status_names()
        except LiveError as error:
            protocols = self.connection.protocols
            notes = (f"DataLab does not answer: {error}",)
        endpoint = self.connection.endpoint
        return BackendStatus(endpoint.version, endpoint.url, protocols, notes)

    def _attach(self, connection: Connection) -> None:
        self.connection = connection
        self._snapshot.attach(connection)
        self._router = Router(connection)
        self._window = Window(connection, self._snapshot, self._router, self._sources)
        self._titles = TitleKeeper(
            connection, self._snapshot, self._router, self._pinned
        )
        self._remover = Remover(
            connection, self._snapshot, self._router, self._sources, self._titles
        )

    def close(self) -> None:
        """Close the connections."""
        self.connection.close()

    @property
    def mode(self) -> WorkspaceMode:
        """See `Backend.mode`: the objects are in DataLab."""
        return WorkspaceMode.LIVE

    @property
    def capabilities(self) -> Capabilities:
        """The capabilities that the available protocols provide."""
        return abilities_of(self.connection)

    # -- looking ----------------------------------------------------------------------

    def refresh(self, max_age: float = 0.0) -> bool:
        """See `Backend.refresh`.

        Raises:
            ConnectionLostError: DataLab was restarted, and objects are missing.
        """
        self._complete()
        before = self._catalogue
        if not self._snapshot.refresh(max_age):
            return False
        try:
            gone = self._restarts.check(self.connection, before, self._catalogue)
        except LiveError:
            self._snapshot.catalogue, self._snapshot.stale = before, True
            raise
        # While XML-RPC is silent, an object may only seem to be gone.
        if gone and (self.connection.rpc is None or self.connection.xmlrpc_if_alive()):
            for uuid in gone:
                self._forget(uuid)
        return True

    def _complete(self) -> None:
        """Wait for a DataLab that was busy when it was found."""
        endpoint = self.connection.endpoint
        if endpoint.answered:
            return
        if self._waited:
            self.connection.probe()
        self._waited = True
        connection = Connection(discovery.complete(endpoint))
        self.connection.close()
        self._attach(connection)

    @property
    def seen(self) -> bool:
        """See `Backend.seen`; attaching reads nothing."""
        return self._snapshot.seen

    @property
    def _catalogue(self) -> Catalogue:
        return self._snapshot.catalogue

    def bring_home(self, *, everything: bool) -> BroughtHome:
        """See `Backend.bring_home`; if DataLab is gone, the cache has most objects."""
        mine = self.added | self.got
        missing, _ = self._cache.restore(self._restarts.missing)
        try:
            self.refresh()
            home = self.content(None if everything else mine)
            return BroughtHome([*home, *missing])
        except LiveError as error:
            reason = str(error)
        items = [i for i in self._catalogue.items if everything or i.uuid in mine]
        items += self._restarts.missing
        return BroughtHome(*self._cache.restore(items), reason)

    def _forget(self, uuid: str) -> None:
        """Forget an object that was removed."""
        for memory in (self._pinned, self._cache, self._sources):
            memory.forget(uuid)
        self.added.discard(uuid)
        self.got.discard(uuid)
