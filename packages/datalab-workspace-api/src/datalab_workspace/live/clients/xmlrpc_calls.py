"""Calls of DataLab's XML-RPC server, one by one.

The server has one thread, asks for no token, and has no timeout: while DataLab shows a
box that an XML-RPC call opened, no call is answered any more. So each call here has a
timeout.

DataLab 1.3 says that a call is done a moment before it is ready for the next one, and
never answers a call that arrives in that moment; so a call is followed by a pause.

A call that returns nothing in fact returns what an earlier call returned last, and one
of these may fail to be sent; so the results of such calls are never looked at, and what
they did is read back instead.
"""

# The defects are reported in docs/upstream/datalab_dialogs.md,
# docs/upstream/datalab_ready.md and docs/upstream/datalab_results.md.

from __future__ import annotations

import re
import threading
import time
from typing import Any
from xml.parsers.expat import ExpatError
from xmlrpc.client import Fault, ResponseError, dumps, loads

from datalab_workspace.errors import (
    DataLabError,
    InvalidNameError,
    ObjectNotFoundError,
)
from datalab_workspace.live.transport.base import Body, Timeouts, Transport
from datalab_workspace.model.record import Kind

#: Seconds in which a server that is not stuck tells its version.
PROBE = 1.5
TIMEOUTS = Timeouts(connect=2.0, read=20.0)
#: Bytes of an answer; an object's data are decimals there.
_LIMIT = 1 << 30
#: Seconds between calls: long beside that moment, short beside the 50 ms of each call.
_PAUSE = 0.01
_UNMARSHALLED = "cannot marshal"
_MISSING = re.compile(r"KeyError|Invalid object index, id or title")
# XML can't hold them, not even escaped: DataLab fails on a call, or we on its answer.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BLANKS = bytes.maketrans(
    (controls := bytes([*range(9), 11, 12, *range(14, 32)])), b" " * len(controls)
)


def _to_this_machine(port: int) -> Transport:
    # It needs sockets, which a browser does not have.
    from datalab_workspace.live.transport.native import NativeTransport

    return NativeTransport(f"http://127.0.0.1:{port}", timeouts=TIMEOUTS, limit=_LIMIT)


class Calls:
    """DataLab's XML-RPC server on this machine; may be used by many threads.

    Args:
        port: Its port.
        transport: Carries the calls; one to this machine if left out.

    Every method raises `UnreachableError`, `NoAnswerError`, `ConnectionLostError` or
    `DataLabError`, all of which are `ConnectionError`, where DataLab can't be reached,
    or answers that it failed.
    """

    def __init__(self, port: int, *, transport: Transport | None = None) -> None:
        self._transport = transport or _to_this_machine(port)
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
            raise nonsense(method, result)
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
            raise nonsense("get_version", result)
        return result


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


def nonsense(what: str, result: object) -> DataLabError:
    """Return the error of an answer that is none."""
    return DataLabError(
        f"DataLab answers {what} with {result!r:.80}, which is no answer to it"
    )
