"""DataLab's window: the selection, and computations by DataLab itself.

The user and all programs that are attached share one selection. So the effect of a call
that depends on it is verified afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

from datalab_workspace.errors import DataLabError, ObjectNotFoundError
from datalab_workspace.live.catalogue import Catalogue, CatalogueEntry
from datalab_workspace.live.clients.xmlrpc import XmlRpc
from datalab_workspace.live.clients.xmlrpc_calls import ATTEMPTS
from datalab_workspace.live.connection import Connection
from datalab_workspace.live.routing import Router
from datalab_workspace.live.snapshot import Snapshot
from datalab_workspace.live.sources import SourceIndex
from datalab_workspace.model.record import KINDS, PROCESSING_KEY


class Window:
    """The window of a running DataLab.

    Args:
        connection: The clients.
        snapshot: The objects.
        router: Addresses objects.
        sources: The sources of results.
    """

    def __init__(
        self,
        connection: Connection,
        snapshot: Snapshot,
        router: Router,
        sources: SourceIndex,
    ) -> None:
        self._connection = connection
        self._snapshot = snapshot
        self._router = router
        self._sources = sources

    def select(self, uuids: Sequence[str], *, show: bool = False) -> None:
        """Select objects in DataLab's window, of each kind in its own panel.

        Args:
            uuids: Their UUIDs.
            show: Also show their panel.
        """
        rpc, catalogue = self._connection.xmlrpc_if_alive(), self._snapshot.catalogue
        for kind in KINDS:
            chosen = [u for u in uuids if catalogue[u].kind == kind]
            if chosen and rpc is not None:
                rpc.select(chosen, kind, show=show)
            elif chosen and self._connection.web is not None:
                titles = [self._router.addressed(catalogue, uuid) for uuid in chosen]
                self._connection.web.select(titles, kind)

    def selection(self) -> list[str]:
        """Return UUIDs of the selected objects in the panel that the window shows."""
        rpc = self._connection.require_xmlrpc(
            "reading the selection in DataLab's window"
        )
        return [uuid for uuid in rpc.selection() if uuid in self._snapshot.catalogue]

    def compute(
        self, uuid: str, name: str, parameters: Mapping[str, Any] | None
    ) -> list[str]:
        """Let DataLab compute a feature of an object.

        Args:
            uuid: UUID of the object.
            name: Name of the feature. It must succeed: otherwise a dialog opens.
            parameters: Values of its parameters.

        Returns:
            UUIDs of the objects that it added.

        Raises:
            DataLabError: Other objects were selected each time it was tried.
        """
        what = f"computing {name!r:.80} in DataLab"
        for _ in range(ATTEMPTS):
            results = self._computed(uuid, name, parameters, what)
            if results:
                return results
        raise DataLabError(
            f"{what}: the selection in its window was changed at the same time; try "
            "again when nothing else selects objects there"
        )

    def _computed(
        self, uuid: str, name: str, parameters: Mapping[str, Any] | None, what: str
    ) -> list[str]:
        """Compute once; return nothing if another object was selected in the meantime.

        The result that DataLab then computes from that object is removed.
        """
        rpc = self._connection.require_xmlrpc(what)
        # By XML-RPC, DataLab would ask its user for the parameters.
        web = self._connection.require_web(what)
        before = self._snapshot.catalogue
        known = before[uuid]
        rpc.select([uuid], known.kind, show=True)
        if rpc.shown() != known.kind or rpc.selection() != [uuid]:
            return []
        titles = web.calc(name, parameters)
        ours: list[CatalogueEntry] = []
        others: list[CatalogueEntry] = []
        for item in self._snapshot.refresh_now().items:
            if item.uuid not in before:
                sources = self._sources_of_result(rpc, item, name)
                if sources is not None:
                    (ours if uuid in sources else others).append(item)
        if not ours:
            self._take_back(rpc, _candidates(others, titles, before), what)
        return [item.uuid for item in ours]

    def _sources_of_result(
        self, rpc: XmlRpc, item: CatalogueEntry, name: str
    ) -> frozenset[str] | None:
        """Return the sources of a new object; None if the feature did not make it.

        Another program may have added it in the meantime, or have removed it since.
        """
        try:
            record = rpc.get_plain(item.uuid, item.kind)
        except ObjectNotFoundError:
            return None
        sources = self._sources.learn(record)
        processing = record.metadata.get(PROCESSING_KEY)
        if not isinstance(processing, Mapping) or processing.get("func_name") != name:
            return None
        return sources

    def _take_back(
        self, rpc: XmlRpc, results: Sequence[CatalogueEntry], what: str
    ) -> None:
        """Remove the result that DataLab computed from the wrong object, if it did."""
        if not results:
            return
        if len(results) > 1:  # it cannot be distinguished from those of others
            raise DataLabError(
                f"{what}: the selection in its window was changed at the same time; "
                "its result may be left there"
            )
        (result,) = results
        # Someone else may have removed it.
        with suppress(ObjectNotFoundError), rpc.panel_kept():
            rpc.remove([result.uuid], result.kind)
        self._snapshot.stale = True


def _candidates(
    new: Sequence[CatalogueEntry], titles: Collection[str], before: Catalogue
) -> Sequence[CatalogueEntry]:
    """Return the new results that DataLab may have computed in a call.

    Args:
        new: The new results of the feature, among them those of other programs.
        titles: The titles that the call returned.
        before: The objects before it.
    """
    if titles:
        # DataLab may have rewritten the short id in the title since.
        return [item for item in new if item.title in titles] or new
    # It computed nothing, or its title was in use.
    return [item for item in new if before.has_title(item.title)]
