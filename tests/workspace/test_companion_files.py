"""The files that our plugin inside DataLab leaves are read with care."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from datalab_workspace.live.companion_files import companion_files, companion_folder
from datalab_workspace.live.discovery import locate, search

BOOT = "b" * 32
TOKEN = "token-of-a-companion"
HELLO = {
    "protocol": 1,
    "least": 1,
    "datalab": "1.3.0",
    "pid": os.getpid(),
    "boot": BOOT,
}
needs_posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of settings."""
    for variable in ("XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(variable, str(tmp_path))
    companion_folder().mkdir(parents=True)
    return companion_folder()


def write(folder: Path, pid: int | None = None, **changes: Any) -> Path:
    pid = os.getpid() if pid is None else pid
    content = {"url": "http://127.0.0.1:1", "token": TOKEN, "pid": pid, "boot": BOOT}
    path = folder / f"companion-{pid}.json"
    path.write_text(json.dumps(content | changes))
    path.chmod(0o600)
    return path


def test_it_is_read(folder: Path) -> None:
    write(folder, url=" http://127.0.0.1:1\n", token=f"{TOKEN} ")
    (file,) = companion_files()
    assert (file.url, file.pid, file.boot) == ("http://127.0.0.1:1", os.getpid(), BOOT)
    assert file.token == TOKEN
    assert TOKEN not in repr(file)


def test_without_the_folder_there_are_none(folder: Path) -> None:
    folder.rmdir()
    assert companion_files() == []


def test_that_of_a_process_that_has_ended_is_left_out(folder: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    path = write(folder, process.pid)
    assert companion_files() == []
    assert path.exists()


@needs_posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o602, 0o644, 0o000])
def test_one_that_others_can_read_is_left_out(folder: Path, mode: int) -> None:
    write(folder).chmod(mode)
    if mode == 0 and os.getuid() == 0:  # root reads it all the same
        assert len(companion_files()) == 1
    else:
        assert companion_files() == []


@needs_posix
@pytest.mark.skipif(os.name == "nt" or os.getuid() != 0, reason="only root gives away")
def test_that_of_another_user_is_left_out(folder: Path) -> None:
    os.chown(write(folder), 12345, -1)
    assert companion_files() == []


@needs_posix
def test_neither_links_nor_pipes_are_read(folder: Path, tmp_path: Path) -> None:
    path = write(folder)
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    assert companion_files() == []
    path.unlink()
    os.mkfifo(path, 0o600)
    assert companion_files() == []


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", "null", "[" * 20_000, '"\ud800"', "\x00", "{}"),
        '{"url": 1, "token": "t", "pid": PID, "boot": "b"}',
        '{"url": "http://127.0.0.1:1", "token": 1, "pid": PID, "boot": "b"}',
        '{"url": "http://127.0.0.1:1", "token": "", "pid": PID, "boot": "b"}',
        '{"url": "http://127.0.0.1:1", "token": "a\\nb", "pid": PID, "boot": "b"}',
        '{"url": "http://127.0.0.1:1", "token": "t", "pid": "PID", "boot": "b"}',
        '{"url": "http://127.0.0.1:1", "token": "t", "pid": 1, "boot": "b"}',
        '{"url": "http://127.0.0.1:1", "token": "t", "pid": true, "boot": "b"}',
        '{"url": "http://127.0.0.1:1", "token": "t", "pid": PID}',
        '{"url": "ftp://127.0.0.1:1", "token": "t", "pid": PID, "boot": "b"}',
        '{"url": "http://[", "token": "t", "pid": PID, "boot": "b"}',
    ],
)
def test_a_damaged_one_is_left_out(folder: Path, content: str) -> None:
    path = write(folder)
    text = content.replace("PID", str(os.getpid()))
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert companion_files() == []


def test_one_that_is_too_large_is_left_out(folder: Path) -> None:
    write(folder, more="x" * (1 << 16))
    assert companion_files() == []


@pytest.mark.parametrize(
    "name", ["companion-.json", "companion-x.json", "companion--1"]
)
def test_other_names_are_left_out(folder: Path, name: str) -> None:
    write(folder).rename(folder / name)
    assert companion_files() == []


class Greeter(http.server.BaseHTTPRequestHandler):
    """Greets as the plugin does."""

    server: Any

    def do_GET(self) -> None:
        right = self.headers["Authorization"] == f"Bearer {TOKEN}"
        found = right and self.path in ("/api/kernel/v1/hello", "/api/v1/status")
        self.send_response(200 if found else 401)
        self.end_headers()
        self.wfile.write(json.dumps(self.server.hello).encode())

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def greeter() -> Iterator[Any]:
    """A server that greets; what it says can be changed."""
    server: Any = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Greeter)
    server.hello = HELLO
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_datalab_is_found_by_it(folder: Path, greeter: Any) -> None:
    write(folder, url=greeter.url)
    found = search(default=False).only
    assert found is not None
    assert (found.how, found.version) == ("companion file", "1.3.0")
    assert (found.companion_url, found.pid, found.boot) == (
        greeter.url,
        os.getpid(),
        BOOT,
    )
    assert found.companion_token == TOKEN
    assert TOKEN not in repr(found)
    assert locate(greeter.url, None).companion_token == TOKEN


def test_the_connection_file_of_the_same_process_is_no_other(
    folder: Path, greeter: Any
) -> None:
    write(folder, url=greeter.url)
    hello = greeter.hello
    greeter.hello = hello | {"running": True, "version": "1.3.0", "api_version": "v1"}
    web = {"url": greeter.url, "token": TOKEN, "pid": os.getpid()}
    (folder / "webapi_connection.json").write_text(json.dumps(web))
    found = search(default=False).only
    assert found is not None
    assert (found.companion_url, found.url) == (greeter.url, greeter.url)
    assert (found.how, found.pid) == ("companion file", os.getpid())


@pytest.mark.parametrize(
    ("hello", "note"),
    [
        ({}, "is not a companion"),
        (HELLO | {"boot": "other"}, "another DataLab"),
        (HELLO | {"pid": 1}, "another DataLab"),
        (HELLO | {"least": 7, "protocol": 8}, "speaks the protocols 7 to 8"),
        ({"protocol": 1, "least": 1}, "does not say its"),
    ],
)
def test_one_that_greets_otherwise_is_not_found(
    folder: Path, greeter: Any, hello: dict[str, object], note: str
) -> None:
    write(folder, url=greeter.url)
    greeter.hello = hello
    result = search(default=False)
    assert result.found == ()
    assert note in result.notes[0]
