"""What a backend's tests provide to the conformance suite."""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datalab_workspace.backends.base import Capabilities
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.model.metadata_values import fits
from datalab_workspace.model.record import Record
from datalab_workspace.workspace import Workspace


class WorkspaceSuite(ABC):
    """Base of every part of the conformance suite.

    A backend's tests subclass `WorkspaceConformance` under a name that pytest collects
    and say how its workspaces come about. Fixtures of their own, for example a running
    server, may be requested by an autouse fixture that stores them on `self`.
    """

    @abstractmethod
    def open_workspace(self) -> Workspace:
        """Return a fresh workspace without objects; called once or more in a test."""

    def settle(self, workspace: Workspace) -> Workspace:
        """Return a workspace that knows the objects only as they were kept.

        A backend that writes its objects down returns a new workspace which has read
        them back, with another connection or from a file. Objects keep their UUIDs,
        titles, groups and order; names are given anew. The default, for objects in
        memory, is the same workspace.

        Args:
            workspace: A workspace that `open_workspace` or `settle` returned; it is not
                used any more.
        """
        return workspace

    def retitle(self, workspace: Workspace, name: str, title: str) -> None:
        """Do as another program that gives an object another title.

        Args:
            workspace: The workspace, which is not told.
            name: Name of the object there.
            title: Its new title.
        """
        record = workspace.record(name)
        workspace._backend.edit(record.uuid, {"title": title}, {})  # noqa: SLF001

    def bring(self, workspace: Workspace, *titles: str) -> list[str]:
        """Do as another program that appends signals with these titles.

        Args:
            workspace: The workspace; it knows of the new objects afterwards.
            titles: Title of each signal; some may be the same.

        Returns:
            The names that the workspace gave them.
        """
        backend = MemoryBackend()
        for number, title in enumerate(titles):
            data = np.array([[0.0, 1.0], [number, number]])
            backend.add(Record("signal", {"title": title}, {"xydata": data}))
        with tempfile.TemporaryDirectory() as folder:
            path = Workspace(backend=backend).save(Path(folder) / "brought.h5")
            return workspace.load(path)

    def capabilities_of(self, workspace: Workspace) -> Capabilities:
        """Return what holds of a workspace once it is settled.

        Where `settle` passes through something that can do less than the backend, for
        example a file, the tests say so here.
        """
        return workspace.capabilities

    def accepts_name(self, capabilities: Capabilities, name: str) -> bool:
        """Return whether an object can have this name, as `check_name` allows it.

        A backend that does not declare `any_name` refuses some names. Its tests
        override this method to state which ones it accepts.

        Args:
            capabilities: What the backend declares.
            name: A name that `check_name` accepts.
        """
        if not capabilities.any_name:
            raise NotImplementedError(
                f"{type(self).__name__} tests a backend that does not declare "
                "any_name; override accepts_name() to state which names it accepts"
            )
        return capabilities.noncharacters or not {"\ufffe", "\uffff"} & {*name}

    @pytest.fixture
    def workspace(self) -> Workspace:
        """A fresh workspace."""
        return self.open_workspace()

    @pytest.fixture
    def capabilities(self, workspace: Workspace) -> Capabilities:
        """What the backend declares."""
        return self.capabilities_of(workspace)


def holds(capabilities: Capabilities, data: np.ndarray[Any, Any] | None) -> bool:
    """Tell whether data comes back, of its own dtype or converted without loss."""
    if capabilities.dtypes is None or data is None:
        return True
    values = np.ma.getdata(data)
    return any(fits(values, np.dtype(name)) for name in capabilities.dtypes)
