"""The sources of results in DataLab, which must not be removed without care.

If the source of a result is removed, DataLab 1.3 opens a dialog, because it cannot
compute the result again. So the source is first removed from the result's metadata.
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
    """The known sources of each object, by UUID."""

    def __init__(self) -> None:
        self._sources: dict[str, frozenset[str]] = {}

    def learn(self, record: Record) -> frozenset[str]:
        """Remember and return the UUIDs of the sources of an object."""
        sources = self._sources[record.uuid] = _sources(record.metadata)
        return sources

    def computed_from(
        self, uuids: Collection[str], catalogue: Catalogue, rpc: XmlRpc | None
    ) -> list[str]:
        """Return UUIDs of the other objects that were computed from some objects.

        Args:
            uuids: UUIDs of the sources.
            catalogue: All objects.
            rpc: The client that reads unknown sources. Without it, only the results of
                this program are considered.
        """
        kinds = {catalogue[uuid].kind for uuid in uuids}
        found = []
        for item in catalogue.items:
            if item.uuid in uuids or item.kind not in kinds:
                continue
            sources = self._sources.get(item.uuid)
            if sources is None and rpc is not None and item.may_be_result():
                try:
                    record = rpc.get_plain(item.uuid, item.kind, item.nbytes)
                except ObjectNotFoundError:
                    continue  # another program has just removed it
                sources = self.learn(record)
            if sources and not sources.isdisjoint(uuids):
                found.append(item.uuid)
        return found

    def forget(self, uuid: str) -> None:
        """Forget an object."""
        self._sources.pop(uuid, None)


def detach_sources(record: Record, uuids: Collection[str]) -> None:
    """Remove some sources from the processing metadata of an object.

    Args:
        record: The object; it is changed.
        uuids: UUIDs of the sources.
    """
    processing = record.metadata.get(PROCESSING_KEY)
    if not isinstance(processing, Mapping):
        return
    changed = dict(processing)
    if changed.get("source_uuid") in uuids:
        changed["source_uuid"] = None
    if isinstance(several := changed.get("source_uuids"), list | tuple):
        changed["source_uuids"] = [uuid for uuid in several if uuid not in uuids]
    record.metadata[PROCESSING_KEY] = changed


def _sources(metadata: Mapping[Any, Any]) -> frozenset[str]:
    processing = metadata.get(PROCESSING_KEY)
    if not isinstance(processing, Mapping):
        return frozenset()
    several = processing.get("source_uuids")
    uuids = [*several] if isinstance(several, list) else []
    uuids.append(processing.get("source_uuid"))
    return frozenset(uuid for uuid in uuids if isinstance(uuid, str))
