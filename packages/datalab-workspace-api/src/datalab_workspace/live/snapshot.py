"""The snapshot of DataLab's objects and groups that this program works with."""

from __future__ import annotations

import time
from collections.abc import Sequence

from datalab_workspace.backends.base import PanelGroup
from datalab_workspace.live.catalogue import Catalogue, CatalogueEntry
from datalab_workspace.live.clients.xmlrpc import XmlRpc
from datalab_workspace.live.connection import Connection
from datalab_workspace.live.groups import PanelGroups
from datalab_workspace.model.record import KINDS, Kind

#: Listing many objects takes long. If a caller accepts an old snapshot, its age may be
#: up to this multiple of the time that reading it took.
_AGE_PER_COST = 5.0


class Snapshot:
    """The objects in DataLab as they were last seen, and as this program changed them.

    Args:
        connection: The clients.

    Attributes:
        catalogue: The objects.
        groups: The groups that were needed since then.
        stale: The catalogue must be read again before it is used.
    """

    def __init__(self, connection: Connection) -> None:
        self.catalogue = Catalogue()
        self.groups = PanelGroups()
        # Titles as the Web API listed them last.
        self._listed: list[str] = []
        self._read_at = self._cost = 0.0
        self.attach(connection)

    def attach(self, connection: Connection) -> None:
        """Use other clients; objects that were seen before are recognised."""
        self._connection = connection
        self.groups.forget_all()
        self.stale = True

    @property
    def seen(self) -> bool:
        """Whether the objects in DataLab have been read."""
        return self._read_at > 0.0

    def refresh(self, max_age: float = 0.0) -> bool:
        """Read what others have changed; see `Backend.refresh`."""
        age = time.monotonic() - self._read_at
        oldest = max(max_age, self._cost * _AGE_PER_COST)
        if max_age and not self.stale and age < oldest:
            return False
        begun = time.monotonic()
        self.groups.forget()
        self.catalogue = self._read()
        self.groups.kinds = {item.uuid: item.kind for item in self.catalogue.items}
        self.stale = False
        self._read_at = time.monotonic()
        self._cost = self._read_at - begun
        return True

    def refresh_now(self) -> Catalogue:
        """Read everything again, and return the catalogue."""
        self.stale = True
        self.refresh()
        return self.catalogue

    def groups_of(self, kinds: Sequence[Kind]) -> list[PanelGroup]:
        """Return the groups of some kinds; by the Web API alone, a kind is one group.

        Raises:
            NoAnswerError: XML-RPC does not answer.
        """
        if self._connection.rpc is None:
            of_kind = {
                kind: [item.uuid for item in self.catalogue.items if item.kind == kind]
                for kind in kinds
            }
            return [PanelGroup(k, "", uuids) for k, uuids in of_kind.items() if uuids]
        rpc = self._connection.require_xmlrpc("reading groups")
        with rpc.panel_kept():
            refs = [ref for kind in kinds for ref in self.groups.of(rpc, kind)]
        return [
            PanelGroup(
                ref.kind,
                ref.title,
                [uuid for uuid in ref.uuids if uuid in self.catalogue],
            )
            for ref in refs
        ]

    def append(self, new: CatalogueEntry) -> None:
        """Note an object that was added at the end of its kind."""
        signals = [item for item in self.catalogue.items if item.kind == "signal"]
        place = len(signals) if new.kind == "signal" else len(self._listed)
        self._listed.insert(place, new.title)
        self.groups.added(new.uuid, new.kind)
        self.catalogue = self.catalogue.appended(new)

    def remove(self, uuid: str) -> None:
        """Note that an object was removed; the others stay in their order."""
        if self.catalogue[uuid].title in self._listed:
            self._listed.remove(self.catalogue[uuid].title)
        self.groups.removed(uuid)
        self.catalogue = self.catalogue.without([uuid])

    def clear(self) -> None:
        """Note that everything was removed."""
        self.catalogue = Catalogue()
        self.groups.forget_all()
        self.stale = True

    def _read(self) -> Catalogue:
        self._connection.probe_if_silent()
        web, rpc = self._connection.web, self._connection.xmlrpc_if_alive()
        if web is None:
            return self._by_rpc(self._connection.require_xmlrpc("listing objects"))
        if rpc is None:
            listed = web.objects()
            if self.catalogue.has_titles_of(listed) and not self.stale:
                return self.catalogue.described_in_order(listed)
            return self.catalogue.recognised_by_title(listed)
        # The Web API lists objects in the order in which they came, without groups.
        uuids = [uuid for kind in KINDS for uuid in rpc.uuids(kind)]
        listed = web.objects()
        known = [item.uuid for item in self.catalogue.items] == uuids
        before, self._listed = self._listed, [item.name for item in listed]
        if known and self._listed == before and not self.stale:
            return self.catalogue.described_by_title(listed)
        return self._by_rpc(rpc).described_by_title(listed)

    def _by_rpc(self, rpc: XmlRpc) -> Catalogue:
        items = []
        for kind in KINDS:
            known = [i.uuid for i in self.catalogue.items if i.kind == kind]
            items += [
                CatalogueEntry(ref.uuid, kind, ref.title)
                for ref in rpc.panel(kind, known)
            ]
        return Catalogue(items)
