"""The client of DataLab's XML-RPC server: objects by UUID, groups, selection, refresh.

The server has one thread, asks for no token, and has no timeout: while DataLab shows a
box that an XML-RPC call opened, no call is answered any more. So each call here has a
timeout, and whatever would open a box is refused before it is sent.

DataLab 1.3 says that a call is done a moment before it is ready for the next one, and
never answers a call that arrives in that moment; so a call is followed by a pause.

A call that returns nothing in fact returns what an earlier call returned last, and one
of these may fail to be sent; so the results of such calls are never looked at, and what
they did is read back instead.
"""

from __future__ import annotations

import re
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from xml.parsers.expat import ExpatError
from xmlrpc.client import Fault, ResponseError, dumps, loads

from datalab_workspace.clients.settings import auto_refresh
from datalab_workspace.errors import (
    DamagedFileError,
    DataLabError,
    InvalidNameError,
    LiveError,
    ObjectNotFoundError,
)
from datalab_workspace.formats import rpcjson, sidecar
from datalab_workspace.formats.forms import RPC
from datalab_workspace.record import KINDS, Kind, Record
from datalab_workspace.transport.base import SLOWEST, Body, Timeouts, Transport
from datalab_workspace.transport.native import NativeTransport

#: Seconds in which a server that is not stuck tells its version.
PROBE = 1.5
_TIMEOUTS = Timeouts(connect=2.0, read=20.0)
#: Bytes of an answer; an object's data are decimals there.
_LIMIT = 1 << 30
#: Seconds between calls: long beside that moment, short beside the 50 ms of each call.
_PAUSE = 0.01
_ATTEMPTS = 5
_UNMARSHALLED = "cannot marshal"
_MISSING = re.compile(r"KeyError|Invalid object index, id or title")
# XML can't hold them, not even escaped: DataLab fails on a call, or we on its answer.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BLANKS = bytes.maketrans(
    (controls := bytes([*range(9), 11, 12, *range(14, 32)])), b" " * len(controls)
)


@dataclass(frozen=True)
class Placed:
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
class PlacedGroup:
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


class XmlRpc:
    """DataLab's XML-RPC server on this machine; may be used by many threads.

    Args:
        port: Its port.
        transport: Carries the calls; one to this machine if left out.

    Every method raises `UnreachableError`, `NoAnswerError`, `ConnectionLostError` or
    `DataLabError`, all of which are `ConnectionError`, where DataLab can't be reached,
    or answers that it failed.
    """

    def __init__(self, port: int, *, transport: Transport | None = None) -> None:
        self._transport = transport or NativeTransport(
            f"http://127.0.0.1:{port}", timeouts=_TIMEOUTS, limit=_LIMIT
        )
        # Held over several calls where the second relies on what the first selected.
        self._lock = threading.RLock()
        self._ready = 0.0

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._transport.url!r})"

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    # -- calls ------------------------------------------------------------------------

    def call(self, method: str, *args: Any, timeouts: Timeouts | None = None) -> Any:
        """Call a method of the server.

        Args:
            method: Its name.
            args: Values that XML-RPC can carry.
            timeouts: How long to wait, where it isn't the usual.

        Returns:
            What it returns.

        Raises:
            InvalidNameError: A text holds characters that XML can't.
        """
        try:
            request = dumps(args, method, allow_none=True)
        except (OverflowError, TypeError) as error:
            raise DataLabError(f"{method} cannot be called so: {error}") from error
        if control := _CONTROLS.search(request):
            raise InvalidNameError(
                f"DataLab's XML-RPC cannot carry the character {control.group()!r}; "
                "leave it out"
            )
        with self._lock:
            time.sleep(max(0.0, self._ready - time.monotonic()))
            try:
                answer = self._transport.request(
                    "POST",
                    "/RPC2",
                    headers={"Content-Type": "text/xml"},
                    body=Body([request.encode()]),
                    timeouts=timeouts,
                )
            finally:
                self._ready = time.monotonic() + _PAUSE
        if answer.status != 200:
            raise DataLabError(
                f"{self._transport.url} answers {method} with the HTTP status "
                f"{answer.status}; is it DataLab's XML-RPC server?"
            )
        return self._result(method, bytes(answer.body))

    def _result(self, method: str, body: bytes) -> Any:
        try:
            if b"<!" in body:  # where entities are declared, which could expand
                raise ValueError("it holds declarations")  # noqa: TRY301
            (result,), _ = loads(body.translate(_BLANKS))
        except Fault as fault:
            said = " ".join(str(fault.faultString).split())
            if _MISSING.search(said):
                raise ObjectNotFoundError(f"DataLab has no such object: {said}") from (
                    fault
                )
            raise DataLabError(f"DataLab failed to {method}: {said:.300}") from fault
        except (ExpatError, ResponseError, ValueError, TypeError) as error:
            raise DataLabError(
                f"{self._transport.url} gives no XML-RPC answer to {method} "
                f"({error!s:.80}); is it DataLab's XML-RPC server?"
            ) from error
        return result

    def _do(self, method: str, *args: Any) -> None:
        """Call a method that returns nothing, whatever it may seem to return."""
        try:
            self.call(method, *args)
        except DataLabError as error:
            # It was done; only what another call returned before cannot be sent.
            if _UNMARSHALLED not in str(error):
                raise

    def _on_panel(self, method: str, kind: Kind | None, *args: Any) -> None:
        self._do("call_method", method, {"args": [*args], "kwargs": {}, "panel": kind})

    def _texts(self, method: str, *args: Any) -> list[str]:
        result = self.call(method, *args)
        if not isinstance(result, list) or not all(isinstance(t, str) for t in result):
            raise _nonsense(method, result)
        return result

    def version(self, within: float = PROBE) -> str:
        """Return DataLab's version, which does not wait for its window.

        Args:
            within: Seconds after which the server counts as stuck.

        Raises:
            NoAnswerError: The server is stuck, most likely behind a box in the window.
        """
        timeouts = Timeouts(connect=within, read=within)
        result = self.call("get_version", timeouts=timeouts)
        if not isinstance(result, str):
            raise _nonsense("get_version", result)
        return result

    # -- objects ----------------------------------------------------------------------

    def objects(self) -> list[Placed]:
        """Return all objects: signals, then images, in DataLab's order."""
        return [placed for kind in KINDS for placed in self.panel(kind)]

    def uuids(self, kind: Kind) -> list[str]:
        """Return the UUIDs of the objects of a kind, in DataLab's order."""
        return self._texts("get_object_uuids", kind)

    def panel(self, kind: Kind, known: Sequence[str] = ()) -> list[Placed]:
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
                uuids = before if before == [*known] else self.uuids(kind)
                if uuids == before and len(titles) == len(uuids):
                    return [
                        Placed(uuid, kind, title)
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
        read = _TIMEOUTS.read + nbytes / SLOWEST
        timeouts = Timeouts(connect=_TIMEOUTS.connect, read=read)
        result = self.call("get_object", uuid, kind, timeouts=timeouts)
        try:
            record = rpcjson.read(result)
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
        encoded = rpcjson.encode(record)
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
        encoded = rpcjson.encode(record)
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

    def groups(self, kind: Kind) -> list[PlacedGroup]:
        """Return the groups of a panel; the window may have to show it for that."""
        with self._showing(kind):
            result = self.call("get_group_titles_with_object_info")
        try:
            titles, uuids, _ = result
            return [
                PlacedGroup(number, kind, str(title), tuple(map(str, members)))
                for number, (title, members) in enumerate(
                    zip(titles, uuids, strict=True), 1
                )
            ]
        except (TypeError, ValueError) as error:
            raise _nonsense("tell its groups", result) from error

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

    def add_group(self, kind: Kind, title: str) -> list[PlacedGroup]:
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
            raise _nonsense("get_current_panel", result)
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
                "; switch it on in its View menu",
                stacklevel=4,
            )


def check_text(text: str) -> None:
    """Make sure that XML-RPC can carry a text.

    Raises:
        InvalidNameError: It holds a character that XML can't.
    """
    if control := _CONTROLS.search(text):
        raise InvalidNameError(
            f"{text!r:.80} holds the character {control.group()!r}, which DataLab's "
            "XML-RPC cannot carry; leave it out"
        )


def _nonsense(what: str, result: object) -> DataLabError:
    return DataLabError(
        f"DataLab answers {what} with {result!r:.80}, which is no answer to it"
    )
