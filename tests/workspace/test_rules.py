"""The rules of every workspace, which do not depend on its backend: run once."""

from __future__ import annotations

from datalab_workspace import Workspace
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.testing import WorkspaceRules


class TestRules(WorkspaceRules):
    """Over objects in memory, the quickest backend."""

    def open_workspace(self) -> Workspace:
        return Workspace(backend=MemoryBackend())
