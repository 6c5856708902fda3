"""The transfer of single objects to DataLab and back, by either protocol."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import uuid4

from datalab_workspace.backends.base import PanelGroup
from datalab_workspace.encoding import sidecar
from datalab_workspace.encoding.carriers import NPZ, RPC
from datalab_workspace.errors import (
    AmbiguousObjectError,
    ConnectionLostError,
    DataLabError,
    InvalidNameError,
    LiveError,
    ObjectNotFoundError,
)
from datalab_workspace.live import advice
from datalab_workspace.live.catalogue import Catalogue, CatalogueEntry
from datalab_workspace.live.clients.webapi import TEXTS, Listed, can_route
from datalab_workspace.live.clients.xmlrpc_calls import check_text
from datalab_workspace.live.codecs import rpc_json
from datalab_workspace.live.connection import Connection
from datalab_workspace.live.groups import PanelGroups
from datalab_workspace.model.description import TEXT_FIELDS, Summary
from datalab_workspace.model.project import Group, Item
from datalab_workspace.model.record import FieldValue, Kind, Record
from datalab_workspace.progress import Progress
from datalab_workspace.validation import warn_caller

#: Bytes of data up to which an object is also transferred by XML-RPC, as decimal
#: numbers: 1 MiB takes about 0.3 s.
SMALL = 1 << 20
#: The parts of an object in DataLab that the Web API does not carry.
NOT_BY_WEB = ("annotations", "bounds", "scales", "private metadata")


class Router:
    """The transfer of objects by the protocols that are available.

    Args:
        connection: The clients.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def addressed(self, catalogue: Catalogue, uuid: str) -> str:
        """Return the title by which the Web API can address an object.

        Raises:
            AmbiguousObjectError: Another object has the same title.
            InvalidNameError: No request can hold the title.
        """
        address = catalogue.address(uuid)
        if address is not None:
            return address
        title = catalogue[uuid].title
        if can_route(title):
            raise AmbiguousObjectError(
                f"several objects in DataLab have the title {title!r:.80}, and its Web "
                "API cannot distinguish them; give them different titles there"
            )
        raise InvalidNameError(
            f"DataLab's Web API cannot address the object {title!r:.80}; give it a "
            "title without '/' and control characters, which is not '.' or '..'"
        )

    # -- from DataLab -----------------------------------------------------------------

    def fetch(self, catalogue: Catalogue, uuid: str, *, full: bool) -> Record:
        """Return an object.

        Args:
            catalogue: All objects.
            uuid: UUID of the object.
            full: Fetch everything even of a large object, which is slow.

        Raises:
            ObjectNotFoundError: It was removed, or has a different title now.
        """
        known, connection = catalogue[uuid], self._connection
        if connection.web is None or (
            connection.rpc is not None and catalogue.address(uuid) is None
        ):
            rpc = connection.require_xmlrpc(f"getting {known.title!r:.80}")
            return sidecar.join(rpc.get_plain(uuid, known.kind, known.nbytes), RPC)
        exact = self._exact(catalogue, known)
        if connection.rpc is not None and (full or exact.nbytes <= SMALL):
            what = f"getting {known.title!r:.80} in full"
            if full:
                connection.require_xmlrpc(what)
            alive = connection.xmlrpc_if_alive()
            if alive is not None:
                plain = alive.get_plain(uuid, known.kind, exact.nbytes)
                return rpc_json.with_data(plain, exact)
        return sidecar.join(exact, NPZ)

    def content(
        self,
        catalogue: Catalogue,
        groups: Sequence[PanelGroup],
        uuids: Collection[str] | None,
    ) -> list[Group]:
        """Return groups with all of their objects, or only those of some UUIDs.

        With `uuids`, groups that contain none of these objects are left out.
        """
        chosen = [
            (group, [u for u in group.uuids if uuids is None or u in uuids])
            for group in groups
        ]
        found = []
        with Progress("getting objects", sum(len(u) for _, u in chosen)) as progress:
            for group, members in chosen:
                if members or uuids is None:
                    items: list[Item] = []
                    for uuid in members:
                        items.append(self.fetch(catalogue, uuid, full=True))
                        progress.advance(1)
                    found.append(Group(group.kind, group.title, items))
        return found

    def _exact(self, catalogue: Catalogue, known: CatalogueEntry) -> Record:
        web = self._connection.require_web(f"getting {known.title!r:.80} exactly")
        title = self.addressed(catalogue, known.uuid)
        exact = web.get_plain(title, uuid=known.uuid)
        if exact.kind != known.kind:
            raise ObjectNotFoundError(f"DataLab has no {known.kind} {title!r:.80}")
        return exact

    def summary(self, catalogue: Catalogue, known: CatalogueEntry) -> Summary:
        """Return the summary of an object, without transferring large data."""
        missing = (*NOT_BY_WEB, *(["coordinates"] if known.kind == "image" else []))
        if (
            self._connection.web is not None
            and catalogue.address(known.uuid) is not None
        ):
            if known.nbytes > SMALL:
                return Summary(
                    known.kind,
                    known.title,
                    known.shape,
                    known.dtype,
                    {name: known.texts.get(name, "") for name in TEXT_FIELDS},
                    None,
                    None,
                    known.nbytes,
                    missing,
                )
            record = sidecar.join(self._exact(catalogue, known), NPZ)
            return Summary.of(record, missing if self._connection.rpc is None else ())
        return Summary.of(self.fetch(catalogue, known.uuid, full=False))

    # -- to DataLab -------------------------------------------------------------------

    def check(self, record: Record) -> None:
        """Make sure that DataLab can hold an object, without sending it.

        Raises:
            UnsupportedDtypeError: DataLab can't hold the data without loss.
            InvalidNameError: No available protocol can carry the title.
        """
        sidecar.split(record, RPC if self._connection.web is None else NPZ)
        if self._connection.rpc is not None:
            check_text(record.title)
        elif not can_route(record.title):
            raise InvalidNameError(
                f"DataLab's Web API cannot address an object by the name "
                f"{record.title!r:.80}{advice.NO_XMLRPC}; "
                "choose a name without '/' and control characters, not '.' or '..'"
            )

    def send(self, catalogue: Catalogue, record: Record) -> CatalogueEntry:
        """Add an object.

        Returns:
            Its entry in the catalogue.

        Raises:
            InvalidNameError: No available protocol can carry its title.
            AmbiguousObjectError: Another object has the same title, and XML-RPC is not
                available.
            UnsupportedDtypeError: DataLab can't hold the data without loss.
        """
        title, connection = record.title, self._connection
        new = CatalogueEntry(
            record.uuid, record.kind, title, record.shape, record.dtype
        )
        if connection.rpc is not None:
            check_text(title)
        free = not catalogue.has_title(title)
        if connection.web is not None and free and can_route(title):
            return new.described_by(self._put(title, record))
        if connection.rpc is None:
            self.check(record)
            raise AmbiguousObjectError(
                f"another object in DataLab has the title {title!r:.80}, and its Web "
                "API could not distinguish the two; choose a different name"
            )
        rpc = connection.require_xmlrpc(f"adding an object titled {title!r:.80}")
        if connection.web is None or record.nbytes <= SMALL:
            rpc.add(record)
            return new
        temporary = temporary_title()
        listed = self._put(temporary, record)
        try:
            self._retitle(temporary, record.uuid, record.kind, title)
        except LiveError:
            self._take_back(temporary)
            raise
        return CatalogueEntry(new.uuid, new.kind, title, listed.shape, listed.dtype)

    def _take_back(self, title: str) -> None:
        """Remove an object that was just added, while another error is raised."""
        try:
            self._connection.require_web("removing an object").remove(title)
        except (LiveError, ObjectNotFoundError) as error:
            warn_caller(
                f"{title!r} is left in DataLab and could not be removed ({error})",
                UserWarning,
            )

    def _put(self, title: str, record: Record) -> Listed:
        web = self._connection.require_web("adding an object by its title")
        try:
            return web.put(title, record)
        except ConnectionLostError:
            # No object had the title: if one has it now, it is this object.
            try:
                return web.describe(title)
            except (LiveError, ObjectNotFoundError):
                pass
            raise

    def replace(
        self,
        catalogue: Catalogue,
        record: Record,
        groups: PanelGroups,
        *,
        in_place: bool = False,
    ) -> CatalogueEntry | None:
        """Replace the object of the same UUID, which is of the same kind.

        Args:
            catalogue: All objects.
            record: The object.
            groups: The groups.
            in_place: Do not remove the old object first if that can be avoided, even
                if it is slow.

        Returns:
            None if the object keeps its position; otherwise its new entry in the
            catalogue, last in its group.
        """
        known, connection = catalogue[record.uuid], self._connection
        if connection.rpc is not None and (
            connection.web is None
            or in_place
            or max(known.nbytes, record.nbytes) <= SMALL
            or catalogue.address(record.uuid) is None
        ):
            connection.require_xmlrpc(f"replacing {known.title!r:.80}").replace(record)
            return None
        title = self.addressed(catalogue, record.uuid)
        rpc = connection.xmlrpc_if_alive()
        if rpc is not None:
            groups.select_group_of(rpc, record.kind, record.uuid)
        web = connection.require_web(f"replacing {known.title!r:.80}")
        listed = web.put(title, record, overwrite=True)
        return CatalogueEntry(record.uuid, record.kind, title).described_by(listed)

    def patch(
        self, catalogue: Catalogue, uuid: str, fields: Mapping[str, FieldValue]
    ) -> bool:
        """Set labels and units without sending the data, if that is possible.

        Returns:
            Whether it was done. It is not done if a small object can be sent instead,
            because DataLab's window then shows the change.
        """
        web, address = self._connection.web, catalogue.address(uuid)
        small = catalogue[uuid].nbytes <= SMALL
        if (
            web is None
            or address is None
            or (small and self._connection.rpc is not None)
        ):
            return False
        texts = {
            name: value
            for name, value in fields.items()
            if name in TEXTS and isinstance(value, str)
        }
        if texts.keys() != fields.keys():
            return False
        web.patch(address, **texts)
        return True

    def rename(self, catalogue: Catalogue, uuid: str, title: str) -> None:
        """Give an object another title.

        Raises:
            InvalidNameError: No available protocol can carry it.
            AmbiguousObjectError: Another object has the title, and XML-RPC is not
                available.
        """
        connection = self._connection
        if connection.rpc is not None:
            check_text(title)
        rpc, known = connection.xmlrpc_if_alive(), catalogue[uuid]
        address = catalogue.address(uuid)
        if rpc is not None and connection.web is not None and address is not None:
            self._retitle(address, uuid, known.kind, title)
            return
        if rpc is not None:
            self.set_title(catalogue, uuid, title)
            return
        if connection.web is None or not can_route(title):
            connection.require_xmlrpc(f"the title {title!r:.80}")
        web = connection.require_web(f"the title {title!r:.80}")
        if catalogue.has_title(title):
            raise AmbiguousObjectError(
                f"another object in DataLab has the title {title!r:.80}, and its Web "
                "API could not distinguish the two; choose a different name"
            )
        web.patch(self.addressed(catalogue, uuid), title=title)

    def _retitle(self, address: str, uuid: str, kind: Kind, title: str) -> None:
        """Set a title by the Web API, which does not depend on the selection.

        So another program that selects something at the same time does no harm.
        """
        what = f"the title {title!r:.80}"
        web = self._connection.require_web(what)
        rpc = self._connection.require_xmlrpc(what)
        web.retitle(address, title)
        rpc.show_titles()
        titles = {ref.uuid: ref.title for ref in rpc.panel(kind)}
        if titles.get(uuid) != title:
            raise DataLabError(
                f"DataLab did not rename the {kind} {address!r:.80} to {title!r:.80}; "
                "was it renamed or removed there at the same time?"
            )

    def set_title(self, catalogue: Catalogue, uuid: str, title: str) -> None:
        """Set a title by XML-RPC; a small object is sent again with it.

        A large one must be selected first. If another program selects something at that
        moment, an error is raised.
        """
        rpc = self._connection.require_xmlrpc(f"the title {title!r:.80}")
        record = self.fetch(catalogue, uuid, full=True)
        if record.nbytes <= SMALL:
            record.fields["title"] = title
            rpc.replace(record)
        else:
            rpc.rename(uuid, record.kind, title)


def temporary_title() -> str:
    """Return a title that no object has, and in which DataLab finds no short id."""
    return f"datalab_workspace {uuid4().hex}"
