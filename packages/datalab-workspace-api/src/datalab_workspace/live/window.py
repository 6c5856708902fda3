"""DataLab's window: what is selected there, and what it computes of that.

The selection is one for all programs that are attached, and for the user. What depends
on it is looked up afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from datalab_workspace.errors import DataLabError, NotSupportedByProtocolError
from datalab_workspace.live.connection import Connection
from datalab_workspace.live.routing import Router
from datalab_workspace.live.snapshot import Snapshot
from datalab_workspace.live.sources import SourceIndex
from datalab_workspace.model.record import KINDS


class Window:
    """The window of a running DataLab.

    Args:
        connection: The clients.
        snapshot: What is known of the objects.
        router: How objects are addressed.
        sources: What was computed of what.
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
        """Select objects in DataLab's window, as far as it can select them together."""
        rpc, catalogue = self._connection.xmlrpc_if_alive(), self._snapshot.catalogue
        for kind in KINDS:
            chosen = [u for u in uuids if catalogue[u].kind == kind]
            if chosen and rpc is not None:
                rpc.select(chosen, kind, show=show)
            elif chosen and self._connection.web is not None:
                titles = [self._router.addressed(catalogue, uuid) for uuid in chosen]
                self._connection.web.select(titles, kind)

    def selection(self) -> list[str]:
        """Return UUIDs of what is selected in the panel that the window shows."""
        rpc = self._connection.require_xmlrpc(
            "reading what is selected in DataLab's window"
        )
        return [uuid for uuid in rpc.selection() if uuid in self._snapshot.catalogue]

    def compute(
        self, uuid: str, name: str, parameters: Mapping[str, Any] | None
    ) -> list[str]:
        """Have DataLab compute a feature of an object.

        Args:
            uuid: UUID of the object.
            name: Name of the feature, which is known to succeed.
            parameters: Values of its parameters.

        Returns:
            UUIDs of the objects that it added.
        """
        what = f"computing {name!r:.80} in DataLab"
        rpc, web = self._connection.require_xmlrpc(what), self._connection.web
        known = self._snapshot.catalogue[uuid]
        if web is None:  # XML-RPC would have DataLab ask its user for the parameters
            raise NotSupportedByProtocolError(
                f"{what} needs its Web API; start it there"
            )
        rpc.select([uuid], known.kind, show=True)
        if rpc.shown() != known.kind or rpc.selection() != [uuid]:
            raise DataLabError(
                f"{what}: something else was selected in its window meanwhile"
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
                    f"{what}: {item.title!r:.80} was computed of something else, which "
                    "was selected in its window in that moment"
                )
        return [item.uuid for item in added]
