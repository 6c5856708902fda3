"""A running DataLab is found by what DataLab itself leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from datalab_workspace.live import discovery
from datalab_workspace.live.discovery import Search, complete, locate, search
from datalab_workspace.live.webapi_settings import connection_file
from support.real_datalab.application import Application, free_port

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

#: What the search promises, and what a busy machine may add.
IN_TIME = discovery.WITHIN + 1.0


@pytest.fixture(autouse=True)
def default_url(monkeypatch: pytest.MonkeyPatch) -> str:
    """Keep the tests away from a DataLab that this machine may really run."""
    url = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setattr(discovery, "DEFAULT_URL", url)
    return url


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of settings."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path


def searched() -> Search:
    start = time.monotonic()
    result = search()
    assert time.monotonic() - start < IN_TIME
    assert "token-of" not in repr(result)
    return result


def write_connection(**settings: object) -> Path:
    path = connection_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings))
    return path


def write_port(config: Path, port: object) -> None:
    settings = config / ".DataLab_v1" / "DataLab_v1_typed.ini"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(f"[main]\nrpc_server_port = {port}\n")


def test_by_its_own_files(datalab: Application, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(datalab.folder / "config"))

    found = searched().only

    assert found is not None
    assert (found.how, found.version) == ("connection file", "1.3.0")
    assert (found.url, found.token) == (datalab.url, datalab.token)
    assert found.xmlrpc_port == datalab.rpc_port


def test_by_the_environment(datalab: Application, config: Path, monkeypatch) -> None:
    monkeypatch.setenv("DATALAB_WORKSPACE_URL", f"{datalab.url}/")
    monkeypatch.setenv("DATALAB_WORKSPACE_TOKEN", datalab.token)

    found = searched().only

    assert found is not None
    assert (found.how, found.url) == ("environment", datalab.url)
    assert (found.token, found.xmlrpc_port) == (datalab.token, None)
    monkeypatch.setenv("DATALAB_XMLRPCPORT", str(datalab.rpc_port))
    found = searched().only
    assert found is not None
    assert found.xmlrpc_port == datalab.rpc_port


def test_by_its_settings(datalab: Application, config: Path, monkeypatch) -> None:
    write_port(config, datalab.rpc_port)

    found = searched().only

    assert found is not None
    assert (found.how, found.xmlrpc_port) == ("settings", datalab.rpc_port)
    assert (found.url, found.token) == (datalab.url, datalab.token)
    # What the environment says comes first.
    monkeypatch.setenv("DATALAB_XMLRPCPORT", str(free_port()))
    assert searched().found == ()


def test_the_xmlrpc_server_of_another_is_not_taken(
    datalab: Application, datalab_without_token: Application, config: Path, monkeypatch
) -> None:
    monkeypatch.setenv("DATALAB_WORKSPACE_URL", datalab.url)
    monkeypatch.setenv("DATALAB_XMLRPCPORT", str(datalab_without_token.rpc_port))

    result = searched()

    assert result.only is not None
    assert (result.only.url, result.only.xmlrpc_port) == (datalab.url, None)
    assert "belongs to another DataLab" in result.notes[0]


def test_what_answers_on_the_default_port_is_only_told(
    datalab: Application, config: Path, monkeypatch
) -> None:
    monkeypatch.setattr(discovery, "DEFAULT_URL", datalab.url)

    result = searched()

    assert result.found == ()
    assert result.default is not None
    assert (result.default.how, result.default.url) == ("default port", datalab.url)
    assert result.default.token is None


def test_nothing_is_found_where_nothing_is(config: Path) -> None:
    assert searched() == Search()


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_stale_connection_file_is_told_and_left(
    datalab: Application, config: Path
) -> None:
    path = write_connection(url=datalab.url, token="token-of-x", pid=ended_process())

    result = searched()

    assert result.found == ()
    assert "stale" in result.notes[0]
    assert path.exists()


def test_a_connection_file_whose_process_does_something_else(config: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    path = write_connection(url=url, token="token-of-x", pid=os.getpid())

    result = searched()

    assert result.found == ()
    assert "no DataLab accepts connections" in result.notes[0]
    assert path.exists()


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"url": 1}', '{"url": "ftp://x", "pid": null}', "[" * 20_000],
)
def test_a_damaged_connection_file(config: Path, content: str) -> None:
    path = write_connection()
    path.write_text(content)

    result = searched()

    assert result.found == ()
    assert len(result.notes) == 1


@pytest.mark.parametrize("port", ["", "x", "-1", "999999", "1e3", 1])
def test_settings_without_a_port_that_serves(config: Path, port: object) -> None:
    write_port(config, port)

    assert searched().found == ()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "nonsense", "http://user:secret@127.0.0.1:1"]
)
def test_an_environment_that_leads_nowhere(
    datalab: Application, url: str, monkeypatch
) -> None:
    """The user's own DataLab is reported, but not taken for the one that is named."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(datalab.folder / "config"))
    monkeypatch.setenv("DATALAB_WORKSPACE_URL", url)

    result = searched()

    assert (result.found, result.default) == ((), None)
    assert [other.url for other in result.others] == [datalab.url]
    assert len(result.notes) == 1
    assert "secret" not in result.notes[0]


def test_white_space_around_url_and_token(
    datalab: Application, config: Path, monkeypatch
) -> None:
    monkeypatch.setenv("DATALAB_WORKSPACE_URL", f" {datalab.url}\n")
    monkeypatch.setenv("DATALAB_WORKSPACE_TOKEN", f"\t{datalab.token} ")
    monkeypatch.setenv("DATALAB_XMLRPCPORT", f" {datalab.rpc_port} ")
    found = searched().only
    assert found is not None
    assert (found.url, found.xmlrpc_port) == (datalab.url, datalab.rpc_port)
    assert found.token == datalab.token
    monkeypatch.delenv("DATALAB_WORKSPACE_URL")
    monkeypatch.delenv("DATALAB_XMLRPCPORT")
    write_connection(
        url=f" {datalab.url} ", token=f"{datalab.token}\n", pid=os.getpid()
    )
    found = searched().only
    assert found is not None
    assert (found.how, found.url) == ("connection file", datalab.url)
    assert found.token == datalab.token
    assert locate(f"{datalab.url} ", f" {datalab.token}").url == datalab.url


def test_a_datalab_that_is_busy_is_found(
    new_datalab: Callable[[], Application], monkeypatch
) -> None:
    """It accepts the connection, and answers later than the search may take."""
    datalab = new_datalab()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(datalab.folder / "config"))
    datalab.freeze()
    try:
        result = searched()
    finally:
        datalab.thaw()

    assert result.only is not None
    assert (result.only.url, result.only.answered) == (datalab.url, False)
    assert result.only.pid == datalab.process.pid
    assert "did not answer" in result.notes[0]
    found = complete(result.only)
    assert (found.version, found.answered) == ("1.3.0", True)
    assert found.xmlrpc_port == datalab.rpc_port


def test_several_are_all_found_and_none_is_preferred(
    datalab: Application, datalab_without_token: Application, config: Path, monkeypatch
) -> None:
    """The connection file names one, and the settings another."""
    write_connection(url=datalab.url, token=datalab.token, pid=datalab.process.pid)
    write_port(config, datalab_without_token.rpc_port)

    result = searched()

    assert result.only is None
    assert [found.url for found in result.found] == [
        datalab.url,
        datalab_without_token.url,
    ]
    write_port(config, datalab.rpc_port)
    result = searched()
    assert result.only is not None
    assert result.only.pid == datalab.process.pid
