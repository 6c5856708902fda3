"""A real JupyterLab, as `hatch run lab` starts it, finds and starts the kernel."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.request import Request, urlopen

import pytest

KERNEL = "datalab-kernel"


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., bytes]]:
    """`ask(path, method, body)`: a request to a JupyterLab of this environment."""
    folder = tmp_path_factory.mktemp("lab")
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *("--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"),
        f"--ServerApp.root_dir={folder}",
    ]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    ) as server:
        try:
            assert server.stderr is not None
            match = None
            while match is None:
                line = server.stderr.readline()
                assert line, "JupyterLab ended before it was ready"
                match = re.search(r"(http://127\.0\.0\.1:(\d+))/lab\?token=(\w+)", line)
            url, port, token = match.groups()
            wait_until_listening(int(port))

            def ask(path: str, method: str = "GET", body: Any = None) -> bytes:
                request = Request(f"{url}{path}", method=method)
                request.add_header("Authorization", f"token {token}")
                data = None if body is None else json.dumps(body).encode()
                with urlopen(request, data, timeout=30) as answer:
                    content: bytes = answer.read()
                return content

            yield ask
        finally:
            server.terminate()
            server.communicate(timeout=30)


def wait_until_listening(port: int) -> None:
    """JupyterLab prints its address before it listens there."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "JupyterLab does not listen"


def test_the_launcher_shows_the_kernel_with_its_name_and_logos(ask: Callable) -> None:
    listed = json.loads(ask("/api/kernelspecs"))["kernelspecs"][KERNEL]

    assert listed["spec"]["display_name"] == "DataLab Kernel"
    assert listed["spec"]["metadata"]["debugger"] is True
    assert set(listed["resources"]) == {"logo-32x32", "logo-64x64", "logo-svg"}
    assert ask(listed["resources"]["logo-64x64"]).startswith(b"\x89PNG")
    assert b"<svg" in ask(listed["resources"]["logo-svg"])


def test_a_kernel_is_started_restarted_and_shut_down(ask: Callable) -> None:
    kernel = json.loads(ask("/api/kernels", "POST", {"name": KERNEL}))
    path = f"/api/kernels/{kernel['id']}"

    assert kernel["name"] == KERNEL
    assert json.loads(ask(f"{path}/restart", "POST"))["id"] == kernel["id"]
    assert ask(path, "DELETE") == b""
    assert json.loads(ask("/api/kernels")) == []
