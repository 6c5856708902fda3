"""What a workspace makes of a companion that fails: one error in time, or nothing.

After each fault, DataLab itself or another workspace shows that nothing was half done.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace.live.companion import dialogs
from datalab_workspace.live.companion.backend import CompanionBackend
from datalab_workspace.live.companion.watcher import THREAD_NAME
from datalab_workspace.live.endpoint import Endpoint
from datalab_workspace.live.transport.token import Token
from support.real_datalab import proxy
from support.real_datalab.application import CALL, Application
from support.real_datalab.proxy import Proxy, proxy_to

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

POINTS = np.arange(3.0)
#: 64 MiB.
LARGE = np.arange(1 << 25, dtype=np.uint16).reshape(1 << 12, 1 << 13)
#: What a call may take that finds out that DataLab does not answer, and what a busy
#: machine may add.
SOON = 2.0 + 1.0
#: Generous: what is measured is that a timeout ends a call, not how fast.
IN_TIME = 20.0

Attach = Callable[..., dlw.Workspace]
Through = Callable[[Application], Proxy]


@pytest.fixture
def through() -> Iterator[Through]:
    """Start a proxy to the companion of a DataLab."""
    with ExitStack() as stack:

        def start(datalab: Application) -> Proxy:
            port = urlsplit(datalab.companion.url).port
            assert port is not None
            return stack.enter_context(proxy_to(port))

        yield start


# The proxies end last: they wait until their clients have closed the connections.
@pytest.fixture
def attach(through: Through) -> Iterator[Attach]:
    """Attach a workspace: (DataLab, URL in place of the companion's own, token)."""
    with ExitStack() as stack:

        def attach(
            datalab: Application, url: str | None = None, token: str | None = None
        ) -> dlw.Workspace:
            companion = datalab.companion
            endpoint = Endpoint(
                "url",
                "1.3.0",
                companion_url=url or companion.url,
                companion_token=Token(token or companion.token),
            )
            backend = CompanionBackend(endpoint)
            stack.callback(backend.close)
            return dlw.Workspace(backend=backend)

        yield attach


@pytest.fixture
def mortal(new_datalab: Callable[..., Application]) -> Application:
    """A DataLab with a companion, which a test may kill."""
    return new_datalab(companion=True)


def timed(call: Callable[[], Any], expected: type[Exception]) -> tuple[float, str]:
    """Return the seconds that a call takes to fail, and its message."""
    begun = time.monotonic()
    with pytest.raises(expected) as raised:
        call()
    return time.monotonic() - begun, str(raised.value)


# -- bytes that do not arrive ---------------------------------------------------------


@pytest.mark.parametrize("passed", [0, 1, 100, 1000, 1 << 20, 32 << 20])
def test_a_transaction_of_which_a_part_arrives(
    companion_datalab: Application, attach: Attach, through: Through, passed: int
) -> None:
    between = through(companion_datalab)
    workspace = attach(companion_datalab, between.url)
    workspace.add("before", POINTS)
    workspace.backend.close()
    between.behaviours[:] = [proxy.cutting_request(passed)]

    took, message = timed(lambda: workspace.add("large", LARGE), ConnectionError)

    assert took < IN_TIME
    assert "Traceback" not in message
    assert attach(companion_datalab).list() == ["before"]
    assert list(companion_datalab.act("titles", "signal").values()) == ["before"]
    assert companion_datalab.act("titles", "image") == {}


def test_a_transaction_whose_last_byte_does_not_arrive(
    companion_datalab: Application, attach: Attach, through: Through
) -> None:
    """Others go on in the meantime, and nothing is done when the connection ends."""
    between = through(companion_datalab)
    workspace, other = attach(companion_datalab, between.url), attach(companion_datalab)
    workspace.add("before", POINTS)
    workspace.backend.close()
    workspace.backend.client.patience = 1.0
    between.behaviours[:] = [proxy.half_a_request, proxy.forward]

    took, _ = timed(lambda: workspace.add("after", POINTS), TimeoutError)

    assert took < IN_TIME
    other.add("other", POINTS)
    assert other.list() == ["before", "other"]
    between.released.set()
    assert workspace.list() == ["before", "other"]
    titles = companion_datalab.act("titles", "signal").values()
    assert list(titles) == ["before", "other"]


@pytest.mark.parametrize("passed", [0, 1, 20, 100, 200])
def test_an_answer_of_which_a_part_arrives(
    companion_datalab: Application, attach: Attach, through: Through, passed: int
) -> None:
    """The change was made, and the call can be repeated."""
    between = through(companion_datalab)
    workspace = attach(companion_datalab, between.url)
    workspace.add("before", POINTS)
    workspace.backend.close()
    between.behaviours[:] = [proxy.cutting_answer(passed), proxy.forward]

    took, _ = timed(lambda: workspace.add("after", POINTS), ConnectionError)

    assert took < IN_TIME
    assert workspace.list() == ["before", "after"]
    assert workspace.add("after", POINTS) == "after"
    assert attach(companion_datalab).list() == ["before", "after"]
    titles = companion_datalab.act("titles", "signal").values()
    assert list(titles) == ["before", "after"]


@pytest.mark.parametrize("passed", [300, 1 << 20])
def test_a_large_answer_that_is_cut(
    companion_datalab: Application, attach: Attach, through: Through, passed: int
) -> None:
    attach(companion_datalab).add("large", LARGE)
    between = through(companion_datalab)
    workspace = attach(companion_datalab, between.url)
    assert workspace.list() == ["large"]
    workspace.backend.close()
    between.behaviours[:] = [proxy.cutting_answer(passed), proxy.forward]

    took, _ = timed(lambda: workspace.get("large"), ConnectionError)

    assert took < IN_TIME
    np.testing.assert_array_equal(workspace.get("large").data, LARGE)


# -- a DataLab that ends --------------------------------------------------------------


def test_a_kill_in_the_middle_of_a_transaction(
    mortal: Application, attach: Attach, through: Through
) -> None:
    between = through(mortal)
    workspace = attach(mortal, between.url)
    workspace.add("before", POINTS)
    workspace.backend.close()
    between.behaviours[:] = [proxy.cutting_request(32 << 20, then=mortal.kill)]

    took, _ = timed(lambda: workspace.add("large", LARGE), ConnectionError)

    assert took < IN_TIME
    for call in (workspace.list, lambda: workspace.get("before")):
        assert timed(call, ConnectionError)[0] < SOON
    begun = time.monotonic()
    assert "does not answer" in " ".join(workspace.status().notes)
    assert time.monotonic() - begun < SOON
    workspace.disconnect()
    assert workspace.list() == ["before"]


def test_a_stopped_datalab(restartable_datalab: Application, attach: Attach) -> None:
    """The first call ends within its timeout, and the next ones within two seconds."""
    workspace = attach(restartable_datalab)
    workspace.add("x", POINTS)
    workspace.backend.client.patience = 1.0
    restartable_datalab.freeze()

    took, _ = timed(lambda: workspace.get("x"), TimeoutError)

    assert took < IN_TIME
    calls: dict[str, Callable[[], Any]] = {
        "list": workspace.list,
        "add": lambda: workspace.add("y", POINTS),
        "selection": lambda: workspace.selection,
        "calc": lambda: workspace.calc("exp", on="x"),
    }
    slow = {name: timed(call, TimeoutError)[0] for name, call in calls.items()}
    begun = time.monotonic()
    status = workspace.status()
    slow["status"] = time.monotonic() - begun
    assert "does not answer" in " ".join(status.notes)
    assert {name: took for name, took in slow.items() if took > SOON} == {}
    restartable_datalab.thaw()
    assert workspace.list() == ["x"]
    assert list(restartable_datalab.act("titles", "signal").values()) == ["x"]


def test_closing_while_changes_are_waited_for(
    mortal: Application, attach: Attach, recwarn: pytest.WarningsRecorder
) -> None:
    workspace = attach(mortal)
    workspace.add("x", POINTS)
    events: list[Any] = []
    heard = threading.Event()
    workspace.on_change(lambda event: (events.append(event), heard.set()))
    mortal.act("rename", "signal", workspace.describe("x").uuid, "y")
    assert heard.wait(CALL)

    mortal.close()

    assert timed(workspace.list, ConnectionError)[0] < SOON
    assert [thread.name for thread in threading.enumerate()].count(THREAD_NAME) <= 1
    assert not recwarn.list
    assert "Traceback" not in mortal.log()


# -- a DataLab that is restarted ------------------------------------------------------


@pytest.fixture
def restarted(
    mortal: Application,
    new_datalab: Callable[..., Application],
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[dlw.Workspace, Callable[[], Application]]:
    """A workspace with objects in a DataLab, and a function that restarts it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(mortal.folder / "config"))
    workspace = dlw.Workspace()
    assert workspace.status().protocols == ("companion",)
    workspace.add("kept", POINTS, group="first")
    workspace.add("large", LARGE[:1024], group="pictures")
    workspace.add("removed here", POINTS)
    workspace.remove("removed here")
    workspace.add("removed there", POINTS)
    mortal.act("remove", "signal", [workspace.describe("removed there").uuid])
    theirs = mortal.act("add", "signal", "theirs", [1, 2])
    assert workspace.describe(theirs).name == "theirs"

    def restart() -> Application:
        mortal.kill()
        another = new_datalab(companion=True)
        monkeypatch.setenv("XDG_CONFIG_HOME", str(another.folder / "config"))
        return another

    return workspace, restart


def test_a_restart_puts_back_what_is_known(
    restarted: tuple[dlw.Workspace, Callable[[], Application]], attach: Attach
) -> None:
    workspace, restart = restarted
    uuids = {name: workspace.describe(name).uuid for name in ("kept", "large")}
    another = restart()
    assert timed(workspace.list, ConnectionError)[0] < SOON
    with pytest.raises(dlw.UnreachableError) as gone:
        workspace.list()
    assert "resync()" in "".join(traceback.format_exception(gone.value))

    with pytest.warns(UserWarning, match="restarted") as warned:
        workspace.resync()

    (message,) = [str(warning.message) for warning in warned]
    back, _, lost = message.partition("lost: ")
    assert "'kept'" in back
    assert "'large'" in back
    assert "'theirs'" in lost
    assert "removed" not in message
    other = attach(another)
    assert sorted(other.list()) == ["kept", "large"]
    assert {name: other.describe(name).uuid for name in uuids} == uuids
    assert other.describe("kept").group == "first"
    np.testing.assert_array_equal(other.get("large").data, LARGE[:1024])
    with pytest.raises(dlw.NothingToUndoError):
        workspace.undo()  # which would remove what was put back


def test_a_restart_that_is_only_looked_at(
    restarted: tuple[dlw.Workspace, Callable[[], Application]], attach: Attach
) -> None:
    workspace, restart = restarted
    another = restart()

    with pytest.warns(UserWarning, match="missing, .*'kept'"):
        workspace.resync(restore=False)

    assert workspace.list() == []
    assert attach(another).list() == []
    with pytest.warns(UserWarning, match="put back: .*'kept'"):
        workspace.resync()
    assert sorted(attach(another).list()) == ["kept", "large"]


# -- dialogs --------------------------------------------------------------------------


@pytest.fixture
def shown_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show messages as a notebook does, and without its two seconds of patience."""
    monkeypatch.setattr(dialogs, "is_visible", lambda: True)
    monkeypatch.setattr(dialogs, "PATIENCE", 0.1)


def open_dialog(datalab: Application) -> None:
    datalab.act("open_dialog", "Precious question")
    datalab.wait_until(lambda: bool(datalab.act("dialogs")), CALL)


def look_around(workspace: dlw.Workspace) -> None:
    """Make calls that change nothing."""
    assert workspace.list() == ["x"]
    assert workspace.get("x").y.tolist() == [0, 1, 2]
    assert workspace.selection is not None
    assert workspace.describe("x").title == "x"


class Noticing:
    """A stream that notices when it is written to."""

    def __init__(self) -> None:
        self.text = ""
        self.written = threading.Event()

    def write(self, text: str) -> None:
        self.text += text
        self.written.set()

    def flush(self) -> None:
        """There is nothing to do."""


@pytest.mark.usefixtures("shown_messages")
def test_a_write_goes_on_when_the_dialog_is_closed(
    attended_companion_datalab: Application,
    attach: Attach,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    datalab = attended_companion_datalab
    workspace = attach(datalab)
    workspace.add("x", POINTS)
    open_dialog(datalab)
    look_around(workspace)
    said = Noticing()
    monkeypatch.setattr(sys, "stderr", said)

    with ThreadPoolExecutor(1) as pool:
        adding: Future[str] = pool.submit(workspace.add, "y", POINTS)
        assert said.written.wait(CALL)
        assert list(datalab.act("titles", "signal").values()) == ["x"]
        datalab.act("close_dialogs")
        assert adding.result(CALL) == "y"

    assert said.text.count("\n") == 1
    assert "'Precious question'" in said.text
    assert list(datalab.act("titles", "signal").values()) == ["x", "y"]
    assert [line for line in datalab.boxes() if "Precious" not in line] == []


def test_a_write_is_refused_while_the_dialog_stays(
    attended_companion_datalab: Application, attach: Attach
) -> None:
    datalab = attended_companion_datalab
    workspace = attach(datalab)
    workspace.add("x", POINTS)
    workspace.backend.client.patience = 1.0
    open_dialog(datalab)

    for call in (
        lambda: workspace.add("y", POINTS),
        lambda: workspace.rename("x", "z"),
        lambda: workspace.remove("x"),
        workspace.clear,
    ):
        took, message = timed(call, TimeoutError)
        assert took < IN_TIME
        assert "'Precious question'" in message
        assert "nothing was done" in message
    look_around(workspace)
    assert "Precious question" in " ".join(workspace.status().notes)

    datalab.act("close_dialogs")
    assert list(datalab.act("titles", "signal").values()) == ["x"]
    assert attach(datalab).list() == ["x"]
    workspace.add("y", POINTS)
    assert workspace.list() == ["x", "y"]


def test_a_dialog_that_an_xml_rpc_call_opens(
    attended_companion_datalab: Application, attach: Attach
) -> None:
    """DataLab's XML-RPC server is stuck until the dialog is closed."""
    datalab = attended_companion_datalab
    workspace = attach(datalab)
    workspace.add("x", POINTS)
    workspace.backend.client.patience = 1.0
    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(datalab.rpc.load_from_files, ["/does/not/exist.csv"])
        datalab.wait_until(lambda: bool(datalab.act("dialogs")), CALL)
        look_around(workspace)
        took, message = timed(lambda: workspace.add("y", POINTS), TimeoutError)
        assert took < IN_TIME
        assert "nothing was done" in message
        while datalab.act("dialogs"):
            datalab.act("close_dialogs")
        calling.exception(CALL)

    assert list(datalab.act("titles", "signal").values()) == ["x"]
    workspace.add("y", POINTS)
    assert attach(datalab).list() == ["x", "y"]


# -- plugins and servers that are started again ---------------------------------------


def test_plugins_are_reloaded(restartable_datalab: Application, attach: Attach) -> None:
    workspace = attach(restartable_datalab)
    workspace.add("x", POINTS)
    heard = threading.Event()
    workspace.on_change(lambda _: heard.set())

    restartable_datalab.evaluate("main.reload_plugins()")

    workspace.add("y", POINTS)
    assert workspace.get("x").y.tolist() == [0, 1, 2]
    heard.clear()
    restartable_datalab.act("rename", "signal", workspace.describe("x").uuid, "z")
    assert heard.wait(CALL)
    assert workspace.list() == ["z", "y"]
    assert "Traceback" not in restartable_datalab.log()


def test_the_web_api_is_stopped_and_started(
    restartable_datalab: Application, attach: Attach
) -> None:
    """A workspace that is attached through its port says so, and goes on after it."""
    workspace = attach(
        restartable_datalab, restartable_datalab.url, restartable_datalab.token
    )
    workspace.add("x", POINTS)

    restartable_datalab.evaluate("main.stop_webapi_server()")
    took, _ = timed(lambda: workspace.add("y", POINTS), ConnectionError)
    assert took < SOON
    assert list(restartable_datalab.act("titles", "signal").values()) == ["x"]

    restartable_datalab.evaluate("main.start_webapi_server() and None")
    web = restartable_datalab.companion.at(restartable_datalab.url)
    restartable_datalab.wait_until(lambda: is_open(web), CALL)
    assert workspace.list() == ["x"]
    workspace.add("y", POINTS)
    assert attach(restartable_datalab).list() == ["x", "y"]


def is_open(companion: Any) -> bool:
    try:
        return bool(companion.send("GET", "hello")[0] == 200)
    except OSError:
        return False
