"""The base class of the conformance suite, which the tests of a backend extend."""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datalab_workspace.backends.base import Capabilities
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.model.metadata_values import converts_exactly
from datalab_workspace.model.record import Record
from datalab_workspace.workspace import Workspace


class WorkspaceSuite(ABC):
    """The base class of every part of the conformance suite.

    The tests of a backend subclass `WorkspaceConformance` under a name that pytest
    collects, and implement `open_workspace`. If they need fixtures, such as a running
    server, an autouse fixture can request them and store them on `self`.

    Example:
        >>> from datalab_workspace.testing import WorkspaceSuite
        >>> class MemorySuite(WorkspaceSuite):
        ...     def open_workspace(self):
        ...         return dlw.Workspace()
        >>> MemorySuite().open_workspace().list()
        []
    """

    @abstractmethod
    def open_workspace(self) -> Workspace:
        """Return a new workspace without objects; a test may call it several times."""

    def settle(self, workspace: Workspace) -> Workspace:
        """Return a workspace with the objects as the backend stores them.

        For a backend that stores objects outside this process, this is a new workspace
        that has read them again, from a file or over another connection. Objects keep
        their UUIDs, titles, groups and order; names are assigned again. By default, for
        objects in memory, it is the same workspace.

        Args:
            workspace: A workspace returned by `open_workspace` or `settle`, which the
                test no longer uses.
        """
        return workspace

    def retitle(self, workspace: Workspace, name: str, title: str) -> None:
        """Change the title of an object as another program would.

        Args:
            workspace: The workspace, which is not notified.
            name: Name of the object in the workspace.
            title: The new title.
        """
        record = workspace.record(name)
        workspace.backend.edit(record.uuid, {"title": title}, {})

    def take_away(self, workspace: Workspace, *uuids: str) -> None:
        """Remove objects as another program would; only of a shared backend.

        Args:
            workspace: The workspace, which is not notified.
            uuids: UUIDs of the objects in the workspace.
        """
        workspace.backend.remove(uuids)

    def bring(self, workspace: Workspace, *titles: str) -> list[str]:
        """Append signals with these titles as another program would.

        Args:
            workspace: The workspace, which contains the new objects afterwards.
            titles: Title of each signal; they need not be unique.

        Returns:
            The names of the new objects in the workspace.
        """
        backend = MemoryBackend()
        for number, title in enumerate(titles):
            data = np.array([[0.0, 1.0], [number, number]])
            backend.add(Record("signal", {"title": title}, {"xydata": data}))
        with tempfile.TemporaryDirectory() as folder:
            path = Workspace(backend=backend).save(Path(folder) / "brought.h5")
            return workspace.load(path)

    def capabilities_of(self, workspace: Workspace) -> Capabilities:
        """Return the capabilities of a workspace after `settle`.

        Override this if `settle` uses a medium, such as a file, that supports less than
        the backend.
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
        """A new workspace."""
        return self.open_workspace()

    @pytest.fixture
    def capabilities(self, workspace: Workspace) -> Capabilities:
        """The capabilities that the backend declares."""
        return self.capabilities_of(workspace)


def holds(capabilities: Capabilities, data: np.ndarray[Any, Any] | None) -> bool:
    """Return whether a backend keeps data, in its dtype or a lossless one."""
    if capabilities.dtypes is None or data is None:
        return True
    values = np.ma.getdata(data)
    return any(converts_exactly(values, np.dtype(name)) for name in capabilities.dtypes)
