"""The transport of an ordinary Python: one connection by the standard library.

No proxy, no ``.netrc`` and no redirect can lead a token elsewhere, because none is ever
looked at; and importing this costs next to nothing.
"""

from __future__ import annotations

import http.client
import selectors
import socket
import threading
import time
from collections.abc import Mapping

import numpy as np

from datalab_workspace.errors import DataLabError, LiveError, UnreachableError
from datalab_workspace.live.transport import failures
from datalab_workspace.live.transport.address import host_and_port
from datalab_workspace.live.transport.base import (
    Answer,
    Body,
    Buffer,
    Timeouts,
)
from datalab_workspace.live.transport.bounded import (
    BoundedConnection,
    BoundedSecureConnection,
    Deadline,
)
from datalab_workspace.live.transport.server import ServerTransport

#: Seconds after which an idle connection is not used again. Uvicorn, which serves
#: DataLab's Web API, closes them after 5.
_IDLE = 3.0
_CHUNK = 1 << 22
_LIMIT = 1 << 33


class NativeTransport(ServerTransport):
    """Requests by the standard library, one at a time; may be used by many threads.

    Args:
        url: The server: ``http://host:port``.
        token: What it wants to see in the ``Authorization`` header.
        timeouts: How long to wait, where a request does not say.
        limit: How many bytes an answer may have.

    Raises:
        ValueError: `url` is no URL of a server.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        timeouts: Timeouts | None = None,
        limit: int = _LIMIT,
    ) -> None:
        super().__init__(url, token=token, timeouts=timeouts, limit=limit)
        secure = self._url.startswith("https:")
        connection = BoundedSecureConnection if secure else BoundedConnection
        self._connection = connection(*host_and_port(self._url), Deadline())
        self._used = 0.0
        self._lock = threading.Lock()

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        timeouts: Timeouts | None = None,
        repeatable: bool = False,
    ) -> Answer:
        """Send a request and return the answer; see `Transport.request`."""
        timeouts = timeouts or self._timeouts
        own = {"Accept-Encoding": "identity", "User-Agent": "datalab-workspace"}
        length = {"Content-Length": str(len(body or ()))}
        sent = own | self._authorization() | dict(headers or {}) | length
        with self._lock:
            try:
                return self._send(method, path, sent, body, timeouts, repeatable)
            except LiveError:
                self._connection.close()
                raise
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                raise self._told(
                    error, failures.named(method, path), timeouts
                ) from error
            except BaseException:  # an interrupt leaves half an exchange behind
                self._connection.close()
                raise

    def close(self) -> None:
        """Close the connection; a later request opens another one."""
        with self._lock:
            self._connection.close()

    def _send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: Body | None,
        timeouts: Timeouts,
        repeatable: bool,
    ) -> Answer:
        if self._is_alive():
            try:
                return self._exchange(method, path, headers, body, timeouts)
            except (http.client.RemoteDisconnected, ConnectionError) as error:
                self._connection.close()
                if isinstance(error, LiveError) or not repeatable:
                    raise
        self._connect(timeouts)
        return self._exchange(method, path, headers, body, timeouts)

    def _is_alive(self) -> bool:
        """Tell whether a connection is open; close it if it won't serve any more."""
        sock = self._connection.sock
        if sock is None:
            return False
        # Readable without a request: closed, or an answer to nothing.
        stale = time.monotonic() - self._used > _IDLE or _is_readable(sock)
        if stale:
            self._connection.close()
        return not stale

    def _connect(self, timeouts: Timeouts) -> None:
        self._connection.timeout = timeouts.connect
        try:
            self._connection.connect()
        except TimeoutError as error:
            raise UnreachableError(
                f"{self._url} did not accept a connection within "
                f"{timeouts.connect:g} s; {failures.RETRY}"
            ) from error
        except OSError as error:
            raise UnreachableError(
                f"no DataLab accepts connections at {self._url} ({_reason(error)}); "
                "start it and its Web API, or give another address"
            ) from error

    def _exchange(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: Body | None,
        timeouts: Timeouts,
    ) -> Answer:
        connection = self._connection
        connection.deadline.start(timeouts.read)
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        for part in body or ():
            connection.send(part)
        with connection.getresponse() as response:
            received = self._read(response)
        self._used = time.monotonic()
        if response.status >= 500:
            # DataLab resets a connection on which it failed, a moment later.
            connection.close()
        if 300 <= response.status < 400:
            raise failures.redirected(self._url)
        named = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, named, received)

    def _read(self, response: http.client.HTTPResponse) -> Buffer:
        length = response.length
        if length is not None:
            self._check_size(length)
            return _read_exactly(response, length)
        received = bytearray()
        while chunk := response.read(_CHUNK):
            received += chunk
            self._check_size(len(received))
        return received

    def _check_size(self, size: int) -> None:
        if size > self._limit:
            raise failures.too_large(self._url, size, self._limit)

    def _told(self, error: Exception, what: str, timeouts: Timeouts) -> LiveError:
        """Return the error to raise for one of the standard library's."""
        if isinstance(error, TimeoutError):
            return failures.silent(self._url, what, timeouts.read)
        if isinstance(error, http.client.IncompleteRead | OSError):
            return failures.broken(self._url, what, _reason(error))
        return DataLabError(
            f"{self._url} gave no HTTP answer to {what} ({_reason(error)}); "
            "is it DataLab?"
        )


def _is_readable(sock: socket.socket) -> bool:
    # Not select.select, which takes no descriptor beyond 1023.
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_READ)
        return bool(selector.select(0))


def _read_exactly(response: http.client.HTTPResponse, length: int) -> Buffer:
    # Memory that is not touched is not used: a server may announce what it never sends.
    received = np.empty(length, np.uint8).data
    filled = 0
    while filled < length:
        count = response.readinto(received[filled : filled + _CHUNK])
        if not count:
            raise http.client.IncompleteRead(b"", length - filled)
        filled += count
    return received


def _reason(error: Exception) -> str:
    if isinstance(error, http.client.IncompleteRead):
        return f"{error.expected} bytes are missing"
    # The repr quotes garbage safely; it never holds what was sent.
    return f"{type(error).__name__}: {error!s:.80}" if str(error) else repr(error)
