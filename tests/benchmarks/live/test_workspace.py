"""The workspace in DataLab beside bare HTTP requests of the same bytes."""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace.live.backend import LiveBackend
from datalab_workspace.live.codecs import npz
from datalab_workspace.live.connection import Connection
from datalab_workspace.live.discovery import Endpoint
from datalab_workspace.live.transport.token import Token
from datalab_workspace.model.sigima_objects import to_record
from support.environments import python_with
from support.measurement import Peak, compare, measure, report
from support.real_datalab.application import Application
from support.real_datalab.bare_web_api import BareWebApi

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]

ADD_BOUND = 1.3
EARLIER_BOUND = 1 / 5
COPIES = 1.1
GET_BOUND = 1.2
BULK_BOUND = 1.2
GIVEN_UP = 2.0
COUNT = 100


@pytest.fixture
def workspace(datalab: Application) -> Iterator[dlw.Workspace]:
    datalab.rpc.reset_all()
    endpoint = Endpoint(
        "url", "1.3.0", datalab.url, Token(datalab.token), datalab.rpc_port
    )
    backend = LiveBackend(Connection(endpoint))
    yield dlw.Workspace(backend=backend)
    backend.close()


@pytest.fixture
def bare(datalab: Application) -> Iterator[BareWebApi]:
    requests = BareWebApi(datalab)
    yield requests
    requests.close()


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 4096, (4096, 8192), np.uint16)


def added(workspace: dlw.Workspace, image: np.ndarray) -> float:
    """Return the seconds that adding an image takes, and remove it again."""
    begun = time.perf_counter()
    workspace.add("ours", image)
    took = time.perf_counter() - begun
    workspace.remove("ours")
    return took


def through_loopback(body: bytes) -> float:
    """Return the seconds that bytes take to a thread that only receives them."""
    received = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def receive() -> None:
            connection, _ = server.accept()
            buffer = memoryview(bytearray(1 << 20))
            with connection:
                while count := connection.recv_into(buffer):
                    received.append(count)

        receiver = threading.Thread(target=receive)
        receiver.start()
        begun = time.perf_counter()
        with socket.create_connection(server.getsockname()) as sender:
            sender.sendall(body)
        receiver.join()
        took = time.perf_counter() - begun
    assert sum(received) == len(body)
    return took


def test_an_image_is_added(
    bare: BareWebApi, workspace: dlw.Workspace, image: np.ndarray
) -> None:
    body = b"".join(npz.encode(to_record(image)))
    measure("64 MiB through a loopback connection", lambda: through_loopback(body))

    def reference() -> float:
        begun = time.perf_counter()
        bare("PUT", "objects/bare/data", body)
        took = time.perf_counter() - begun
        bare("DELETE", "objects/bare")
        return took

    what = "add of a 64 MiB uint16 image, beside a bare PUT"
    compared = compare(what, lambda: added(workspace, image), reference)
    assert compared.ratio <= ADD_BOUND


def test_an_image_is_added_faster_than_before(
    datalab: Application,
    workspace: dlw.Workspace,
    image: np.ndarray,
    environment_cache: Path,
) -> None:
    """Than by the package of the earlier version, in an environment of its own."""
    here = Path(__file__).parent
    python = python_with(here / "earlier.txt", environment_cache)
    variables = datalab.connection | {"DATALAB_KERNEL_MODE": "live"}
    program = subprocess.Popen(
        [python, here / "earlier.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | variables,
    )
    assert program.stdin is not None
    assert program.stdout is not None
    lines = iter(program.stdout)
    assert next(line for line in lines if line == "ready\n")

    def reference() -> float:
        program.stdin.write("\n")
        program.stdin.flush()
        return float(next(lines))

    what = "add of a 64 MiB uint16 image, beside datalab-kernel 0.2.11"
    compared = compare(what, lambda: added(workspace, image), reference, rounds=5)
    program.stdin.close()
    program.wait(60)
    program.stdout.close()
    assert compared.ratio <= EARLIER_BOUND


def test_memory(workspace: dlw.Workspace, image: np.ndarray) -> None:
    """Adding and getting take one copy at most."""
    workspace.add("x", image)
    workspace.get("x")
    other = image + 1
    with Peak() as adding:
        workspace.add("x", other, overwrite=True)
    with Peak() as getting:
        workspace.get("x")
    report(
        f"client memory beside 64 MiB: adding "
        f"{adding.peak >> 20} MiB, getting {getting.peak >> 20} MiB"
    )
    assert adding.peak < COPIES * image.nbytes
    assert getting.peak < COPIES * image.nbytes


def test_an_image_is_got(
    bare: BareWebApi, workspace: dlw.Workspace, image: np.ndarray
) -> None:
    from sigima import ImageObj

    workspace.add("x", image)
    assert isinstance(workspace.get("x"), ImageObj)
    what = "get of a 64 MiB uint16 image, beside a bare GET"
    compared = compare(
        what,
        lambda: workspace.get("x"),
        lambda: bare("GET", "objects/x/data?compress=false"),
    )
    np.testing.assert_array_equal(workspace.get("x").data, image)
    assert compared.ratio <= GET_BOUND


def test_many_signals_are_added(
    datalab: Application, bare: BareWebApi, workspace: dlw.Workspace
) -> None:
    numbers = itertools.count()
    signals = [np.random.default_rng(n).standard_normal(1000) for n in range(COUNT)]

    def emptied() -> None:
        datalab.rpc.reset_all()
        datalab.bare("GET", "objects//objects")

    def ours() -> float:
        emptied()
        begun = time.perf_counter()
        workspace.update({f"n{number}": y for number, y in enumerate(signals)})
        return time.perf_counter() - begun

    def reference() -> float:
        emptied()
        begun = time.perf_counter()
        for y in signals:
            body = b"".join(npz.encode(to_record(y)))
            bare("PUT", f"objects/b{next(numbers)}/data", body)
        return time.perf_counter() - begun

    what = f"{COUNT} signals of 1000 points, beside bare PUTs, nothing drawn"
    assert compare(what, ours, reference, rounds=5).ratio <= BULK_BOUND


def test_a_dead_url_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """One where nothing listens, and one that never answers."""
    for url in ("http://127.0.0.1:9", "http://10.255.255.1:18080"):
        monkeypatch.setenv("DATALAB_WORKSPACE_URL", url)
        begun = time.perf_counter()
        with pytest.raises(ConnectionError, match="DATALAB_WORKSPACE_URL"):
            dlw.Workspace()
        took = time.perf_counter() - begun
        report(f"given up {url}: {took:.2f} s")
        assert took <= GIVEN_UP
