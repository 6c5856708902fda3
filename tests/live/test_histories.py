"""Histories of objects that the real DataLab holds, opens, changes and saves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import sigima.proc.signal as sps

import datalab_workspace as dlw
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.history.replay.verdict import Verdict
from datalab_workspace.live.backend import LiveBackend
from datalab_workspace.live.connection import Connection
from datalab_workspace.live.endpoint import Endpoint
from datalab_workspace.live.transport.token import Token
from support.racing import by_companion
from support.real_datalab.application import Application

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


def chain(workspace: dlw.Workspace) -> list[str]:
    """Add a signal, and two that are made from it; return their names."""
    workspace.add("raw", np.sin(np.arange(50.0)))
    smooth = workspace.calc("moving_average", on="raw", n=5)
    return ["raw", smooth, workspace.calc("derivative", on=smooth)]


def steps(workspace: dlw.Workspace, name: str) -> list[str]:
    """Return the steps of the history of an object."""
    return [step.what for step in workspace.history(name).steps]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A project with a chain of three signals."""
    workspace = dlw.Workspace(backend=MemoryBackend())
    chain(workspace)
    return workspace.save(tmp_path / "saved.h5")


def test_histories_survive_the_load_and_save_of_datalab(
    datalab_window, saved: Path, tmp_path: Path
) -> None:
    path = tmp_path / "again.h5"
    project = datalab_window.open(saved, save_to=path)
    assert project.complaints == []
    for lazy in (False, True):
        again = dlw.Workspace(backend=MemoryBackend())
        again.load(path, lazy=lazy)
        raw, smooth, slope = again.list()
        assert steps(again, smooth) == ["moving_average"]
        assert steps(again, slope) == ["moving_average", "derivative"]
        assert again.replay(slope).verdict is Verdict.IDENTICAL
        assert again.history(slope).inputs[0].name == raw


def test_no_history_counts_for_what_datalab_has_computed(
    datalab_window, saved: Path, tmp_path: Path
) -> None:
    path = tmp_path / "again.h5"
    project = datalab_window.perform("compute_again", path=saved, save_to=path)
    assert project.complaints == []
    again = dlw.open(path)
    raw, smooth, slope, inverse = again.list()
    assert np.array_equal(again.get(raw).y, 2 * np.sin(np.arange(50.0)))
    for name in (smooth, inverse):  # DataLab's own notes count instead
        assert again.history(name).steps[-1].step.action.place == "datalab", name
    assert steps(again, slope) == ["moving_average", "derivative"]
    assert again.replay(slope).verdict is not Verdict.IDENTICAL
    # Another save writes none of them for good.
    third = dlw.open(again.save(tmp_path / "third.h5"))
    assert steps(third, slope) == steps(again, slope)


def test_objects_in_datalab_have_histories_by_the_companion(
    companion_datalab: Application, tmp_path: Path
) -> None:
    companion = companion_datalab.companion
    address = {"url": companion.url, "token": companion.token}
    check_histories_in_datalab(lambda: by_companion(address), tmp_path)


@pytest.mark.parametrize(
    ("by_web", "by_rpc"), [(True, True), (True, False), (False, True)]
)
def test_objects_in_datalab_have_histories(
    datalab: Application, tmp_path: Path, by_web: bool, by_rpc: bool
) -> None:
    def attached() -> dlw.Workspace:
        url = datalab.url if by_web else None
        port = datalab.rpc_port if by_rpc else None
        endpoint = Endpoint("url", "1.3.0", url, Token(datalab.token), port)
        return dlw.Workspace(backend=LiveBackend(Connection(endpoint)))

    # The Web API alone does not say which of the objects a history refers to.
    check_histories_in_datalab(attached, tmp_path, knows_uuids=by_rpc)


def check_histories_in_datalab(
    attached: Callable[[], dlw.Workspace], tmp_path: Path, *, knows_uuids: bool = True
) -> None:
    """Make objects in one workspace, and ask for their histories in another."""
    _, smooth, slope = chain(attached())
    another = attached()
    assert steps(another, slope)[-2:] == ["moving_average", "derivative"]
    assert another.stale() == {}
    if knows_uuids:
        assert another.replay(smooth).verdict is Verdict.IDENTICAL
    path = another.save(tmp_path / "live.h5")
    assert steps(dlw.open(path), slope)[-2:] == ["moving_average", "derivative"]


def test_datalab_shows_the_session_and_computes_it_again(
    datalab_window, tmp_path: Path
) -> None:
    workspace = dlw.Workspace(backend=MemoryBackend())
    raw, smooth, slope = chain(workspace)
    both = workspace.calc("difference", on=raw, with_=smooth)
    path = workspace.save(tmp_path / "a.h5", datalab_history=True)

    project = datalab_window.perform(
        "change_and_cascade", path=path, save_to=tmp_path / "b.h5"
    )

    assert project.complaints == []
    (session,) = project.history
    assert session["title"] == "Notebook"
    names = [action["descriptors"]["func_name"] for action in session["actions"]]
    assert names == ["moving_average", "derivative", "difference"]
    expected = dlw.Workspace(backend=MemoryBackend())
    expected.add("raw", np.sin(np.arange(50.0)))
    wide = expected.calc("moving_average", on="raw", n=21)
    changed = dlw.open(tmp_path / "b.h5")
    titles = changed.list()
    assert len(titles) == 4
    assert np.array_equal(changed.get(titles[1]).y, expected.get(wide).y)
    assert not np.array_equal(changed.get(titles[2]).y, workspace.get(slope).y)
    assert not np.array_equal(changed.get(titles[3]).y, workspace.get(both).y)
    # The next save replaces the session, although DataLab has given it another name.
    changed.save(datalab_history=True)
    assert len(datalab_window.open(tmp_path / "b.h5").history) == 1


def test_direct_calls_and_code_on_objects_in_datalab_are_steps(
    companion_datalab: Application, datalab: Application
) -> None:
    companion = companion_datalab.companion
    address = {"url": companion.url, "token": companion.token}
    endpoint = Endpoint(
        "url", "1.3.0", datalab.url, Token(datalab.token), datalab.rpc_port
    )
    for workspace in (
        by_companion(address),
        dlw.Workspace(backend=LiveBackend(Connection(endpoint))),
    ):
        workspace.add("raw", np.sin(np.arange(50.0)))
        obj = workspace["raw"]
        workspace.add("smooth", sps.moving_average(obj, n=5))
        workspace.add("same", obj)
        obj.y = np.clip(obj.y, 0.0, None)
        workspace.add("clipped", obj)
        workspace.edit("smooth", xunit="s")

        assert steps(workspace, "smooth") == ["moving_average", "edit"]
        assert workspace.replay("smooth").verdict is Verdict.IDENTICAL
        assert steps(workspace, "same") == []
        assert len(steps(workspace, "clipped")) == 1
        assert workspace.status().notes == ()


def test_what_datalab_computed_is_a_step_with_its_parameters(
    companion_datalab: Application,
) -> None:
    companion = companion_datalab.companion
    workspace = by_companion({"url": companion.url, "token": companion.token})
    workspace.add("raw", np.sin(np.arange(50.0)))
    smooth = workspace.calc("moving_average", on="raw", n=7, where="datalab")
    slope = workspace.calc("derivative", on=smooth, where="datalab")

    assert steps(workspace, slope) == ["moving_average", "derivative"]
    history = workspace.history(slope)
    assert history.origin.startswith("DataLab: derivative(moving_average(")
    assert "n=7" in str(history)
    assert workspace.replay(slope).verdict is Verdict.IDENTICAL
    # A notebook that continues from it adds its own steps.
    workspace.add("end", sps.normalize(workspace[slope]))
    assert steps(workspace, "end") == ["moving_average", "derivative", "normalize"]


def test_what_the_window_made_is_recognised_each_time(
    companion_datalab: Application,
) -> None:
    companion = companion_datalab.companion
    workspace = by_companion({"url": companion.url, "token": companion.token})
    act = companion_datalab.act
    uuid = act("add", "signal", "win", [1.0, 2.0, 4.0, 3.0, 1.0, 0.0])
    act("analyse", "signal", [uuid], "normalize")
    act("analyse", "signal", [[*act("titles", "signal")][-1]], "fft")
    _, scaled, spectrum = workspace.list()

    assert steps(workspace, spectrum) == ["normalize", "fft"]
    assert workspace.history(spectrum).origin == "DataLab: fft(normalize(win))"
    found = workspace.replay(spectrum)
    assert (found.verdict, found.inputs) == (Verdict.IDENTICAL, ("win",))
    assert workspace.stale() == {}
    # A call of sigima with the object of the window.
    workspace.add("slope", sps.derivative(workspace["win"]))
    assert workspace.replay("slope").verdict is Verdict.IDENTICAL

    act("set_data", "signal", uuid, [2.0, 4.0, 8.0, 6.0, 2.0, 5.0])
    assert workspace.stale() == {
        scaled: ["'win' has changed"],
        spectrum: [f"{scaled!r} is out of date"],
        "slope": ["'win' has changed"],
    }
    assert workspace.recompute(spectrum) == [scaled, spectrum]
    assert list(workspace.stale()) == ["slope"]
    assert workspace.replay(spectrum).verdict is Verdict.IDENTICAL


def test_a_source_that_was_removed_is_reported(companion_datalab: Application) -> None:
    companion, act = companion_datalab.companion, companion_datalab.act
    workspace = by_companion({"url": companion.url, "token": companion.token})
    uuid = act("add", "signal", "win", [1.0, 2.0, 4.0, 3.0, 1.0, 0.0])
    act("analyse", "signal", [uuid], "derivative")
    act("remove", "signal", [uuid])

    (slope,) = workspace.list()
    assert workspace.history(slope).steps[0].inputs == ("removed object",)
    assert workspace.stale() == {slope: ["'removed object' was removed"]}
    found = workspace.replay(slope)
    assert found.reason == "'removed object' was removed"


def test_histories_move_to_datalab_and_back(companion_datalab: Application) -> None:
    companion, act = companion_datalab.companion, companion_datalab.act
    workspace = dlw.Workspace(backend=MemoryBackend())
    names = chain(workspace)
    workspace.edit(names[1], xunit="s")
    expected = {name: steps(workspace, name) for name in names}
    stale = {names[2]: [f"xunit of {names[1]!r} changed"]}
    act("add", "signal", "win", [1.0, 2.0, 4.0, 3.0, 1.0, 0.0])

    workspace.connect(companion.url, companion.token)
    assert {name: steps(workspace, name) for name in names} == expected
    assert workspace.stale() == stale
    scaled = workspace.calc("normalize", on="win")
    workspace.disconnect(keep="all")

    assert {name: steps(workspace, name) for name in names} == expected
    assert workspace.stale() == stale
    assert workspace.replay(names[2]).verdict is Verdict.IDENTICAL
    assert workspace.replay(scaled).inputs == ("win",)
    assert workspace.replay(scaled).verdict is Verdict.IDENTICAL


def test_changes_of_data_in_the_window_are_steps(
    companion_datalab: Application,
) -> None:
    companion = companion_datalab.companion
    workspace = by_companion({"url": companion.url, "token": companion.token})
    workspace.add("raw", np.arange(6.0))
    workspace.add("smooth", sps.moving_average(workspace["raw"], n=3))
    uuid = workspace.describe("smooth").uuid
    companion_datalab.act("set_data", "signal", uuid, [1.0, 2.0, 4.0, 3.0, 1.0, 0.0])

    history = workspace.history("smooth")
    assert steps(workspace, "smooth") == ["moving_average", "unknown"]
    assert history.gaps == (
        "step 2: its data was changed in DataLab, or by another program",
    )
    assert workspace.replay("smooth").verdict is Verdict.NOT_REPLAYABLE
