"""How a workspace comes to a running DataLab, and home again."""

from __future__ import annotations

import numpy as np
import pytest
from sigima.objects import create_image, create_signal

import datalab_workspace as dlw
from datalab_kernel_core.plotter.plotter import Plotter
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.live.backend import LiveBackend
from datalab_workspace.live.connection import Connection
from datalab_workspace.live.discovery import Endpoint
from datalab_workspace.live.transport.token import Token
from datalab_workspace.model.record import KINDS
from datalab_workspace.testing.samples.operands import sources
from support.real_datalab.application import free_port

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

POINTS = np.arange(3.0)


@pytest.fixture
def home() -> dlw.Workspace:
    """A workspace in memory, whatever the environment says."""
    return dlw.Workspace(backend=MemoryBackend())


def test_a_named_datalab_is_attached(named):
    workspace = dlw.Workspace()
    assert workspace.mode is dlw.WorkspaceMode.LIVE
    workspace.add("x", POINTS)
    status = workspace.status()
    assert (status.signals, status.images) == (1, 0)
    assert status.protocols == ("Web API", "XML-RPC")
    assert (status.version, status.url) == ("1.3.0", named.url)
    assert named.token not in repr(status) + repr(workspace) + str(vars(workspace))
    assert dlw.Workspace().list() == ["x"]


def test_looking_at_the_status_changes_nothing(named):
    dlw.Workspace().add("x", POINTS)
    workspace = dlw.Workspace()
    assert workspace.status().signals == 1
    assert workspace.add("x", POINTS) == "x"
    with pytest.raises(dlw.NameConflictError):
        workspace.add("x", POINTS + 1)
    assert workspace.list() == ["x"]


def test_a_wrong_token_is_told(named, monkeypatch):
    monkeypatch.setenv("DATALAB_WORKSPACE_TOKEN", "wrong")
    with pytest.raises(dlw.LiveUnavailableError, match="token"):
        dlw.Workspace()
    workspace = dlw.Workspace(backend=MemoryBackend())
    with pytest.raises(PermissionError, match="token"):
        workspace.connect(named.url, "wrong")
    monkeypatch.setenv("DATALAB_KERNEL_MODE", "live")
    with pytest.raises(dlw.LiveUnavailableError, match="token"):
        dlw.Workspace()


def test_the_mode_overrules_the_environment(named, monkeypatch):
    monkeypatch.setenv("DATALAB_KERNEL_MODE", "standalone")
    workspace = dlw.Workspace()
    assert workspace.mode == "standalone"
    assert named.url in " ".join(workspace.status().notes)
    monkeypatch.setenv("DATALAB_KERNEL_MODE", "live")
    assert dlw.Workspace().mode == "live"


def test_connecting_moves_everything(named, home):
    home.add("a", POINTS, group="mine")
    home.add("b", np.eye(3))
    uuids = [item.uuid for item in home.describe()]
    home.connect()
    assert home.mode == "live"
    assert [item.uuid for item in home.describe()] == uuids
    assert [(g.title, g.names) for g in home.groups()] == [
        ("mine", ("a",)),
        ("", ("b",)),
    ]
    assert dlw.connect(named.url, named.token).list() == ["a", "b"]


def test_an_equal_object_is_no_conflict(named, home):
    dlw.Workspace().add("a", POINTS)
    home.add("a", POINTS)
    home.connect()
    assert home.list() == ["a"]


@pytest.mark.parametrize(
    ("choice", "names", "value"),
    [("replace", ["a"], 5.0), ("skip", ["a"], 0.0), ("rename", ["a", "a (2)"], 0.0)],
)
def test_conflicts(named, home, choice, names, value):
    dlw.Workspace().update({"a": POINTS, "b": POINTS})
    home.update({"a": POINTS + 5, "b": POINTS})
    with pytest.raises(dlw.NameConflictError, match="'a'"):
        home.connect()
    assert home.mode == "standalone"
    assert home.describe("a").title == "a"
    assert dlw.Workspace().list() == ["a", "b"]
    home.connect(on_conflict=choice)
    assert sorted(home.list()) == sorted([*names, "b"])
    assert home.get("a").y[0] == value


@pytest.fixture
def web_alone(named, monkeypatch):
    """A DataLab whose XML-RPC server is not found, as in a browser."""
    monkeypatch.setenv("DATALAB_XMLRPCPORT", str(free_port()))
    return named


@pytest.mark.parametrize(
    ("choice", "names", "value"),
    [("replace", ["a"], 5.0), ("skip", ["a"], 0.0), ("rename", ["a", "a (2)"], 0.0)],
)
def test_conflicts_by_the_web_api_alone(web_alone, home, choice, names, value):
    there = dlw.connect(web_alone.url, web_alone.token)
    there.update({"a": POINTS, "b": POINTS})
    home.update({"a": POINTS + 5, "b": POINTS})
    with pytest.raises(dlw.NameConflictError, match="'a'"):
        home.connect()
    assert there.list() == ["a", "b"]
    home.connect(on_conflict=choice)
    assert home.status().protocols == ("Web API",)
    assert sorted(home.list()) == sorted([*names, "b"])
    assert sorted(item.title for item in home.describe()) == sorted([*names, "b"])
    assert home.get("a").y[0] == value
    assert home.get(names[-1]).y[0] == (0.0 if choice == "skip" else 5.0)


def test_equal_titles_are_told_apart_by_the_web_api_alone(web_alone, home, tmp_path):
    home.add("a", POINTS)
    path = home.save(tmp_path / "a.npz")
    home.add("a", POINTS + 1, overwrite=True)
    home.load(path, on_conflict="rename")
    assert {item.title for item in home.describe()} == {"a"}

    home.connect()
    home.load(path, on_conflict="rename")

    assert home.list() == ["a", "a (2)", "a (3)"]
    assert [home.get(name).y[0] for name in home] == [1.0, 0.0, 0.0]


def test_what_cannot_be_sent_moves_nothing(named, home):
    home.add("fine", POINTS)
    home.add("too precise", np.array([[2**60 + 1]], "i8"))
    with pytest.raises(TypeError, match="too precise"):
        home.connect()
    assert home.mode == "standalone"
    assert home.list() == ["fine", "too precise"]
    assert dlw.Workspace().list() == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://[::1]:9"])
def test_nothing_there(home, url):
    home.add("a", POINTS)
    with pytest.raises(dlw.UnreachableError):
        home.connect(url)
    assert home.list() == ["a"]
    with pytest.raises(ValueError, match="nonsense"):
        home.connect("nonsense")
    with pytest.raises(ConnectionError, match="no running DataLab"):
        home.connect()


def test_connecting_again_to_the_same_datalab_changes_nothing(named):
    workspace = dlw.Workspace()
    workspace.add("x", POINTS)
    backend = workspace.backend
    assert workspace.connect() is True
    assert workspace.connect(named.url) is True
    assert workspace.backend is backend
    assert workspace.list() == ["x"]


def test_connecting_again_to_a_companion_changes_nothing(companion_datalab, home):
    web_api = companion_datalab.url, companion_datalab.token
    home.connect(*web_api)
    backend = home.backend
    assert home.connect() is True
    assert home.connect(*web_api) is True
    assert home.backend is backend


def test_a_companion_whose_file_is_elsewhere(companion_datalab, home, monkeypatch):
    own = companion_datalab.companion
    home.connect(f" {own.url}/ ", f"{own.token}\n")
    assert home.status().protocols == ("companion",)
    with pytest.raises(dlw.TokenError, match="token"):
        dlw.connect(own.url, "wrong")
    monkeypatch.setenv("DATALAB_WORKSPACE_URL", own.url)
    monkeypatch.setenv("DATALAB_WORKSPACE_TOKEN", own.token)
    assert dlw.Workspace().status().protocols == ("companion",)


@pytest.mark.parametrize(
    ("url", "error"),
    [("http://127.0.0.1:9", dlw.UnreachableError), ("nonsense", ValueError)],
)
def test_an_attached_workspace_stays_where_it_is(named, url, error):
    workspace = dlw.Workspace()
    with pytest.raises(error):
        workspace.connect(url)
    assert workspace.status().url == named.url


def test_an_attached_workspace_is_not_moved_to_another_datalab(named, new_datalab):
    other = new_datalab()
    workspace = dlw.Workspace()
    with pytest.raises(dlw.LiveError, match=r"attached to .*; call disconnect\(\)"):
        workspace.connect(other.url, other.token)
    assert workspace.status().url == named.url


@pytest.mark.parametrize(
    ("keep", "names"),
    [(True, ["mine", "got"]), (False, []), ("all", ["mine", "got", "theirs"])],
)
def test_coming_home(named, keep, names):
    other = dlw.Workspace()
    other.update({"got": POINTS + 1, "theirs": POINTS + 2})
    workspace = dlw.Workspace()
    workspace.add("mine", POINTS, group="new")
    workspace.get("got")
    workspace.disconnect(keep=keep)
    assert workspace.mode == "standalone"
    assert sorted(workspace.list()) == sorted(names)
    if "mine" in names:
        assert workspace.describe("mine").group == "new"
        assert workspace.get("got").y[0] == 1
    assert sorted(other.list()) == ["got", "mine", "theirs"]
    with pytest.raises(ValueError, match="keep"):
        workspace.disconnect(keep="some")
    workspace.disconnect()


def test_many_at_once_or_none_if_one_is_refused(named):
    workspace = dlw.Workspace()
    workspace.add("a", POINTS, group="one")
    workspace.add("b", POINTS, group="two")
    with pytest.raises(TypeError, match="cannot add an object of type dict"):
        workspace.update({"c": POINTS, "bad": {}, "d": POINTS})
    assert workspace.list() == ["a", "b"]
    assert dlw.Workspace().list() == ["a", "b"]
    assert workspace.update({"c": POINTS, "d": POINTS}) == ["c", "d"]
    assert workspace.list() == ["a", "c", "d", "b"]


def test_saving_is_no_getting(named, tmp_path):
    dlw.Workspace().add("theirs", POINTS)
    workspace = dlw.Workspace()
    workspace.add("mine", POINTS)
    workspace.save(tmp_path / "all.h5")
    assert dlw.open(tmp_path / "all.h5").list() == ["theirs", "mine"]
    workspace.disconnect()
    assert workspace.list() == ["mine"]


def test_what_was_got_may_be_changed(new_datalab, home):
    """What is remembered of it is what was added."""
    datalab = new_datalab()
    home.connect(datalab.url, datalab.token)
    home.add("x", POINTS)
    home.get("x").y[:] = 9
    datalab.kill()
    home.disconnect()
    assert home.get("x").y.tolist() == [0, 1, 2]


def test_clear_leaves_what_was_there(named):
    dlw.Workspace().add("theirs", POINTS)
    workspace = dlw.Workspace()
    workspace.add("mine", POINTS)
    workspace.clear()
    assert workspace.list() == ["theirs"]
    workspace.clear(all=True)
    assert workspace.list() == []


def test_a_datalab_that_is_gone(new_datalab, home, tmp_path):
    datalab = new_datalab()
    home.connect(datalab.url, datalab.token)
    home.add("small", POINTS)
    home.add("large", np.zeros((1024, 1025)))
    datalab.kill()
    for call in (home.list, lambda: home.get("small"), lambda: home.add("y", POINTS)):
        with pytest.raises(ConnectionError):
            call()
    with pytest.raises(ConnectionError):
        home.save(tmp_path / "x.h5")
    assert "does not answer" in " ".join(home.status().notes)
    assert "1 signal" in repr(home)
    for call in (home.resync, home.connect):
        with pytest.raises(ConnectionError):
            call()
    home.disconnect()
    assert home.list() == ["small", "large"]
    assert home.get("small").y.tolist() == [0, 1, 2]


def test_a_datalab_that_comes_back(new_datalab, monkeypatch, tmp_path):
    first = new_datalab()
    for variable, value in first.connection.items():
        monkeypatch.setenv(variable, value)
    workspace = dlw.Workspace()
    workspace.add("x", POINTS)
    workspace.rename("x", "y")
    path = workspace.save(tmp_path / "x.h5")
    first.kill()
    second = new_datalab()
    monkeypatch.setenv("DATALAB_WORKSPACE_URL", second.url)
    monkeypatch.setenv("DATALAB_XMLRPCPORT", str(second.rpc_port))
    second.rpc.load_h5_workspace([str(path)], True)
    assert workspace.resync() is True
    assert workspace.list() == ["y"]
    assert workspace.get("y").y.tolist() == [0, 1, 2]
    workspace.add("z", POINTS)


def test_two_at_once(named):
    """Each sees what the other does, and neither takes the other's for its own."""
    first, second = dlw.Workspace(), dlw.Workspace()
    first.add("a", POINTS)
    assert second.list() == ["a"]
    second.add("b", POINTS)
    second.rename("a", "c")
    assert first.list() == ["c", "b"]  # the names that the window shows
    assert first.describe("c").title == "c"
    first.clear()
    assert second.list() == ["b"]


def test_titles_that_were_given_are_put_back(named):
    workspace = dlw.Workspace()
    for name in ("a", "filtered s003", "c", "xs002y", "made of s001"):
        workspace.add(name, POINTS)
    result = workspace.calc("exp", on="c")
    assert result == "exp(s003)"
    workspace.remove("a")
    titles = {item.name: item.title for item in workspace.describe()}
    assert titles["filtered s003"] == "filtered s003"
    assert titles["xs002y"] == "xs002y"
    assert titles["made of s001"] == "made of s001"
    assert titles["exp(s003)"] == "exp(s002)"  # DataLab's own, which it keeps


def test_the_window(named):
    workspace = dlw.Workspace()
    workspace.update({"a": POINTS, "b": POINTS, "i": np.eye(3)})
    workspace.select(["a", "b"])
    plotter = Plotter(lambda: workspace)
    plotter.plot("i")
    assert workspace.selection == ["i"]
    assert workspace.calc("exp") == ["exp(s001)", "exp(s002)"]
    assert workspace.calc("absolute") == ["absolute(s001)", "absolute(s002)"]
    named.rpc.set_current_panel("signal")
    named.rpc.select_objects([2], "signal")  # as the user would
    assert workspace.selection == ["b"]
    assert workspace.calc("sqrt") == ["sqrt(s002)"]
    workspace.select("i")
    assert workspace.selection == ["i"]
    assert workspace.calc("exp") == "exp(i001)"


def test_what_was_made_in_datalab_is_described(named):
    workspace = dlw.Workspace()
    workspace.add("large", np.zeros((1024, 1025)))
    workspace.add("small", np.eye(3))
    described = workspace.describe("large")
    assert described.shape == (1024, 1025)
    assert described.roi_count is None
    assert "annotations" in described.missing
    assert workspace.describe("small").missing == ()
    assert workspace.describe("small").roi_count == 0


def test_datalab_computes_what_it_is_told_to(attended_datalab):
    """It computes the same as the kernel, and opens no dialog."""
    endpoint = Endpoint(
        "url",
        "1.3.0",
        attended_datalab.url,
        Token(attended_datalab.token),
        attended_datalab.rpc_port,
    )
    workspace = dlw.Workspace(backend=LiveBackend(Connection(endpoint)))
    for kind in KINDS:
        for name, obj in sources(kind).items():
            workspace.add(name, obj)
    calls = [
        ("moving_average", "wave", {"n": 5, "mode": "mirror"}),
        ("fft", "wave", {}),
        ("gaussian_filter", "spot", {"sigma": 2.0}),
    ]
    for feature, on, parameters in calls:
        here = workspace.calc(feature, on=on, **parameters)
        expected = workspace.get(here)
        workspace.remove(here)
        there = workspace.calc(feature, on=on, where="datalab", **parameters)
        assert there == here
        np.testing.assert_array_equal(workspace.get(there).data, expected.data)
    with pytest.raises(NotImplementedError, match="'stats'"):
        workspace.calc("stats", on="peak", where="datalab")
    with pytest.raises(NotImplementedError, match="'difference'"):
        workspace.calc("difference", on="peak", with_="wave", where="datalab")
    with pytest.raises(NotImplementedError, match="'binning'"):
        workspace.calc("binning", on="spot", sx=2, sy=2, where="datalab")
    with pytest.raises(TypeError, match="did you mean"):
        workspace.calc("moving_average", on="wave", nn=3, where="datalab")
    assert attended_datalab.boxes() == []


def test_large_data_is_computed_of_in_full(named):
    """Of what was made in DataLab, where its pixels are comes by XML-RPC alone."""
    image = create_image("warped", np.random.default_rng(0).random((400, 400)))
    image.set_coords(np.arange(400.0) ** 2, np.arange(400.0))
    workspace = dlw.Workspace()
    workspace.add("warped", image)
    for again in (workspace, dlw.Workspace()):  # the latter has not added it
        found = again.get(again.calc("fliph", on="warped"), full=True)
        assert not found.is_uniform_coords
        np.testing.assert_array_equal(found.xcoords, image.xcoords)


def test_nothing_opens_a_box(attended_datalab):
    """Whatever a notebook does, as its user sees it."""
    workspace = dlw.connect(attended_datalab.url, attended_datalab.token)
    workspace.add("none", create_signal("none"))
    for dtype in ("?", "i1", "u4", "i8", "u8", "f2", ">u2", ">f8", "c8"):
        workspace.add(f"image {dtype}", np.eye(3).astype(dtype))
        workspace.add(f"signal {dtype}", np.arange(3).astype(dtype))
        workspace.add(f"image {dtype}", np.ones((2, 2), dtype), overwrite=True)
    workspace.add("empty", np.empty((0, 3)))
    with pytest.raises(TypeError):
        workspace.add("too precise", np.array([[2**60 + 1]], "i8"))
    workspace.calc("average", on=["signal i1", "signal i8"])
    workspace.calc("stats", on="image u4")
    workspace.edit("image u4", xlabel="x", metadata={"a": {1}})
    for name in workspace:
        workspace.get(name, full=True)
    assert attended_datalab.boxes() == []
    for name in workspace.list():
        workspace.remove(name)
    assert attended_datalab.boxes() == []


@pytest.mark.parametrize("by_rpc", [True, False])
def test_removing_what_others_were_computed_of_opens_no_box(attended_datalab, by_rpc):
    port = attended_datalab.rpc_port if by_rpc else None
    endpoint = Endpoint(
        "url", "1.3.0", attended_datalab.url, Token(attended_datalab.token), port
    )
    workspace = dlw.Workspace(backend=LiveBackend(Connection(endpoint)))
    for kind in KINDS:
        for name, obj in sources(kind).items():
            workspace.add(name, obj)
    first = workspace.calc("exp", on="peak")
    second = workspace.calc("sqrt", on=first)
    workspace.calc("average", on=["peak", "wave", first])
    workspace.add("peak", POINTS, overwrite=True)
    workspace.remove("peak")
    workspace.remove(first, "wave")
    assert second in workspace
    workspace.calc("exp", on="spot")
    workspace.add("spot", POINTS, overwrite=True)
    workspace.clear(all=True)
    assert attended_datalab.boxes() == []
