"""Requests that wait outside for a moment, in the operating system.

ZeroMQ reads a connection when the system says that there is something to be read. How
much that has to be is an option of the connection.
"""

from __future__ import annotations

import os
import socket
import stat
import sys
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# More than a request has, in bytes; one that has more is read all the same.
ENOUGH = 1 << 16

FILES = Path("/proc/self/fd")


@contextmanager
def held_beside(client: socket.socket) -> Iterator[None]:
    """Have what other clients send to the same port wait till the end of a `with`.

    On Linux and over TCP alone: elsewhere, what came meanwhile would not be announced
    afterwards.

    Args:
        client: A client of a port of this process.
    """
    with ExitStack() as released:
        if sys.platform == "linux" and client.family != socket.AF_UNIX:
            port, own = client.getpeername()[1], client.getsockname()[1]
            for number in _sockets():
                _hold(number, port, own, released)
        yield


def _sockets() -> Iterator[int]:
    for entry in FILES.iterdir():
        with suppress(OSError):  # closed since it was listed
            if stat.S_ISSOCK(entry.stat().st_mode):
                yield int(entry.name)


def _hold(number: int, port: int, but: int, released: ExitStack) -> None:
    """Hold a connection until its release, if it is to this port and not from that."""
    with suppress(OSError):  # closed meanwhile, or it waits for connections itself
        connection = released.enter_context(socket.socket(fileno=os.dup(number)))
        here, there = connection.getsockname(), connection.getpeername()
        if connection.family != socket.AF_UNIX and here[1] == port and there[1] != but:
            released.callback(_announce_from, connection, 1)
            _announce_from(connection, ENOUGH)


def _announce_from(connection: socket.socket, size: int) -> None:
    with suppress(OSError):  # closed at the other end
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, size)
