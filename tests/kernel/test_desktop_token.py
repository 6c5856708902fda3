"""The plugin for DataLab's window and its Jupyter server hide the tokens."""

from __future__ import annotations

import copy
import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from datalab_kernel.desktop import browser, connection, jupyter_app, protocol, server
from datalab_workspace.live.transport.token import Token
from support.shown_errors import shown

TOKEN = "s3cr3t-of-datalab"
OWN = "s3cr3t-of-jupyter"
URL = "http://127.0.0.1:18080"
RUNNING = {"available": True, "running": True, "url": URL, "token": TOKEN}
#: Seconds within which a process answers on a busy machine.
PATIENCE = 60.0


def is_hidden(error: BaseException) -> bool:
    """Return whether no frame of the package shows a token."""
    # The first frame is that of the test, which has the token in a variable.
    assert error.__traceback__ is not None
    error.__traceback__ = error.__traceback__.tb_next
    return not any(TOKEN in text or OWN in text for text in shown(error))


class Proxy:
    """The object that DataLab gives its plugins, without a DataLab."""

    def __init__(self, status: dict[str, Any], started: Any = None) -> None:
        self._status = status
        self._started = started

    def get_webapi_status(self) -> dict[str, Any]:
        return self._status

    def start_webapi_server(self) -> Any:
        if isinstance(self._started, BaseException):
            raise self._started
        return self._started


def variables(status: dict[str, Any], started: Any = None) -> connection.Variables:
    main = SimpleNamespace(remote_server=SimpleNamespace(port=41000))
    return connection.variables(main, Proxy(status, started))


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
        ({**RUNNING, "token": f"{TOKEN}\n"}, None, "does not report a usable URL"),
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

#: Show every request on standard error.
ECHO = """\
import sys
for line in sys.stdin:
    sys.stderr.write("got " + line)
    sys.stderr.flush()
"""


class Answers:
    """The answers of a server's handle."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self.last: dict[str, Any] = {}

    def __call__(self, answer: dict[str, Any]) -> None:
        self.last = answer
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
        monkeypatch.setattr(server, "_COMMAND", ("-c", program))
        monkeypatch.setattr(server.secrets, "token_urlsafe", lambda _: OWN)
        answers = Answers()
        return server.Server(tmp_path, answers), answers

    return start


def test_neither_the_handle_nor_the_last_lines_show_a_token(start: Any) -> None:
    handle, answers = start(ECHO)
    handle.open_notebook(variables(RUNNING))
    handle.stop()

    lines = answers.wait()["lines"]
    assert len(lines) == 2
    assert '"token": {"hidden": "<token>"}' in lines[0]
    assert '"DATALAB_WORKSPACE_TOKEN": {"hidden": "<token>"}' in lines[1]
    for text in (*lines, repr(vars(handle))):
        assert TOKEN not in text
        assert OWN not in text


def test_a_stopped_server_refuses_requests(start: Any) -> None:
    handle, answers = start(ECHO)
    handle.stop()

    with pytest.raises(ValueError, match="was asked to stop") as caught:
        handle.open_notebook(variables(RUNNING))

    assert is_hidden(caught.value)
    answers.wait()


def test_a_closed_pipe_shows_no_token(start: Any) -> None:
    handle, answers = start(ECHO)
    handle._process.stdin.close()

    with pytest.raises(ValueError, match="closed file") as caught:
        handle.open_notebook(variables(RUNNING))

    assert is_hidden(caught.value)
    answers.wait()


def test_a_server_that_has_ended_is_reported(start: Any) -> None:
    handle, answers = start("raise SystemExit(3)")

    assert answers.wait()["ended"] == 3
    handle.open_notebook(variables(RUNNING))
    handle.stop()


# -- the server's process -------------------------------------------------------------


def a_server(folder: Path, *, redirect: bool = True) -> Any:
    return SimpleNamespace(
        connection_url="http://127.0.0.1:8888/",
        identity_provider=SimpleNamespace(token=jupyter_app._HiddenString(OWN)),
        runtime_dir=str(folder),
        use_redirect_file=redirect,
    )


def test_the_browser_opens_a_file_that_only_the_user_can_read(tmp_path: Path) -> None:
    address = browser.address(a_server(tmp_path), "lab/tree/a b.ipynb")

    (file,) = tmp_path.iterdir()
    assert address == file.as_uri()
    assert f"lab/tree/a%20b.ipynb?token={OWN}" in file.read_text("utf-8")
    if os.name != "nt":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_without_the_file_the_address_has_no_token(tmp_path: Path) -> None:
    address = browser.address(a_server(tmp_path, redirect=False), "lab/tree/a.ipynb")

    assert address == "http://127.0.0.1:8888/lab/tree/a.ipynb"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_shows_no_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jupyter_core import paths

    class Full:
        def write(self, _content: str) -> None:
            del _content
            raise OSError("the disk is full")

    @contextmanager
    def secure_write(_file: str) -> Any:
        yield Full()

    monkeypatch.setattr(paths, "secure_write", secure_write)
    with pytest.raises(OSError, match="the disk is full") as caught:
        browser.address(a_server(tmp_path), "lab")
    assert is_hidden(caught.value)


def test_jupyters_configuration_is_not_shown() -> None:
    configuration = jupyter_app._configuration(Token(OWN))

    for kept in (configuration, copy.deepcopy(configuration)):
        token = kept["IdentityProvider"]["token"]
        assert token == OWN
        assert f"{token}" == OWN
        assert json.loads(json.dumps(token)) == OWN
        assert OWN not in repr(kept)


@pytest.mark.slow
def test_the_log_of_a_jupyter_server_shows_no_token(tmp_path: Path) -> None:
    """Its level is DEBUG, and the user has turned off the file for the browser."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "jupyter_server_config.py").write_text(
        "c.ServerApp.allow_root = True\n"
        "c.ServerApp.log_level = 'DEBUG'\n"
        "c.ServerApp.use_redirect_file = False\n"
        "c.IdentityProvider.token = 'of the user'\n"
    )
    opened = tmp_path / "opened"
    program = f"import sys; open({str(opened)!r}, 'w').write(sys.argv[1])"
    variables_of_process = {
        "BROWSER": f'{sys.executable} -c "{program}" %s',
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
        "JUPYTER_DATA_DIR": str(tmp_path / "data"),
    }
    process = subprocess.Popen(
        [sys.executable, *server._COMMAND],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | variables_of_process,
    )
    settings = {"folder": str(tmp_path / "notebooks"), "token": Token(OWN)}
    environment = {"environment": {"DATALAB_WORKSPACE_TOKEN": Token(TOKEN)}}
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        reader = threading.Thread(target=lambda: log.append(process.stderr.read()))
        log: list[str] = []
        reader.start()
        process.stdin.write(protocol.encode(settings) + protocol.encode(environment))
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        (info,) = (tmp_path / "runtime").glob("jpserver-*.json")
        token = json.loads(info.read_text("utf-8"))["token"]
        process.stdin.close()
        reader.join(PATIENCE)

    assert token == OWN
    assert answer["needs_token"]
    assert answer["opened"].endswith("DataLab.ipynb")
    assert opened.read_text().endswith("/lab/tree/DataLab.ipynb")
    (text,) = log
    assert "Config changed" in text
    assert OWN not in text
    assert TOKEN not in text
