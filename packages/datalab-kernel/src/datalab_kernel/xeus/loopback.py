"""Requests of the kernel to itself, for what xeus-python's C++ does by requests alone.

What it publishes names the request that it answers, and it takes this name from a
context that its C++ makes when an `execute_request` arrives, and from nothing else. To
answer a request that is no cell, the kernel sends itself, on its own shell channel, an
empty `execute_request` under the name that is wanted, and runs the code when that
arrives. The way there and back takes a fraction of a millisecond.

A request that waits also shows whether xeus-python drops those that wait.

Of ZeroMQ, which Python has no access to here, only what this takes is spoken: the
wire protocol ZMTP 3.0, as a DEALER without authentication, and the PING of ZMTP 3.1.
"""

from __future__ import annotations

import contextvars
import json
import os
import select
import socket
import threading
import time
from contextlib import ExitStack, suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datalab_kernel.xeus import backpressure, sockets
from datalab_kernel.xeus.registry import NotApplicable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from xeus_python_shell.shell import XPythonShell

# Longer than a request takes to arrive on a busy machine, in seconds.
PATIENCE = 5.0
# Between two looks at a socket that should announce a message, but may not.
POLL = 0.01

MORE, LONG, COMMAND = 1, 2, 4  # flags of a frame
GREETING = (
    b"\xff" + bytes(8) + b"\x7f"  # a signature
    b"\x03\x00"  # the version
    + b"NULL".ljust(20, b"\0")  # the mechanism
    + bytes(32)  # as a client, and room for later versions
)

_connection_file: Path | None = None
_loopback: Loopback | None = None


def prepare(argv: Sequence[str]) -> None:
    """Remember the connection file that the arguments of the kernel name."""
    global _connection_file
    if "-f" in argv[:-1]:
        _connection_file = Path.cwd() / argv[argv.index("-f") + 1]


def install(shell: XPythonShell) -> Loopback:
    """Let the kernel send itself requests.

    Raises:
        NotApplicable: If the kernel has no connection file.
    """
    global _loopback
    if _connection_file is None:
        raise NotApplicable("the kernel was started without -f")
    _loopback = Loopback(shell, _connection_file)
    return _loopback


def is_dropped_by(function: Callable[[], None]) -> bool:
    """Run a function; tell whether it dropped the requests that were not read yet.

    Where the kernel cannot send itself one, they are said to be.
    """
    if _loopback is not None:
        return _loopback.is_dropped_by(function)
    function()
    return True


def when_all_is_read(function: Callable[[], None]) -> None:
    """Run a function when what came has been read; what comes meanwhile waits outside.

    Where the kernel cannot send itself requests, it is run at once.
    """
    if _loopback is None:
        function()
    else:
        _loopback.when_all_is_read(function)


class Loopback:
    """Sends requests from the kernel to itself."""

    def __init__(self, shell: XPythonShell, connection_file: Path) -> None:
        self._connection_file = connection_file
        self._key = b""
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._session = os.urandom(16).hex()
        self._count = 0
        self._waiting: dict[str, Callable[[], None]] = {}
        self._run_cell_async = shell.run_cell_async
        shell.run_cell_async = self._receive

    def begin(self, header: Mapping[str, Any], function: Callable[[], None]) -> str:
        """Have a function run; what it publishes answers the request with this header.

        It runs within a `wait`, and must not raise.

        Returns:
            What to wait for.

        Raises:
            OSError: If the kernel cannot be reached; the function will not be run.
        """
        token = self._next_id()
        self._waiting[token] = function
        try:
            self._request(token, header)
        except OSError:
            del self._waiting[token]
            raise
        return token

    def wait(self, token: str) -> None:
        """Read what arrives, until what was begun has been run.

        Raises:
            TimeoutError: If it does not come to that; it will not be run any more.
        """
        # Reading makes the context that of what is read.
        contextvars.copy_context().run(self._wait, token)

    def _wait(self, token: str) -> None:
        deadline = time.monotonic() + PATIENCE
        readers = self._read()
        while token in self._waiting:
            if time.monotonic() > deadline:
                del self._waiting[token]
                raise TimeoutError("a request of the kernel to itself did not arrive")
            select.select(readers, [], [], POLL)
            self._read()

    def is_dropped_by(self, function: Callable[[], None]) -> bool:
        """Run a function while a request waits; tell whether it dropped the request.

        Where none can be sent, it is said to be.
        """
        elsewhere, token = contextvars.copy_context(), self._next_id()
        arrived: list[bool] = []
        self._waiting[token] = lambda: arrived.append(True)
        try:
            readers = elsewhere.run(self._read)  # so that only ours waits
            try:
                self._request(token, self._header("execute_request"))
                select.select(readers, [], [], PATIENCE)
            finally:
                function()
            elsewhere.run(self._read)
        except OSError:
            return True
        finally:
            self._waiting.pop(token, None)
        return not arrived

    def when_all_is_read(self, function: Callable[[], None]) -> None:
        """Run a function when what came has been read; hold back what comes then."""
        with ExitStack() as released:
            try:
                with suppress(OSError):  # it is run in any case
                    self._hold_others(released)
                    contextvars.copy_context().run(self._read)
            finally:
                function()

    def _hold_others(self, released: ExitStack) -> None:
        """Hold back what others send; what was under way arrives first.

        ZeroMQ itself answers a PING, in its turn.

        Raises:
            OSError: If the kernel cannot be reached.
        """
        with self._lock:
            peer = self._connected()
            released.enter_context(backpressure.held_beside(peer))
            echo = os.urandom(16)
            self._socket = None  # unless all goes well: it may be left amid a frame
            peer.sendall(_command(b"PING", bytes(2) + echo))
            while _receive_frame(peer) != (COMMAND, b"\x04PONG" + echo):
                pass  # replies that nobody waited for
            self._socket = peer

    def _receive(
        self, raw_cell: str, done_callback: Callable[[], None], **options: Any
    ) -> Any:
        """Run what waits for this request, or else a cell.

        Such a request is not replied to: nobody listens, and to make a reply,
        xeus-python takes what belongs to a cell that runs meanwhile.

        How it would be is forgotten first. The frames of an error's traceback keep this
        one, and where the garbage collector has to free what is left of the request,
        xeus-python may publish from any frame, and ends the kernel if it is one without
        an `__import__`, such as a named tuple's.
        """
        if not raw_cell.startswith(self._session):
            return self._run_cell_async(raw_cell, done_callback, **options)
        del done_callback
        function = self._waiting.pop(raw_cell, None)
        if function is not None:
            function()
        return None

    def send(self, kind: str, content: Mapping[str, Any]) -> None:
        """Send a message; it is read in its turn.

        Raises:
            OSError: If the kernel cannot be reached.
        """
        self._write(self._header(kind), content)

    def _next_id(self) -> str:
        self._count += 1
        return f"{self._session}-{self._count}"

    def _header(self, kind: str) -> dict[str, str]:
        return {
            "msg_id": self._next_id(),
            "msg_type": kind,
            "session": self._session,
            "username": "kernel",
            "date": datetime.now(timezone.utc).isoformat(),
            "version": "5.3",
        }

    def _request(self, token: str, header: Mapping[str, Any]) -> None:
        content = {"code": token, "silent": True, "allow_stdin": False}
        self._write({**header, "msg_type": "execute_request"}, content)

    def _write(self, header: Mapping[str, Any], content: Mapping[str, Any]) -> None:
        with self._lock:
            peer = self._connected()
            parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
            message = [b"<IDS|MSG>", _sign(self._key, parts), *parts]
            peer.sendall(_encode(message))

    def _connected(self) -> socket.socket:
        if self._socket is None:
            self._socket = self._connect()
        return self._socket

    def _connect(self) -> socket.socket:
        connection = json.loads(self._connection_file.read_bytes())
        self._key = connection["key"].encode()
        peer = _open(connection)
        peer.settimeout(PATIENCE)
        peer.sendall(GREETING)
        _receive(peer, len(GREETING))
        peer.sendall(_command(b"READY", _property(b"Socket-Type", b"DEALER")))
        _receive_frame(peer)
        return peer

    def _read(self) -> list[Any]:
        """Have what has arrived read; return where it was read from."""
        readers = dict(sockets.readers())
        for callback in readers.values():
            callback()
        return list(readers)


def _open(connection: Mapping[str, Any]) -> socket.socket:
    """Connect to the shell channel that a connection file tells of."""
    host, port = connection["ip"], connection["shell_port"]
    if connection.get("transport", "tcp") == "ipc":
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(f"{host}-{port}")
        return peer
    if host in {"*", "0.0.0.0"}:  # noqa: S104  # it is not bound here
        host = "127.0.0.1"
    peer = socket.create_connection((host, port), PATIENCE)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return peer


def _receive(peer: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        more = peer.recv(size - len(received))
        if not more:
            raise ConnectionResetError("the kernel does not talk to itself")
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


def _encode(parts: list[bytes]) -> bytes:
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


def _sign(key: bytes, parts: Iterable[bytes]) -> bytes:
    import hashlib
    import hmac

    if not key:
        return b""
    return hmac.new(key, b"".join(parts), hashlib.sha256).hexdigest().encode()
