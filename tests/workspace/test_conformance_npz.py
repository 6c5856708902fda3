"""The rules of a backend, over objects that went through a .npz project."""

from __future__ import annotations

from pathlib import Path

import pytest

from datalab_workspace import Workspace
from datalab_workspace import open as open_project
from datalab_workspace.backends.base import Capabilities
from datalab_workspace.testing import BackendRules
from datalab_workspace.testing.fidelity import Fidelity
from datalab_workspace.testing.groups import GroupRules
from support.reloaded import ThroughFile


class ThroughNpz(ThroughFile):
    """Objects that went through an archive, which keeps every dtype."""

    suffix = ".npz"

    def capabilities_of(self, workspace: Workspace) -> Capabilities:
        return workspace.capabilities

    def reopen(self, path: Path) -> Workspace:
        return open_project(path)


class TestContentOfNpz(ThroughNpz, Fidelity, GroupRules):
    """Every part of every object is kept, and the groups."""


@pytest.mark.slow
class TestReloadedFromNpz(ThroughNpz, BackendRules):
    """All rules."""
