"""A socket whose reads and writes end in time, however slowly the other side goes."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Iterable
from contextlib import suppress

from datalab_workspace.live.codecs.frame import Buffer

#: Seconds in which the head of a request must arrive.
_HEAD = 10.0
#: Seconds for which a connection may wait for its next request.
_IDLE = 600.0
#: Seconds in which at least one byte must go either way.
_SILENCE = 30.0
#: The slowest pace of a body, in bytes a second.
_PACE = 1 << 16
#: Seconds and bytes for which a client may still send after it was refused.
_DRAIN = 2.0

_SMALL = 1 << 16
_SLICE = 1 << 20


class TimedSocket:
    """A socket with deadlines.

    Args:
        connection: The socket.

    Attributes:
        reader: The stream of incoming bytes. Reading raises `TimeoutError` after the
            deadline that was set last.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._incoming = _Incoming(connection)
        self.reader = io.BufferedReader(self._incoming, _SMALL)

    def expect_head(self) -> None:
        """Give the client its time for the head of a request."""
        self._incoming.set_deadline(_HEAD)

    def expect_next_request(self) -> None:
        """Give the client its time between two requests."""
        self._incoming.set_deadline(_IDLE, silence=_IDLE)

    def expect_body(self, length: int) -> None:
        """Give the client its time for a body."""
        self._incoming.set_deadline(_time_for(length))

    def send(self, parts: Iterable[Buffer]) -> None:
        """Send bytes; parts that are small leave together.

        Raises:
            OSError: The client went away, or does not read.
        """
        views = [memoryview(part).cast("B") for part in parts]
        end = time.monotonic() + _time_for(sum(map(len, views)))
        pending: list[memoryview] = []
        for view in views:
            if len(view) <= _SMALL:
                pending.append(view)
                continue
            self._send(b"".join(pending), end)
            pending.clear()
            self._send(view, end)
        self._send(b"".join(pending), end)

    def drain(self) -> None:
        """Read and forget what the client still sends, for a short time."""
        self._incoming.set_deadline(_DRAIN)
        scratch = bytearray(_SMALL)
        with suppress(OSError):
            while self.reader.readinto1(scratch):
                pass

    def _send(self, data: Buffer, end: float) -> None:
        view = memoryview(data)
        for start in range(0, len(view), _SLICE):
            self._connection.settimeout(_left(end))
            self._connection.sendall(view[start : start + _SLICE])


class _Incoming(io.RawIOBase):
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.set_deadline(_HEAD)

    def set_deadline(self, seconds: float, *, silence: float = _SILENCE) -> None:
        self._end = time.monotonic() + seconds
        self._silence = silence

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:  # type: ignore[override]  # narrower
        self._connection.settimeout(_left(self._end, silence=self._silence))
        return self._connection.recv_into(buffer)


def _left(end: float, *, silence: float = _SILENCE) -> float:
    left = min(end - time.monotonic(), silence)
    if left <= 0:
        raise TimeoutError("the client is too slow")
    return left


def _time_for(length: int) -> float:
    return _SILENCE + length / _PACE
