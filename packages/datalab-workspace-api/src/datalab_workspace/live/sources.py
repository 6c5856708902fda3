"""Which objects in DataLab were computed of which, so that removing opens no box.

Where an object is removed of which another one was computed, DataLab 1.3 opens a box to
say that it cannot compute the other one anew. So the other one is told before that it
comes from nowhere.
"""

# The defect is reported in docs/upstream/datalab_sources.md.

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from datalab_workspace.errors import ObjectNotFoundError
from datalab_workspace.live.catalogue import Catalogue
from datalab_workspace.live.clients.xmlrpc import XmlRpc
from datalab_workspace.model.record import PROCESSING_KEY, Record


class SourceIndex:
    """What is known of the objects of which others were computed."""

    def __init__(self) -> None:
        self._sources: dict[str, frozenset[str]] = {}

    def learn(self, record: Record) -> frozenset[str]:
        """Remember, and return, the UUIDs of what an object was computed of."""
        sources = self._sources[record.uuid] = _sources(record.metadata)
        return sources

    def computed_of(
        self, uuids: Collection[str], catalogue: Catalogue, rpc: XmlRpc | None
    ) -> list[str]:
        """Return UUIDs of the other objects that were computed of some.

        Args:
            uuids: UUIDs of objects.
            catalogue: What there is.
            rpc: Tells what is not known yet; without it, only what was computed here
                is known.
        """
        kinds = {catalogue[uuid].kind for uuid in uuids}
        found = []
        for item in catalogue.items:
            if item.uuid in uuids or item.kind not in kinds:
                continue
            sources = self._sources.get(item.uuid)
            if sources is None and rpc is not None and item.may_be_computed():
                try:
                    record = rpc.get_plain(item.uuid, item.kind, item.nbytes)
                except ObjectNotFoundError:
                    continue  # another program has removed it meanwhile
                sources = self.learn(record)
            if sources and not sources.isdisjoint(uuids):
                found.append(item.uuid)
        return found

    def forget(self, uuid: str) -> None:
        """Forget an object."""
        self._sources.pop(uuid, None)


def cut(record: Record, uuids: Collection[str]) -> None:
    """Have an object no longer come from some others; what else is noted of it stays.

    Args:
        record: The object; it is changed.
        uuids: UUIDs of the others.
    """
    noted = record.metadata.get(PROCESSING_KEY)
    if not isinstance(noted, Mapping):
        return
    changed = dict(noted)
    if changed.get("source_uuid") in uuids:
        changed["source_uuid"] = None
    if isinstance(several := changed.get("source_uuids"), list | tuple):
        changed["source_uuids"] = [uuid for uuid in several if uuid not in uuids]
    record.metadata[PROCESSING_KEY] = changed


def _sources(metadata: Mapping[Any, Any]) -> frozenset[str]:
    noted = metadata.get(PROCESSING_KEY)
    if not isinstance(noted, Mapping):
        return frozenset()
    several = noted.get("source_uuids")
    named = [noted.get("source_uuid"), *(several if isinstance(several, list) else ())]
    return frozenset(uuid for uuid in named if isinstance(uuid, str))
