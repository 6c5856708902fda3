"""No traceback with variables, no repr and no error text shows the token."""

from __future__ import annotations

import base64
import copy
import gc
import json
import os
import pickle
import re
import socket
import subprocess
import sys
import textwrap
import threading
import traceback
import types
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

import pytest
from IPython.core.ultratb import VerboseTB

import datalab_workspace as dlw
from datalab_workspace.live import discovery
from datalab_workspace.live.transport.base import Request
from datalab_workspace.live.transport.native import NativeTransport
from datalab_workspace.live.transport.token import Token
from datalab_workspace.live.webapi_settings import connection_file

TOKEN = "tok+/SECRET=7788-of-these-tests"
#: A part of it in the forms that a server might send back.
PART = "SECRET=7788-of"
FORMS = [
    PART,
    quote(PART, safe=""),
    *(
        # The characters that depend on what stands before or after are left out.
        encode(f"{before}{PART}".encode()).decode()[4:-4]
        for encode in (base64.b64encode, base64.urlsafe_b64encode)
        for before in ("", "a", "ab")
    ),
]
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
STATUS = {
    "running": True,
    "version": "1.3.0",
    "api_version": "v1",
    "localhost_no_token": False,
}


def echo(header: str) -> str:
    """Return all that a server might say of the header that it got."""
    token = header.removeprefix("Bearer ")
    encoded = [base64.b64encode(text.encode()).decode() for text in (header, token)]
    return f"{header} \x1b[31m \x00 {token} {quote(token, safe='')} {' '.join(encoded)}"


class FakeDataLab(BaseHTTPRequestHandler):
    """Answers as DataLab's Web API, or fails as `server.mode` says."""

    protocol_version = "HTTP/1.1"
    server: Any

    def answer(self) -> None:
        header = self.headers.get("Authorization", "")
        mode, self.server.seen = self.server.mode, header
        if mode == "hang":
            self.server.released.wait(30)
            return
        if mode == "break":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")
            self.wfile.write(echo(header).encode())
            self.close_connection = True
            return
        if mode == "garbage":
            self.wfile.write(echo(header).encode())
            self.close_connection = True
            return
        status, content = 200, self._content(header)
        if mode in ("401", "403", "422", "500"):
            status, content = int(mode), {"detail": echo(header)}
        elif mode == "not JSON":
            content = None
        elif mode == "other JSON":
            content = {"echo": echo(header), "running": echo(header)}
        self.send_response(status)
        body = echo(header) if content is None else json.dumps(content)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def _content(self, header: str) -> Any:
        if self.path.endswith("/status"):
            version = echo(header) if self.server.mode == "echo" else "1.3.0"
            return STATUS | {"version": version}
        return {"objects": [], "count": 0}

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def server() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), FakeDataLab)
    server.daemon_threads = True
    server.mode, server.released = "", threading.Event()
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Wait for nothing long, and look at no files of the user's."""
    monkeypatch.setattr(discovery, "WITHIN", 1.0)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("APPDATA", str(tmp_path))


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that led to it, even what is not shown."""
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        one = left.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            left += [one.__cause__, one.__context__]


def check_hidden(text: str) -> None:
    plain = _ANSI.sub("", text)
    assert not [form for form in FORMS if form in plain]


def secret() -> str:
    """Return the token, which the frames of these tests then hold in no variable."""
    return TOKEN


def without_tests(frames: types.TracebackType | None) -> types.TracebackType | None:
    """Return a traceback from its first frame on that is not of these tests."""
    while frames is not None and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    return frames


def check_error(error: BaseException) -> None:
    """Look at an error as all programs do that show the variables of frames."""
    for one in chain(error):
        one.__traceback__ = without_tests(one.__traceback__)
        shown = traceback.TracebackException.from_exception(one, capture_locals=True)
        check_hidden("".join(shown.format()))
        check_hidden(str(one) + repr(one) + repr(vars(one)))
        # It shows variables, and the values of expressions in the lines of the frames.
        text = VerboseTB().text(type(one), one, one.__traceback__)
        check_hidden(text)
    assert "\x1b" not in str(error)
    assert "\x00" not in str(error)
    assert len(str(error)) < 2000


def holders(root: object) -> list[object]:
    """Return the strings in a graph of objects that contain the token."""
    passed = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)
    seen, left, found = {id(root)}, [root], []
    while left:
        for held in gc.get_referents(left.pop()):
            if id(held) in seen or isinstance(held, (*passed, types.FrameType)):
                continue
            seen.add(id(held))
            left.append(held)
            if isinstance(held, str) and any(form in held for form in FORMS):
                found.append(held)
            if isinstance(held, bytes | bytearray | memoryview):
                plain = bytes(held).decode("latin-1")
                found += [held] if any(form in plain for form in FORMS) else []
    return found


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
        server.socket.close()
        workspace.backend.connection.web._transport._connection._port = 1
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
    dlw.Workspace().connect("http://127.0.0.1:1", secret(), "skip")  # type: ignore[misc]


def _wrong_choice() -> None:
    dlw.Workspace().connect("http://127.0.0.1:1", secret(), on_conflict="no")  # type: ignore[arg-type]


def _nothing_found() -> None:
    dlw.connect(token=secret())


def _with_a_line_end() -> None:
    dlw.connect("http://127.0.0.1:1", secret() + "\n")


def _bytes() -> None:
    dlw.connect("http://127.0.0.1:1", secret().encode())  # type: ignore[arg-type]


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
        dlw.Workspace()
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


def test_a_server_that_says_it_is_called_so(
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


class TestToken:
    def test_it_shows_nothing(self) -> None:
        token = Token(TOKEN)
        shown = [repr(token), str(token), f"{token}", f"{token!r:.80}"]
        shown += [str(getattr(token, name)) for name in Token.__slots__]
        assert set(shown[:4]) == {"<token>"}
        check_hidden(" ".join(shown))
        assert not hasattr(token, "__dict__")
        assert holders(token) == []

    def test_it_is_neither_pickled_nor_copied(self) -> None:
        for keep in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps):
            with pytest.raises(TypeError):
                keep(Token(TOKEN))  # type: ignore[operator]

    def test_it_equals_its_string(self) -> None:
        assert Token(TOKEN) == TOKEN
        assert Token(TOKEN) == Token(TOKEN)
        assert Token(TOKEN) != Token(TOKEN[:-1])
        assert Token(TOKEN) != 5
        assert Token("\udcff") != Token("é")

    def test_of(self) -> None:
        token = Token(TOKEN)
        assert Token.of(None) is None
        assert Token.of(token) is token
        assert not Token("")
        assert Token("")._plain() == b""

    @pytest.mark.parametrize(
        "said",
        [
            TOKEN,
            quote(TOKEN, safe=""),
            *(
                encode(f"{before}{TOKEN}{after}".encode()).decode()
                for encode in (base64.b64encode, base64.urlsafe_b64encode)
                for before in ("", "a", "ab", "Bearer ")
                for after in ("", "a", "ab")
            ),
        ],
    )
    def test_what_a_server_sends_back(self, said: str) -> None:
        assert any(form in said for form in FORMS)
        shown = Token(TOKEN).redact(f"a {said} b")
        check_hidden(shown)
        assert "<token>" in shown

    def test_a_short_one_spoils_no_other_words(self) -> None:
        assert Token("t").redact("a b") == "a b"
        assert Token("").redact("a b") == "a b"


def test_a_request_that_is_sent_leaves_no_header(server: Any) -> None:
    transport = NativeTransport(server.url, token=Token(TOKEN))
    transport.send(Request("GET", "/"))
    assert server.seen == f"Bearer {TOKEN}"
    assert holders(transport.__dict__) == []
    transport.close()


def test_a_connection_that_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The request itself cannot be sent."""

    def fail(*_: object) -> NoReturn:
        raise BrokenPipeError("no reader")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        transport = NativeTransport(url, token=Token(TOKEN))
        sent = transport._connection
        monkeypatch.setattr(sent, "send", lambda part: fail(part))
        with pytest.raises(ConnectionError) as caught:
            transport.send(Request("GET", "/"))
        check_error(caught.value)
        transport.close()


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
    told = subprocess.run(
        [*command, "-p", "no:cacheprovider", "-c", os.devnull, "-vv"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ | {"SECRET": TOKEN, "SERVER": server.url},
    )
    assert "3 failed" in told.stdout
    check_hidden(told.stdout + told.stderr)
