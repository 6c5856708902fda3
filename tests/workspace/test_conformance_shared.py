"""The rules that others can break, over objects in memory that others change, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from datalab_workspace import Workspace
from datalab_workspace.backends import Capabilities, Entry, MemoryBackend
from datalab_workspace.model.name_book import NameBook
from datalab_workspace.model.record import Record
from datalab_workspace.testing.conflicts import ConflictRules
from datalab_workspace.testing.conformance import MachineRule
from datalab_workspace.testing.events import EventRules
from datalab_workspace.testing.lookup import LookupRules
from datalab_workspace.testing.names import NameRules
from datalab_workspace.testing.undo import UndoRules
from datalab_workspace.testing.window_names import WindowNames


class SharedBackend(MemoryBackend):
    """Objects that several workspaces and the user of a window change."""

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(shares_views=True, shared=True)

    def refresh(self, max_age: float = 0.0) -> bool:
        return True


class TableBackend(SharedBackend):
    """Also assigns the names, so that all workspaces use the same."""

    def __init__(self) -> None:
        super().__init__()
        self.table = NameBook(shared=True)

    def entries(self) -> Sequence[Entry]:
        entries = super().entries()
        self.table.sync(entries)
        return [e._replace(name=self.table.name_of(e.uuid)) for e in entries]


class Shared(
    NameRules,
    WindowNames,
    LookupRules,
    ConflictRules,
    EventRules,
    UndoRules,
    MachineRule,
):
    """Others change the objects behind the back of the workspace."""

    made: Any = SharedBackend

    def open_workspace(self) -> Workspace:
        return Workspace(backend=self.made())

    def settle(self, workspace: Workspace) -> Workspace:
        return Workspace(backend=workspace.backend)

    def bring(self, workspace: Workspace, *titles: str) -> list[str]:
        before = workspace.list()
        for number, title in enumerate(titles):
            data = np.array([[0.0, 1.0], [number, number]])
            workspace.backend.add(Record("signal", {"title": title}, {"xydata": data}))
        return [name for name in workspace.list() if name not in before]


class TestShared(Shared):
    """Each workspace assigns the names."""


class TestTable(Shared):
    """The backend assigns the names."""

    made = TableBackend
