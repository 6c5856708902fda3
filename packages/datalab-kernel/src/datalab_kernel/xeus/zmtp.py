"""A client of a ZeroMQ socket in this process, written with plain sockets.

xeus-python contains ZeroMQ but gives Python no access to it. This module implements
only what the kernel needs to send itself messages: the protocol ZMTP 3.0, as a DEALER
socket without authentication, and the PING command of ZMTP 3.1.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# The flags of a frame.
MORE, LONG, COMMAND = 1, 2, 4
GREETING = (
    b"\xff" + bytes(8) + b"\x7f"  # the signature
    b"\x03\x00"  # the version
    + b"NULL".ljust(20, b"\0")  # the mechanism
    + bytes(32)  # the role, a client's, and space for later versions
)


class Client:
    """A connection to a channel of a kernel.

    Args:
        connection: The content of the kernel's connection file.
        channel: "shell" or "control".
        timeout: How long an operation on the connection may take, in seconds.

    Raises:
        OSError: If the kernel cannot be reached.
    """

    def __init__(
        self,
        connection: Mapping[str, Any],
        *,
        channel: str = "shell",
        timeout: float,
    ) -> None:
        self.socket = _open(connection, channel, timeout)
        self.socket.settimeout(timeout)
        self.socket.sendall(GREETING)
        _receive(self.socket, len(GREETING))
        ready = _command(b"READY", _property(b"Socket-Type", b"DEALER"))
        self.socket.sendall(ready)
        _receive_frame(self.socket)

    def send(self, parts: Sequence[bytes]) -> None:
        """Send a message of several parts.

        Raises:
            OSError: If the connection is lost.
        """
        self.socket.sendall(_encode(parts))

    def ping(self) -> None:
        """Wait until the peer has received everything that was sent before.

        ZeroMQ itself answers a PING, after the messages that precede it.

        Raises:
            OSError: If the connection is lost. It must not be used again, because a
                frame may have been received in part.
        """
        echo = os.urandom(16)
        self.socket.sendall(_command(b"PING", bytes(2) + echo))
        while _receive_frame(self.socket) != (COMMAND, b"\x04PONG" + echo):
            pass  # a reply to an earlier request, which is not needed


def _open(connection: Mapping[str, Any], channel: str, timeout: float) -> socket.socket:
    """Connect to a channel that a connection file describes."""
    host, port = connection["ip"], connection[f"{channel}_port"]
    if connection.get("transport", "tcp") == "ipc":
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(f"{host}-{port}")
        return peer
    if host in {"*", "0.0.0.0"}:  # noqa: S104  # nothing is bound here
        host = "127.0.0.1"
    peer = socket.create_connection((host, port), timeout)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return peer


def _receive(peer: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        more = peer.recv(size - len(received))
        if not more:
            raise ConnectionResetError("the kernel closed its connection to itself")
        received += more
    return received


def _receive_frame(peer: socket.socket) -> tuple[int, bytes]:
    """Receive a frame; return its flags and its body."""
    (flags,) = _receive(peer, 1)
    size = int.from_bytes(_receive(peer, 8 if flags & LONG else 1), "big")
    return flags, _receive(peer, size)


def _command(name: bytes, body: bytes) -> bytes:
    body = bytes([len(name)]) + name + body
    return bytes([COMMAND, len(body)]) + body


def _property(name: bytes, value: bytes) -> bytes:
    return bytes([len(name)]) + name + len(value).to_bytes(4, "big") + value


def _encode(parts: Sequence[bytes]) -> bytes:
    """Encode the parts of a message as frames."""
    encoded = []
    for left, part in zip(range(len(parts) - 1, -1, -1), parts, strict=True):
        flags = MORE if left else 0
        size = len(part)
        if size > 255:
            encoded.append(bytes([flags | LONG]) + size.to_bytes(8, "big") + part)
        else:
            encoded.append(bytes([flags, size]) + part)
    return b"".join(encoded)
