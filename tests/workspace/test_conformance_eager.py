"""The rules of a backend, over objects that a file brought at once."""

from __future__ import annotations

from pathlib import Path

from datalab_workspace import Workspace
from datalab_workspace.backends.memory import MemoryBackend
from support.reloaded import Reloaded


class TestReloadedEagerly(Reloaded):
    """The file is read at once, and may go."""

    def reopen(self, path: Path) -> Workspace:
        workspace = Workspace(backend=MemoryBackend())
        workspace.load(path)
        path.unlink()
        return workspace
