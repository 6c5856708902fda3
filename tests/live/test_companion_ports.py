"""The companion's ports in the real DataLab: who gets in, and what ends them.

What the companion answers is tested elsewhere.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from support import environments
from support.real_datalab.application import CALL, STOP, Application
from support.real_datalab.companion import Companion

# The first of them may have to make an environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

#: Our packages; with an option, the tests would wait for the companion.
SOURCES = tuple(map(Path, environments.SOURCES.split(os.pathsep)))
ORIGIN = "https://notebooks.example.org"
#: Makes a second companion of the window, as another installation of our package.
SECOND = """\
import importlib.util, sys
spec = importlib.util.find_spec("datalab_kernel.desktop.companion")
again = importlib.util.spec_from_file_location("second_companion", spec.origin)
module = importlib.util.module_from_spec(again)
again.loader.exec_module(module)
module.start(main)
"""
#: Lets the Web API allow one origin only.
ONE_ORIGIN = f"""\
import fastapi.middleware.cors as cors
class CORSMiddleware(cors.CORSMiddleware):
    def __init__(self, app, **options):
        super().__init__(app, **options | {{"allow_origins": [{ORIGIN!r}]}})
cors.CORSMiddleware = CORSMiddleware
main.stop_webapi_server()
main.start_webapi_server()
"""


def web(application: Application) -> Companion:
    """Return the companion at the port of the Web API."""
    return application.companion.at(application.url)


@pytest.fixture(params=["own", "web"])
def port(companion_datalab: Application, request: pytest.FixtureRequest) -> Companion:
    """The companion at its own port, and at that of the Web API."""
    if request.param == "web":
        return web(companion_datalab)
    return companion_datalab.companion


def waiting(companion: Companion, count: int = 1) -> list[http.client.HTTPConnection]:
    """Return connections in which events are waited for."""
    connections = [companion.connect(timeout=STOP) for _ in range(count)]
    rev = companion.ask("GET", "hello")["rev"]
    for connection in connections:
        path = f"/api/kernel/v1/events?since={rev}&boot={companion.boot}&wait=60"
        connection.request("GET", path, headers=companion.authorization)
    return connections


def ending(connection: http.client.HTTPConnection) -> int | None:
    """Return the status by which a request ends; None for a closed connection."""
    try:
        answer = connection.getresponse()
        answer.read()
    except (ConnectionError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return answer.status


def execute(application: Application, code: str) -> None:
    """Run statements in the window."""
    application.evaluate(f"exec({code!r}, {{'main': main}})")


# -- the address ----------------------------------------------------------------------


def test_both_ports_answer(port: Companion) -> None:
    hello = port.ask("GET", "hello")

    assert hello["protocol"] == 1
    assert (hello["pid"], hello["boot"]) == (port.pid, port.boot)


def test_the_file_is_for_its_user_alone(companion_datalab: Application) -> None:
    file = companion_datalab.companion_file

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert companion_datalab.companion.pid == companion_datalab.process.pid
    assert companion_datalab.companion.url.startswith("http://127.0.0.1:")
    assert list(file.parent.glob("companion-*")) == [file]


def test_files_of_dead_processes_are_removed(
    new_datalab: Callable[..., Application], tmp_path: Path
) -> None:
    folder = tmp_path / "config" / "datalab"
    folder.mkdir(parents=True)
    dead = folder / f"companion-{ended_pid()}.json"
    alive = folder / f"companion-{os.getpid()}.json"
    other = folder / "companion-notes.json"
    for file in (dead, alive, other):
        file.write_text("{}")

    application = new_datalab(folder=tmp_path, companion=True)

    assert set(folder.glob("companion*")) == {alive, other, application.companion_file}


def ended_pid() -> int:
    """Return the number of a process that has ended."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return pid


# -- who gets in ----------------------------------------------------------------------


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer wrong", "Basic x"])
def test_the_token_is_always_required(
    port: Companion, companion_datalab: Application, authorization: str | None
) -> None:
    """The Web API, by DataLab's default, asks for none on this machine."""
    assert b'"localhost_no_token":true' in companion_datalab.bare("GET", "/status")
    headers = {} if authorization is None else {"Authorization": authorization}

    status, answer, _ = ask(port, "GET", "hello", headers)

    assert (status, answer["error"]) == (401, "token")


def ask(
    port: Companion, method: str, path: str, headers: dict[str, str]
) -> tuple[int, Any, http.client.HTTPMessage]:
    """Send a request with these headers only; return status, JSON and headers."""
    connection = port.connect()
    connection.request(method, f"/api/kernel/v1/{path}", headers=headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, json.loads(content) if content else None, answer.headers


def test_the_token_of_the_web_api_opens_its_port_alone(
    companion_datalab: Application,
) -> None:
    own, theirs = companion_datalab.companion, companion_datalab.token

    assert web(companion_datalab).at(companion_datalab.url, theirs).ask("GET", "hello")
    assert own.at(own.url, theirs).send("GET", "hello")[0] == 401


def test_a_rebound_name_is_refused(companion_datalab: Application) -> None:
    own = companion_datalab.companion

    status, answer, _ = ask(
        own, "GET", "hello", own.authorization | {"Host": "example.org"}
    )

    assert (status, answer["error"]) == (403, "host")


def test_the_own_port_refuses_pages(companion_datalab: Application) -> None:
    own = companion_datalab.companion

    for method in ("GET", "OPTIONS"):
        headers = own.authorization | {"Origin": ORIGIN}
        status, answer, answered = ask(own, method, "hello", headers)

        assert (status, answer["error"]) == (403, "origin")
        assert "Access-Control-Allow-Origin" not in answered


def test_the_port_of_the_web_api_lets_pages_in(companion_datalab: Application) -> None:
    port = web(companion_datalab)
    preflight = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,datalab-client",
        "Access-Control-Request-Private-Network": "true",
    }

    status, _, allowed = ask(port, "OPTIONS", "transaction", preflight)

    assert status in (200, 204)
    assert allowed["Access-Control-Allow-Origin"] == ORIGIN
    assert "POST" in allowed["Access-Control-Allow-Methods"]
    assert "authorization" in allowed["Access-Control-Allow-Headers"]
    assert "datalab-client" in allowed["Access-Control-Allow-Headers"]
    assert allowed["Access-Control-Allow-Private-Network"] == "true"
    headers = port.authorization | {"Origin": ORIGIN}
    status, hello, answered = ask(port, "GET", "hello", headers)
    assert (status, hello["boot"]) == (200, port.boot)
    assert answered["Access-Control-Allow-Origin"] in ("*", ORIGIN)
    status, _, answered = ask(port, "GET", "hello", {"Origin": ORIGIN})
    assert status == 401
    assert answered["Access-Control-Allow-Origin"] in ("*", ORIGIN)


def test_origins_that_the_web_api_does_not_allow_are_refused(
    new_datalab: Callable[..., Application],
) -> None:
    application = new_datalab(companion=True)
    execute(application, ONE_ORIGIN)
    port = web(application)
    application.wait_until(lambda: answers(port), CALL)

    for origin, expected in (ORIGIN, 200), ("https://example.com", 403), ("null", 403):
        headers = port.authorization | {"Origin": origin}
        status, answer, answered = ask(port, "GET", "hello", headers)
        assert status == expected
        if expected == 200:
            assert answered["Access-Control-Allow-Origin"] == origin
        else:
            assert answer["error"] == "origin"
            assert "Access-Control-Allow-Origin" not in answered


# -- bodies and clients ---------------------------------------------------------------


def test_half_a_body_does_nothing(
    port: Companion, companion_datalab: Application
) -> None:
    body = json.dumps({"ops": [{"op": "add_group", "kind": "signal", "group": "x"}]})
    lines = [
        "POST /api/kernel/v1/transaction HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {port.token}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    connection = port.connect()
    connection.connect()
    connection.sock.sendall("\r\n".join([*lines, "", body[:-1]]).encode())
    connection.sock.shutdown(socket.SHUT_WR)
    with suppress(ConnectionError):
        assert not connection.sock.recv(1 << 16).startswith(b"HTTP/1.1 200")
    connection.close()

    assert port.ask("GET", "hello")
    assert companion_datalab.act("titles", "signal") == {}
    assert companion_datalab.evaluate("len(main.signalpanel.objmodel.get_groups())") < 2


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["Content-Length: 9999999999999"], 413),
        (["Content-Length: 2", "Content-Type: text/plain"], 400),
        (["Transfer-Encoding: chunked"], 400),
    ],
)
def test_a_body_must_say_what_it_is(
    port: Companion, lines: list[str], status: int
) -> None:
    first = [
        "POST /api/kernel/v1/transaction HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {port.token}",
    ]
    connection = port.connect()
    connection.connect()
    connection.sock.sendall("\r\n".join([*first, *lines, "", "{}"]).encode())

    assert connection.sock.recv(1 << 16).startswith(b"HTTP/1.1 %d" % status)
    connection.close()
    assert port.ask("GET", "hello")


def test_many_wait_and_others_are_answered(
    port: Companion, companion_datalab: Application
) -> None:
    connections = waiting(port, 30)

    assert port.ask("GET", "hello")
    companion_datalab.bare("GET", "/objects")

    for connection in connections:
        connection.close()


# -- starts and ends ------------------------------------------------------------------


def test_the_web_api_may_be_stopped_and_started(
    restartable_datalab: Application,
) -> None:
    for _ in range(5):
        (connection,) = waiting(web(restartable_datalab))
        begun = time.monotonic()
        restartable_datalab.evaluate("main.stop_webapi_server()")
        assert time.monotonic() - begun < 5  # DataLab waits so long for its server
        assert ending(connection) in (503, None)
        assert restartable_datalab.companion.ask("GET", "hello")

        restartable_datalab.evaluate("main.start_webapi_server() and None")

        restartable_datalab.wait_until(lambda: answers(web(restartable_datalab)), CALL)
        hello = web(restartable_datalab).ask("GET", "hello")
        assert hello["boot"] == restartable_datalab.companion.boot
        restartable_datalab.bare("GET", "/objects")
    assert "Traceback" not in restartable_datalab.log()


def answers(companion: Companion) -> bool:
    try:
        return companion.send("GET", "hello")[0] == 200
    except OSError:
        return False


def test_a_web_api_that_starts_has_the_routes_at_once(
    restartable_datalab: Application,
) -> None:
    """Its thread may be faster or slower than the companion."""
    statuses = set()
    for _ in range(20):
        restartable_datalab.evaluate(
            "(main.stop_webapi_server(), main.start_webapi_server()) and None"
        )
        while True:
            with suppress(OSError):
                statuses.add(web(restartable_datalab).send("GET", "hello")[0])
                break

    assert statuses == {200}


def test_reloading_plugins_changes_nothing(restartable_datalab: Application) -> None:
    companion, content = (
        restartable_datalab.companion,
        restartable_datalab.companion_file.read_bytes(),
    )
    (connection,) = waiting(companion)

    for _ in range(3):
        restartable_datalab.evaluate("main.reload_plugins()")

    for port in (companion, web(restartable_datalab)):
        assert port.ask("GET", "hello")["boot"] == companion.boot
    assert restartable_datalab.companion_file.read_bytes() == content
    companion.ask("POST", "transaction", {"ops": [{"op": "show", "kind": "image"}]})
    assert ending(connection) == 200
    assert "Traceback" not in restartable_datalab.log()


def test_a_second_companion_stands_back(companion_datalab: Application) -> None:
    execute(companion_datalab, SECOND)

    threads = companion_datalab.evaluate(
        "[t.name for t in __import__('threading').enumerate()]"
    )
    assert threads.count("DataLab-companion") == 1
    boot = companion_datalab.companion.boot
    assert companion_datalab.companion.ask("GET", "hello")["boot"] == boot


@pytest.mark.parametrize("through", ["own", "web"])
def test_closing_ends_all_that_waits(
    new_datalab: Callable[..., Application], through: str
) -> None:
    application = new_datalab(companion=True)
    port = application.companion if through == "own" else web(application)
    connections = waiting(port, 5)

    application.close()

    endings = {ending(connection) for connection in connections}
    assert endings <= ({200, 503} if through == "own" else {200, 503, None})
    assert not application.companion_file.exists()
    assert not answers(port)
    assert "Traceback" not in application.log()


def test_a_kill_closes_the_connections(
    new_datalab: Callable[..., Application],
) -> None:
    application = new_datalab(companion=True)
    companion = application.companion
    (connection,) = waiting(companion)

    application.kill()

    assert ending(connection) is None
    assert not answers(companion)


# -- secrets and faults ---------------------------------------------------------------


def test_no_token_is_logged(companion_datalab: Application) -> None:
    """This is the last test, after all that could have logged one."""
    token = companion_datalab.companion.token.encode()

    holders = [
        file
        for file in companion_datalab.folder.rglob("*")
        if file.is_file() and token in file.read_bytes()
    ]
    assert holders == [companion_datalab.companion_file]
    shown = companion_datalab.evaluate(
        "repr([vars(main._datalab_kernel_companion), "
        "vars(main._datalab_kernel_companion._server._server)])"
    )
    assert token.decode() not in shown
    assert companion_datalab.token not in shown


def test_a_companion_that_cannot_start_says_so_in_its_log(
    new_datalab: Callable[..., Application], tmp_path: Path
) -> None:
    """DataLab's own log would bring a dialog at DataLab's next start."""
    (tmp_path / "datalab_a_fault.py").write_text(
        "import sys\nsys.modules['datalab_kernel.desktop.companion.access'] = None\n"
    )

    application = new_datalab(unattended=False, modules=(tmp_path, *SOURCES))

    assert application.boxes() == []
    assert application.bare("GET", "/objects")
    assert "Traceback" not in application.log()
    assert not list(application.companion_file.parent.glob("companion-*"))
    logs = (application.folder / "config" / ".DataLab_v1").glob("*.log")
    assert [log.read_text() for log in logs if log.stat().st_size] == []
    (line,) = application.take_companion_log().splitlines()
    assert "the companion does not start: ModuleNotFoundError: " in line
