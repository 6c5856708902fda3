"""The companion's own port: what it lets in, and what it survives.

A stand-in answers the calls, so that these tests need no DataLab.
"""

from __future__ import annotations

import http.client
import json
import logging
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datalab_kernel.desktop.companion import dispatch, timed_socket
from datalab_kernel.desktop.companion.http_server import HttpServer
from datalab_workspace.live.codecs import frame
from datalab_workspace.live.codecs.frame import FrameWriter
from datalab_workspace.live.transport.token import Token
from support.companion_service import StandIn

SECRET = "s3cr3t-of-the-companion"
AUTHORIZED = {"Authorization": f"Bearer {SECRET}"}
JSON = {"Content-Type": "application/json"}
FRAME = {"Content-Type": frame.MEDIA_TYPE}
#: Longer than anything takes.
PATIENCE = 30.0

Answered = tuple[int, Any]


class Port:
    """The running server, and a client of the standard library."""

    def __init__(self, service: StandIn) -> None:
        self.service = service
        self.server = HttpServer(service, Token(SECRET))
        url = urlsplit(self.server.url)
        assert url.hostname == "127.0.0.1"
        assert url.port is not None
        self.address = (url.hostname, url.port)

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(*self.address, timeout=PATIENCE)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answered:
        """Send a request with the token; return the status and the JSON."""
        return self.ask_with(AUTHORIZED | JSON | headers, method, path, body)

    def ask_with(
        self, headers: dict[str, str], method: str, path: str, body: Any = None
    ) -> Answered:
        connection = self.connect()
        try:
            connection.request(method, f"/api/kernel/v1/{path}", body, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def raw(self, data: bytes, *, ends: bool = True) -> bytes:
        """Send bytes; return all that comes until the server closes."""
        with socket.create_connection(self.address, timeout=PATIENCE) as client:
            client.sendall(data)
            if ends:
                client.shutdown(socket.SHUT_WR)
            received = bytearray()
            with suppress(ConnectionResetError):
                while part := client.recv(1 << 16):
                    received += part
            return bytes(received)

    @property
    def works(self) -> bool:
        return self.ask("POST", "echo", b'{"a": 1}')[0] == 200


@pytest.fixture
def port() -> Iterator[Port]:
    opened = Port(StandIn())
    yield opened
    opened.service.close()
    opened.server.close()


@pytest.fixture(scope="module")
def lasting() -> Iterator[Port]:
    opened = Port(StandIn())
    yield opened
    opened.service.close()
    opened.server.close()


def head(path: str, *lines: str, method: str = "POST") -> bytes:
    first = f"{method} /api/kernel/v1/{path} HTTP/1.1"
    authorization = f"Authorization: Bearer {SECRET}"
    all_lines = [first, "Host: 127.0.0.1", authorization, *lines, "", ""]
    return "\r\n".join(all_lines).encode("latin-1")


def framed(*arrays: np.ndarray[Any, Any], **header: Any) -> bytes:
    writer = FrameWriter()
    for array in arrays:
        writer.put(array)
    return b"".join(writer.parts(header))


# -- calls and answers ----------------------------------------------------------------


def test_json_goes_both_ways(port: Port) -> None:
    client = str(uuid4())

    status, answer = port.ask(
        "POST",
        "echo?since=3&boot=a%20b",
        b'{"a": [1, "\xc3\xa9"]}',
        **{dispatch.CLIENT: client},
    )

    assert status == 200
    expected = {"a": [1, "é"], "query": {"since": "3", "boot": "a b"}, "client": client}
    assert answer == expected
    (call,) = port.service.calls
    assert (call.method, call.path) == ("POST", ("echo",))


@pytest.mark.parametrize("size", [0, 1, 70_000, 3 << 20])
def test_arrays_go_both_ways(port: Port, size: int) -> None:
    arrays = [np.arange(size, dtype="<f8"), np.array([[True, False]])]
    connection = port.connect()

    body = framed(*arrays, title="peak")
    connection.request("POST", "/api/kernel/v1/echo", body, AUTHORIZED | FRAME)
    answer = connection.getresponse()

    assert answer.headers["Content-Type"] == frame.MEDIA_TYPE
    header, received = frame.read(answer.read())
    assert header["title"] == "peak"
    assert all(map(np.array_equal, arrays, received))
    connection.close()


def test_a_connection_carries_many_requests(port: Port) -> None:
    connection = port.connect()
    for number in range(50):
        body = json.dumps({"number": number})
        connection.request("POST", "/api/kernel/v1/echo", body, AUTHORIZED | JSON)
        assert json.loads(connection.getresponse().read())["number"] == number
    connection.close()


def test_other_content_is_sent_as_it_is(port: Port) -> None:
    connection = port.connect()
    for method, content in ("GET", b"picture"), ("HEAD", b""), ("GET", b"picture"):
        connection.request(method, "/api/kernel/v1/picture", headers=AUTHORIZED)
        answer = connection.getresponse()
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["Content-Length"] == "7"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.read() == content
    assert [call.method for call in port.service.calls] == ["GET"] * 3
    connection.close()


def test_a_client_may_wait_for_leave_to_send(port: Port) -> None:
    with socket.create_connection(port.address, timeout=PATIENCE) as client:
        lines = "Expect: 100-continue", "Content-Type: application/json"
        client.sendall(head("echo", *lines, "Content-Length: 8"))
        assert client.recv(100).startswith(b"HTTP/1.1 100 ")
        client.sendall(b'{"a": 1}')
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")


def test_a_fault_is_reported_and_logged(
    port: Port, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    status, answer = port.ask("GET", "fail")

    assert (status, answer["error"]) == (500, "failed")
    assert "KeyError" in answer["detail"]
    assert "a name of the user's" not in answer["detail"]
    assert "Traceback" in caplog.text
    assert SECRET not in caplog.text
    assert capfd.readouterr() == ("", "")
    assert port.works


# -- who may ask ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Bearer {SECRET}x",
        f"Bearer {SECRET[:-1]}",
        f"Basic {SECRET}",
        SECRET,
        "Bearer \xe9",
    ],
)
@pytest.mark.parametrize("path", ["echo", "wait", "nowhere"])
def test_the_token_is_always_required(
    port: Port, authorization: str | None, path: str
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}

    status, answer = port.ask_with(headers | JSON, "POST", path, b"{}")

    assert (status, answer["error"]) == (401, "token")
    assert SECRET not in json.dumps(answer)
    assert port.service.calls == []


def test_the_scheme_is_written_in_any_case(port: Port) -> None:
    headers = {"Authorization": f"bearer  {SECRET}"} | JSON

    assert port.ask_with(headers, "POST", "echo", b"{}")[0] == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:43017", 200),
        ("localhost:1", 200),
        ("LOCALHOST", 200),
        ("127.1.2.3", 200),
        ("[::1]:80", 200),
        ("[::1]", 200),
        ("", 403),
        ("example.org", 403),
        ("localhost.example.org", 403),
        ("127.0.0.1.example.org", 403),
        ("192.168.1.1", 403),
        ("0.0.0.0", 403),
        ("127.0.0.1:80:80", 403),
        ("127.0.0.1@example.org", 403),
        ("[::1]example.org", 403),
        ("[::1", 403),
        ("2130706433", 403),
    ],
)
def test_only_loopback_hosts_are_answered(port: Port, host: str, status: int) -> None:
    found, answer = port.ask("POST", "echo", b"{}", Host=host)

    assert found == status
    if status != 200:
        assert answer["error"] == "host"
        assert port.service.calls == []


@pytest.mark.parametrize("lines", [[], ["Host: 127.0.0.1", "Host: example.org"]])
def test_a_request_needs_one_host(port: Port, lines: list[str]) -> None:
    first = "GET /api/kernel/v1/hello HTTP/1.1"
    text = "\r\n".join([first, *lines, f"Authorization: Bearer {SECRET}", "", ""])

    assert port.raw(text.encode()).startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize(
    "origin", ["null", "http://127.0.0.1", "https://example.org", ""]
)
@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
def test_pages_are_refused(port: Port, origin: str, method: str) -> None:
    connection = port.connect()
    headers = AUTHORIZED | {"Origin": origin, "Access-Control-Request-Method": "POST"}
    connection.request(method, "/api/kernel/v1/echo", headers=headers)
    answer = connection.getresponse()

    assert answer.status == 403
    assert json.loads(answer.read())["error"] == "origin"
    assert not [name for name in answer.headers if name.startswith("Access-Control")]
    assert port.service.calls == []
    connection.close()


# -- damaged requests -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["Content-Length: -1"], 400),
        (["Content-Length: 1_0"], 400),
        (["Content-Length: ²"], 400),
        (["Content-Length: 5", "Content-Length: 6"], 400),
        (["Transfer-Encoding: chunked"], 400),
        (["Transfer-Encoding: chunked", "Content-Length: 5"], 400),
        ([f"Content-Length: {dispatch.LONGEST_BODY + 1}"], 413),
        ([f"Content-Length: {'9' * 5000}"], 413),
        (["Content-Length: 2", "Content-Type: text/plain"], 400),
        (["Content-Length: 2"], 400),
    ],
)
def test_a_body_must_say_what_it_is(port: Port, lines: list[str], status: int) -> None:
    answer = port.raw(head("echo", *lines) + b"{}")

    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert port.service.calls == []
    assert port.works


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n\r\n",
        b"\0" * 100,
        b"GET\r\n\r\n",
        b"GET / HTTP/9\r\n\r\n",
        b"GET " + b"a" * 70_000,
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n",
        b"GET / HTTP/1.1\r\na: " + b"b" * 70_000,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # the start of TLS
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused(
    port: Port,
    data: bytes,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = port.raw(data)

    assert not answer or answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 403 "))
    assert capfd.readouterr() == ("", "")
    assert caplog.text == ""
    assert port.works


def test_a_line_that_is_too_long_is_answered(port: Port) -> None:
    assert port.raw(b"GET " + b"a" * 70_000).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/kernel/v2/hello", 404),
        ("/", 404),
        ("/api/v1/status", 404),
        ("/api/kernel/v1/nowhere", 404),
        ("/api/kernel/v1/echo?a=1&a=2", 400),
        ("/api/kernel/v1/echo?" + "&".join(f"a{n}=1" for n in range(100)), 400),
    ],
)
def test_unknown_routes(port: Port, path: str, status: int) -> None:
    connection = port.connect()
    connection.request("GET", path, headers=AUTHORIZED)
    answer = connection.getresponse()

    assert answer.status == status
    assert json.loads(answer.read())["error"] in ("path", "malformed")
    connection.close()


def test_a_client_names_itself_by_a_uuid(port: Port) -> None:
    status, answer = port.ask("POST", "echo", b"{}", **{dispatch.CLIENT: "me"})

    assert (status, answer["error"]) == (400, "malformed")


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_damaged_bodies_are_refused(lasting: Port, data: st.DataObject) -> None:
    valid = data.draw(
        st.sampled_from(
            [
                framed(np.arange(3.0), np.zeros((2, 2), "<i2"), ops=[{"op": "add"}]),
                b'{"uuids": ["a"], "parts": "all"}',
            ]
        )
    )
    body = bytearray(valid)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, max(len(body) - 1, 0)))
        match data.draw(st.integers(0, 2)):
            case 0:
                body[place : place + 1] = data.draw(st.binary(min_size=1, max_size=4))
            case 1:
                del body[place:]
            case 2:
                body[place:place] = data.draw(st.binary(max_size=80))
    kind = data.draw(st.sampled_from([FRAME, JSON]))

    connection = lasting.connect()
    connection.request("POST", "/api/kernel/v1/echo", bytes(body), AUTHORIZED | kind)
    answer = connection.getresponse()

    answer.read()
    assert answer.status in (200, 400)
    connection.close()


@given(body=st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_answered(lasting: Port, body: bytes) -> None:
    answer = lasting.raw(body)

    assert not answer or answer[:13] in (b"HTTP/1.1 400 ", b"HTTP/1.1 403 ")


# -- slow, silent and many clients ----------------------------------------------------


def test_half_a_body_does_nothing(port: Port) -> None:
    lines = "Content-Type: application/json", "Content-Length: 8"

    assert port.raw(head("echo", *lines) + b'{"a"') == b""
    assert port.service.calls == []
    assert port.works


def test_memory_is_used_only_for_what_arrives(port: Port) -> None:
    tracemalloc.start()
    try:
        lines = f"Content-Type: {frame.MEDIA_TYPE}", f"Content-Length: {4 << 30}"
        clients = [socket.create_connection(port.address) for _ in range(8)]
        before = resident()
        for client in clients:
            client.sendall(head("echo", *lines) + b"DLK1")
        assert port.works
        assert resident() - before < 64 << 20
    finally:
        tracemalloc.stop()
        for client in clients:
            client.close()
    assert port.works


def resident() -> int:
    import psutil

    return int(psutil.Process().memory_info().rss)


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("_HEAD", b""),
        ("_HEAD", b"GET /kernel"),
        ("_SILENCE", head("echo", "Content-Length: 8") + b"{"),
        ("_IDLE", head("echo", "Content-Length: 0")),
    ],
)
def test_a_silent_client_is_disconnected(
    port: Port, monkeypatch: pytest.MonkeyPatch, name: str, sent: bytes
) -> None:
    monkeypatch.setattr(timed_socket, name, 0.2)

    port.raw(sent, ends=False)

    monkeypatch.undo()
    assert port.works


@pytest.mark.parametrize(
    ("name", "start"),
    [("_HEAD", b"GET /"), ("_SILENCE", head("echo", "Content-Length: 100000"))],
)
def test_a_client_that_drips_is_disconnected(
    port: Port, monkeypatch: pytest.MonkeyPatch, name: str, start: bytes
) -> None:
    """Every byte comes in time, but not all of them."""
    monkeypatch.setattr(timed_socket, name, 0.5)
    monkeypatch.setattr(timed_socket, "_PACE", 1 << 20)
    with socket.create_connection(port.address, timeout=0.05) as client:
        client.sendall(start)
        end = time.monotonic() + PATIENCE
        while is_open(client):
            assert time.monotonic() < end, "the server still waits"
            with suppress(OSError):
                client.sendall(b" ")
    monkeypatch.undo()
    assert port.works


def is_open(client: socket.socket) -> bool:
    """Return whether a connection is open, after a short wait."""
    try:
        return bool(client.recv(100))
    except TimeoutError:
        return True
    except OSError:
        return False


def test_a_client_that_does_not_read_is_disconnected(
    port: Port, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timed_socket, "_SILENCE", 0.3)
    monkeypatch.setattr(timed_socket, "_PACE", 1 << 30)
    body = framed(np.zeros(8 << 20, "u1"))
    with socket.create_connection(port.address, timeout=PATIENCE) as client:
        lines = f"Content-Type: {frame.MEDIA_TYPE}", f"Content-Length: {len(body)}"
        client.sendall(head("echo", *lines) + body)

        until(lambda: port.server.open_connections == 0)
    assert port.works


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)  # between two looks


def test_many_clients_wait_and_others_are_answered(port: Port) -> None:
    connections = [port.connect() for _ in range(40)]
    for connection in connections:
        connection.request("GET", "/api/kernel/v1/wait", headers=AUTHORIZED)
    for _ in connections:
        assert port.service.waiting.acquire(timeout=PATIENCE)

    assert port.works

    port.service.freed.set()
    for connection in connections:
        assert json.loads(connection.getresponse().read()) == {"waited": True}
        connection.close()


def test_a_client_that_goes_away_leaves_no_trace(
    port: Port, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    connection = port.connect()
    connection.request("GET", "/api/kernel/v1/wait", headers=AUTHORIZED)
    assert port.service.waiting.acquire(timeout=PATIENCE)
    connection.close()
    port.service.freed.set()

    until(lambda: port.server.open_connections == 0)
    assert capfd.readouterr() == ("", "")
    assert caplog.text == ""
    assert port.works


def test_a_refused_client_gets_its_answer(port: Port) -> None:
    """It is still sending when it is refused."""
    body = bytes(32 << 20)

    status, answer = port.ask_with(FRAME, "POST", "echo", body)

    assert (status, answer["error"]) == (401, "token")


# -- the end --------------------------------------------------------------------------


def test_those_who_wait_are_answered_at_the_end() -> None:
    port = Port(StandIn())
    connections = [port.connect() for _ in range(5)]
    for connection in connections:
        connection.request("GET", "/api/kernel/v1/wait", headers=AUTHORIZED)
        assert port.service.waiting.acquire(timeout=PATIENCE)
    idle = port.connect()
    idle.request("GET", "/api/kernel/v1/picture", headers=AUTHORIZED)
    idle.getresponse().read()

    port.service.close()
    port.server.close()

    for connection in connections:
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["error"]) == (503, "closing")
        connection.close()
    assert idle.sock.recv(1) == b""
    idle.close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(port.address, timeout=PATIENCE)


def test_a_call_that_hangs_does_not_hold_up_the_end() -> None:
    port = Port(StandIn())
    connection = port.connect()
    connection.request("GET", "/api/kernel/v1/wait", headers=AUTHORIZED)
    assert port.service.waiting.acquire(timeout=PATIENCE)

    closing = threading.Thread(target=port.server.close)
    closing.start()
    closing.join(PATIENCE)

    assert not closing.is_alive()
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        connection.getresponse()
    port.service.freed.set()
    connection.close()
