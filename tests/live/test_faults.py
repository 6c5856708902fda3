"""Whatever happens between a client and DataLab ends in one clear error, in time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from datalab_workspace.errors import (
    ConnectionLostError,
    DataLabError,
    NoAnswerError,
    UnreachableError,
)
from datalab_workspace.live.clients.webapi import WebApi
from datalab_workspace.live.clients.xmlrpc import XmlRpc
from datalab_workspace.live.transport.base import Timeouts
from datalab_workspace.model.record import Record
from datalab_workspace.model.sigima_objects import to_record
from support.real_datalab import proxy
from support.real_datalab.application import Application
from support.real_datalab.proxy import Behaviour, proxy_to

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

PATIENCE = Timeouts(connect=1, read=1)
#: For what is never answered, which takes as long as that.
BRIEF = Timeouts(connect=1, read=0.2)
#: Generous: what is measured is that a timeout ends a call, not how fast.
SOON = 10.0

WEB_CALLS: dict[str, Callable[[WebApi], object]] = {
    "status": lambda web: web.status(),
    "list": lambda web: web.objects(),
    "get": lambda web: web.get("x"),
    "put": lambda web: web.put("new", a_signal()),
    "patch": lambda web: web.patch("x", xlabel="a"),
    "remove": lambda web: web.remove("x"),
    "select": lambda web: web.select(["x"]),
}
RPC_CALLS: dict[str, Callable[[XmlRpc], object]] = {
    "version": lambda rpc: rpc.version(0.2),
    "list": lambda rpc: rpc.objects(),
    "get": lambda rpc: rpc.get("u", "signal"),
    "add": lambda rpc: rpc.add(a_signal()),
    "remove": lambda rpc: rpc.remove(["u"], "signal"),
    "rename": lambda rpc: rpc.rename("u", "signal", "new"),
    "groups": lambda rpc: rpc.groups("signal"),
}
FAULTS: dict[str, tuple[Behaviour, type[ConnectionError]]] = {
    "dropped": (proxy.drop, ConnectionLostError),
    "silent": (proxy.swallow, NoAnswerError),
    "garbage": (proxy.saying(b"\x00\xff garbage \r\n" * 10), DataLabError),
    "endless garbage": (proxy.saying(b"x" * 200_000), DataLabError),
    "closed at once": (proxy.saying(b""), ConnectionLostError),
    "half an answer": (proxy.half, ConnectionLostError),
    "half, then silence": (proxy.half_and_silence, NoAnswerError),
    "a trickle": (proxy.trickle, NoAnswerError),
    "another program": (
        proxy.saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
        DataLabError,
    ),
    "other JSON": (
        proxy.saying(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n[1,2,{}]"),
        DataLabError,
    ),
    "another method's": (
        proxy.saying(b"HTTP/1.1 204 No Content\r\n\r\n"),
        DataLabError,
    ),
    "a redirect": (
        proxy.saying(
            b"HTTP/1.1 307 T\r\nLocation: http://127.0.0.1:1/\r\n"
            b"Content-Length: 0\r\n\r\n"
        ),
        DataLabError,
    ),
    "entities that expand": (
        proxy.saying(
            b"HTTP/1.1 200 OK\r\nContent-Length: 194\r\n\r\n"
            b'<!DOCTYPE m [<!ENTITY a "aaaaaaaaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
            b"<methodResponse><params><param><value>&b;</value></param></params>"
            b"</methodResponse>" + b" " * 40
        ),
        DataLabError,
    ),
    "too much": (
        proxy.saying(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"),
        DataLabError,
    ),
    "a failure": (
        proxy.saying(
            b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 68\r\n\r\n"
            b'{"detail": "Main thread execution timed out after 30 seconds, say"}\n'
        ),
        DataLabError,
    ),
}
HALVES = ("half an answer", "half, then silence")
Connect = Callable[..., Any]


def a_signal() -> Record:
    return to_record((np.arange(3.0), np.arange(3.0)))


@contextmanager
def ends_soon(*errors: type[ConnectionError]) -> Iterator[None]:
    start = time.monotonic()
    with pytest.raises(ConnectionError) as caught:
        yield
    assert time.monotonic() - start < SOON
    assert type(caught.value) in errors, repr(caught.value)
    assert "token" not in str(caught.value)


def until(error: type[ConnectionError]) -> Timeouts:
    """Return how long a call may wait that is to end with an error."""
    return BRIEF if error is NoAnswerError else PATIENCE


# The answer to a removal is a status alone, so that there is no half of it.
WEB_FAULTS = [
    (fault, call)
    for fault in FAULTS
    for call in WEB_CALLS
    if call != "remove" or fault not in ("another method's", *HALVES)
]


@pytest.mark.parametrize(("fault", "call"), WEB_FAULTS)
def test_a_fault_on_the_web_api(
    datalab: Application, web_api: Connect, fault: str, call: str
) -> None:
    behaviour, error = FAULTS[fault]
    web_api(datalab.url, datalab.token).put("x", a_signal())
    with proxy_to(datalab.web_port, behaviour) as between:
        web = web_api(between.url, datalab.token, timeouts=until(error))
        with ends_soon(error):
            WEB_CALLS[call](web)


@pytest.mark.parametrize("call", RPC_CALLS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_on_xmlrpc(
    datalab: Application, xml_rpc: Connect, fault: str, call: str
) -> None:
    behaviour, error = FAULTS[fault]
    with proxy_to(datalab.rpc_port, behaviour) as between:
        rpc = xml_rpc(between.port, timeouts=until(error))
        with ends_soon(error):
            RPC_CALLS[call](rpc)


def test_a_connection_that_was_dropped_is_replaced(
    datalab: Application, web_api: Connect
) -> None:
    with proxy_to(datalab.web_port, proxy.once, proxy.forward) as between:
        web = web_api(between.url, datalab.token)

        assert web.objects() == []
        assert web.objects() == []

        assert between.connections == 2


def test_what_is_not_safe_to_repeat_is_sent_once(
    datalab: Application, web_api: Connect
) -> None:
    with proxy_to(datalab.web_port, proxy.once, proxy.forward) as between:
        web = web_api(between.url, datalab.token, timeouts=PATIENCE)
        assert web.objects() == []
        with ends_soon(ConnectionLostError):
            web.put("x", a_signal())

        assert between.connections == 1
        assert web.objects() == []


def test_a_request_that_is_repeated_in_vain_ends(
    datalab: Application, web_api: Connect
) -> None:
    with proxy_to(datalab.web_port, proxy.once, proxy.drop) as between:
        web = web_api(between.url, datalab.token, timeouts=PATIENCE)
        assert web.objects() == []
        with ends_soon(ConnectionLostError):
            web.objects()

        assert between.connections == 2


def test_a_patch_whose_answer_is_lost_is_looked_for(
    datalab: Application, web_api: Connect
) -> None:
    web_api(datalab.url, datalab.token).put("x", a_signal())
    behaviours = (proxy.once, proxy.applied_then_dropped, proxy.forward)
    with proxy_to(datalab.web_port, *behaviours) as between:
        web = web_api(between.url, datalab.token)
        web.objects()
        web.close()  # so that the next request has a connection of its own
        web.patch("x", xlabel="Time")

        assert web.describe("x").texts["xlabel"] == "Time"


def test_a_frozen_datalab(
    datalab: Application, web_api: Connect, xml_rpc: Connect
) -> None:
    assert web_api(datalab.url, datalab.token).objects() == []
    web = web_api(datalab.url, datalab.token, timeouts=BRIEF)
    rpc = xml_rpc(datalab.rpc_port, timeouts=BRIEF)
    datalab.freeze()
    try:
        with ends_soon(NoAnswerError):
            web.objects()
        with ends_soon(NoAnswerError):
            rpc.objects()
        with ends_soon(NoAnswerError):
            rpc.version()
    finally:
        datalab.thaw()

    patient = web_api(datalab.url, datalab.token)
    assert patient.objects() == []
    assert rpc.version(10) == "1.3.0"


def test_a_datalab_that_is_killed(
    new_datalab: Callable[[], Application], web_api: Connect, xml_rpc: Connect
) -> None:
    datalab = new_datalab()
    web = web_api(datalab.url, datalab.token)
    rpc = xml_rpc(datalab.rpc_port)
    assert web.objects() == []
    assert rpc.version(10) == "1.3.0"

    datalab.kill()

    for _ in range(2):
        with ends_soon(UnreachableError):
            web.objects()
        with ends_soon(UnreachableError):
            web.put("x", a_signal())
        with ends_soon(UnreachableError):
            rpc.objects()
