"""HTTP connections on which nothing takes longer than it may.

The timeout of a socket bounds each wait, not their sum: a server that sends a byte now
and then could hold a client for ever. These connections have a deadline instead.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from functools import partial
from typing import Any

from datalab_workspace.live.transport.base import SLOWEST

_BUFFER = 1 << 16


class Deadline:
    """The instant by which an exchange has to be over; bytes moved put it off."""

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
            TimeoutError: None are.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time is up")
        return left


class _Bounded(io.RawIOBase):
    """What a server sends, until the deadline."""

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
    def __init__(
        self, deadline: Deadline, sock: socket.socket, *args: Any, **options: Any
    ) -> None:
        super().__init__(sock, *args, **options)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_Bounded(raw, sock, deadline), _BUFFER)


class BoundedConnection(http.client.HTTPConnection):
    """A connection with a deadline for each exchange.

    Attributes:
        deadline: To be started before each exchange.
    """

    def __init__(self, host: str, port: int, deadline: Deadline) -> None:
        super().__init__(host, port)
        self.deadline = deadline
        self.response_class = partial(_Response, deadline)  # type: ignore[assignment]

    def connect(self) -> None:
        """Connect, without waiting to send small parts together."""
        super().connect()
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data: Any) -> None:
        """Send bytes, for which the deadline is put off."""
        if self.sock is not None:
            self.deadline.extend(len(data))
            self.sock.settimeout(self.deadline.remaining())
        super().send(data)


class BoundedSecureConnection(BoundedConnection):
    """The same over TLS, with the system's certificates."""

    default_port = http.client.HTTPS_PORT

    def connect(self) -> None:
        """Connect, and make sure that the server is who it says it is."""
        super().connect()
        context = ssl.create_default_context()
        self.sock = context.wrap_socket(self.sock, server_hostname=self.host)
