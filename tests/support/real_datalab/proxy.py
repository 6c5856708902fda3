"""A proxy between a client and DataLab that does what networks and servers do."""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_CHUNK = 1 << 16
# Longer than a test waits for anything.
_PATIENCE = 60.0

#: Handles one connection: (what the client sends on, what leads to DataLab, the proxy).
Behaviour = Callable[["socket.socket", "socket.socket", "Proxy"], None]


class Proxy:
    """A proxy with a port of its own, which treats each connection as a test wants.

    Args:
        port: The port of DataLab's.

    Attributes:
        port: The proxy's own port.
        behaviours: How to treat the next connections; the last one stays.
        connections: How many there were.
        released: Set at the end, for behaviours that hold a connection until then.
    """

    def __init__(self, port: int) -> None:
        self.target = port
        self.behaviours: list[Behaviour] = [forward]
        self.connections = 0
        self.released = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self._closed = False
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self.released.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(_PATIENCE)
        self._closed = True
        # DataLab closes a connection that nothing uses after seconds.
        for end in [*self._open]:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in (self._accepting, *self._threads):
            thread.join(_PATIENCE)
            assert not thread.is_alive()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            self.connections += 1
            several = len(self.behaviours) > 1
            behaviour = self.behaviours.pop(0) if several else self.behaviours[0]
            thread = threading.Thread(target=self._serve, args=(client, behaviour))
            thread.start()
            self._threads.append(thread)

    def _serve(self, client: socket.socket, behaviour: Behaviour) -> None:
        with client, suppress(OSError):
            server = socket.create_connection(("127.0.0.1", self.target))
            self._open += (client, server)
            with server:
                if self._closed:  # `close` has not seen these two
                    return
                client.settimeout(_PATIENCE)
                server.settimeout(_PATIENCE)
                behaviour(client, server, self)


@contextmanager
def proxy_to(port: int, *behaviours: Behaviour) -> Iterator[Proxy]:
    """A proxy that treats its first connections as given, and the rest as the last."""
    proxy = Proxy(port)
    proxy.behaviours[:] = behaviours or [forward]
    try:
        yield proxy
    finally:
        proxy.close()


# -- behaviours -----------------------------------------------------------------------


def forward(client: socket.socket, server: socket.socket, proxy: Proxy) -> None:
    """Carry everything both ways."""
    back = threading.Thread(target=_carry, args=(server, client))
    back.start()
    _carry(client, server)
    back.join()


def drop(client: socket.socket, server: socket.socket, proxy: Proxy) -> None:
    """Reset the connection once a request comes."""
    _message(client)
    _reset(client)


def swallow(client: socket.socket, server: socket.socket, proxy: Proxy) -> None:
    """Take a request and never answer."""
    _message(client)
    proxy.released.wait(_PATIENCE)


def saying(answer: bytes) -> Behaviour:
    """Answer every request with these bytes, then close the connection."""

    def behave(client: socket.socket, server: socket.socket, proxy: Proxy) -> None:
        _message(client)
        client.sendall(answer)

    return behave


def half(client: socket.socket, server: socket.socket, proxy: Proxy) -> None:
    """Pass on the request, and only the first part of the answer."""
    server.sendall(_message(client))
    answer = _message(server)
    client.sendall(answer[: answer.index(b"\r\n\r\n") + 10])


def half_and_silence(
    client: socket.socket, server: socket.socket, proxy: Proxy
) -> None:
    """As `half`, but keep the connection open."""
    half(client, server, proxy)
    proxy.released.wait(_PATIENCE)


def trickle(client: socket.socket, server: socket.socket, proxy: Proxy) -> None:
    """Pass on the request, and the answer byte by byte, ten of them a second."""
    server.sendall(_message(client))
    for byte in _message(server):
        client.sendall(bytes([byte]))
        if proxy.released.wait(0.1):
            return


def once(client: socket.socket, server: socket.socket, proxy: Proxy) -> None:
    """Carry one exchange; reset the connection when another request comes."""
    server.sendall(_message(client))
    client.sendall(_message(server))
    _message(client)
    _reset(client)


def applied_then_dropped(
    client: socket.socket, server: socket.socket, proxy: Proxy
) -> None:
    """Pass on the request, wait for the answer, and keep it."""
    server.sendall(_message(client))
    _message(server)
    _reset(client)


def cutting_request(
    passed: int, *, then: Callable[[], None] = lambda: None
) -> Behaviour:
    """Return a behaviour that passes on the first bytes of what a client sends.

    Args:
        passed: The number of bytes, after which both connections are reset.
        then: Called before that.
    """

    def behave(client: socket.socket, server: socket.socket, proxy: Proxy) -> None:
        left = passed
        while left and (piece := client.recv(min(_CHUNK, left))):
            server.sendall(piece)
            left -= len(piece)
        then()
        _reset(client)
        _reset(server)

    return behave


def half_a_request(client: socket.socket, server: socket.socket, proxy: Proxy) -> None:
    """Pass on all but the last byte of a request, and keep both connections open."""
    server.sendall(_message(client)[:-1])
    proxy.released.wait(_PATIENCE)


def cutting_answer(passed: int) -> Behaviour:
    """Return a behaviour that passes on a request, and the first bytes of its answer.

    Args:
        passed: The number of bytes, after which the connections are closed.
    """

    def behave(client: socket.socket, server: socket.socket, proxy: Proxy) -> None:
        server.sendall(_message(client))
        answer = server.recv(_CHUNK)
        while len(answer) < passed:
            answer += server.recv(_CHUNK)
        client.sendall(answer[:passed])

    return behave


def noting(requests: list[str]) -> Behaviour:
    """Return a behaviour that carries everything and notes each request.

    Args:
        requests: Gets the method and path of each request to the Web API, and the name
            of each XML-RPC method that is called.
    """

    def behave(client: socket.socket, server: socket.socket, proxy: Proxy) -> None:
        back = threading.Thread(target=_carry, args=(server, client))
        back.start()
        while message := _message(client):
            requests.append(_name_of(message))
            server.sendall(message)
        server.shutdown(socket.SHUT_WR)
        back.join()

    return behave


def _message(end: socket.socket) -> bytes:
    """Take in one whole request or answer; nothing, if the connection ends."""
    message = b""
    while b"\r\n\r\n" not in message:
        piece = end.recv(_CHUNK)
        if not piece:
            return b""
        message += piece
    head, _, body = message.partition(b"\r\n\r\n")
    (length,) = re.findall(rb"(?i)\ncontent-length: *(\d+)", head) or [b"0"]
    while len(body) < int(length):
        body += end.recv(_CHUNK)
    return head + b"\r\n\r\n" + body


def _name_of(message: bytes) -> str:
    called = re.search(rb"<methodName>(.*?)</methodName>", message)
    if called:
        return called.group(1).decode()
    return b" ".join(message.split(b" ", 2)[:2]).decode()


def _carry(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(_CHUNK):
            target.sendall(piece)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def _reset(sock: socket.socket) -> None:
    """Close a connection so that the other end notices that it was cut."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
