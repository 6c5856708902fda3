from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datalab_workspace import Workspace
from datalab_workspace.backends.memory import MemoryBackend


@pytest.fixture
def workspace() -> Workspace:
    """An empty workspace in memory."""
    return Workspace(backend=MemoryBackend())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, an empty one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def read_text(workspace: Workspace, folder: Path) -> Callable[..., Any]:
    """Write a file, read it, and return its objects."""

    def read(content: str | bytes, *, name: str = "run.csv", **options: Any) -> Any:
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(data)
        return [workspace.get(name) for name in workspace.read(name, **options)]

    return read
