"""Pyodide's core in a worker of a page: Python without NumPy, so the transport alone.

It answers as it does to xeus-python; that is what is compared here.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from support.browser.http_server import served
from support.browser.kernel_packages import packed
from support.real_datalab.application import free_port

pytestmark = pytest.mark.timeout(240)

WORKSPACE = (
    Path(__file__).parents[2] / "packages/datalab-workspace-api/src/datalab_workspace"
)
TOKEN = "a-very-secret-token"
WORKER = b"""
import {loadPyodide} from './pyodide.mjs';
const ready = loadPyodide();
onmessage = async message => {
  const pyodide = await ready;
  if (message.data.archive) {
    pyodide.unpackArchive(message.data.archive, 'gztar', {extractDir: '/home/pyodide'});
    postMessage({said: 'ready'});
    return;
  }
  try {
    postMessage({said: pyodide.runPython(message.data.code)});
  } catch (error) {
    postMessage({error: String(error)});
  }
};
"""
PAGE = b"<!doctype html><title>Pyodide</title>"
START = """async () => {
  const worker = new Worker('./worker.mjs', {type: 'module'});
  window.ask = (message, transfer) => new Promise((resolve, reject) => {
    worker.onmessage = answer => resolve(answer.data);
    worker.onerror = error => reject(error);
    worker.postMessage(message, transfer);
  });
  const archive = await (await fetch('./ours.tar.gz')).arrayBuffer();
  await window.ask({archive}, [archive]);
}"""
BEGIN = """
import json
from datalab_workspace.live.transport.base import Body, Request, Timeouts
from datalab_workspace.live.transport.browser import BrowserTransport
from datalab_workspace.live.transport.token import Token
token, timeouts = Token({token!r}), Timeouts(0.5, 0.5)
transport = BrowserTransport({url!r}, token=token, timeouts=timeouts)
"""


class Server(BaseHTTPRequestHandler):
    """Answers pages of any site, as DataLab's Web API does."""

    protocol_version = "HTTP/1.1"
    server: Any

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((self.command, self.path, self.headers, body))
        if self.path == "/slow" or self.is_late():
            self.server.ending.wait(10)
        if self.path == "/broken":
            self.close_connection = True
            return
        asked_first = self.command == "OPTIONS"  # whether a page may ask
        status = 200 if asked_first else {"/moved": 302, "/no": 404}.get(self.path, 200)
        self.send_response(status)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Headers", "Authorization, Content-Type")
        self.send_header("Access-Control-Allow-Methods", "*")
        if status == 302:
            self.send_header("Location", f"{self.server.elsewhere}/stolen")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def is_late(self) -> bool:
        """Return whether this is the first question of those that need some time."""
        asked = [(command, path) for command, path, *_ in self.server.seen]
        late = ("GET", "/late")
        return (self.command, self.path) == late and asked.count(late) == 1

    do_GET = do_PUT = do_OPTIONS = answer  # noqa: N815  these names are looked for

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture(scope="module")
def servers() -> Iterator[list[Any]]:
    """Two servers, of which the first can refer to the second."""
    both: list[Any] = [ThreadingHTTPServer(("127.0.0.1", 0), Server) for _ in "12"]
    threads = [threading.Thread(target=server.serve_forever) for server in both]
    for server, thread in zip(both, threads, strict=True):
        server.seen, server.ending, server.daemon_threads = [], threading.Event(), True
        server.url = f"http://127.0.0.1:{server.server_address[1]}"
        server.elsewhere = f"http://127.0.0.1:{both[1].server_address[1]}"
        thread.start()
    yield both
    for server, thread in zip(both, threads, strict=True):
        server.ending.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def page(pyodide: Path, launch: Callable) -> Iterator[Page]:
    """A page with Pyodide in a worker."""
    files = {
        "index.html": PAGE,
        "worker.mjs": WORKER,
        "ours.tar.gz": packed([WORKSPACE], "."),
    }
    with served(pyodide, files) as url:
        page = launch().new_page()
        page.goto(f"{url}/index.html")
        page.evaluate(START)
        yield page


@pytest.fixture
def run(page: Page, servers: list[Any]) -> Callable[[str], Any]:
    """Run code there, of which the last line is an expression."""

    def run(code: str, url: str = servers[0].url) -> Any:
        begin = BEGIN.format(url=url, token=TOKEN)
        answer = page.evaluate("code => window.ask({code})", begin + code)
        return answer.get("said", answer.get("error"))

    servers[0].seen.clear()
    servers[1].seen.clear()
    return run


def test_the_package_is_imported_without_numpy(run: Callable) -> None:
    output = run(
        "import sys, datalab_workspace\n"
        "json.dumps([sys.platform, datalab_workspace.__version__, "
        "[n for n in ('numpy', 'requests', 'urllib3') if n in sys.modules]])"
    )

    platform, version, imported = json.loads(output)
    assert (platform, imported) == ("emscripten", [])
    assert version


def test_a_request_and_its_answer(run: Callable, servers: list[Any]) -> None:
    """Of a large body in parts, whose every byte comes back."""
    output = run(
        "parts = [bytes(range(256)), b'', memoryview(bytearray(1 << 22))]\n"
        "headers = {'Content-Type': 'application/x-npz'}\n"
        "request = Request('PUT', '/a%20b', 'c=d', headers, Body(parts))\n"
        "answer = transport.send(request)\n"
        "memoryview(answer.body)[0] = 0\n"
        "json.dumps([answer.status, bytes(answer.body) == b''.join(parts)])"
    )

    assert json.loads(output) == [200, True]
    method, path, headers, body = servers[0].seen[-1]
    assert (method, path, len(body)) == ("PUT", "/a%20b?c=d", 256 + (1 << 22))
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Content-Type"] == "application/x-npz"


def test_an_empty_answer_with_an_error_status(run: Callable) -> None:
    output = run(
        "answer = transport.send(Request('GET', '/no'))\n"
        "json.dumps([answer.status, len(answer.body)])"
    )

    assert json.loads(output) == [404, 0]


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/slow", "NoAnswerError: DataLab at"),
        ("/broken", "ConnectionLostError: the connection to DataLab at"),
        ("/moved", "DataLabError: "),
    ],
)
def test_what_goes_wrong_is_named(run: Callable, path: str, error: str) -> None:
    output = run(f"transport.send(Request('PUT', {path!r}, body=Body([b'x'])))")

    assert f"datalab_workspace.errors.{error}" in output
    assert TOKEN not in output


PATIENT = """
from datalab_workspace.live.transport import browser
browser._FIRST, browser._SIGN = Timeouts(0.1, 0.1), 0.3
transport = BrowserTransport(transport.url, token=token, timeouts=Timeouts(0.5, 8.0))
"""


def test_a_question_is_asked_again_while_the_server_answers(
    run: Callable, servers: list[Any]
) -> None:
    """It has more time then, because the server is busy, and has not stopped."""
    output = run(
        f"{PATIENT}request = Request('GET', '/late', repeatable=True)\n"
        "transport.send(request).status"
    )

    assert output == 200
    asked = [path for command, path, *_ in servers[0].seen if command == "GET"]
    assert asked == ["/late", "/api/", "/late"]


def test_a_change_is_sent_once_to_a_server_that_answers(
    run: Callable, servers: list[Any]
) -> None:
    output = run(
        f"{PATIENT}transport.send(Request('PUT', '/x', body=Body([b'x']))).status"
    )

    assert output == 200
    asked = [(command, path) for command, path, *_ in servers[0].seen]
    assert [each for each in asked if each[0] != "OPTIONS"] == [
        ("GET", "/api/"),
        ("PUT", "/x"),
    ]


def test_nobody_there(run: Callable) -> None:
    url = f"http://127.0.0.1:{free_port()}"

    output = run("transport.send(Request('GET', '/'))", url)

    assert f"UnreachableError: this page gets no answer from DataLab at {url}" in output


def test_the_token_is_not_sent_where_a_server_refers_to(
    run: Callable, servers: list[Any]
) -> None:
    run("transport.send(Request('GET', '/moved'))")

    sent = [headers.get("Authorization") for _, _, headers, _ in servers[1].seen]
    assert [token for token in sent if token] == []


def test_a_limit(run: Callable) -> None:
    output = run(
        "BrowserTransport(transport.url, limit=4)"
        ".send(Request('PUT', '/', body=Body([b'hello'])))"
    )

    assert "DataLabError" in output
    assert "beyond the limit of 4" in output
