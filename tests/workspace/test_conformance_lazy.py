"""The rules of a backend, over objects whose arrays a file still holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from datalab_workspace import Workspace
from datalab_workspace import open as open_project
from support.reloaded import Reloaded


class TestReloadedLazily(Reloaded):
    """Arrays are read from the file when they are asked for."""

    def reopen(self, path: Path) -> Workspace:
        return open_project(path)


@pytest.mark.slow
class TestSavedBackLazily(Reloaded):
    """Unread arrays are streamed from the file to the one that takes its place."""

    def settle(self, workspace: Workspace) -> Workspace:
        reopened = open_project(workspace.save(next(self.paths)))
        reopened.save()
        return reopened
