"""The removal of objects from DataLab, without a dialog in its window."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from datalab_workspace.errors import ObjectNotFoundError
from datalab_workspace.live.connection import Connection
from datalab_workspace.live.routing import Router
from datalab_workspace.live.snapshot import Snapshot
from datalab_workspace.live.sources import SourceIndex, detach_sources
from datalab_workspace.live.titles import TitleKeeper
from datalab_workspace.model.record import KINDS, Record


class Remover:
    """The remover of objects, which chooses the safest protocol.

    Args:
        connection: The clients.
        snapshot: The objects.
        router: Addresses objects.
        sources: The sources of results.
        titles: Restores titles afterwards.
    """

    def __init__(
        self,
        connection: Connection,
        snapshot: Snapshot,
        router: Router,
        sources: SourceIndex,
        titles: TitleKeeper,
    ) -> None:
        self._connection = connection
        self._snapshot = snapshot
        self._router = router
        self._sources = sources
        self._titles = titles

    def remove(
        self,
        uuids: Sequence[str],
        *,
        replace: Callable[[str, Record], None],
        forget: Callable[[str], None],
    ) -> None:
        """Remove objects that exist.

        Args:
            uuids: Their UUIDs.
            replace: Replaces an object; see `Backend.replace`.
            forget: Called with the UUID of each object that was removed.
        """
        self.detach_sources(uuids, replace=replace)
        first = self._snapshot.catalogue
        if self._connection.web is None:
            self._remove_by_rpc(uuids, forget)
        else:
            # DataLab rewrites titles with short ids after each removal, and the Web API
            # addresses objects by their titles: so those are removed first.
            ordered = sorted(uuids, key=lambda uuid: not first[uuid].title_may_change())
            for number, uuid in enumerate(ordered, 1):
                before = self._snapshot.catalogue
                self._remove_by_web(uuid)
                self._snapshot.remove(uuid)
                forget(uuid)
                if any(first[u].title_may_change() for u in ordered[number:]):
                    self._titles.look(before, (uuid,), None)
        certain = self._connection.rpc is not None
        self._titles.after_change(first, uuids, None, certain=certain)

    def remove_all(self) -> None:
        """Remove every object and group."""
        rpc = self._connection.xmlrpc_if_alive()
        if rpc is None:
            web = self._connection.require_web("removing all objects")
            for item in self._snapshot.catalogue.items:
                # If several have the title, the first is removed; in the end, all are.
                web.remove(item.title)
        else:
            for kind in KINDS:
                rpc.remove_all(kind)
        self._snapshot.clear()

    def computed_from(self, uuids: Collection[str]) -> list[str]:
        """Return UUIDs of the other objects that were computed from some objects."""
        return self._sources.computed_from(
            uuids, self._snapshot.catalogue, self._connection.xmlrpc_if_alive()
        )

    def detach_sources(
        self, uuids: Sequence[str], *, replace: Callable[[str, Record], None]
    ) -> None:
        """Detach the objects that stay from sources that are about to be removed.

        Args:
            uuids: UUIDs of the sources.
            replace: Replaces an object; see `Backend.replace`.
        """
        for uuid in self.computed_from(uuids):
            catalogue, by_rpc = self._snapshot.catalogue, self._connection.rpc
            try:
                record = self._router.fetch(catalogue, uuid, full=by_rpc is not None)
            except ObjectNotFoundError:
                continue  # another program has just removed it
            detach_sources(record, uuids)
            self._sources.learn(record)
            if by_rpc is not None:
                groups = self._snapshot.groups
                self._router.replace(catalogue, record, groups, in_place=True)
            else:  # it is removed, too, and added again
                replace(uuid, record)

    def _remove_by_rpc(
        self, uuids: Sequence[str], forget: Callable[[str], None]
    ) -> None:
        rpc = self._connection.require_xmlrpc("removing an object")
        catalogue = self._snapshot.catalogue
        with rpc.panel_kept():
            for kind in KINDS:
                chosen = [uuid for uuid in uuids if catalogue[uuid].kind == kind]
                try:
                    rpc.remove(chosen, kind)
                except BaseException:
                    self._snapshot.stale = True
                    raise
                for uuid in chosen:
                    self._snapshot.remove(uuid)
                    forget(uuid)

    def _remove_by_web(self, uuid: str) -> None:
        """Remove an object; by XML-RPC, which selects it, only if that is necessary."""
        catalogue = self._snapshot.catalogue
        web = self._connection.require_web("removing an object by its title")
        address = catalogue.address(uuid)
        try:
            if address is not None:
                web.remove(address)
            elif self._connection.rpc is None:
                self._router.addressed(catalogue, uuid)  # raises
            else:
                what = "removing an object by its UUID"
                rpc = self._connection.require_xmlrpc(what)
                rpc.remove([uuid], catalogue[uuid].kind)
        except BaseException:
            self._snapshot.stale = True
            raise
