"""The transport: where a token goes and where not, and what parts of a body become."""

from __future__ import annotations

import faulthandler
import logging
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from datalab_workspace.errors import DataLabError, LiveError, UnreachableError
from datalab_workspace.live.transport import native
from datalab_workspace.live.transport.address import checked_url
from datalab_workspace.live.transport.base import Body, Request, Timeouts
from datalab_workspace.live.transport.native import NativeTransport
from datalab_workspace.live.transport.token import Token

TOKEN = "a-very-secret-token"


class Recorder(BaseHTTPRequestHandler):
    """A handler that records every request, and answers as a test wants."""

    protocol_version = "HTTP/1.1"
    server: Any

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        self.server.clients.add(self.client_address)
        self.server.requests.append((self.command, self.path, self.headers, body))
        status, headers, content = self.server.answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Transfer-Encoding" not in headers:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = answer  # noqa: N815  these names are looked for

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def server() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    server.requests, server.clients = [], set()
    server.answer = (200, {}, b"hello")
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def transport(server: Any) -> Iterator[NativeTransport]:
    transport = NativeTransport(server.url, token=Token(TOKEN))
    yield transport
    transport.close()


def test_a_request_and_its_answer(server: Any, transport: NativeTransport) -> None:
    server.answer = (404, {"X-Thing": "a"}, b"no")

    answer = transport.send(
        Request("GET", "/a%20b", query="c=d", headers={"X-Mine": "1"})
    )

    assert (answer.status, answer.headers["x-thing"]) == (404, "a")
    assert bytes(answer.body) == b"no"
    ((method, path, headers, body),) = server.requests
    assert (method, path, body) == ("GET", "/a%20b?c=d", b"")
    assert headers["X-Mine"] == "1"
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert "text" not in repr(answer)


def test_parts_are_sent_one_after_the_other(
    server: Any, transport: NativeTransport
) -> None:
    parts = [b"abc", b"", bytearray(b"def"), memoryview(b"x" * 1_000_000)]

    transport.send(Request("PUT", "/", body=Body(parts)))

    ((_, _, headers, body),) = server.requests
    assert body == b"".join(parts) == bytes(Body(parts))
    assert headers["Content-Length"] == str(len(body))
    assert headers.get_all("Transfer-Encoding") is None


def test_an_answer_in_chunks(server: Any, transport: NativeTransport) -> None:
    server.answer = (
        200,
        {"Transfer-Encoding": "chunked"},
        b"5\r\nhello\r\n3\r\n yo\r\n0\r\n\r\n",
    )

    assert bytes(transport.send(Request("GET", "/")).body) == b"hello yo"


def test_a_large_answer_can_be_written_to(
    server: Any, transport: NativeTransport
) -> None:
    content = bytes(range(256)) * 40_000
    server.answer = (200, {}, content)

    body = transport.send(Request("GET", "/")).body

    assert bytes(body) == content
    assert not memoryview(body).readonly


def test_a_limit(server: Any) -> None:
    transport = NativeTransport(server.url, limit=4)
    for headers, content in (
        ({}, b"hello"),
        ({"Transfer-Encoding": "chunked"}, b"5\r\nhello\r\n0\r\n\r\n"),
    ):
        server.answer = (200, headers, content)
        with pytest.raises(DataLabError, match="beyond the limit of 4"):
            transport.send(Request("GET", "/"))
    transport.close()


def test_nothing_leads_the_token_elsewhere(
    server: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    other = f"http://127.0.0.1:{server.server_address[1] + 1}"
    for variable in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(variable, other)
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    transport = NativeTransport(server.url, token=Token(TOKEN))
    transport.send(Request("GET", "/"))
    server.answer = (307, {"Location": f"{server.url}/elsewhere"}, b"")

    with pytest.raises(DataLabError, match="redirects"):
        transport.send(Request("GET", "/"))

    transport.close()
    assert [path for _, path, _, _ in server.requests] == ["/", "/"]
    assert server.requests[0][2]["Authorization"] == f"Bearer {TOKEN}"


def test_a_path_is_sent_as_it_is(server: Any, transport: NativeTransport) -> None:
    paths = ["/%2E%2E", "/a%2Fb", "/a/../b", "/./a//b", "/%41%C3%A9%7E", "/a%3Fb%23c"]
    for path in paths:
        transport.send(Request("GET", path, query="q=%2E&r=a%2Bb"))
    sent = [path for _, path, _, _ in server.requests]
    assert sent == [f"{path}?q=%2E&r=a%2Bb" for path in paths]


@pytest.mark.parametrize(
    ("status", "content", "connections"),
    [(200, b"hello", 1), (200, b"", 1), (204, b"", 1), (422, b"no", 1), (500, b"", 2)],
)
def test_a_connection_is_kept(
    server: Any,
    transport: NativeTransport,
    status: int,
    content: bytes,
    connections: int,
) -> None:
    """After a failure of DataLab's it is not: DataLab resets it."""
    server.answer = (status, {}, content)
    for _ in range(2):
        answer = transport.send(Request("POST", "/", body=Body([b"x"])))
        assert (answer.status, bytes(answer.body)) == (status, content)
    assert len(server.clients) == connections


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_uses_a_connection_of_its_own(
    server: Any, transport: NativeTransport
) -> None:
    transport.send(Request("GET", "/"))
    held = transport._lock  # as if another thread were sending
    held.acquire()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # there are threads
        child = os.fork()
    if not child:
        faulthandler.dump_traceback_later(30, exit=True)
        answer = transport.send(Request("GET", "/"))
        os._exit(0 if bytes(answer.body) == b"hello" else 2)
    held.release()

    assert os.waitpid(child, 0)[1] == 0
    assert len(server.clients) == 2


def test_an_idle_connection_is_not_used_again(
    server: Any, transport: NativeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport.send(Request("GET", "/"))
    monkeypatch.setattr(native, "_IDLE", 0.0)
    transport.send(Request("GET", "/"))
    assert len(server.clients) == 2


def test_an_error_while_another_one_is_handled(
    server: Any, transport: NativeTransport
) -> None:
    """The one that the user handles is not the reason of the transport's."""
    server.answer = (200, {"Content-Length": "9"}, b"two lengths")

    def send_again() -> None:
        try:
            raise TimeoutError("mine")
        except TimeoutError:
            transport.send(Request("GET", "/"))

    with pytest.raises(LiveError) as caught:
        send_again()
    assert "gave no HTTP answer" in str(caught.value)
    assert repr(caught.value.__context__) == "TimeoutError('mine')"


def test_the_token_is_in_no_text(
    server: Any, transport: NativeTransport, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    transport.send(Request("GET", "/"))
    nowhere = NativeTransport("http://127.0.0.1:1", token=Token(TOKEN))
    with pytest.raises(UnreachableError) as caught:
        nowhere.send(Request("PUT", "/", body=Body([b"x"])))

    chain: BaseException | None = caught.value
    texts = [repr(transport), str(transport), repr(nowhere), caplog.text]
    while chain is not None:
        texts += [str(chain), repr(chain), repr(vars(chain))]
        chain = chain.__cause__ or chain.__context__
    assert not any(TOKEN in text for text in texts)


@pytest.mark.parametrize("token", ["a\r\nX-Injected: b", "a\nb", "é", "\0"])
def test_a_token_that_is_none(token: str) -> None:
    with pytest.raises(ValueError, match="token") as caught:
        NativeTransport("http://127.0.0.1:1", token=Token(token))
    assert token not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "checked"),
    [
        ("http://127.0.0.1:18080", "http://127.0.0.1:18080"),
        ("http://127.0.0.1:18080/", "http://127.0.0.1:18080"),
        ("http://localhost:1/api/v1", "http://localhost:1"),
        ("https://lab.example", "https://lab.example"),
        ("http://[::1]:18080", "http://[::1]:18080"),
    ],
)
def test_a_url(url: str, checked: str) -> None:
    assert checked_url(url) == checked


@pytest.mark.parametrize(
    "url",
    ["", "x", "127.0.0.1:18080", "ftp://x", "http://", "http://x:y", "http://x:99999"],
)
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  some of the messages are Python's
        NativeTransport(url)


def test_a_password_in_a_url_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="name or password") as caught:
        NativeTransport("http://me:hidden@127.0.0.1:1")
    assert "hidden" not in str(caught.value)


def test_a_host_that_does_not_answer() -> None:
    # Reserved for documentation: nothing is there.
    transport = NativeTransport(
        "http://host.invalid:1", timeouts=Timeouts(connect=0.5, read=0.5)
    )
    with pytest.raises(LiveError):
        transport.send(Request("GET", "/"))


def test_threads_take_turns(server: Any, transport: NativeTransport) -> None:
    found: list[bytes] = []

    def ask(number: int) -> None:
        path = f"/{number}"
        found.append(bytes(transport.send(Request("GET", path, repeatable=True)).body))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [b"hello"] * 20
    assert {path for _, path, _, _ in server.requests} == {f"/{n}" for n in range(20)}


def test_only_a_connection_needs_more_than_numpy() -> None:
    code = """
import sys
from datalab_workspace.live.clients import webapi
from datalab_workspace.live.clients import xmlrpc
from datalab_workspace.live import attach, connection, discovery
from datalab_workspace.live.codecs import npz
from datalab_workspace.live.codecs import rpc_json
from datalab_workspace.live.transport import transport_to
heavy = ("sigima", "guidata", "h5py", "requests", "scipy", "pandas", "urllib3")
print(sorted(set(heavy) & set(sys.modules)))
transport_to("http://127.0.0.1:1")
print(sorted(set(heavy) & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["[]", "['requests', 'urllib3']"]


@pytest.mark.skipif(os.name == "nt", reason="descriptors are no numbers there")
def test_a_connection_may_have_any_descriptor(
    server: Any, transport: NativeTransport
) -> None:
    """In a process with thousands of open files, too."""
    import resource

    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
    opened = []
    try:
        while not opened or opened[-1] < 1024:
            opened.append(os.open(os.devnull, os.O_RDONLY))
        for _ in range(2):  # the second time, whether it is still open is looked at
            assert bytes(transport.send(Request("GET", "/")).body) == b"hello"
    finally:
        for descriptor in opened:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
