"""A workspace, and a project that it is saved over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from datalab_workspace import Workspace


@pytest.fixture
def workspace() -> Workspace:
    workspace = Workspace()
    workspace.add("a", np.arange(12.0).reshape(3, 4))
    return workspace


@pytest.fixture
def path(tmp_path: Path, workspace: Workspace) -> Path:
    """A project that another workspace saved, in a folder of its own."""
    folder = tmp_path / "folder"
    folder.mkdir()
    other = Workspace()
    other.add("old", np.arange(3.0))
    return other.save(folder / "project.h5")
