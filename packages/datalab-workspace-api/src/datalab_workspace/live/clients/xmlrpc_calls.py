"""Single calls of DataLab's XML-RPC server.

The server has one thread, needs no token, and has no timeout. While a dialog is open
that an XML-RPC call opened, it answers no call at all. So each call here has a timeout.

DataLab 1.3 answers a call a moment before it is ready for the next one, and never
answers a call that arrives in that moment. So a pause follows each call.

A call that returns nothing in fact returns the last result of an earlier call, which
XML-RPC may be unable to carry. So the results of such calls are ignored, and their
effect is read back instead.
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
from datalab_workspace.forks import follow_forks, usable
from datalab_workspace.live.transport.base import (
    Answer,
    Body,
    Request,
    Timeouts,
    Transport,
)
from datalab_workspace.model.record import Kind

#: Seconds within which a server that is not stuck answers with its version.
PROBE = 1.5
TIMEOUTS = Timeouts(connect=2.0, read=20.0)
#: Attempts at reading or setting something that other programs keep changing.
ATTEMPTS = 5
#: Bytes of an answer, in which an object's data are decimal numbers.
_LIMIT = 1 << 30
#: Seconds between calls: longer than that moment, short next to a call (50 ms).
_PAUSE = 0.01
_UNMARSHALLED = "cannot marshal"
_MISSING = re.compile(r"KeyError|Invalid object index, id or title")
# XML can't hold these, not even escaped: DataLab would fail to read the call.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BLANKS = bytes.maketrans(
    (controls := bytes([*range(9), 11, 12, *range(14, 32)])), b" " * len(controls)
)


def _to_this_machine(port: int) -> Transport:
    # It needs sockets, which a browser does not have.
    from datalab_workspace.live.transport.native import NativeTransport

    return NativeTransport(f"http://127.0.0.1:{port}", timeouts=TIMEOUTS, limit=_LIMIT)


class Calls:
    """DataLab's XML-RPC server on this machine; threads may share it.

    Args:
        port: Its port.
        transport: Sends the calls; by default one to this machine.

    Every method raises `UnreachableError`, `NoAnswerError`, `ConnectionLostError` or
    `DataLabError`, all of which are `ConnectionError`, if DataLab cannot be reached or
    answers that it failed.
    """

    def __init__(self, port: int, *, transport: Transport | None = None) -> None:
        self._transport = transport or _to_this_machine(port)
        # Held over several calls if the second relies on what the first selected.
        self._lock = threading.RLock()
        self._ready = 0.0
        follow_forks(self)

    def after_fork(self) -> None:
        """Release the lock in a forked child if a thread of the parent holds it."""
        self._lock = usable(self._lock, threading.RLock)

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
            timeouts: The seconds to wait, if they are not the usual ones.

        Returns:
            What the method returns.

        Raises:
            InvalidNameError: A string contains characters that XML cannot hold.
        """
        try:
            content = dumps(args, method, allow_none=True)
        except (OverflowError, TypeError) as error:
            raise DataLabError(
                f"XML-RPC cannot carry the arguments of {method}: {error}"
            ) from error
        if control := _CONTROLS.search(content):
            raise InvalidNameError(
                f"DataLab's XML-RPC cannot carry the character {control.group()!r}; "
                "leave it out"
            )
        request = Request(
            "POST",
            "/RPC2",
            headers={"Content-Type": "text/xml"},
            body=Body([content.encode()]),
            timeouts=timeouts,
        )
        with self._lock:
            time.sleep(max(0.0, self._ready - time.monotonic()))
            try:
                answer = self._transport.send(request)
            finally:
                self._ready = time.monotonic() + _PAUSE
        if answer.status != 200:
            raise DataLabError(
                f"{self._transport.url} answers {method} with the HTTP status "
                f"{answer.status}; is it DataLab's XML-RPC server?"
            )
        return self._result(method, answer)

    def _result(self, method: str, answer: Answer) -> Any:
        try:
            return _parse(bytes(answer.body))
        except Fault as fault:
            said = self._transport.clean(fault.faultString)
            if _MISSING.search(said):
                raise ObjectNotFoundError(
                    f"DataLab has no such object: {said}"
                ) from fault
            raise DataLabError(f"DataLab failed to {method}: {said}") from fault
        except (ExpatError, ResponseError, ValueError, TypeError) as error:
            reason = self._transport.clean(error, 80)
        # Variables of the frames that failed hold the answer, which may be a token.
        raise DataLabError(
            f"{self._transport.url} gives no XML-RPC answer to {method} "
            f"({reason}); is it DataLab's XML-RPC server?"
        )

    def _do(self, method: str, *args: Any) -> None:
        """Call a method that returns nothing, and ignore its result."""
        try:
            self.call(method, *args)
        except DataLabError as error:
            # The call succeeded; only the result of an earlier call cannot be sent.
            if _UNMARSHALLED not in str(error):
                raise

    def _on_panel(self, method: str, kind: Kind | None, *args: Any) -> None:
        self._do("call_method", method, {"args": [*args], "kwargs": {}, "panel": kind})

    def _texts(self, method: str, *args: Any) -> list[str]:
        result = self.call(method, *args)
        if not isinstance(result, list) or not all(isinstance(t, str) for t in result):
            raise unexpected_result(method, result)
        return result

    def version(self, within: float = PROBE) -> str:
        """Return DataLab's version, for which the server does not need the window.

        Args:
            within: Seconds after which the server counts as stuck.

        Raises:
            NoAnswerError: The server is stuck; most likely a dialog is open.
        """
        timeouts = Timeouts(connect=within, read=within)
        result = self.call("get_version", timeouts=timeouts)
        if not isinstance(result, str):
            raise unexpected_result("get_version", result)
        return self._transport.clean(result, 40)


def check_text(text: str) -> None:
    """Make sure that XML-RPC can carry a string.

    Raises:
        InvalidNameError: It contains a character that XML cannot hold.
    """
    if control := _CONTROLS.search(text):
        raise InvalidNameError(
            f"{text!r:.80} contains the character {control.group()!r}, which DataLab's "
            "XML-RPC cannot carry; leave it out"
        )


def unexpected_result(method: str, result: object) -> DataLabError:
    """Return the error for a result that a method of DataLab never returns."""
    return DataLabError(
        f"DataLab answers {method} with {result!r:.80}, which is not a valid answer"
    )


def _parse(body: bytes) -> Any:
    if b"<!" in body:  # a declaration of entities, which could expand
        raise ValueError("it contains declarations")
    (result,), _ = loads(body.translate(_BLANKS))
    return result
