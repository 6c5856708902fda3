"""DataLab's window: what is selected there, and what it computes of that.

The selection is one for all programs that are attached, and for the user. What depends
on it is looked up afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from datalab_workspace.backends.live.lineage import Lineage
from datalab_workspace.backends.live.transfer import Transfer
from datalab_workspace.backends.live.view import View
from datalab_workspace.backends.live.wires import Wires
from datalab_workspace.errors import DataLabError, NotOnThisWireError
from datalab_workspace.record import KINDS


class Window:
    """The window of a running DataLab.

    Args:
        wires: The clients.
        view: What is known of the objects.
        transfer: How objects are addressed.
        lineage: What was computed of what.
    """

    def __init__(
        self, wires: Wires, view: View, transfer: Transfer, lineage: Lineage
    ) -> None:
        self._wires = wires
        self._view = view
        self._transfer = transfer
        self._lineage = lineage

    def select(self, uuids: Sequence[str], *, show: bool = False) -> None:
        """Select objects in DataLab's window, as far as it can select them together."""
        rpc, catalogue = self._wires.answering(), self._view.catalogue
        for kind in KINDS:
            chosen = [u for u in uuids if catalogue[u].kind == kind]
            if chosen and rpc is not None:
                rpc.select(chosen, kind, show=show)
            elif chosen and self._wires.web is not None:
                titles = [self._transfer.addressed(catalogue, uuid) for uuid in chosen]
                self._wires.web.select(titles, kind)

    def selection(self) -> list[str]:
        """Return UUIDs of what is selected in the panel that the window shows."""
        rpc = self._wires.needed("reading what is selected in DataLab's window")
        return [uuid for uuid in rpc.selection() if uuid in self._view.catalogue]

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
        rpc, web = self._wires.needed(what), self._wires.web
        known = self._view.catalogue[uuid]
        if web is None:  # XML-RPC would have DataLab ask its user for the parameters
            raise NotOnThisWireError(f"{what} needs its Web API; start it there")
        rpc.select([uuid], known.kind, show=True)
        if rpc.shown() != known.kind or rpc.selection() != [uuid]:
            raise DataLabError(
                f"{what}: something else was selected in its window meanwhile"
            )
        web.calc(name, parameters)
        before = self._view.catalogue
        self._view.seen_anew()
        added = [item for item in self._view.catalogue.items if item.uuid not in before]
        for item in added:
            if uuid not in self._lineage.learn(rpc.get_plain(item.uuid, item.kind)):
                raise DataLabError(
                    f"{what}: {item.title!r:.80} was computed of something else, which "
                    "was selected in its window in that moment"
                )
        return [item.uuid for item in added]
