"""A real Jupyter server, a real browser, and notebooks opened in it.

A `conftest.py` imports the fixtures that its folder uses.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.request import Request, urlopen

import nbformat
import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from datalab_kernel.kernelspec import DISPLAY_NAME, KERNEL_NAME
from support.chromium import browser_program
from support.notebook_page import PATIENCE, NotebookPage

ROOT = Path(__file__).parents[2]
SERVE = Path(__file__).with_name("serve_lab.py")
QUICKSTART = ROOT / "notebooks" / "quickstart.ipynb"
SCREENSHOTS = ROOT / ".out" / "screenshots"
CHROMIUM_OPTIONS = (
    "--no-sandbox",  # containers run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# JupyterLab asks on its first start whether it may fetch news, over the notebook.
LAB_SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "apputils-extension/themes": {"adaptive-theme": True},
    # It asks once, and takes no answer after a second, which a busy machine may need.
    "completer-extension/manager": {"providerTimeout": PATIENCE},
}
# Jupyter Notebook 7 says so with any kernel.
NOTEBOOK_DEFECTS = (
    "Cannot read properties of undefined (reading 'schema')",
    "Command 'filebrowser:open-path' not registered.",
)


@dataclass(frozen=True)
class Server:
    """A running Jupyter server."""

    url: str
    token: str
    folder: Path

    def ask(self, path: str, method: str = "GET", body: Any = None) -> bytes:
        """Answer to a request to the server's REST API."""
        request = Request(f"{self.url}{path}", method=method)
        request.add_header("Authorization", f"token {self.token}")
        data = None if body is None else json.dumps(body).encode()
        with urlopen(request, data, timeout=30) as answer:
            content: bytes = answer.read()
        return content

    def close_notebooks(self) -> None:
        """Shut down the kernels of all notebooks."""
        for session in json.loads(self.ask("/api/sessions")):
            self.ask(f"/api/sessions/{session['id']}", "DELETE")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab of this environment, which serves Jupyter Notebook too."""
    with serving(tmp_path_factory) as server:
        yield server


@pytest.fixture(scope="module")
def server_of_the_module(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """Another such server.

    Where both front ends have a file of the same name, a server knows only the one that
    was asked for first, and refuses the other.
    """
    with serving(tmp_path_factory) as server:
        yield server


@contextmanager
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run JupyterLab of this environment."""
    folder = tmp_path_factory.mktemp("lab")
    settings = tmp_path_factory.mktemp("settings")
    write_settings(settings)
    command = [
        *(sys.executable, SERVE, "--no-browser", "--allow-root"),
        *("--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"),
        f"--ServerApp.root_dir={folder}",
    ]
    env = {
        **os.environ,
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "DATALAB_KERNEL_MODE": "standalone",
    }
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=env
    ) as process:
        assert process.stderr is not None
        log = threading.Thread(target=keep, args=(process.stderr, folder))
        try:
            match = None
            while match is None:
                line = process.stderr.readline()
                assert line, "JupyterLab ended before it was ready"
                match = re.search(r"(http://127\.0\.0\.1:(\d+))/lab\?token=(\w+)", line)
            log.start()  # or the server would stop when the pipe is full
            url, port, token = match.groups()
            wait_until_listening(int(port))
            yield Server(url, token, folder)
        finally:
            process.terminate()
            process.wait(timeout=30)
            if log.is_alive():
                log.join(timeout=30)


def write_settings(folder: Path) -> None:
    """Write a user's settings of JupyterLab."""
    for plugin, settings in LAB_SETTINGS.items():
        path = folder / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings), encoding="utf-8")


def keep(log: IO[str], folder: Path) -> None:
    """Write what a server says into a file beside its folder."""
    with folder.with_suffix(".log").open("w", encoding="utf-8") as file:
        shutil.copyfileobj(log, file)


def wait_until_listening(port: int) -> None:
    """JupyterLab prints its address before it listens there."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "JupyterLab does not listen"


# Not for the session: while Playwright runs, no other test may use asyncio.
@pytest.fixture(scope="module")
def browser(
    requirement: Callable[[object, str], None], system_packages_hint: str
) -> Iterator[Browser]:
    """Chromium without a window."""
    chromium = browser_program()
    requirement(chromium, system_packages_hint)
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=CHROMIUM_OPTIONS
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def new_page(browser: Browser) -> Iterator[Callable[[], Page]]:
    """Open a tab; all share what the browser has cached."""
    context = browser.new_context(viewport={"width": 1280, "height": 960})
    context.set_default_timeout(PATIENCE)
    yield context.new_page
    context.close()


@pytest.fixture
def page(
    new_page: Callable[[], Page], server: Server, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """A tab, of which a screenshot is kept; the browser's console stays clean."""
    errors: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    page = new_page()
    page.on("console", on_console)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"\W+", "-", f"{request.path.stem}-{request.node.name}").strip("-")
    page.screenshot(path=SCREENSHOTS / f"{name}.png")
    page.close()
    server.close_notebooks()
    assert [error for error in errors if error not in NOTEBOOK_DEFECTS] == []


@pytest.fixture
def open_file(
    page: Page, server: Server, request: pytest.FixtureRequest
) -> Callable[[Path], NotebookPage]:
    """Open a notebook of the server's folder in the front end of the test's module.

    The module says in `ADDRESS` where its front end shows notebooks.
    """

    def open_file(path: Path) -> NotebookPage:
        place = path.relative_to(server.folder).as_posix()
        address = request.module.ADDRESS.format(path=place)
        page.goto(f"{server.url}{address}token={server.token}")
        return NotebookPage(page)

    return open_file


@pytest.fixture
def open_notebook(
    open_file: Callable[[Path], NotebookPage], notebook_path: Path
) -> Callable[..., NotebookPage]:
    """`open_notebook(*cells)`: make a notebook for this kernel, and open it."""

    def open_notebook(*cells: str) -> NotebookPage:
        spec = {"name": KERNEL_NAME, "display_name": DISPLAY_NAME}
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={"kernelspec": spec},
        )
        nbformat.write(notebook, notebook_path)
        return open_file(notebook_path)

    return open_notebook


@pytest.fixture
def quickstart(
    open_file: Callable[[Path], NotebookPage], notebook_path: Path
) -> NotebookPage:
    """A copy of the quickstart that does not say which kernel it is for."""
    notebook = nbformat.read(QUICKSTART, as_version=4)
    del notebook.metadata["kernelspec"]
    path = notebook_path.with_name(QUICKSTART.name)
    nbformat.write(notebook, path)
    return open_file(path)


@pytest.fixture
def notebook_path(server: Server, request: pytest.FixtureRequest) -> Path:
    """Where the test's notebook lies, in a folder of its own."""
    folder = server.folder / request.path.stem
    folder.mkdir(exist_ok=True)
    return folder / f"{request.node.name}.ipynb"
