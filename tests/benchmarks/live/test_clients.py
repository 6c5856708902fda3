"""The client of the Web API beside bare HTTP requests of the same bytes."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import numpy as np
import pytest

from datalab_workspace.live.clients.webapi import WebApi
from datalab_workspace.live.codecs import npz
from datalab_workspace.live.transport.native import NativeTransport
from datalab_workspace.live.transport.token import Token
from datalab_workspace.model.record import Record
from datalab_workspace.model.sigima_objects import to_record
from support.measurement import Peak, compare, report
from support.real_datalab.application import Application

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]

PUT_BOUND = 1.3
GET_BOUND = 1.2
COPIES = 1.1
ROUNDS = 9
DATA = "/api/v1/objects/x/data"


@pytest.fixture(scope="module")
def record() -> Record:
    """An image of 64 MiB."""
    pixels = np.random.default_rng(1).integers(0, 4096, (4096, 8192), np.uint16)
    return to_record(pixels)


@pytest.fixture
def web(datalab: Application) -> Iterator[WebApi]:
    client = WebApi(NativeTransport(datalab.url, token=Token(datalab.token)))
    yield client
    client.close()


class Bare:
    """Requests of bytes that are there already, on a connection that stays."""

    def __init__(self, datalab: Application) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", datalab.web_port)
        self._headers = {"Authorization": f"Bearer {datalab.token}"}

    def put(self, body: bytes) -> None:
        path = f"{DATA}?overwrite=true"
        self._connection.request("PUT", path, body, self._headers)
        answer = self._connection.getresponse()
        assert (answer.status, len(answer.read()) > 0) == (201, True)

    def get(self) -> bytes:
        path = f"{DATA}?compress=false"
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        assert answer.status == 200
        return answer.read()

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def bare(datalab: Application) -> Iterator[Bare]:
    requests = Bare(datalab)
    yield requests
    requests.close()


def test_an_image_is_sent_as_fast_as_its_bytes(
    web: WebApi, bare: Bare, record: Record
) -> None:
    body = b"".join(npz.encode(record))

    compared = compare(
        "PUT of a 64 MiB uint16 image, beside a bare PUT",
        lambda: web.put("x", record, overwrite=True),
        lambda: bare.put(body),
        rounds=ROUNDS,
    )

    assert compared.ratio <= PUT_BOUND


def test_an_image_arrives_as_fast_as_its_bytes(
    web: WebApi, bare: Bare, record: Record
) -> None:
    web.put("x", record, overwrite=True)

    compared = compare(
        "GET of a 64 MiB uint16 image, beside a bare GET",
        lambda: web.get("x"),
        bare.get,
        rounds=ROUNDS,
    )

    np.testing.assert_array_equal(web.get("x").array("data"), record.array("data"))
    assert compared.ratio <= GET_BOUND


def test_memory(web: WebApi, record: Record) -> None:
    """Sending takes no copy, receiving the one that is returned."""
    web.put("x", record, overwrite=True)
    with Peak() as sending:
        web.put("x", record, overwrite=True)
    with Peak() as receiving:
        web.get("x")

    report(
        f"client memory beside 64 MiB: sending {sending.peak >> 20} MiB, "
        f"receiving {receiving.peak >> 20} MiB"
    )
    assert sending.peak < 0.1 * record.nbytes
    assert receiving.peak < COPIES * record.nbytes
