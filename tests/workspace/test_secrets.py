"""No traceback with variables, no repr and no error text shows the token."""

from __future__ import annotations

import http.client
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import datalab_workspace as dlw
from datalab_workspace.live import discovery
from datalab_workspace.live.transport.base import Request, Timeouts
from datalab_workspace.live.transport.bounded import BoundedSocket
from datalab_workspace.live.transport.native import NativeTransport
from datalab_workspace.live.transport.token import Token
from datalab_workspace.live.webapi_settings import connection_file
from support.fake_web_api import fake_web_api
from support.leak_checks import TOKEN, check_error, check_hidden, holders, secret


@pytest.fixture
def server() -> Iterator[Any]:
    with fake_web_api() as server:
        yield server


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Wait for nothing long, and look at no files of the user's."""
    monkeypatch.setattr(discovery, "WITHIN", 1.0)
    monkeypatch.setattr(discovery, "PATIENCE", 1.0)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("APPDATA", str(tmp_path))


def attached(server: Any) -> dlw.Workspace:
    workspace = dlw.connect(server.url, secret())
    assert workspace.list() == []
    assert server.seen == f"Bearer {TOKEN}"
    return workspace


#: Calls that fail, by what the server does.
MODES = [
    *("hang", "break", "garbage", "401", "403", "422", "500", "not JSON"),
    "other JSON",
]


@pytest.mark.parametrize("mode", MODES)
def test_connecting(server: Any, mode: str) -> None:
    server.mode = mode
    with pytest.raises(dlw.WorkspaceError) as caught:
        dlw.connect(server.url, secret())
    check_error(caught.value)
    assert server.seen == f"Bearer {TOKEN}"


@pytest.mark.parametrize("mode", MODES)
def test_connecting_a_workspace(server: Any, mode: str) -> None:
    server.mode = mode
    workspace = dlw.Workspace()
    with pytest.raises(dlw.WorkspaceError) as caught:
        workspace.connect(token=secret(), url=server.url)
    check_error(caught.value)


@pytest.mark.parametrize("mode", [*MODES[1:], "refused"])
@pytest.mark.parametrize(
    "call",
    [
        lambda ws: ws.list(),
        lambda ws: ws.add("x", range(3)),
        lambda ws: ws.connect("http://127.0.0.1:1", secret()),
    ],
    ids=["list", "add", "connect"],
)
def test_a_call_in_the_middle(
    server: Any, mode: str, call: Callable[[dlw.Workspace], Any]
) -> None:
    workspace = attached(server)
    if mode == "refused":
        workspace.backend.connection.web.close()
        server.shutdown()
        server.server_close()
    server.mode = mode
    with pytest.raises((dlw.WorkspaceError, TypeError)) as caught:
        call(workspace)
    check_error(caught.value)
    check_hidden(repr(workspace) + repr(vars(workspace)))


def _unreachable() -> None:
    dlw.connect("http://127.0.0.1:1", secret())


def _not_a_url() -> None:
    dlw.connect("127.0.0.1:1", secret())


def _misspelt() -> None:
    dlw.Workspace().connect(url="http://127.0.0.1:1", token=secret(), conflict="skip")


def _too_many() -> None:
    dlw.Workspace().connect("http://127.0.0.1:1", secret(), "skip")


def _wrong_choice() -> None:
    dlw.Workspace().connect("http://127.0.0.1:1", secret(), on_conflict="no")


def _nothing_found() -> None:
    dlw.connect(token=secret())


def _with_a_line_end() -> None:
    dlw.connect("http://127.0.0.1:1", secret() + "\n")


def _bytes() -> None:
    dlw.connect("http://127.0.0.1:1", secret().encode())


@pytest.mark.parametrize(
    "call",
    [
        _unreachable,
        _not_a_url,
        _misspelt,
        _too_many,
        _wrong_choice,
        _nothing_found,
        _with_a_line_end,
        _bytes,
    ],
)
def test_wrong_arguments(call: Callable[[], None]) -> None:
    with pytest.raises((dlw.WorkspaceError, TypeError, ValueError)) as caught:
        call()
    check_error(caught.value)


@pytest.mark.parametrize("mode", [*MODES, "gone"])
@pytest.mark.parametrize("found_by", ["environment", "connection file"])
def test_discovery(
    server: Any, mode: str, found_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "http://127.0.0.1:1" if mode == "gone" else server.url
    server.mode = mode
    monkeypatch.setenv("DATALAB_KERNEL_MODE", "live")
    if found_by == "environment":
        monkeypatch.setenv("DATALAB_WORKSPACE_URL", url)
        monkeypatch.setenv("DATALAB_WORKSPACE_TOKEN", TOKEN)
    else:
        connection_file().parent.mkdir(parents=True)
        content = {"url": url, "token": TOKEN, "pid": os.getpid()}
        connection_file().write_text(json.dumps(content))
    with pytest.raises(ConnectionError) as caught:
        dlw.Workspace().list()  # a server that hangs could be a busy DataLab
    check_error(caught.value)
    monkeypatch.delenv("DATALAB_KERNEL_MODE")
    with pytest.raises(ConnectionError) as caught:
        dlw.connect()
    check_error(caught.value)
    check_hidden(repr(discovery.search()))


@pytest.mark.parametrize(
    "content",
    [
        f'{{"url": "http://127.0.0.1:1", "token": "{TOKEN}", ',
        json.dumps({"url": 1, "token": TOKEN}),
        json.dumps({"url": "http://127.0.0.1:1", "token": [TOKEN]}),
        json.dumps({"url": "nonsense", "token": TOKEN}),
        json.dumps([TOKEN]),
        f"{TOKEN} [" * 2000,
    ],
)
def test_a_damaged_connection_file(content: str) -> None:
    connection_file().parent.mkdir(parents=True)
    connection_file().write_text(content)
    for call in (dlw.connect, lambda: dlw.connect("http://127.0.0.1:1")):
        with pytest.raises(ConnectionError) as caught:
            call()
        check_error(caught.value)


def test_a_server_whose_version_is_the_token(
    server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server.mode = "echo"
    caplog.set_level("DEBUG")
    workspace = attached(server)
    status = workspace.status()
    check_hidden(repr(workspace) + repr(status) + str(status) + caplog.text)
    assert status.version is not None
    assert "<token>" in status.version
    assert "\x1b" not in status.version
    assert len(status.version) <= 40
    check_hidden(repr(discovery.locate(server.url, TOKEN)))


def test_the_graph_of_a_workspace(server: Any) -> None:
    workspace = attached(server)
    assert holders(workspace.__dict__) == []
    server.mode = "500"
    with pytest.raises(ConnectionError):
        workspace.list()
    assert holders(workspace.__dict__) == []
    # The walk finds it where it is.
    assert holders({"a": [f"Bearer {TOKEN}"]}) == [f"Bearer {TOKEN}"]


def test_nothing_is_kept_of_a_workspace_that_is_pickled(server: Any) -> None:
    workspace = attached(server)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        try:
            pickled = pickle.dumps(workspace, protocol)
        except TypeError as error:
            check_error(error)
        else:
            check_hidden(pickled.decode("latin-1"))


def test_a_request_that_is_sent_leaves_no_header(server: Any) -> None:
    transport = NativeTransport(server.url, token=Token(TOKEN))
    transport.send(Request("GET", "/"))
    assert server.seen == f"Bearer {TOKEN}"
    assert holders(transport.__dict__) == []
    server.mode = "cookie"
    transport.send(Request("GET", "/"))
    assert holders(transport._session.cookies) == []
    transport.close()


def test_a_request_that_cannot_be_sent() -> None:
    """The time is up before the first byte leaves."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        transport = NativeTransport(
            f"http://127.0.0.1:{listening.getsockname()[1]}",
            token=Token(TOKEN),
            timeouts=Timeouts(read=1e-9),
        )
        with pytest.raises(dlw.NoAnswerError) as caught:
            transport.send(Request("GET", "/"))
        check_error(caught.value)
        transport.close()


@pytest.mark.skipif(os.name == "nt", reason="there, a signal does not end a wait")
@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"]
)
def test_an_interrupt(answer: bytes) -> None:
    """It comes while the transport waits for the headers, or for the body."""
    user = threading.main_thread().ident
    assert user is not None

    def interrupt() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(1 << 16)
            connection.sendall(answer)
            signal.pthread_kill(user, signal.SIGINT)
            with suppress(ConnectionError):
                connection.recv(1)  # until the client closes it

    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        transport = NativeTransport(url, token=Token(TOKEN))
        thread = threading.Thread(target=interrupt)
        thread.start()
        with pytest.raises(KeyboardInterrupt) as caught:
            transport.send(Request("GET", "/"))
        thread.join()
    check_error(caught.value)


def test_an_interrupt_while_a_failure_is_handled(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(sock: BoundedSocket) -> None:
        monkeypatch.undo()
        sock.close()
        raise KeyboardInterrupt

    server.mode = "garbage"
    transport = NativeTransport(server.url, token=Token(TOKEN))
    monkeypatch.setattr(BoundedSocket, "close", interrupt)
    with pytest.raises(KeyboardInterrupt) as caught:
        transport.send(Request("GET", "/"))
    check_error(caught.value)
    transport.close()


def test_what_libraries_log_and_print(
    server: Any,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level("DEBUG")
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    transport = NativeTransport(server.url, token=Token(TOKEN))
    for server.mode in ("", "echo", "break", "garbage", "malformed", "500"):
        try:
            transport.send(Request("GET", "/status"))
        except dlw.LiveError as error:
            check_error(error)
        assert server.seen == f"Bearer {TOKEN}"
    transport.close()
    assert "GET /status" in caplog.text
    check_hidden(caplog.text + "".join(capfd.readouterr()))


def test_pytest_with_locals(server: Any, tmp_path: Path) -> None:
    test = tmp_path / "test_it.py"
    test.write_text(
        textwrap.dedent(
            """
            import os
            import datalab_workspace as dlw

            def test_refused():
                dlw.connect("http://127.0.0.1:1", os.environ["SECRET"])

            def test_another_token():
                dlw.connect(os.environ["SERVER"], os.environ["SECRET"])

            def test_misspelt():
                dlw.Workspace().connect(token=os.environ["SECRET"], ulr="a")
            """
        )
    )
    server.mode = "401"
    command = [sys.executable, "-m", "pytest", "--showlocals", "--tb=long", str(test)]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", "-c", os.devnull, "-vv"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ | {"SECRET": TOKEN, "SERVER": server.url},
    )
    assert "3 failed" in done.stdout
    check_hidden(done.stdout + done.stderr)
