"""What is known of DataLab, and how what others have changed there is found out."""

from __future__ import annotations

import time

from datalab_workspace.live.catalogue import Catalogue, Known
from datalab_workspace.live.clients.xmlrpc import XmlRpc
from datalab_workspace.live.connection import Connection
from datalab_workspace.model.record import KINDS

#: What is known of DataLab is good for so many times as long as it took to find out,
#: where that is asked for: listing many objects takes long.
_PATIENCE = 5.0


class Snapshot:
    """The objects in DataLab as they were seen last, and as changed by us since.

    Args:
        connection: The clients.

    Attributes:
        catalogue: The objects.
        unsure: Something is to be found out before the catalogue is relied upon.
    """

    def __init__(self, connection: Connection) -> None:
        self.catalogue = Catalogue()
        # Titles as the Web API listed them last.
        self._listed: list[str] = []
        self._looked = self._cost = 0.0
        self.attach(connection)

    def attach(self, connection: Connection) -> None:
        """Look through other clients; what was seen before is recognised."""
        self._connection = connection
        self.unsure = True

    @property
    def seen(self) -> bool:
        """Whether DataLab has told once what there is."""
        return self._looked > 0.0

    def refresh(self, max_age: float = 0.0) -> bool:
        """Find out what others have changed; see `Backend.refresh`."""
        age = time.monotonic() - self._looked
        if max_age and not self.unsure and age < max(max_age, self._cost * _PATIENCE):
            return False
        begun = time.monotonic()
        self.catalogue = self._read()
        self.unsure = False
        self._looked = time.monotonic()
        self._cost = self._looked - begun
        return True

    def refresh_now(self) -> Catalogue:
        """Return what there is, and rely on nothing that was known."""
        self.unsure = True
        self.refresh()
        return self.catalogue

    def append(self, new: Known) -> None:
        """Note an object that was added, at the end of its kind."""
        signals = [item for item in self.catalogue.items if item.kind == "signal"]
        place = len(signals) if new.kind == "signal" else len(self._listed)
        self._listed.insert(place, new.title)
        self.catalogue = self.catalogue.appended(new)

    def remove(self, uuid: str) -> None:
        """Note that an object was removed; what is left stays in its order."""
        if self.catalogue[uuid].title in self._listed:
            self._listed.remove(self.catalogue[uuid].title)
        self.catalogue = self.catalogue.without([uuid])

    def clear(self) -> None:
        """Note that everything was removed."""
        self.catalogue = Catalogue()
        self.unsure = True

    def _read(self) -> Catalogue:
        web, rpc = self._connection.web, self._connection.xmlrpc_if_alive()
        if web is None:
            return self._by_rpc(self._connection.require_xmlrpc("listing objects"))
        if rpc is None:
            listed = web.objects()
            if self.catalogue.agrees(listed) and not self.unsure:
                return self.catalogue.updated(listed)
            return self.catalogue.by_titles(listed)
        # The Web API lists objects as they came, whatever their order and groups are.
        uuids = [uuid for kind in KINDS for uuid in rpc.uuids(kind)]
        listed = web.objects()
        known = [item.uuid for item in self.catalogue.items] == uuids
        before, self._listed = self._listed, [item.name for item in listed]
        if known and self._listed == before and not self.unsure:
            return self.catalogue.with_told(listed)
        return self._by_rpc(rpc).with_told(listed)

    def _by_rpc(self, rpc: XmlRpc) -> Catalogue:
        items = []
        for kind in KINDS:
            known = [i.uuid for i in self.catalogue.items if i.kind == kind]
            items += [Known(p.uuid, kind, p.title) for p in rpc.panel(kind, known)]
        return Catalogue(items)
