"""DataLab's window: the selection, and computations by DataLab itself.

The user and all programs that are attached share one selection. So the effect of a call
that depends on it is verified afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from datalab_workspace.errors import DataLabError
from datalab_workspace.live.connection import Connection
from datalab_workspace.live.routing import Router
from datalab_workspace.live.snapshot import Snapshot
from datalab_workspace.live.sources import SourceIndex
from datalab_workspace.model.record import KINDS


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
        """
        what = f"computing {name!r:.80} in DataLab"
        rpc = self._connection.require_xmlrpc(what)
        # By XML-RPC, DataLab would ask its user for the parameters.
        web = self._connection.require_web(what)
        known = self._snapshot.catalogue[uuid]
        rpc.select([uuid], known.kind, show=True)
        if rpc.shown() != known.kind or rpc.selection() != [uuid]:
            raise DataLabError(
                f"{what}: the selection in its window was changed at the same time"
            )
        web.calc(name, parameters)
        before = self._snapshot.catalogue
        self._snapshot.refresh_now()
        added = [
            item for item in self._snapshot.catalogue.items if item.uuid not in before
        ]
        for item in added:
            if uuid not in self._sources.learn(rpc.get_plain(item.uuid, item.kind)):
                raise DataLabError(
                    f"{what}: {item.title!r:.80} was computed from another object, "
                    "which was selected in its window at that moment"
                )
        return [item.uuid for item in added]
