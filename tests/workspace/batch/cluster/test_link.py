"""The links between the machines of a cluster, and the machines."""

from __future__ import annotations

import hashlib
import random
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from support.cluster.link import Link, Quality
from support.cluster.machines import Network, namespaces_permitted

LOCAL = ("127.0.0.1", 0)


@pytest.fixture
def echo() -> Iterator[tuple[str, int]]:
    """A program that returns what it receives."""
    with socket.create_server(LOCAL) as server:

        def answer() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return  # the server was closed
                with connection:
                    while data := connection.recv(2**16):
                        connection.sendall(data)

        thread = threading.Thread(target=answer)
        thread.start()
        yield server.getsockname()
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.fixture
def link(echo: tuple[str, int]) -> Iterator[Callable[[Quality], Link]]:
    links: list[Link] = []

    def make(quality: Quality) -> Link:
        links.append(Link(echo, LOCAL, quality=quality))
        return links[-1]

    yield make
    for one in links:
        one.close()


def exchange(link: Link, data: bytes) -> tuple[bytes, float]:
    """Return what comes back, and how long it took."""
    with socket.create_connection(link.address) as connection:
        begun = time.monotonic()
        sender = threading.Thread(target=connection.sendall, args=[data])
        sender.start()
        received = bytearray()
        while len(received) < len(data):
            received += connection.recv(2**16)
        sender.join()
        return bytes(received), time.monotonic() - begun


def ended(connection: socket.socket) -> bool:
    """Return whether the other end closes or breaks a connection."""
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def test_what_is_sent_arrives_in_order_and_late(link: Callable[..., Link]) -> None:
    data = random.Random(1).randbytes(2**20)

    received, taken = exchange(link(Quality(delay=0.02, loss=0.01)), data)

    assert hashlib.sha256(received).digest() == hashlib.sha256(data).digest()
    assert taken >= 2 * 0.02


def test_a_lost_segment_delays_all_that_follows(link: Callable[..., Link]) -> None:
    """The only segment is lost in both directions: nothing tells the sender earlier."""
    _, taken = exchange(link(Quality(delay=0.0, loss=1.0)), b"one segment")

    assert taken >= 2 * 0.2


def test_a_cut_link_breaks_what_is_open_and_refuses_more(
    link: Callable[..., Link],
) -> None:
    cut = link(Quality(delay=0.0, loss=0.0))
    with socket.create_connection(cut.address) as connection:
        connection.sendall(b"before")
        assert connection.recv(6)
        cut.cut()
        assert ended(connection)
    with socket.create_connection(cut.address) as connection:
        assert ended(connection)

    cut.restore()

    assert exchange(cut, b"after")[0] == b"after"


def test_machines_reach_each_other_by_links_only() -> None:
    if not namespaces_permitted():
        pytest.skip("this process may not make network namespaces")
    network = Network(2, namespaces=True)
    try:
        first, second = network.machines
        assert not reaches(first.prefix, second.address)
        assert reaches(first.prefix, network.links_at)
    finally:
        network.close()
    left = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True)
    assert first.name not in left.stdout


def reaches(prefix: list[str], address: str) -> bool:
    """Whether a machine can send to an address: a refusal is an answer."""
    code = (
        "import socket, sys\n"
        "probe = socket.socket()\n"
        "probe.settimeout(0.5)\n"
        "sys.exit(probe.connect_ex((sys.argv[1], 9)) != 111)"
    )
    command = [*prefix, "python3", "-c", code, address]
    return subprocess.run(command).returncode == 0
