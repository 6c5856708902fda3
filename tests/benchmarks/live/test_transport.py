"""The transport beside the standard library's own connection, and its import.

The server is a program of its own on this machine that does nothing else, so that what
the transport adds is seen; behind it is neither DataLab nor a network.
"""

from __future__ import annotations

import http.client
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

from datalab_workspace.live.transport.base import Body, Request
from datalab_workspace.live.transport.native import NativeTransport
from datalab_workspace.live.transport.token import Token
from support.measurement import Peak, compare, report

#: Seconds at the most.
SMALL = 1e-3
LARGE_BOUND = 1.1
IMPORT_BOUND = 1.2
ROUNDS = 25
CALLS = 50
SIZE = 64 << 20

SERVER = """
import socket, threading

LARGE = bytes(64 << 20)

def serve(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    reader = connection.makefile("rb", 1 << 16)
    taken = memoryview(bytearray(1 << 20))
    while line := reader.readline():
        length = 0
        while (header := reader.readline()) not in (b"\\r\\n", b""):
            name, _, value = header.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        while length:
            length -= reader.readinto(taken[:min(length, len(taken))])
        body = LARGE if b"/large" in line else b"{}"
        length = b"Content-Length: %d\\r\\n\\r\\n" % len(body)
        connection.sendall(b"HTTP/1.1 200 OK\\r\\n" + length)
        connection.sendall(body)

listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
while True:
    connection, _ = listening.accept()
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        server.terminate()


@pytest.fixture
def transport(url: str) -> Iterator[NativeTransport]:
    transport = NativeTransport(url, token=Token("a token of some length"))
    yield transport
    transport.close()


class Bare:
    """A connection of the standard library, without a deadline."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc)

    def send(self, method: str, path: str, body: Any = None) -> memoryview:
        self._connection.request(method, path, body)
        answer = self._connection.getresponse()
        assert answer.length is not None
        received = np.empty(answer.length, np.uint8).data
        assert answer.readinto(received) == len(received)
        return received

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def bare(url: str) -> Iterator[Bare]:
    bare = Bare(url)
    yield bare
    bare.close()


def test_a_small_call(transport: NativeTransport, bare: Bare) -> None:
    request = Request("GET", "/small")

    def calls() -> None:
        for _ in range(CALLS):
            transport.send(request)

    def bare_calls() -> None:
        for _ in range(CALLS):
            bare.send("GET", "/small")

    compared = compare(
        f"{CALLS} small calls, beside http.client", calls, bare_calls, rounds=ROUNDS
    )

    assert sorted(compared.ours)[ROUNDS // 2] / CALLS <= SMALL


def test_a_large_answer(transport: NativeTransport, bare: Bare) -> None:
    compared = compare(
        "64 MiB received, beside http.client into a buffer",
        lambda: transport.send(Request("GET", "/large")),
        lambda: bare.send("GET", "/large"),
        rounds=ROUNDS,
    )

    assert compared.ratio <= LARGE_BOUND


def test_a_large_body(transport: NativeTransport, bare: Bare) -> None:
    body = bytearray(SIZE)

    compared = compare(
        "64 MiB sent, beside http.client",
        lambda: transport.send(Request("PUT", "/", body=Body([body]))),
        lambda: bare.send("PUT", "/", memoryview(body)),
        rounds=ROUNDS,
    )

    assert compared.ratio <= LARGE_BOUND


def test_memory(transport: NativeTransport) -> None:
    """Sending takes no copy, receiving the one that is returned."""
    body = bytearray(SIZE)
    with Peak() as sending:
        transport.send(Request("PUT", "/", body=Body([body])))
    with Peak() as receiving:
        transport.send(Request("GET", "/large"))

    report(
        f"memory for 64 MiB: sending {sending.peak >> 20} MiB, "
        f"receiving {receiving.peak >> 20} MiB"
    )
    assert sending.peak < 0.05 * SIZE
    assert receiving.peak < 1.05 * SIZE


def test_the_import_is_that_of_requests() -> None:
    def run(code: str) -> None:
        subprocess.run([sys.executable, "-c", code], check=True)

    module = "datalab_workspace.live.transport.native"
    compared = compare(
        "import of the transport, beside that of requests and NumPy",
        lambda: run(f"import {module}"),
        lambda: run("import numpy, requests"),
    )

    assert compared.ratio <= IMPORT_BOUND
