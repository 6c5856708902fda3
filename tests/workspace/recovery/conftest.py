"""Workspaces whose process dies, as far as recovery can see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from datalab_workspace import Workspace
from datalab_workspace.recovery.recorder import Recorder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that holds the recovery folders of all kernels."""
    parent = tmp_path / "recovery"
    monkeypatch.setenv("DATALAB_KERNEL_RECOVERY", str(parent))
    return parent


@pytest.fixture
def record(folder: Path) -> Iterator[Callable[..., Recorder]]:
    """`record(workspace, …)`: start a recorder."""
    started: list[Recorder] = []

    def record(workspace: Workspace, **options: object) -> Recorder:
        started.append(Recorder(workspace._session, folder, **options))
        return started[-1]

    yield record
    for recorder in started:
        recorder.end(keep=True)


@pytest.fixture
def crash() -> Callable[[Recorder], None]:
    """`crash(recorder)`: leave behind what a process does that dies now."""

    def crash(recorder: Recorder) -> None:
        recorder.flush()
        recorder.end(keep=True)

    return crash
