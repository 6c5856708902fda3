"""The client of DataLab's XML-RPC server: objects by UUID, groups, selection, refresh.

Whatever would open a box in DataLab, which then answers no call any more, is refused
before it is sent.
"""

# The defect is reported in docs/upstream/datalab_groups.md.

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from datalab_workspace.encoding import sidecar
from datalab_workspace.encoding.carriers import RPC
from datalab_workspace.errors import (
    DamagedFileError,
    DataLabError,
    LiveError,
    ObjectNotFoundError,
)
from datalab_workspace.live.clients.settings import auto_refresh
from datalab_workspace.live.clients.xmlrpc_calls import (
    TIMEOUTS,
    Calls,
    check_text,
    nonsense,
)
from datalab_workspace.live.codecs import rpc_json
from datalab_workspace.live.transport.base import SLOWEST, Timeouts
from datalab_workspace.model.record import KINDS, Kind, Record

_ATTEMPTS = 5


@dataclass(frozen=True)
class ObjectRef:
    """An object as DataLab has it in a panel.

    Attributes:
        uuid: Its UUID.
        kind: "signal" or "image".
        title: Its title, with blanks for what XML can't hold.
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


class XmlRpc(Calls):
    """The client of DataLab's XML-RPC server on this machine.

    See `Calls` for its arguments and for the errors that every method raises.
    """

    # -- objects ----------------------------------------------------------------------

    def objects(self) -> list[ObjectRef]:
        """Return all objects: signals, then images, in DataLab's order."""
        return [placed for kind in KINDS for placed in self.panel(kind)]

    def uuids(self, kind: Kind) -> list[str]:
        """Return the UUIDs of the objects of a kind, in DataLab's order."""
        return self._texts("get_object_uuids", kind)

    def panel(self, kind: Kind, known: Sequence[str] = ()) -> list[ObjectRef]:
        """Return the objects of a kind, in DataLab's order.

        Args:
            kind: "signal" or "image".
            known: UUIDs that they had before; where they have these still, it is not
                asked twice whether they change meanwhile.
        """
        with self._lock:
            before = self.uuids(kind)
            for _ in range(_ATTEMPTS):
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
        """Return an object with all that DataLab has of it.

        Raises:
            ObjectNotFoundError: There is none of this UUID and kind.
        """
        return sidecar.join(self.get_plain(uuid, kind), RPC)

    def get_plain(self, uuid: str, kind: Kind, nbytes: int = 0) -> Record:
        """Return an object as it is there, whatever its sidecar says; see `get`.

        Args:
            uuid: Its UUID.
            kind: Its kind.
            nbytes: Size of its data, where it is known to be large; of DataLab's
                making decimals of each MiB, a second is expected.
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
                f"what DataLab sent for the {kind} {uuid} cannot be read: {error}"
            ) from error
        if record.uuid != uuid or record.kind != kind:
            raise ObjectNotFoundError(f"DataLab has no {kind} {uuid}")
        return record

    def add(self, record: Record) -> None:
        """Append an object to the selected group of its panel, or to the first.

        The record's UUID becomes the object's; it must be no other object's.

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
        """Set everything of the object of the record's UUID, where it is.

        Raises:
            ObjectNotFoundError: There is none of this UUID and kind.
            UnsupportedDtypeError: DataLab can't hold the data without loss.
        """
        encoded = rpc_json.encode(record)
        check_text(record.title)
        with self._lock:
            self._find([record.uuid], record.kind)
            self._do("set_object", encoded)

    def rename(self, uuid: str, kind: Kind, title: str) -> None:
        """Set the title of an object, whatever other objects are called.

        Raises:
            ObjectNotFoundError: There is none of this UUID and kind.
            InvalidNameError: XML can't hold the title.
        """
        check_text(title)
        with self._selected([uuid], kind):
            self._on_panel("rename_selected_object_or_group", kind, title)
        found = {placed.uuid: placed.title for placed in self.panel(kind)}
        if found.get(uuid) != title:
            raise DataLabError(
                f"DataLab did not rename the {kind} {uuid} to {title!r:.80}; was "
                "something selected in its window meanwhile?"
            )

    def remove_all(self, kind: Kind) -> None:
        """Remove all objects and groups of a kind."""
        self._on_panel("remove_all_objects", kind)
        if self.uuids(kind):
            raise DataLabError(f"DataLab did not remove all {kind}s")

    def remove(self, uuids: Sequence[str], kind: Kind) -> None:
        """Remove objects of a kind.

        Nothing is removed unless DataLab has selected these and no others.

        Raises:
            ObjectNotFoundError: There is none of one of the UUIDs.
        """
        if not uuids:
            return
        with self._selected(uuids, kind):
            self._on_panel("remove_object", kind, True)
            left = {*uuids} & {*self._texts("get_object_uuids", kind)}
        if left:
            raise DataLabError(
                f"DataLab did not remove {len(left)} of {len(uuids)} {kind}s; was "
                "something selected in its window meanwhile?"
            )

    def _find(self, uuids: Sequence[str], kind: Kind) -> None:
        missing = {*uuids} - {*self._texts("get_object_uuids", kind)}
        if missing:
            raise ObjectNotFoundError(
                f"DataLab has no {kind} {', '.join(sorted(missing)):.120}; it may have "
                "been removed there"
            )

    def _check_present(self, uuid: str, kind: Kind, what: str) -> None:
        if uuid not in self._texts("get_object_uuids", kind):
            raise DataLabError(f"DataLab did not {what}; its log may tell why")

    # -- groups -----------------------------------------------------------------------

    def groups(self, kind: Kind) -> list[GroupRef]:
        """Return the groups of a panel; the window may have to show it for that."""
        with self._showing(kind):
            result = self.call("get_group_titles_with_object_info")
        try:
            titles, uuids, _ = result
            return [
                GroupRef(number, kind, str(title), tuple(map(str, members)))
                for number, (title, members) in enumerate(
                    zip(titles, uuids, strict=True), 1
                )
            ]
        except (TypeError, ValueError) as error:
            raise nonsense("tell its groups", result) from error

    def members(self, kind: Kind, number: int) -> list[str] | None:
        """Return UUIDs of the objects of a group, None where there is no such group.

        Args:
            kind: The kind of its objects.
            number: Its number in the panel, from 1.
        """
        try:
            return self._texts("get_object_uuids", kind, number)
        except ObjectNotFoundError:
            return None
        except DataLabError as error:
            # This is how DataLab looks for the group of that number.
            if "IndexError" in str(error):
                return None
            raise

    def add_group(self, kind: Kind, title: str) -> list[GroupRef]:
        """Make a group at the end of a panel, and return all groups.

        Raises:
            InvalidNameError: XML can't hold the title.
        """
        check_text(title)
        with self._lock:
            self._do("add_group", title, kind, False)
            groups = self.groups(kind)
        if not groups or groups[-1].title != title:
            raise DataLabError(f"DataLab did not make the group {title!r:.80}")
        return groups

    def select_group(self, kind: Kind, number: int) -> None:
        """Select a group, which draws its objects; what is added next goes there."""
        self._do("select_groups", [number], kind)

    # -- selection --------------------------------------------------------------------

    def shown(self) -> str:
        """Return which panel the window shows: "signal", "image" or "macro"."""
        result = self.call("get_current_panel")
        if not isinstance(result, str):
            raise nonsense("get_current_panel", result)
        return result

    def selection(self) -> list[str]:
        """Return UUIDs of what is selected in the panel that the window shows."""
        return self._texts("get_sel_object_uuids")

    def select(self, uuids: Sequence[str], kind: Kind, *, show: bool = False) -> None:
        """Select objects of a kind, which draws them.

        Args:
            uuids: Their UUIDs.
            kind: Their kind.
            show: Have the window show them, too.

        Raises:
            ObjectNotFoundError: There is none of one of the UUIDs.
        """
        if not uuids:
            raise ValueError("DataLab cannot select nothing; name an object")
        with self._lock:
            self._find(uuids, kind)
            if show:
                self._do("set_current_panel", kind)
            self._do("select_objects", [*uuids], kind)

    @contextmanager
    def _selected(self, uuids: Sequence[str], kind: Kind) -> Iterator[None]:
        """Have objects, and no others, selected; then what was selected before."""
        with self._showing(kind):
            before = self.selection()
            for _ in range(_ATTEMPTS):
                self._find(uuids, kind)
                self._do("select_objects", [*uuids], kind)
                if {*self.selection()} == {*uuids}:
                    break
            else:
                raise DataLabError(
                    "the selection in DataLab's window keeps changing; wait until what "
                    "changes it is done"
                )
            try:
                yield
            finally:
                present = {*self._texts("get_object_uuids", kind)}
                again = [uuid for uuid in before if uuid in present]
                if again:  # DataLab cannot be told to select nothing
                    self._do("select_objects", again, kind)

    @contextmanager
    def _showing(self, kind: Kind) -> Iterator[None]:
        """Show a panel, whose selection and groups only then can be read."""
        with self._lock:
            before = self.shown()
            if before != kind:
                self._do("set_current_panel", kind)
            try:
                yield
            finally:
                if before != kind:
                    self._do("set_current_panel", before)

    def show_titles(self) -> None:
        """Have the window show titles that the Web API has changed.

        Of several objects that are selected in the panel that is shown, all stay so.
        """
        with self._lock:
            kind, selected = self.shown(), self.selection()
            self._on_panel("repopulate_panel_trees", None)
            if len(selected) > 1:
                self._do("select_objects", selected, kind)

    # -- the window -------------------------------------------------------------------

    def screenshot(self, stem: str) -> None:
        """Have DataLab write a picture of its window: ``<stem>_<date>.png``.

        Args:
            stem: Where, on DataLab's machine: an absolute path without suffix.
        """
        self._on_panel("take_screenshot", None, stem)

    @contextmanager
    def refresh_off(self) -> Iterator[None]:
        """Keep DataLab from drawing what is added meanwhile.

        The setting is the user's, kept by DataLab in a file and told by no wire. It is
        left alone unless that file says that it is on, and put back in any case.
        """
        if auto_refresh() is not True:
            yield
            return
        self._do("toggle_auto_refresh", False)
        try:
            yield
        except BaseException:
            self._refresh_on_again()
            raise
        self._do("toggle_auto_refresh", True)

    def _refresh_on_again(self) -> None:
        """Put the setting back while another error is on its way."""
        try:
            self._do("toggle_auto_refresh", True)
        except LiveError as error:
            warnings.warn(
                f"automatic refresh could not be switched on again in DataLab ({error})"
                "; switch it on in its Snapshot menu",
                stacklevel=4,
            )
