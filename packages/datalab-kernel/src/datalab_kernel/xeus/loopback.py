"""Requests from the kernel to itself, to use functions that only requests can reach.

A message that xeus-python publishes names the request that it answers. The C++ code
reads that request from a context that it creates only when an `execute_request`
arrives. To answer a request of a different type, such as a message to a widget, the
kernel sends an empty `execute_request` with the header of that request to its own shell
channel, and runs the code when the request arrives. This takes a fraction of a
millisecond.

The kernel also uses such a request to find out whether xeus-python discards the
requests in its queue: it checks whether its own request is discarded.
"""

from __future__ import annotations

import contextvars
import json
import os
import select
import threading
import time
from contextlib import ExitStack, suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datalab_kernel.xeus import backpressure, sockets, zmtp
from datalab_kernel.xeus.registry import NotApplicable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from datalab_kernel.shell.interactive import ZMQInteractiveShell

# Longer than a request takes to arrive on a busy machine, in seconds.
TIMEOUT = 5.0
# Seconds between two checks of a socket, because ZeroMQ may fail to report a message.
POLL = 0.01

_connection_file: Path | None = None
_loopback: Loopback | None = None


def prepare(argv: Sequence[str]) -> None:
    """Remember the connection file that the kernel's arguments name."""
    global _connection_file
    if "-f" in argv[:-1]:
        _connection_file = Path.cwd() / argv[argv.index("-f") + 1]


def connection_file() -> str | None:
    """Return the path of the kernel's connection file, or None if it has none."""
    return None if _connection_file is None else str(_connection_file)


def install(shell: ZMQInteractiveShell) -> Loopback:
    """Enable the kernel to send requests to itself.

    Raises:
        NotApplicable: If the kernel has no connection file.
    """
    global _loopback
    if _connection_file is None:
        raise NotApplicable("the kernel was started without -f")
    _loopback = Loopback(shell, _connection_file)
    return _loopback


def discards_requests(function: Callable[[], None]) -> bool:
    """Call a function; return whether it discarded the requests not read yet.

    Return True if the kernel cannot send requests to itself.
    """
    if _loopback is not None:
        return _loopback.discards_requests(function)
    function()
    return True


def call_after_reading(function: Callable[[], None]) -> None:
    """Call a function after all requests so far are read, and pause later ones.

    Call it at once if the kernel cannot send requests to itself.
    """
    if _loopback is None:
        function()
    else:
        _loopback.call_after_reading(function)


def request_shutdown() -> zmtp.Client:
    """Request the kernel's own shutdown, on the control channel as Jupyter does.

    Returns:
        The connection. If it is closed before ZeroMQ reads it, the request is lost.

    Raises:
        OSError: If the kernel cannot be reached, or was started without -f.
    """
    if _connection_file is None:
        raise FileNotFoundError("the kernel was started without -f")
    connection = json.loads(_connection_file.read_bytes())
    client = zmtp.Client(connection, channel="control", timeout=TIMEOUT)
    header = _header(os.urandom(16).hex(), os.urandom(16).hex(), "shutdown_request")
    key = connection["key"].encode()
    client.send(_message(key, header, {"restart": False}))
    return client


class Loopback:
    """The sender and receiver of the kernel's requests to itself."""

    def __init__(self, shell: ZMQInteractiveShell, connection_file: Path) -> None:
        self._connection_file = connection_file
        self._key = b""
        self._client: zmtp.Client | None = None
        self._lock = threading.Lock()
        self._session = os.urandom(16).hex()
        self._count = 0
        self._waiting: dict[str, Callable[[], None]] = {}
        self._queue = shell.endpoint.queue
        shell.endpoint.take_requests(self._session, self._take)

    def begin(self, header: Mapping[str, Any], function: Callable[[], None]) -> str:
        """Request a call of a function, in the context of the request with a header.

        The function is called within a `wait`, and must not raise.

        Returns:
            The token to wait for.

        Raises:
            OSError: If the kernel cannot be reached; the function will not be called.
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
        """Read requests until the function with this token has been called.

        Raises:
            TimeoutError: If that takes too long; the function will not be called.
        """
        # Reading a request replaces the context by that of the request.
        contextvars.copy_context().run(self._wait, token)

    def catch_up(self) -> None:
        """Read every message that this kernel has sent to itself so far.

        Raises:
            OSError: If the kernel cannot be reached.
        """
        self.wait(self.begin(self._header("execute_request"), lambda: None))

    def _wait(self, token: str) -> None:
        deadline = time.monotonic() + TIMEOUT
        readers = self._read()
        while token in self._waiting:
            if time.monotonic() > deadline:
                del self._waiting[token]
                raise TimeoutError("a request from the kernel to itself did not arrive")
            select.select(readers, [], [], POLL)
            self._read()

    def discards_requests(self, function: Callable[[], None]) -> bool:
        """Call a function while a request waits; return whether it was discarded.

        Return True if no request can be sent.
        """
        elsewhere, token = contextvars.copy_context(), self._next_id()
        arrived: list[bool] = []
        self._waiting[token] = lambda: arrived.append(True)
        try:
            readers = elsewhere.run(self._read)  # so that only our request waits
            try:
                self._request(token, self._header("execute_request"))
                select.select(readers, [], [], TIMEOUT)
            finally:
                function()
            elsewhere.run(self._read)
        except OSError:
            return True
        finally:
            self._waiting.pop(token, None)
        return not arrived

    def call_after_reading(self, function: Callable[[], None]) -> None:
        """Call a function after all requests so far are read, and pause later ones."""
        with ExitStack() as paused:
            try:
                with suppress(OSError):  # the function is called in any case
                    self._pause_others(paused)
                    contextvars.copy_context().run(self._read)
            finally:
                function()

    def _pause_others(self, paused: ExitStack) -> None:
        """Pause the other clients, after everything that was under way has arrived.

        Raises:
            OSError: If the kernel cannot be reached.
        """
        with self._lock:
            client = self._connected()
            paused.enter_context(backpressure.pause_other_clients(client.socket))
            self._client = None  # a client is not used again after a failed ping
            client.ping()
            self._client = client

    def _take(self, token: str) -> None:
        """Call the function that waits for one of the kernel's own requests."""
        function = self._waiting.pop(token, None)
        if function is not None:
            self._queue.call(function)

    def send(self, kind: str, content: Mapping[str, Any]) -> None:
        """Send a message; it is read after those that were sent before.

        Raises:
            OSError: If the kernel cannot be reached.
        """
        self._write(self._header(kind), content)

    def _next_id(self) -> str:
        self._count += 1
        return f"{self._session}-{self._count}"

    def _header(self, kind: str) -> dict[str, str]:
        return _header(self._session, self._next_id(), kind)

    def _request(self, token: str, header: Mapping[str, Any]) -> None:
        content = {"code": token, "silent": True, "allow_stdin": False}
        self._write({**header, "msg_type": "execute_request"}, content)

    def _write(self, header: Mapping[str, Any], content: Mapping[str, Any]) -> None:
        with self._lock:
            client = self._connected()
            client.send(_message(self._key, header, content))

    def _connected(self) -> zmtp.Client:
        if self._client is None:
            connection = json.loads(self._connection_file.read_bytes())
            self._key = connection["key"].encode()
            self._client = zmtp.Client(connection, timeout=TIMEOUT)
        return self._client

    def _read(self) -> list[Any]:
        """Read the requests that have arrived; return the sockets that were read."""
        readers = dict(sockets.readers())
        for callback in readers.values():
            callback()
        return list(readers)


def _header(session: str, message: str, kind: str) -> dict[str, str]:
    return {
        "msg_id": message,
        "msg_type": kind,
        "session": session,
        "username": "kernel",
        "date": datetime.now(timezone.utc).isoformat(),
        "version": "5.3",
    }


def _message(
    key: bytes, header: Mapping[str, Any], content: Mapping[str, Any]
) -> list[bytes]:
    """Return the signed parts of a message."""
    parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
    return [b"<IDS|MSG>", _sign(key, parts), *parts]


def _sign(key: bytes, parts: Iterable[bytes]) -> bytes:
    import hashlib
    import hmac

    if not key:
        return b""
    return hmac.new(key, b"".join(parts), hashlib.sha256).hexdigest().encode()
