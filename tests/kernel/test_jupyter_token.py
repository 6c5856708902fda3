"""The Jupyter server of DataLab's window hides the tokens."""

from __future__ import annotations

import copy
import json
import os
import stat
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from datalab_kernel.desktop import browser, jupyter_app, launch, protocol, rest
from datalab_workspace.live.transport.token import Token
from support.window_tokens import OWN, PATIENCE, RUNNING, TOKEN, is_hidden, variables


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
    (tmp_path / "runtime").mkdir()
    log = tmp_path / "log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, *launch._COMMAND],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stream,
            text=True,
            env=os.environ | variables_of_process,
        )
    settings = {"folder": str(tmp_path / "notebooks"), "token": Token(OWN)}
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(protocol.encode(settings | {"log": str(log)}))
        process.stdin.close()
        client = rest.Rest(json.loads(process.stdout.readline())["url"], Token(OWN))
        (info,) = (tmp_path / "runtime").glob("jpserver-*.json")
        token = json.loads(info.read_text("utf-8"))["token"]
        request = {"environment": variables(RUNNING), "new": True, "file": None}
        answer = client.ask("POST", "open", request)
        text = log.read_text("utf-8")
        client.ask("POST", "stop", {"left_over": True, "detach": False})
        assert process.wait(PATIENCE) == 0

    assert token == OWN
    assert answer["needs_token"]
    assert answer["opened"].endswith("DataLab.ipynb")
    assert opened.read_text().endswith("/lab/tree/DataLab.ipynb")
    assert "Config changed" in text
    assert OWN not in text
    assert TOKEN not in text
