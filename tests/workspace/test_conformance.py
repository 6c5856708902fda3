"""The conformance suite over every way in which a workspace keeps its objects."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from datalab_workspace import Workspace
from datalab_workspace import open as open_project
from datalab_workspace.backends.base import Capabilities
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.encoding.carriers import NATIVE_DTYPES
from datalab_workspace.errors import InvalidNameError
from datalab_workspace.model.record import Record
from datalab_workspace.testing import WorkspaceConformance

#: What a file holds as it is, or converts there and back.
FILE_DTYPES = frozenset(str(d) for dtypes in NATIVE_DTYPES.values() for d in dtypes)


class TestMemory(WorkspaceConformance):
    """Objects in memory."""

    def open_workspace(self) -> Workspace:
        return Workspace(backend=MemoryBackend())


class LimitedBackend(MemoryBackend):
    """Can do the least that a backend may."""

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            groups=False, in_place_overwrite=False, any_name=False, shares_views=True
        )

    def add(
        self, record: Record, *, group: str | None = None, composed: bool = False
    ) -> None:
        assert group is None
        self.check(record.title)
        super().add(record)

    def replace(self, uuid: str, record: Record) -> None:
        self.remove([uuid])
        super().add(record)

    def edit(self, uuid: str, fields: Any, metadata: Any) -> None:
        self.check(fields.get("title", ""))
        super().edit(uuid, fields, metadata)

    def check(self, title: str) -> None:
        if not title.isascii():
            raise InvalidNameError(f"only ASCII here, not {title!r}")


class TestLimited(WorkspaceConformance):
    """What a backend does not declare is refused as documented."""

    def open_workspace(self) -> Workspace:
        return Workspace(backend=LimitedBackend())


class Reloaded(WorkspaceConformance):
    """Objects that went through a file and are known from there alone."""

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        self.paths = (tmp_path / f"{number}.h5" for number in itertools.count())
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


class TestReloadedEagerly(Reloaded):
    """The file is read at once, and may go."""

    def reopen(self, path: Path) -> Workspace:
        workspace = Workspace(backend=MemoryBackend())
        workspace.load(path)
        path.unlink()
        return workspace


class TestReloadedLazily(Reloaded):
    """Arrays are read from the file when they are asked for."""

    def reopen(self, path: Path) -> Workspace:
        return open_project(path)


@pytest.mark.slow
class TestMemoryForLong(TestMemory):
    """Many long sequences of operations; the other rules are quick enough."""

    machine_settings = settings(max_examples=400, stateful_step_count=60, deadline=None)


@pytest.mark.slow
class TestSavedBackLazily(Reloaded):
    """Unread arrays are streamed from the file to the one that takes its place."""

    def settle(self, workspace: Workspace) -> Workspace:
        reopened = open_project(workspace.save(next(self.paths)))
        reopened.save()
        return reopened
