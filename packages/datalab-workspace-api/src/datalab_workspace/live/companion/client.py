"""Requests of the companion protocol, and the errors that its answers stand for.

Upstream: docs/upstream/service_worker.md
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import urlencode
from uuid import uuid4

import numpy as np

from datalab_workspace._version import __version__
from datalab_workspace.encoding import shallow_json
from datalab_workspace.error_messages import add_note
from datalab_workspace.errors import (
    ConcurrentChangeError,
    ConnectionLostError,
    DamagedFileError,
    DataLabError,
    LiveError,
    NoAnswerError,
    ObjectNotFoundError,
    TokenError,
    UnreachableError,
)
from datalab_workspace.live import advice
from datalab_workspace.live.codecs import frame
from datalab_workspace.live.companion.dialogs import DialogOpenError, wait_for_dialogs
from datalab_workspace.live.transport import transport_to
from datalab_workspace.live.transport.base import Answer, Body, Request, Timeouts
from datalab_workspace.live.transport.token import Token
from datalab_workspace.runtime import IN_BROWSER

#: The version of the protocol that this client speaks.
PROTOCOL = 1
#: The path of every request. JupyterLite may store answers, except from "/api/".
ROOT = "/api/kernel/v1/"
#: Seconds that DataLab's window may take for a request. Nothing can interrupt a page.
PATIENCE = 4.0 if IN_BROWSER else 30.0
#: Seconds for an answer to arrive after the server has given up waiting.
_GRACE = 5.0
#: For a server that gave no answer to the last request, before the next one is sent.
_QUICK = Timeouts(connect=0.5, read=1.0)
_JSON = "application/json"
_SAME_VERSION = (
    f"install datalab-kernel {__version__}, which this site has, for DataLab"
    if IN_BROWSER
    else "install the same version of datalab-kernel in both places"
)

OnSnapshot: TypeAlias = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class Received:
    """An answer.

    Attributes:
        header: The JSON body, or the header of the frame.
        arrays: The arrays of the frame.
    """

    header: dict[str, Any]
    arrays: list[np.ndarray[Any, Any]] = field(default_factory=list, repr=False)


class CompanionClient:
    """A client of one companion; threads may share it.

    Args:
        url: URL of the server.
        token: Its token.
        name: The UUID by which it names itself; by default a new one.

    Attributes:
        name: The UUID by which the client names itself to the server.
        patience: Seconds that DataLab's window may take, and for which a request waits
            for an open dialog.
        known: Returns the query that asks for the changes since the known state.
        on_snapshot: Receives the changes that an answer reports.
    """

    def __init__(self, url: str, token: Token | None, name: str | None = None) -> None:
        self._transport = transport_to(url, token)
        self.name = name or str(uuid4())
        self._silent = False
        self.patience = PATIENCE
        self.known: Callable[[], Mapping[str, Any]] = dict
        self.on_snapshot: OnSnapshot = lambda _: None

    @property
    def url(self) -> str:
        """URL of the server."""
        return self._transport.url

    def close(self) -> None:
        """Close the connection; a later request opens a new one."""
        self._transport.close()

    def clean(self, said: object, limit: int = 300) -> str:
        """Return a string of the server in a form that is safe to show."""
        return self._transport.clean(said, limit)

    def hello(self, timeouts: Timeouts | None = None) -> dict[str, Any]:
        """Return the server's description of itself, without waiting for the window.

        Raises:
            LiveError: The server does not answer, or speaks no protocol of this client.
        """
        said = self._exchange("GET", "hello", timeouts=timeouts).header
        least = said.get("least")
        newest = said.get("protocol")
        if not (isinstance(least, int) and isinstance(newest, int)):
            raise DataLabError(f"{self.url} is not a companion of DataLab")
        if not least <= PROTOCOL <= newest:
            raise DataLabError(
                f"the companion in DataLab speaks the protocols {least} to {newest}, "
                f"and this package speaks {PROTOCOL}; {_SAME_VERSION} and restart "
                "DataLab"
            )
        return said

    def read(
        self,
        route: str,
        header: Any = None,
        *,
        timeouts: Timeouts | None = None,
        **query: Any,
    ) -> Received:
        """Send a request that changes nothing."""
        method = "GET" if header is None else "POST"
        return self._request(
            method, route, _json(header), query, timeouts=timeouts, repeatable=True
        )

    def write(
        self,
        route: str,
        header: Mapping[str, Any],
        writer: frame.FrameWriter | None = None,
        **query: Any,
    ) -> Received:
        """Send a request that changes something; wait while a dialog is open.

        Raises:
            NoAnswerError: The dialog was not closed in time; nothing was done.
        """
        body = _json(header) if writer is None else _frame(header, writer)

        def send() -> Received:
            return self._request("POST", route, body, query)

        return wait_for_dialogs(send, self._ready, self.patience)

    def delete(self, route: str) -> None:
        """Send a request that takes something back."""
        self._request("DELETE", route, _json(None), {})

    def picture(self, route: str, **query: Any) -> bytes:
        """Return the content of an answer that is a picture."""
        answer = self._send("GET", route, _json(None), query)
        self._check(answer)
        return bytes(answer.body)

    def _ready(self, seconds: float) -> str | None:
        """Wait until no dialog is open; return the title of one that still is."""
        said = self._exchange("GET", "ready", wait=seconds).header
        if said.get("ready"):
            return None
        return str(said.get("dialog") or "")

    def _request(
        self,
        method: str,
        route: str,
        body: tuple[str, Body],
        query: Mapping[str, Any],
        *,
        timeouts: Timeouts | None = None,
        repeatable: bool = False,
    ) -> Received:
        query = {**self.known(), **query}
        try:
            answer = self._send(
                method, route, body, query, timeouts=timeouts, repeatable=repeatable
            )
        except UnreachableError as error:
            add_note(
                error,
                "DataLab has probably ended: start it and call resync(), or call "
                "disconnect() to continue in memory",
            )
            raise
        return self._received(answer)

    def _exchange(
        self,
        method: str,
        route: str,
        *,
        wait: float | None = None,
        timeouts: Timeouts | None = None,
    ) -> Received:
        query = {} if wait is None else {"wait": wait}
        answer = self._send(method, route, _json(None), query, timeouts=timeouts)
        return self._received(answer)

    def _send(
        self,
        method: str,
        route: str,
        body: tuple[str, Body],
        query: Mapping[str, Any],
        *,
        timeouts: Timeouts | None = None,
        repeatable: bool = False,
    ) -> Answer:
        media_type, content = body
        wait = float(query.get("wait", self.patience))
        headers = {"DataLab-Client": self.name}
        if media_type:
            headers["Content-Type"] = media_type
        request = Request(
            method,
            ROOT + route,
            urlencode(query),
            headers,
            content,
            timeouts or Timeouts(read=wait + _GRACE),
            repeatable or method == "GET",
        )
        if self._silent and timeouts is None:
            self.hello(_QUICK)
        try:
            answer = self._transport.send(request)
        except NoAnswerError:
            self._silent = True
            raise
        self._silent = False
        return answer

    def _received(self, answer: Answer) -> Received:
        try:
            if answer.headers.get("content-type", "").startswith(frame.MEDIA_TYPE):
                received = Received(*frame.read(answer.body))
            else:
                received = Received(_object(answer.body))
        except ValueError as error:
            self._check(answer)
            raise DataLabError(
                f"{self.url} gave an answer that is not of the companion protocol: "
                f"{self._transport.clean(error)}"
            ) from None
        except DamagedFileError as error:
            raise DataLabError(f"{self.url} gave a damaged answer: {error}") from None
        snapshot = received.header.get("snapshot")
        if isinstance(snapshot, dict):
            self.on_snapshot(snapshot)
        self._check(answer, received.header)
        return received

    def _check(self, answer: Answer, said: Mapping[str, Any] | None = None) -> None:
        if answer.status < 400:
            return
        if said is None:
            try:
                said = _object(answer.body)
            except ValueError:
                said = {}
        detail = self._transport.clean(said.get("detail", ""))
        raise self._error(answer.status, str(said.get("error", "")), detail, said)

    def _error(
        self, status: int, error: str, detail: str, said: Mapping[str, Any]
    ) -> Exception:
        if status == 401:
            return TokenError(
                f"the companion at {self.url} does not accept the token, or expects "
                f"one. {advice.give_token(self.url)}"
            )
        if error == "missing":
            return ObjectNotFoundError(detail)
        if error in ("changed", "name"):
            return ConcurrentChangeError(detail)
        if error == "dialog":
            return DialogOpenError(self._transport.clean(said.get("dialog", ""), 80))
        if error == "busy":
            return NoAnswerError(
                f"DataLab's window was busy for {self.patience:.3g} s; nothing was done"
            )
        if error == "closing":
            return ConnectionLostError("DataLab is closing; nothing was done")
        if error == "path":
            return LiveError(f"the companion at {self.url} cannot do this: {detail}")
        return DataLabError(detail or f"{self.url} answered with the status {status}")


def _json(header: Any) -> tuple[str, Body]:
    if header is None:
        return "", Body()
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":"))
    return _JSON, Body([text.encode("utf-8", "surrogatepass")])


def _frame(header: Mapping[str, Any], writer: frame.FrameWriter) -> tuple[str, Body]:
    return frame.MEDIA_TYPE, Body(writer.parts(header))


def _object(body: Any) -> dict[str, Any]:
    said = shallow_json.loads(bytes(body).decode("utf-8", "surrogatepass") or "{}")
    if not isinstance(said, dict):
        raise ValueError("it is not an object")  # noqa: TRY004  a fault of the server
    return said
