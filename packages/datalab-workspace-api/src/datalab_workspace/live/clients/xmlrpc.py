"""The client of DataLab's XML-RPC server: objects by UUID, and groups.

A call that opens a dialog in DataLab blocks the server until the dialog is closed. So
the client refuses such calls before it sends them.
"""

# The defect is reported in docs/upstream/datalab_groups.md.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from datalab_workspace.encoding import sidecar
from datalab_workspace.encoding.carriers import RPC
from datalab_workspace.errors import (
    DamagedFileError,
    DataLabError,
    ObjectNotFoundError,
)
from datalab_workspace.live.clients.xmlrpc_calls import (
    ATTEMPTS,
    TIMEOUTS,
    check_text,
    unexpected_result,
)
from datalab_workspace.live.clients.xmlrpc_window import WindowCalls
from datalab_workspace.live.codecs import rpc_json
from datalab_workspace.live.transport.base import SLOWEST, Timeouts
from datalab_workspace.model.record import KINDS, Kind, Record

_NOTHING: Mapping[str, Kind] = MappingProxyType({})


@dataclass(frozen=True)
class ObjectRef:
    """An object in a panel of DataLab.

    Attributes:
        uuid: Its UUID.
        kind: "signal" or "image".
        title: Its title, with blanks for characters that XML can't hold.
    """

    uuid: str
    kind: Kind
    title: str


@dataclass(frozen=True)
class GroupRef:
    """A group of a panel.

    Attributes:
        number: Its number in the panel, from 1.
        kind: The kind of its objects.
        title: Its title.
        uuids: UUIDs of its objects in their order.
    """

    number: int
    kind: Kind
    title: str
    uuids: tuple[str, ...]


class XmlRpc(WindowCalls):
    """The client of DataLab's XML-RPC server on this machine.

    See `Calls` for its arguments and for the errors of every method.
    """

    # -- objects ----------------------------------------------------------------------

    def objects(self) -> list[ObjectRef]:
        """Return all objects: signals, then images, in DataLab's order."""
        return [found for kind in KINDS for found in self.panel(kind)]

    def uuids(self, kind: Kind) -> list[str]:
        """Return the UUIDs of the objects of a kind, in DataLab's order."""
        return self._texts("get_object_uuids", kind)

    def panel(self, kind: Kind, known: Sequence[str] = ()) -> list[ObjectRef]:
        """Return the objects of a kind, in DataLab's order.

        Args:
            kind: "signal" or "image".
            known: The UUIDs at the last look. If they are still the same, no second
                request is needed to find out whether they change at this moment.
        """
        with self._lock:
            before = self.uuids(kind)
            for _ in range(ATTEMPTS):
                titles = self._texts("get_object_titles", kind)
                sure = before == [*known] and len(titles) == len(before)
                uuids = before if sure else self.uuids(kind)
                if uuids == before and len(titles) == len(uuids):
                    return [
                        ObjectRef(uuid, kind, title)
                        for uuid, title in zip(uuids, titles, strict=True)
                    ]
                before = uuids  # another client adds or removes objects
        raise DataLabError(
            f"the {kind}s in DataLab change faster than they can be listed; "
            "wait until what changes them is done"
        )

    def get(self, uuid: str, kind: Kind) -> Record:
        """Return an object with everything that DataLab stores for it.

        Raises:
            ObjectNotFoundError: There is no such object.
        """
        return sidecar.join(self.get_plain(uuid, kind), RPC)

    def get_plain(self, uuid: str, kind: Kind, nbytes: int = 0) -> Record:
        """Return an object without applying its sidecar; see `get`.

        Args:
            uuid: Its UUID.
            kind: Its kind.
            nbytes: Size of its data, if it is known. DataLab writes the data as
                decimal numbers, for which a second is allowed per MiB.
        """
        timeouts = None
        if nbytes > SLOWEST:
            read = TIMEOUTS.read + nbytes / SLOWEST
            timeouts = Timeouts(connect=TIMEOUTS.connect, read=read)
        result = self.call("get_object", uuid, kind, timeouts=timeouts)
        try:
            record = rpc_json.read(result)
        except DamagedFileError as error:
            raise DataLabError(
                f"DataLab sent an answer for the {kind} {uuid} that cannot be read: "
                f"{error}"
            ) from error
        if record.uuid != uuid or record.kind != kind:
            raise ObjectNotFoundError(f"DataLab has no {kind} {uuid}")
        return record

    def add(self, record: Record) -> None:
        """Append an object to the selected group of its panel, or to the first.

        The record's UUID becomes the object's; no other object may have it.

        Raises:
            UnsupportedDtypeError: DataLab can't hold the data without loss.
            InvalidNameError: XML can't hold its title.
        """
        encoded = rpc_json.encode(record)
        check_text(record.title)
        with self._lock:
            if record.uuid in self._texts("get_object_uuids", record.kind):
                raise DataLabError(f"DataLab has a {record.kind} {record.uuid} already")
            self._do("add_object", encoded, "", False)
            self._check_present(record.uuid, record.kind, f"add {record.title!r:.80}")

    def replace(self, record: Record) -> None:
        """Replace the content of the object that has the record's UUID.

        Raises:
            ObjectNotFoundError: There is no such object.
            UnsupportedDtypeError: DataLab can't hold the data without loss.
        """
        encoded = rpc_json.encode(record)
        check_text(record.title)
        with self._lock:
            self._find([record.uuid], record.kind)
            self._do("set_object", encoded)

    def rename(self, uuid: str, kind: Kind, title: str) -> None:
        """Set the title of an object, which another object may have, too.

        Raises:
            ObjectNotFoundError: There is no such object.
            InvalidNameError: XML can't hold the title.
        """
        check_text(title)
        with self.selected([uuid], kind):
            self._on_panel("rename_selected_object_or_group", kind, title)
        found = {ref.uuid: ref.title for ref in self.panel(kind)}
        if found.get(uuid) != title:
            raise DataLabError(
                f"DataLab did not rename the {kind} {uuid} to {title!r:.80}; was "
                "the selection in its window changed at the same time?"
            )

    def remove_all(self, kind: Kind) -> None:
        """Remove all objects and groups of a kind."""
        self._on_panel("remove_all_objects", kind)
        if self.uuids(kind):
            raise DataLabError(f"DataLab did not remove all {kind}s")

    def remove(self, uuids: Sequence[str], kind: Kind) -> None:
        """Remove objects of a kind.

        Before that, the client makes sure that DataLab has selected these and no
        others.

        Raises:
            ObjectNotFoundError: One of the objects does not exist.
        """
        if not uuids:
            return
        with self.selected(uuids, kind):
            self._on_panel("remove_object", kind, True)
            left = {*uuids} & {*self._texts("get_object_uuids", kind)}
        if left:
            raise DataLabError(
                f"DataLab did not remove {len(left)} of {len(uuids)} {kind}s; was "
                "the selection in its window changed at the same time?"
            )

    def _check_present(self, uuid: str, kind: Kind, what: str) -> None:
        if uuid not in self._texts("get_object_uuids", kind):
            raise DataLabError(f"DataLab did not {what}; its log may say why")

    # -- groups -----------------------------------------------------------------------

    def groups(
        self, kind: Kind, kinds: Mapping[str, Kind] = _NOTHING
    ) -> list[GroupRef]:
        """Return the groups of a panel, which the window shows in the meantime.

        Args:
            kind: The kind of their objects.
            kinds: The kinds of known objects. If another program shows the other panel
                at that moment, DataLab returns the groups of that panel.
        """
        groups: list[GroupRef] = []
        for _ in range(ATTEMPTS):
            with self.showing(kind):
                result = self.call("get_group_titles_with_object_info")
            groups = _group_refs(kind, result)
            found = [kinds[u] for group in groups for u in group.uuids if u in kinds]
            if kind in found or (not found and kind not in kinds.values()):
                return groups
            self.panel_changed()
        if found:
            raise DataLabError(
                f"cannot read the groups of {kind}s: the panel that DataLab's window "
                "shows keeps changing; wait until the program that changes it is done"
            )
        return groups

    def members(self, kind: Kind, number: int) -> list[str] | None:
        """Return UUIDs of the objects of a group; None if there is no such group.

        Args:
            kind: The kind of its objects.
            number: Its number in the panel, from 1.
        """
        try:
            return self._texts("get_object_uuids", kind, number)
        except ObjectNotFoundError:
            return None
        except DataLabError as error:
            # DataLab looks for a group by its position in a list.
            if "IndexError" in str(error):
                return None
            raise

    def add_group(self, kind: Kind, title: str) -> list[GroupRef]:
        """Add a group at the end of a panel, and return all groups.

        Raises:
            InvalidNameError: XML can't hold the title.
        """
        check_text(title)
        with self._lock:
            self._do("add_group", title, kind, False)
            groups = self.groups(kind)
        if not groups or groups[-1].title != title:
            raise DataLabError(f"DataLab did not add the group {title!r:.80}")
        return groups

    def select_group(self, kind: Kind, number: int) -> None:
        """Select a group, which draws its objects; the next new object goes there."""
        self._do("select_groups", [number], kind)


def _group_refs(kind: Kind, result: Any) -> list[GroupRef]:
    try:
        titles, uuids, _ = result
        return [
            GroupRef(number, kind, str(title), tuple(map(str, members)))
            for number, (title, members) in enumerate(
                zip(titles, uuids, strict=True), 1
            )
        ]
    except (TypeError, ValueError) as error:
        raise unexpected_result("get_group_titles_with_object_info", result) from error
