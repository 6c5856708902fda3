"""The plugin for DataLab's window hides the tokens."""

from __future__ import annotations

import os
import socket
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from datalab_kernel.desktop import connection, launch, protocol, record, rest, server
from datalab_workspace.live.transport.token import Token
from support.window_tokens import (
    OWN,
    PATIENCE,
    RUNNING,
    TOKEN,
    URL,
    Proxy,
    is_hidden,
    variables,
)

# -- the settings of the connection ---------------------------------------------------


@pytest.mark.parametrize("running", [True, False])
def test_the_variables_hide_the_token(running: bool) -> None:
    found = variables({**RUNNING, "running": running}, RUNNING)

    assert found["DATALAB_WORKSPACE_TOKEN"] == TOKEN
    assert found["DATALAB_WORKSPACE_URL"] == URL
    assert found["DATALAB_XMLRPCPORT"] == "41000"
    assert TOKEN not in repr(found)


def test_only_the_commands_contain_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    found = variables(RUNNING)

    monkeypatch.setattr(connection, "os", SimpleNamespace(name="posix"))
    assert f"export DATALAB_WORKSPACE_TOKEN={TOKEN}\n" in connection.as_commands(found)
    monkeypatch.setattr(connection, "os", SimpleNamespace(name="nt"))
    commands = connection.as_commands(found | {"DATALAB_WORKSPACE_TOKEN": Token("a'b")})
    assert "$env:DATALAB_WORKSPACE_TOKEN = 'a''b'\n" in commands
    assert "KERNEL_MODE" not in commands


@pytest.mark.parametrize(
    ("status", "started", "message"),
    [
        ({**RUNNING, "available": False}, None, "not available"),
        ({**RUNNING, "running": False}, OSError("no port"), "does not start: no port"),
        ({**RUNNING, "url": None}, None, "does not report a usable URL and token"),
        ({**RUNNING, "token": [TOKEN]}, None, "does not report a usable URL and token"),
        ({**RUNNING, "token": f"{TOKEN}\0x"}, None, "does not report a usable URL"),
    ],
)
def test_an_unusable_web_api(
    status: dict[str, Any], started: Any, message: str
) -> None:
    with pytest.raises(ConnectionError, match=message) as caught:
        connection.variables(None, Proxy(status, started))
    assert is_hidden(caught.value)


# -- the requests ---------------------------------------------------------------------


def test_a_request_arrives_with_its_tokens_hidden() -> None:
    sent = {"environment": {"A": Token(TOKEN), "B": "b", "C": None}, "token": Token("")}

    line = protocol.encode(sent)

    assert line.count("\n") == 1
    assert protocol.decode(line) == sent
    assert TOKEN not in repr(protocol.decode(line))


@pytest.mark.parametrize("line", ["", '{"token": {"hidden": "s3c'])
def test_an_incomplete_request_is_ignored(line: str) -> None:
    assert protocol.decode(line) is None


# -- the handle of the server's process -----------------------------------------------

#: Show the settings on standard error, and end before the server is ready.
ECHO = """\
import sys
for line in sys.stdin:
    sys.stderr.write("got " + line)
"""
#: Be a server that accepts a connection, shows the request, and ends.
SHOW_REQUEST = """\
import json, socket, sys
sys.stdin.read()
with socket.create_server(("127.0.0.1", 0)) as listening:
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    print(json.dumps({"url": url}), flush=True)
    with listening.accept()[0] as connection:
        request = b""
        while not request.endswith(b"}\\n"):
            request += connection.recv(1 << 16)
    sys.stderr.write(request.decode())
"""


class Answers:
    """The answers of a server's handle."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self.last: dict[str, Any] = {}

    def __call__(self, _server: server.Server, answer: dict[str, Any]) -> None:
        self.last = answer
        if "ended" in answer:
            self._ended.set()

    def wait(self) -> dict[str, Any]:
        assert self._ended.wait(PATIENCE)
        return self.last


@pytest.fixture
def start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[str], tuple[server.Server, Answers]]:
    """Start a program in place of a Jupyter server."""

    def start(program: str) -> tuple[server.Server, Answers]:
        monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
        monkeypatch.setattr(launch, "_COMMAND", ("-c", program))
        monkeypatch.setattr(launch.secrets, "token_urlsafe", lambda _: OWN)
        answers = Answers()
        source = launch.Launch(tmp_path)
        return server.Server(source, variables(RUNNING), answers), answers

    return start


@pytest.mark.parametrize("program", [ECHO, SHOW_REQUEST])
def test_neither_the_handle_nor_the_last_lines_show_a_token(
    start: Any, program: str, tmp_path: Path
) -> None:
    handle, answers = start(program)

    lines = answers.wait()["lines"]
    assert len([line for line in lines if "<token>" in line]) == 1 + (program != ECHO)
    for text in (*lines, repr(vars(handle))):
        assert TOKEN not in text
        assert OWN not in text
    assert list(tmp_path.iterdir()) == []  # the log is gone


def test_a_stopped_server_refuses_requests(start: Any) -> None:
    handle, answers = start("import time; time.sleep(600)")
    handle.stop()

    with pytest.raises(ValueError, match="was asked to stop") as caught:
        handle.open(variables(RUNNING), new=True, file=None)

    assert is_hidden(caught.value)
    assert answers.wait()["asked"]


def test_a_server_that_does_not_start_is_reported(start: Any) -> None:
    handle, answers = start("raise SystemExit('there is no room')")

    assert answers.wait()["ended"] == 1
    assert answers.last["reason"] == "there is no room"
    assert not handle.runs
    handle.open(variables(RUNNING), new=True, file=None)
    handle.stop()


@pytest.mark.parametrize(
    "answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 403 No\r\n\r\n"]
)
def test_a_failed_request_shows_no_token(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with listening.accept()[0] as connection:
                connection.recv(1 << 16)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        client = rest.Rest(url, Token(OWN))
        with pytest.raises(ConnectionError) as caught:
            client.ask("POST", "open", {"environment": variables(RUNNING)})
        thread.join()

    assert is_hidden(caught.value)


def test_a_server_that_has_ended_is_recognised() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    with pytest.raises(rest.GoneError, match="has ended") as caught:
        rest.Rest(url, Token(OWN)).ask("GET", "window")
    assert is_hidden(caught.value)


# -- the files of servers --------------------------------------------------------------


def test_the_record_of_a_server_can_be_read_by_its_user_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    written = record.Record(77, f"{URL}/", Token(OWN), tmp_path / "log")
    written.write()
    (tmp_path / "datalab-78-server.json").write_text("{")

    (file,) = tmp_path.glob("datalab-77-*")
    if os.name != "nt":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(record.find()) == [written]
    assert OWN not in repr(written)
    written.remove()
    assert list(record.find()) == []


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (
            [
                "[I 2026-01-01 10:00:00.000 ServerApp] jupyterlab | linked",
                "[C 2026-01-01 10:00:00.000 ServerApp] Running as root is not allowed.",
                "[I 2026-01-01 10:00:00.000 ServerApp] shutting down",
            ],
            "Running as root is not allowed.",
        ),
        (["Traceback (most recent call last):", "ValueError: no"], "ValueError: no"),
        (["[E 2026-01-01 10:00:00.000 ServerApp] no", ""], "no"),
        ([], ""),
    ],
)
def test_the_reason_of_a_failed_start(lines: list[str], reason: str) -> None:
    assert launch.reason(lines) == reason
