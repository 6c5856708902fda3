"""An exchange ends in time, however slowly a server sends or reads its bytes."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from datalab_workspace.errors import DataLabError, NoAnswerError, UnreachableError
from datalab_workspace.live.transport.base import SLOWEST, Body, Request, Timeouts
from datalab_workspace.live.transport.native import NativeTransport

CERTIFICATE = Path(__file__).parents[1] / "support" / "tls" / "localhost.pem"
#: Seconds that a server may take, and by which a busy computer may be late.
PATIENCE = 0.5
LATE = 4.0
PAUSE = 0.02
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

#: Treats a connection whose request has been read: (the connection, set at the end).
Behaviour = Callable[[socket.socket, threading.Event], None]


def dripping(at_once: bytes, slowly: bytes) -> Behaviour:
    """Send some bytes at once, then others without end, one byte at a time."""

    def behave(connection: socket.socket, released: threading.Event) -> None:
        connection.sendall(at_once)
        while True:
            for byte in slowly:
                connection.sendall(bytes([byte]))
                if released.wait(PAUSE):
                    return

    return behave


def flooding(at_once: bytes, quickly: bytes) -> Behaviour:
    """Send some bytes at once, then others without end, as fast as they are read."""

    def behave(connection: socket.socket, released: threading.Event) -> None:
        connection.sendall(at_once)
        while not released.is_set():
            connection.sendall(quickly * 1000)

    return behave


DRIPS: dict[str, Behaviour] = {
    "nothing": lambda connection, released: released.wait() and None,
    "the status line": dripping(b"HTTP/1.1 200 ", b"O"),
    "a header": dripping(OK + b"X-Long: ", b"x"),
    "headers": dripping(OK, b"X: y\r\n"),
    "a body": dripping(OK + b"Content-Length: 100000\r\n\r\n", b"x"),
    "a body of any length": dripping(OK + b"\r\n", b"x"),
    "a chunk": dripping(CHUNKED + b"10000\r\n", b"x"),
    "the size of a chunk": dripping(CHUNKED, b"0"),
    "headers after the chunks": dripping(CHUNKED + b"0\r\n", b"X: y\r\n"),
    "no answer yet": flooding(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "headers after the chunks, quickly": flooding(CHUNKED + b"0\r\n", b"X: y\r\n"),
}


class Server:
    """A server on this machine that treats every connection in the same way.

    Args:
        behaviour: How it treats a connection.
        secure: Use TLS.
        reads: Read the headers of the request first.
    """

    def __init__(
        self, behaviour: Behaviour, *, secure: bool = False, reads: bool = True
    ) -> None:
        self._behaviour, self._reads = behaviour, reads
        self._context: ssl.SSLContext | None = None
        if secure:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(CERTIFICATE)
        self._listening = socket.create_server(("127.0.0.1", 0))
        # So that little of an upload fits on its way.
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 12)
        scheme = "https" if secure else "http"
        self.url = f"{scheme}://127.0.0.1:{self._listening.getsockname()[1]}"
        self._released = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Server:  # noqa: PYI034  Self is of Python 3.11
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()

    def _serve(self) -> None:
        with suppress(OSError):  # the client ends a connection, or it is the end
            connection, _ = self._listening.accept()
            with connection:
                if self._context:
                    connection = self._context.wrap_socket(connection, server_side=True)
                with connection:
                    if self._reads:
                        headers = connection.makefile("rb", 0)
                        while headers.readline() not in (b"\r\n", b""):
                            pass
                    self._behaviour(connection, self._released)


@pytest.fixture(params=["http", "https"])
def secure(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    return request.param == "https"


def impatient(server: Server) -> NativeTransport:
    return NativeTransport(server.url, timeouts=Timeouts(connect=5, read=PATIENCE))


@pytest.mark.parametrize("drip", DRIPS)
def test_a_server_that_sends_slowly(drip: str, secure: bool) -> None:
    with Server(DRIPS[drip], secure=secure) as server:
        transport = impatient(server)
        begun = time.monotonic()
        with pytest.raises(NoAnswerError, match=r"did not answer GET / within 0.5 s"):
            transport.send(Request("GET", "/"))
        assert PATIENCE * 0.9 < time.monotonic() - begun < PATIENCE + LATE
        transport.close()


def taking(count: int) -> Behaviour:
    """Read some bytes at a time, without end."""

    def behave(connection: socket.socket, released: threading.Event) -> None:
        while not released.wait(PAUSE):
            connection.recv(count)

    return behave


def test_a_server_that_reads_slowly(secure: bool) -> None:
    size = 1 << 28
    with Server(taking(1), secure=secure) as server:
        transport = impatient(server)
        begun = time.monotonic()
        with pytest.raises(NoAnswerError):
            transport.send(
                Request("PUT", "/", body=Body([memoryview(bytearray(size))]))
            )
        taken = time.monotonic() - begun
        transport.close()
    # What the system took counts as sent, although the server has not read it.
    assert taken < PATIENCE + LATE + (16 << 20) / SLOWEST < size / SLOWEST


def test_a_slow_network_is_no_error(secure: bool) -> None:
    """Each MiB allows one more second, while it is sent and while it is received."""
    piece = bytes(1 << 16)
    count = 4 * SLOWEST // len(piece)
    received = 0

    def behave(connection: socket.socket, released: threading.Event) -> None:
        nonlocal received
        while received < count * len(piece):
            taken = len(connection.recv(len(piece)))
            received += taken
            released.wait(PAUSE * taken / len(piece))
        length = f"Content-Length: {count * len(piece)}\r\n\r\n"
        connection.sendall(OK + length.encode())
        for _ in range(count):
            connection.sendall(piece)
            released.wait(PAUSE)

    with Server(behave, secure=secure) as server:
        transport = impatient(server)
        begun = time.monotonic()
        answer = transport.send(Request("PUT", "/", body=Body([piece] * count)))
        assert time.monotonic() - begun > 4 * PATIENCE
        transport.close()
    assert bytes(answer.body) == piece * count


def test_a_handshake_that_drips(monkeypatch: pytest.MonkeyPatch) -> None:
    record = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03"
    with Server(dripping(record, b"x"), reads=False) as server:
        transport = NativeTransport(
            server.url.replace("http:", "https:"), timeouts=Timeouts(connect=PATIENCE)
        )
        begun = time.monotonic()
        with pytest.raises(UnreachableError, match="did not accept a connection"):
            transport.send(Request("GET", "/"))
        assert time.monotonic() - begun < PATIENCE + LATE
        transport.close()


def test_a_certificate_that_is_not_trusted() -> None:
    with Server(DRIPS["nothing"], secure=True) as server:
        transport = NativeTransport(server.url)
        with pytest.raises(UnreachableError, match="SSLCertVerificationError"):
            transport.send(Request("GET", "/"))
        transport.close()


def test_a_redirect_with_a_body_without_end(secure: bool) -> None:
    """It is refused at once: nothing reads its body."""
    headers = b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 9999999999\r\n\r\n"
    with Server(flooding(headers, b"x"), secure=secure) as server:
        transport = NativeTransport(server.url)
        with pytest.raises(DataLabError, match="redirects"):
            transport.send(Request("GET", "/"))
        transport.close()
