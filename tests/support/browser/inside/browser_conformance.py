"""The conformance suite in a browser's kernel, against a DataLab by its Web API.

What of it needs neither sigima nor h5py nor hypothesis.
"""

from __future__ import annotations

import os

from datalab_workspace import Workspace
from datalab_workspace.backends.base import Capabilities
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.live.backend import LiveBackend
from datalab_workspace.live.connection import Connection
from datalab_workspace.live.discovery import Endpoint
from datalab_workspace.live.transport.token import Token
from datalab_workspace.testing.conflicts import ConflictRules
from datalab_workspace.testing.groups import GroupRules
from datalab_workspace.testing.lookup import LookupRules
from datalab_workspace.testing.mapping import MappingRules
from datalab_workspace.testing.names import NameRules
from datalab_workspace.testing.refusals import RefusalRules
from datalab_workspace.testing.rules import WorkspaceRules
from datalab_workspace.testing.values import ValueRules


class Rules(
    NameRules,
    LookupRules,
    ValueRules,
    ConflictRules,
    GroupRules,
    MappingRules,
    RefusalRules,
    WorkspaceRules,
):
    """What the suite says of objects that are arrays."""


class TestInMemory(Rules):
    def open_workspace(self) -> Workspace:
        return Workspace(backend=MemoryBackend())


class TestLive(Rules):
    def open_workspace(self) -> Workspace:
        workspace = self.attach()
        if len(workspace):
            workspace.clear(all=True)
        return workspace

    def attach(self) -> Workspace:
        url, token = os.environ["TESTED_URL"], os.environ["TESTED_TOKEN"]
        endpoint = Endpoint("url", "1.3.0", url, Token(token))
        return Workspace(backend=LiveBackend(Connection(endpoint)))

    def settle(self, workspace: Workspace) -> Workspace:
        return self.attach()

    def accepts_name(self, capabilities: Capabilities, name: str) -> bool:
        return "/" not in name and name not in {".", ".."}

    def retitle(self, workspace: Workspace, name: str, title: str) -> None:
        other = LiveBackend(workspace.backend.connection)
        other.connection.web.retitle(name, title)
