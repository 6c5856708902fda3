"""The calls of datalab-kernel 0.2 that need a running DataLab."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace.backends.memory import MemoryBackend
from support.moving import LIVE, Row

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


@pytest.fixture
def home() -> dlw.Workspace:
    """A workspace in memory, whatever the environment says."""
    return dlw.Workspace(backend=MemoryBackend())


def run(workspace: dlw.Workspace, *lines: str) -> dict[str, Any]:
    names = {"workspace": workspace}
    exec(compile("\n".join(lines), "cell", "exec"), names)
    return names


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in LIVE])
def test_an_old_call_works_and_warns_at_the_line_of_the_user(
    named: Any, home: dlw.Workspace, row: Row
) -> None:
    if "status" in row.id:
        home.connect()
    with pytest.warns(DeprecationWarning, match="is deprecated; use") as warned:
        run(home, *row.old)
    assert {warning.filename for warning in warned} == {"cell"}


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in LIVE])
def test_the_new_spelling_works(named: Any, home: dlw.Workspace, row: Row) -> None:
    run(home, *row.new)


def test_resync_moves_a_workspace_in_memory_to_datalab(
    named: Any, home: dlw.Workspace
) -> None:
    home.add("x", np.arange(3.0))
    with pytest.deprecated_call(match=r"use connect\(\)"):
        assert home.resync() is True
    assert home.mode == "live"
    assert dlw.Workspace().list() == ["x"]


def test_a_status_has_the_url_of_datalab_under_its_old_key(named: Any) -> None:
    with pytest.deprecated_call():
        status = dict(dlw.Workspace().status())
    assert status == {
        "mode": "live",
        "backend": "WebApiBackend",
        "object_count": 0,
        "url": named.url,
    }


def test_the_old_search_finds_url_and_token(named: Any, home: dlw.Workspace) -> None:
    lines = [
        "from datalab_kernel.discovery import discover_connection",
        "url, token = discover_connection()",
    ]
    with pytest.deprecated_call():
        found = run(home, *lines)
    assert found["url"] == named.url
    assert named.token not in repr(found["token"])
    assert home.connect(found["url"], found["token"]) is True


def test_select_objects_returns_the_names_and_the_panel(named: Any) -> None:
    workspace = dlw.Workspace()
    workspace.add("x", np.arange(3.0))
    workspace.add("spot", np.eye(3))
    with pytest.deprecated_call():
        assert workspace.select_objects(["x"], "signal") == (["x"], "signal")
    with pytest.deprecated_call():
        assert workspace.select_objects(["i001"]) == (["spot"], "image")
    assert workspace.selection == ["spot"]
    with pytest.deprecated_call(), pytest.raises(ValueError, match="use select"):
        workspace.select_objects(["x", "spot"])
    assert workspace.selection == ["spot"]
