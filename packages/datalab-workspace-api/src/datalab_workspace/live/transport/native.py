"""The transport of an ordinary Python: one connection by the standard library.

It reads no proxy setting and no ``.netrc``, and follows no redirect, so that none of
them can send a token elsewhere.
"""

from __future__ import annotations

import http.client
import selectors
import socket
import threading
import time

import numpy as np

from datalab_workspace.errors import DataLabError, LiveError, UnreachableError
from datalab_workspace.live.transport import failures
from datalab_workspace.live.transport.address import host_and_port
from datalab_workspace.live.transport.base import (
    Answer,
    Buffer,
    Request,
    Timeouts,
    Transport,
)
from datalab_workspace.live.transport.bounded import BoundedConnection
from datalab_workspace.live.transport.token import Token

#: Seconds after which an idle connection is not used again. Uvicorn, which serves
#: DataLab's Web API, closes them after 5.
_IDLE = 3.0
_CHUNK = 1 << 22
_LIMIT = 1 << 33


class NativeTransport(Transport):
    """Requests by the standard library, one at a time; threads may share it.

    See `Transport` for its arguments and errors.
    """

    def __init__(
        self,
        url: str,
        *,
        token: Token | None = None,
        timeouts: Timeouts | None = None,
        limit: int = _LIMIT,
    ) -> None:
        super().__init__(url, token=token, timeouts=timeouts, limit=limit)
        scheme, _, netloc = self._url.partition("://")
        self._host_header = netloc.encode("idna").decode()
        host, port = host_and_port(self._url)
        self._connection = BoundedConnection(host, port, secure=scheme == "https")
        self._used = 0.0
        self._lock = threading.Lock()

    def send(self, request: Request) -> Answer:
        """Send a request and return the answer; see `Transport.send`."""
        timeouts = request.timeouts or self._timeouts
        with self._lock:
            try:
                return self._send(request, timeouts)
            except LiveError as error:
                problem = error
            except (OSError, http.client.HTTPException) as error:
                problem = self._live_error(error, request, timeouts)
            except BaseException:  # an interrupt leaves half an exchange behind
                self._connection.close()
                raise
            self._connection.close()
        # Variables of the frames that failed may hold what the server sent.
        raise problem.with_traceback(None)

    def close(self) -> None:
        """Close the connection; a later request opens a new one."""
        with self._lock:
            self._connection.close()

    def _send(self, request: Request, timeouts: Timeouts) -> Answer:
        if self._is_alive():
            try:
                return self._exchange(request, timeouts)
            except (http.client.RemoteDisconnected, ConnectionError) as error:
                self._connection.close()
                if isinstance(error, LiveError) or not request.repeatable:
                    raise
        self._connect(timeouts)
        return self._exchange(request, timeouts)

    def _is_alive(self) -> bool:
        """Return whether the open connection can be used; close it if it cannot."""
        sock = self._connection.sock
        if sock is None:
            return False
        # Readable without a request: closed, or an answer to nothing.
        stale = time.monotonic() - self._used > _IDLE or _is_readable(sock)
        if stale:
            self._connection.close()
        return not stale

    def _connect(self, timeouts: Timeouts) -> None:
        try:
            self._connection.connect(timeouts.connect)
        except TimeoutError as error:
            raise UnreachableError(
                f"{self._url} did not accept a connection within "
                f"{failures.rounded(timeouts.connect)} s; {failures.RETRY}"
            ) from error
        except OSError as error:
            raise UnreachableError(
                f"no DataLab accepts connections at {self._url} "
                f"({self._reason(error)}); start it and its Web API, or give another "
                "address"
            ) from error

    def _exchange(self, request: Request, timeouts: Timeouts) -> Answer:
        connection = self._connection
        connection.deadline.start(timeouts.read)
        head = _head(request, self._host_header, self._token)
        try:
            connection.send(head)
        finally:
            head[:] = bytes(len(head))
        for part in request.body:
            connection.send(part)
        with connection.response(request.method) as response:
            received = self._read(response)
        self._used = time.monotonic()
        if response.will_close or response.status >= 500:
            # DataLab resets a connection on which it failed, a moment later.
            connection.close()
        if 300 <= response.status < 400:
            raise failures.redirected(self._url)
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, received)

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

    def _live_error(
        self, error: Exception, request: Request, timeouts: Timeouts
    ) -> LiveError:
        """Return the error to raise for an error of the standard library."""
        if isinstance(error, TimeoutError):
            return failures.no_answer(self._url, request.name, timeouts.read)
        reason = self._reason(error)
        if isinstance(error, http.client.IncompleteRead | OSError):
            return failures.connection_lost(self._url, request.name, reason)
        return DataLabError(
            f"{self._url} gave no HTTP answer to {request.name} ({reason}); "
            "is it DataLab?"
        )

    def _reason(self, error: Exception) -> str:
        if isinstance(error, http.client.IncompleteRead):
            return f"{error.expected} bytes are missing"
        name, said = type(error).__name__, self.clean(error, 80)
        return f"{name}: {said}" if said else name


def _head(request: Request, host: str, token: Token | None) -> memoryview:
    """Return the request line and the headers.

    The variables of this function are the only ones that hold the token, and it cannot
    fail. A memoryview does not show its bytes, and the caller overwrites them.
    """
    headers = {
        "Host": host,
        "Accept-Encoding": "identity",
        "User-Agent": "datalab-workspace",
        **request.headers,
        "Content-Length": str(len(request.body)),
    }
    if token:
        headers["Authorization"] = token.header()
    lines = [f"{request.method} {request.target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return memoryview(bytearray("\r\n".join([*lines, "", ""]), "ascii"))


def _is_readable(sock: socket.socket) -> bool:
    # Not select.select, which takes no descriptor beyond 1023.
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_READ)
        return bool(selector.select(0))


def _read_exactly(response: http.client.HTTPResponse, length: int) -> Buffer:
    # Untouched memory costs nothing if a server announces more than it sends.
    received = np.empty(length, np.uint8).data
    filled = 0
    while filled < length:
        count = response.readinto(received[filled : filled + _CHUNK])
        if not count:
            raise http.client.IncompleteRead(b"", length - filled)
        filled += count
    return received
