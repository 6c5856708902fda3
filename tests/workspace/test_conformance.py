"""The conformance suite over every way in which a workspace keeps its objects."""

from __future__ import annotations

from datalab_workspace import Workspace
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.testing import WorkspaceConformance


class TestMemory(WorkspaceConformance):
    """Objects in memory."""

    def open_workspace(self) -> Workspace:
        return Workspace(backend=MemoryBackend())
