"""Which mode a workspace is in, and what it tells of itself."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace.backends.memory import MemoryBackend

MODE = "DATALAB_KERNEL_MODE"
POINTS = np.arange(3.0)


@pytest.mark.parametrize("value", [None, "", "auto", "standalone"])
def test_standalone(monkeypatch, value):
    if value is not None:
        monkeypatch.setenv(MODE, value)
    workspace = dlw.Workspace()
    assert workspace.mode is dlw.WorkspaceMode.STANDALONE
    assert workspace.mode == "standalone"
    assert f"{workspace.mode}" == "standalone"


def test_live_without_datalab_is_an_error(monkeypatch):
    monkeypatch.setenv(MODE, "live")
    with pytest.raises(ConnectionError, match="DATALAB_KERNEL_MODE=live") as raised:
        dlw.Workspace()
    assert isinstance(raised.value, dlw.LiveUnavailableError)


@pytest.mark.parametrize("value", ["Live", "standalon", "0", "yes"])
def test_an_unknown_mode_is_told(monkeypatch, value):
    monkeypatch.setenv(MODE, value)
    with pytest.raises(ValueError, match=f"{MODE}='{value}'.*'standalone', 'live'"):
        dlw.Workspace()


def test_a_backend_of_choice_is_not_overruled(monkeypatch, tmp_path):
    monkeypatch.setenv(MODE, "live")
    workspace = dlw.Workspace(backend=MemoryBackend())
    workspace.add("x", POINTS)
    assert dlw.open(workspace.save(tmp_path / "x.h5")).list() == ["x"]


def test_the_status_of_an_empty_workspace():
    workspace = dlw.Workspace()
    assert workspace.status() == dlw.Status(workspace.mode, 0, 0, None, False)
    assert repr(workspace) == "<Workspace standalone: 0 signals, 0 images>"


def test_the_status_of_a_saved_workspace(tmp_path):
    workspace = dlw.Workspace()
    workspace.add("x", POINTS)
    assert workspace.modified
    path = workspace.save(tmp_path / "x.h5")
    assert workspace.status() == dlw.Status(workspace.mode, 1, 0, path, False)
    workspace.add("y", np.eye(2))
    assert workspace.status() == dlw.Status(workspace.mode, 1, 1, path, True)
    assert repr(workspace) == (
        f"<Workspace standalone: 1 signal, 1 image, {str(path)!r} (modified)>"
    )


def test_a_status_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        dlw.Workspace().status().signals = 5


@pytest.mark.parametrize(
    "change",
    [
        lambda ws: ws.add("y", POINTS),
        lambda ws: ws.add("x", POINTS + 1, overwrite=True),
        lambda ws: ws.rename("x", "y"),
        lambda ws: ws.edit("x", xlabel="t"),
        lambda ws: ws.remove("x"),
        lambda ws: ws.pop("x"),
    ],
)
def test_every_change_makes_it_modified(tmp_path, change):
    workspace = dlw.Workspace()
    workspace.add("x", POINTS)
    workspace.save(tmp_path / "x.h5")
    assert not workspace.modified
    change(workspace)
    assert workspace.modified
    workspace.save()
    assert not workspace.modified


@pytest.mark.parametrize(
    "look",
    [
        lambda ws: ws.add("x", POINTS),
        lambda ws: ws.get("x").y.fill(0),
        lambda ws: ws.rename("x", "x"),
        lambda ws: ws.remove(),
        lambda ws: ws.describe(),
    ],
)
def test_nothing_else_does(tmp_path, look):
    workspace = dlw.Workspace()
    workspace.add("x", POINTS)
    workspace.save(tmp_path / "x.h5")
    look(workspace)
    assert not workspace.modified


def test_clearing_forgets_the_file(tmp_path):
    workspace = dlw.Workspace()
    workspace.save(tmp_path / "x.h5")
    workspace.clear()
    assert workspace.path is None
    with pytest.raises(ValueError, match="no file to save to"):
        workspace.save()


def test_resync_in_memory_looks_for_a_datalab_as_in_0_2():
    workspace = dlw.Workspace(backend=MemoryBackend())
    workspace.add("x", POINTS)
    with pytest.deprecated_call(match=r"connect\(\).*no running DataLab") as warned:
        assert workspace.resync() is False
    assert [warning.filename for warning in warned] == [__file__]
    assert (workspace.mode, workspace.list()) == ("standalone", ["x"])


@pytest.mark.parametrize(
    ("read", "result", "message"),
    [
        (lambda s: s["mode"], "standalone", r"status\(\).mode instead"),
        (lambda s: s["object_count"], 0, r"status\(\).signals and .images instead"),
        (lambda s: s.get("url", "none"), "none", "attributes of"),
        (lambda s: "mode" in s, True, "attributes of"),
        (lambda s: "url" in s, False, "attributes of"),
        (lambda s: sorted(s), ["backend", "mode", "object_count"], "iterating"),
        (lambda s: list(s.keys()), ["mode", "backend", "object_count"], "keys"),
        (lambda s: list(s.values()), ["standalone", "StandaloneBackend", 0], "values"),
        (lambda s: dict(s.items())["mode"], "standalone", "items"),
    ],
)
def test_a_status_is_read_like_the_dict_of_0_2(read, result, message):
    status = dlw.Workspace().status()
    with pytest.deprecated_call(match=message) as warned:
        assert read(status) == result
    assert {warning.filename for warning in warned} == {__file__}


def test_a_key_that_the_dict_did_not_have():
    with pytest.deprecated_call(), pytest.raises(KeyError, match="signals"):
        dlw.Workspace().status()["signals"]
