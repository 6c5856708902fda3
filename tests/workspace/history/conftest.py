"""The workspaces of these tests, and the home folder of their user."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

import datalab_workspace as dlw
from datalab_workspace.history import failures
from datalab_workspace.live.transport import token
from support.recorded_steps import sources


@pytest.fixture(autouse=True)
def no_used_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the tokens of other tests: no cell that contains one is stored."""
    monkeypatch.setattr(token, "_used", [])


@pytest.fixture
def workspace() -> dlw.Workspace:
    """A workspace with the signals "raw" and "short", and the image "spot"."""
    return sources()


@pytest.fixture(params=["here", "from a file"])
def reopened(
    request: pytest.FixtureRequest, workspace: dlw.Workspace, tmp_path: Path
) -> Callable[[], dlw.Workspace]:
    """Return the function that gives the workspace itself, or saved and opened."""

    def give() -> dlw.Workspace:
        if request.param == "here":
            return workspace
        workspace.save(tmp_path / "saved.h5")
        return dlw.open(tmp_path / "saved.h5")

    return give


@pytest.fixture
def anna(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home folder of a user named anna, on a computer named lab-seven."""
    home = tmp_path / "home" / "anna"
    home.mkdir(parents=True)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "anna")
    monkeypatch.setattr(socket, "gethostname", lambda: "lab-seven.example.org")
    assert getpass.getuser() == "anna"
    return home


@pytest.fixture(autouse=True)
def no_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count the failures of each test by itself."""
    monkeypatch.setattr(failures, "count", 0)
