"""DataLab is restarted, or another one is started in its place."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.live import discovery
from datalab_workspace.live.backend import LiveBackend
from datalab_workspace.live.connection import Connection
from datalab_workspace.live.discovery import Endpoint
from datalab_workspace.live.record_cache import RecordCache
from datalab_workspace.live.transport.token import Token
from support.real_datalab.application import Application
from support.real_datalab.proxy import noting, proxy_to

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

POINTS = np.arange(3.0)
#: What a call may take that finds out that DataLab does not answer, and what a busy
#: machine may add.
SOON = 2.0 + 1.0


@pytest.fixture
def home() -> dlw.Workspace:
    """A workspace in memory, whatever the environment says."""
    return dlw.Workspace(backend=MemoryBackend())


def name_by_environment(datalab: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in datalab.connection.items():
        monkeypatch.setenv(variable, value)


def name_by_files(datalab: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(datalab.folder / "config"))


@pytest.fixture
def restarted(
    datalab: Application, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Application], Application]:
    """Kill a DataLab; the environment then names another one, which is empty."""

    def restart(mortal: Application) -> Application:
        mortal.kill()
        name_by_environment(datalab, monkeypatch)
        return datalab

    return restart


@pytest.fixture
def working(
    new_datalab: Callable[[], Application], monkeypatch: pytest.MonkeyPatch
) -> tuple[Application, dlw.Workspace]:
    """A DataLab that a test may kill, and a workspace that is attached to it."""
    datalab = new_datalab()
    name_by_environment(datalab, monkeypatch)
    workspace = dlw.Workspace()
    other = dlw.connect(datalab.url, datalab.token)
    other.update({"got": POINTS + 1, "theirs": POINTS + 2})
    workspace.add("mine", POINTS, group="first")
    workspace.add("large", np.zeros((512, 1025)), group="pictures")
    workspace.get("got")
    workspace.add("gone", POINTS)
    workspace.remove("gone")
    workspace.add("x", POINTS)
    workspace.rename("x", "renamed")
    workspace.add("removed there", POINTS)
    other.remove("removed there")
    workspace.list()
    other.backend.close()
    return datalab, workspace


RESTORED = ["mine", "large", "got", "renamed"]


def test_what_is_known_is_put_back(working, restarted) -> None:
    datalab, workspace = working
    uuids = {name: workspace.describe(name).uuid for name in RESTORED}
    workspace.groups()
    restarted(datalab)

    with pytest.warns(UserWarning, match="DataLab was restarted") as warned:
        workspace.resync()

    (said,) = [str(warning.message) for warning in warned]
    back, lost = said.split("put back: ")[1].split("; lost: ")
    assert all(repr(name) in back for name in RESTORED)
    assert lost == "'theirs'"
    assert sorted(workspace.list()) == sorted(RESTORED)
    assert {name: workspace.describe(name).uuid for name in RESTORED} == uuids
    assert workspace.describe("mine").group == "first"
    assert workspace.describe("large").group == "pictures"
    assert workspace.get("got").y.tolist() == [1, 2, 3]
    assert sorted(dlw.Workspace().list()) == sorted(RESTORED)
    workspace.resync()  # now it is the same DataLab


def test_it_only_looks_and_puts_back_later(working, restarted) -> None:
    datalab, workspace = working
    restarted(datalab)

    with pytest.warns(UserWarning, match="missing, .*'mine'") as warned:
        workspace.resync(restore=False)

    assert not any("put back" in str(warning.message) for warning in warned)
    assert workspace.list() == []
    with pytest.warns(UserWarning, match="put back: .*'mine'"):
        workspace.resync()
    assert sorted(workspace.list()) == sorted(RESTORED)


def test_what_was_missing_is_brought_home(working, restarted) -> None:
    datalab, workspace = working
    restarted(datalab)
    with pytest.warns(UserWarning, match="missing"):
        workspace.resync(restore=False)
    workspace.add("new", POINTS)

    workspace.disconnect()

    assert sorted(workspace.list()) == sorted([*RESTORED, "new"])


def test_nothing_is_put_back_into_the_same_datalab(named) -> None:
    workspace = dlw.Workspace()
    workspace.update({"a": POINTS, "b": POINTS})
    dlw.Workspace().remove("a")

    workspace.resync()

    assert workspace.list() == ["b"]
    workspace.disconnect()
    assert workspace.list() == ["b"]


@pytest.mark.slow
def test_what_the_new_one_holds_stays(working, restarted, tmp_path) -> None:
    datalab, workspace = working
    path = workspace.save(tmp_path / "saved.h5", names=["mine", "got"])
    workspace.add("mine", POINTS + 5, overwrite=True)
    another = restarted(datalab)
    another.rpc.load_h5_workspace([str(path)], True)

    with pytest.warns(UserWarning, match="put back"):
        workspace.resync()

    assert sorted(workspace.list()) == sorted(RESTORED)
    assert workspace.get("mine").y.tolist() == [0, 1, 2]


def test_a_restart_at_the_same_address_is_noticed(
    working, datalab: Application, monkeypatch
) -> None:
    """Another DataLab that answers in its place is not taken for an empty one."""
    mortal, workspace = working
    mortal.kill()
    endpoint = Endpoint(
        "url", "1.3.0", datalab.url, Token(datalab.token), mortal.rpc_port
    )
    workspace.backend._attach(Connection(endpoint))

    for _ in range(2):
        with pytest.raises(ConnectionError, match=r"was restarted.*resync\(\)"):
            workspace.list()
    name_by_environment(datalab, monkeypatch)
    with pytest.warns(UserWarning, match="put back"):
        workspace.resync()
    assert sorted(workspace.list()) == sorted(RESTORED)


def test_by_the_web_api_alone_it_is_not_known(
    new_datalab: Callable[[], Application],
    datalab: Application,
    home: dlw.Workspace,
    tmp_path,
    monkeypatch,
) -> None:
    """Nothing is put back that its user may have removed, but all of it is named."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    first, second = new_datalab(), datalab
    home.connect(first.url, first.token)
    home.add("a", POINTS)
    monkeypatch.setenv("DATALAB_WORKSPACE_URL", second.url)
    monkeypatch.setenv("DATALAB_WORKSPACE_TOKEN", second.token)
    backend = LiveBackend(
        Connection(Endpoint("environment", "1.3.0", first.url, Token(first.token)))
    )
    workspace = dlw.Workspace(backend=backend)
    workspace.get("a")
    first.kill()

    with pytest.warns(UserWarning, match="not known whether.*lost: 'a'"):
        workspace.resync()

    assert workspace.list() == []
    workspace.disconnect()
    assert workspace.list() == ["a"]


def test_the_oldest_are_forgotten_first(named) -> None:
    workspace = dlw.Workspace()
    workspace.backend._cache = RecordCache(most=100)
    for name in ("a", "b", "c"):
        workspace.add(name, POINTS)  # 48 bytes each
    workspace.add("large", np.arange(20.0))
    items = workspace.backend._catalogue.items
    groups, lost = workspace.backend._cache.restore(items)
    assert [item.title for group in groups for item in group.items] == ["b", "c"]
    assert len(lost) == 2


# -- a dead address -------------------------------------------------------------------


@pytest.fixture
def dead(named, monkeypatch: pytest.MonkeyPatch) -> str:
    """A dead address that the environment names, beside the user's own DataLab."""
    name_by_files(named, monkeypatch)
    monkeypatch.setenv("DATALAB_WORKSPACE_URL", "http://127.0.0.1:9")
    return str(named.url)


def test_a_dead_address_is_an_error_that_names_the_living(dead: str) -> None:
    begun = time.monotonic()
    with pytest.raises(
        dlw.LiveUnavailableError, match="DATALAB_WORKSPACE_URL"
    ) as raised:
        dlw.Workspace()
    assert time.monotonic() - begun < SOON
    message = str(raised.value)
    assert "no DataLab accepts connections at http://127.0.0.1:9" in message
    assert (
        f"one of your DataLabs answers at {dead}: datalab_workspace.connect(" in message
    )
    assert "unset the variable" in message
    assert "DATALAB_KERNEL_MODE=standalone" in message


def test_connecting_where_the_address_is_dead(dead: str, home) -> None:
    with pytest.raises(ConnectionError, match=f"answers at {dead}: connect\\('{dead}'"):
        home.connect()
    home.connect(dead)
    assert home.mode == "live"


def test_the_status_names_each_reason_once(dead: str, monkeypatch) -> None:
    monkeypatch.setenv("DATALAB_KERNEL_MODE", "standalone")
    workspace = dlw.Workspace()
    monkeypatch.delenv("DATALAB_KERNEL_MODE")
    notes = workspace.status().notes
    assert len(notes) == len({*notes})
    assert sum("http://127.0.0.1:9" in note for note in notes) == 1
    assert any(f"{dead} is yours; connect('{dead}')" in note for note in notes)


def test_a_dead_address_where_nothing_else_runs(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("DATALAB_WORKSPACE_URL", "http://127.0.0.1:9")
    with pytest.raises(ConnectionError, match="no DataLab accepts") as raised:
        dlw.Workspace()
    assert "your DataLabs" not in str(raised.value)


@pytest.mark.slow
def test_the_successor_of_a_local_datalab_is_found(
    working, new_datalab: Callable[[], Application], monkeypatch
) -> None:
    """The kernel's environment still names the DataLab that has ended."""
    datalab, workspace = working
    name_by_files(datalab, monkeypatch)
    workspace.resync()
    datalab.kill()
    with pytest.raises(ConnectionError, match="was not found again"):
        workspace.resync()
    another = new_datalab()
    name_by_files(another, monkeypatch)
    monkeypatch.delenv("DATALAB_XMLRPCPORT")

    with pytest.warns(UserWarning, match="put back"):
        workspace.resync()

    assert workspace.status().url == another.url
    assert sorted(workspace.list()) == sorted(RESTORED)


def test_a_datalab_elsewhere_has_no_successor_here(dead: str, monkeypatch) -> None:
    """What it held is not moved to a DataLab that happens to run here."""
    endpoint = Endpoint("environment", "1.3.0", "http://127.0.0.1:9")
    workspace = dlw.Workspace(backend=LiveBackend(Connection(endpoint)))
    with pytest.raises(ConnectionError, match=f"answers at {dead}: disconnect"):
        workspace.resync()


def test_none_of_several_is_guessed(
    named, datalab_without_token: Application, home, tmp_path: Path, monkeypatch
) -> None:
    another = datalab_without_token
    for variable in named.connection:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(named.folder / "config"))
    monkeypatch.setenv("DATALAB_XMLRPCPORT", str(another.rpc_port))

    with pytest.warns(UserWarning, match=r"2 of your DataLabs.*connect\(url\)"):
        workspace = dlw.Workspace()

    assert workspace.mode == "standalone"
    notes = " ".join(workspace.status().notes)
    assert f"connect('{named.url}')" in notes
    assert f"connect('{another.url}')" in notes
    with pytest.raises(ConnectionError, match=f"{named.url}.*{another.url}"):
        home.connect()
    home.connect(another.url)
    assert home.status().url == another.url
    monkeypatch.setenv("DATALAB_KERNEL_MODE", "live")
    with pytest.raises(dlw.LiveUnavailableError, match="2 of your DataLabs"):
        dlw.Workspace()


# -- a DataLab that answers slowly ----------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("by", [name_by_environment, name_by_files])
def test_a_busy_datalab_is_attached_and_its_first_use_waits(
    new_datalab: Callable[[], Application], monkeypatch, by
) -> None:
    datalab = new_datalab()
    by(datalab, monkeypatch)
    datalab.freeze()
    begun = time.monotonic()
    workspace = dlw.Workspace()
    assert time.monotonic() - begun < SOON
    assert workspace.mode == "live"
    with monkeypatch.context() as patch:
        patch.setattr(discovery, "PATIENCE", 1.0)
        with pytest.raises(TimeoutError):
            workspace.list()
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        workspace.list()
    assert time.monotonic() - begun < SOON
    datalab.thaw()
    workspace.add("x", POINTS)
    status = workspace.status()
    assert (status.version, status.signals) == ("1.3.0", 1)
    assert status.protocols == ("Web API", "XML-RPC")


def test_attaching_lists_nothing(datalab: Application, home: dlw.Workspace) -> None:
    """DataLab copies every object to list them."""
    requests: list[str] = []
    with proxy_to(datalab.web_port, noting(requests)) as between:
        home.connect(between.url, datalab.token)
        assert home.mode == "live"
        assert "GET /api/v1/objects" not in requests
        assert home.list() == []
        assert "GET /api/v1/objects" in requests
        home.backend.close()


def test_a_hung_datalab_costs_little_but_for_the_first_call(named) -> None:
    workspace = dlw.Workspace()
    workspace.add("x", POINTS)
    named.freeze()
    try:
        begun = time.monotonic()
        status = workspace.status()  # even if it is the first call
        assert time.monotonic() - begun < SOON
        assert "does not answer" in " ".join(status.notes)
        calls = {
            "list": workspace.list,
            "add": lambda: workspace.add("y", POINTS),
            "selection": lambda: workspace.selection,
            "calc": lambda: workspace.calc("exp", on="x"),
        }
        took = {}
        for name, call in calls.items():
            begun = time.monotonic()
            with pytest.raises(TimeoutError):
                call()
            took[name] = time.monotonic() - begun
        assert {name: t for name, t in took.items() if t > SOON} == {}
    finally:
        named.thaw()
    assert workspace.list() == ["x"]
    assert os.environ["DATALAB_WORKSPACE_URL"] == named.url
