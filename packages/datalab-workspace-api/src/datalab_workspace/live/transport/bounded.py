"""HTTP connections with a deadline.

The timeout of a socket limits each wait, not their sum: a server that sends one byte
now and then could block a client forever. These connections have a deadline for the
whole exchange.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from typing import Any

from datalab_workspace.live.transport.base import SLOWEST

_BUFFER = 1 << 16


class Deadline:
    """The instant by which an exchange must end; each byte moved postpones it."""

    def __init__(self) -> None:
        self._end = 0.0

    def start(self, seconds: float) -> None:
        """Allow `seconds` from now on."""
        self._end = time.monotonic() + seconds

    def extend(self, moved: int) -> None:
        """Allow the time that moving some bytes may take."""
        self._end += moved / SLOWEST

    def remaining(self) -> float:
        """Return the seconds that are left.

        Raises:
            TimeoutError: No time is left.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time is up")
        return left


class _BoundedReader(io.RawIOBase):
    """The bytes that a server sends, until the deadline."""

    def __init__(
        self, raw: io.RawIOBase, sock: socket.socket, deadline: Deadline
    ) -> None:
        super().__init__()
        self._raw = raw
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._deadline.remaining())
        count = self._raw.readinto(buffer)
        self._deadline.extend(count or 0)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, deadline: Deadline, method: str) -> None:
        super().__init__(sock, method=method)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_BoundedReader(raw, sock, deadline), _BUFFER)


class BoundedConnection:
    """A connection to one server, with a deadline for each exchange.

    `http.client.HTTPConnection` is not used for requests: when sending fails, variables
    of its frames hold the headers, and the token with them.

    Args:
        host: The server's host.
        port: Its port.
        secure: Use TLS, with the system's certificates.

    Attributes:
        deadline: The deadline; start it before each exchange.
        sock: The socket; None if the connection is closed.
    """

    def __init__(self, host: str, port: int, *, secure: bool) -> None:
        self._host = host
        self._port = port
        self._secure = secure
        self.deadline = Deadline()
        self.sock: socket.socket | None = None

    def connect(self, seconds: float) -> None:
        """Connect within some seconds; small parts are sent without waiting for more.

        Raises:
            OSError: Nothing accepts the connection, or the server cannot prove who it
                is.
        """
        self.close()
        sock = socket.create_connection((self._host, self._port), timeout=seconds)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._secure:
                context = ssl.create_default_context()
                sock = context.wrap_socket(sock, server_hostname=self._host)
        except BaseException:
            sock.close()
            raise
        self.sock = sock

    def send(self, part: memoryview) -> None:
        """Send bytes, which postpones the deadline.

        Args:
            part: The bytes. A memoryview does not show them in its repr.
        """
        assert self.sock is not None
        self.deadline.extend(part.nbytes)
        self.sock.settimeout(self.deadline.remaining())
        self.sock.sendall(part)

    def response(self, method: str) -> http.client.HTTPResponse:
        """Return the answer to the request; only its headers have been read.

        Args:
            method: The HTTP method of the request.
        """
        assert self.sock is not None
        response = _Response(self.sock, self.deadline, method)
        try:
            response.begin()
        except BaseException:
            response.close()
            raise
        return response

    def close(self) -> None:
        """Close the connection."""
        sock, self.sock = self.sock, None
        if sock is not None:
            sock.close()
