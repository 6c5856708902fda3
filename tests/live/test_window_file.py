"""The file that names the current DataLab window to kernels that run already."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from datalab_workspace.live import window_file
from datalab_workspace.live.discovery import search

FIRST, SECOND = "http://127.0.0.1:1", "http://127.0.0.1:2"
CONTENT = {
    "urls": [FIRST, SECOND],
    "variables": {
        "DATALAB_WORKSPACE_URL": SECOND,
        "DATALAB_WORKSPACE_TOKEN": "new",
        "PATH": "/evil",
    },
}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a server whose first window the environment names."""
    path = tmp_path / "window.json"
    path.write_text(json.dumps(CONTENT))
    monkeypatch.setenv("DATALAB_WINDOW_FILE", str(path))
    monkeypatch.setenv("DATALAB_WORKSPACE_URL", FIRST)
    monkeypatch.setenv("DATALAB_WORKSPACE_TOKEN", "old")
    return path


def window() -> tuple[str, str]:
    return os.environ["DATALAB_WORKSPACE_URL"], os.environ["DATALAB_WORKSPACE_TOKEN"]


@pytest.mark.usefixtures("file")
def test_a_search_looks_for_the_window_of_today() -> None:
    found = search()

    assert window() == (SECOND, "new")
    assert SECOND in found.notes[0]
    assert os.environ["PATH"] != "/evil"


@pytest.mark.usefixtures("file")
def test_what_the_notebook_chose_itself_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATALAB_WORKSPACE_URL", "http://127.0.0.1:3")

    window_file.update_environment()

    assert window() == ("http://127.0.0.1:3", "old")


@pytest.mark.parametrize(
    "content", [None, [], {}, {"urls": 1}, {"urls": [FIRST], "variables": 1}]
)
def test_a_file_that_is_no_such_file_changes_nothing(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content))
    window_file.update_environment()
    file.unlink()
    window_file.update_environment()

    assert window() == (FIRST, "old")
