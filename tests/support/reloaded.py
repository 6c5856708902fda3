"""The rules of a backend, over objects that went through a file."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from pathlib import Path

import pytest

from datalab_workspace import Workspace
from datalab_workspace.backends.base import Capabilities
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.encoding.carriers import NATIVE_DTYPES
from datalab_workspace.testing import BackendRules, WorkspaceSuite

#: What a file holds as it is, or converts there and back.
FILE_DTYPES = frozenset(str(d) for dtypes in NATIVE_DTYPES.values() for d in dtypes)


class ThroughFile(WorkspaceSuite):
    """Objects that went through a file and are known from there alone."""

    suffix = ".h5"

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        self.paths = (
            tmp_path / f"{number}{self.suffix}" for number in itertools.count()
        )
        # What a power cut leaves is not asked here, and waiting for it is slow.
        monkeypatch.setattr(os, "fsync", lambda _descriptor: None)

    def open_workspace(self) -> Workspace:
        return Workspace(backend=MemoryBackend())

    def capabilities_of(self, workspace: Workspace) -> Capabilities:
        return replace(workspace.capabilities, dtypes=FILE_DTYPES)

    def settle(self, workspace: Workspace) -> Workspace:
        return self.reopen(workspace.save(next(self.paths)))

    def reopen(self, path: Path) -> Workspace:
        raise NotImplementedError


class Reloaded(ThroughFile, BackendRules):
    """All rules of a backend, over such objects."""
