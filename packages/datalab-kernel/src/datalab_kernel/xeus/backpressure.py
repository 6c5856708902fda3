"""Pause the other clients of a port of this process, with a socket option of Linux.

ZeroMQ reads a connection when the operating system reports that data can be read. The
socket option SO_RCVLOWAT sets the amount of data that must arrive before the system
reports it. While this amount is larger than a request, requests wait in the system's
buffer.
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

# The values of SO_RCVLOWAT, in bytes. Most requests are shorter than PAUSED; a longer
# one is read immediately.
PAUSED, NORMAL = 1 << 16, 1

FILES = Path("/proc/self/fd")


@contextmanager
def pause_other_clients(client: socket.socket) -> Iterator[None]:
    """Let data from the other clients of a port wait until the end of a `with` block.

    This works on Linux and over TCP only. Elsewhere it does nothing, because data that
    arrived during the pause would not be reported afterwards.

    Args:
        client: A connection to a port of this process; it is not paused.
    """
    with ExitStack() as at_end:
        if sys.platform == "linux" and client.family != socket.AF_UNIX:
            port, own = client.getpeername()[1], client.getsockname()[1]
            for number in _sockets():
                _pause(number, port, own, at_end)
        yield


def _sockets() -> Iterator[int]:
    for entry in FILES.iterdir():
        with suppress(OSError):  # it was closed after it was listed
            if stat.S_ISSOCK(entry.stat().st_mode):
                yield int(entry.name)


def _pause(number: int, port: int, own: int, at_end: ExitStack) -> None:
    """Pause the connection with a descriptor if it serves `port` and is not our own."""
    with suppress(OSError):  # it was closed, or it is a listening socket
        connection = at_end.enter_context(socket.socket(fileno=os.dup(number)))
        here, there = connection.getsockname(), connection.getpeername()
        if connection.family != socket.AF_UNIX and here[1] == port and there[1] != own:
            at_end.callback(_report_from, connection, NORMAL)
            _report_from(connection, PAUSED)


def _report_from(connection: socket.socket, size: int) -> None:
    with suppress(OSError):  # it was closed at the other end
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, size)
