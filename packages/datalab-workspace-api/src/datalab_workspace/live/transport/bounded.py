"""Sockets with a deadline for a whole exchange.

The timeout of a socket limits each wait, not their sum: a server that sends or accepts
one byte now and then could block a client forever.
"""

from __future__ import annotations

import socket
import ssl
import time
from typing import TYPE_CHECKING

from datalab_workspace.live.transport.base import SLOWEST

if TYPE_CHECKING:
    from typing_extensions import Buffer


class Deadline:
    """The instant by which an exchange must end; each byte of a body postpones it."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._end = 0.0

    def start(self, seconds: float) -> None:
        """Allow `seconds` from now on."""
        self._seconds = seconds
        self.restart()

    def restart(self) -> None:
        """Allow the same time again, from now on."""
        self._end = time.monotonic() + self._seconds

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


class BoundedSocket(socket.socket):
    """A socket that waits until a deadline.

    Attributes:
        deadline: The deadline. What is sent postpones it; what is received does not,
            because only the reader can tell a body from headers without end.
        blocksize: Bytes that are sent in one go, for which one timeout holds.
    """

    deadline: Deadline
    blocksize: int

    def recv_into(
        self, buffer: Buffer, nbytes: int | None = None, flags: int = 0
    ) -> int:
        """Wait for bytes and read them; as `socket.socket.recv_into`."""
        self.settimeout(self.deadline.remaining())
        return super().recv_into(buffer, nbytes or 0, flags)

    def sendall(self, data: Buffer, flags: int = 0) -> None:
        """Send everything, in slices; as `socket.socket.sendall`."""
        with memoryview(data) as whole, whole.cast("B") as left:
            sent = 0
            while sent < left.nbytes:
                self.settimeout(self.deadline.remaining())
                count = self.send(left[sent : sent + self.blocksize], flags)
                self.deadline.extend(count)
                sent += count


class BoundedTlsSocket(BoundedSocket, ssl.SSLSocket):
    """A socket with TLS that waits until a deadline; see `BoundedSocket`."""


def bounded(sock: socket.socket, deadline: Deadline, blocksize: int) -> BoundedSocket:
    """Return a socket with a deadline for the connection of another socket.

    Args:
        sock: The socket. Unless it is returned, it must not be used again.
        deadline: The deadline.
        blocksize: Bytes that are sent in one go.
    """
    if not isinstance(sock, BoundedSocket):
        sock = BoundedSocket(sock.family, sock.type, sock.proto, sock.detach())
    sock.deadline = deadline
    sock.blocksize = blocksize
    return sock
