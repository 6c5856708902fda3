"""The conformance suite over the real DataLab."""

from __future__ import annotations

from contextlib import closing
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, is_hypothesis_test, settings

from datalab_workspace import Description, Workspace
from datalab_workspace.backends.base import Capabilities
from datalab_workspace.live.backend import LiveBackend
from datalab_workspace.live.clients.xmlrpc import XmlRpc
from datalab_workspace.live.companion.backend import CompanionBackend
from datalab_workspace.live.connection import Connection
from datalab_workspace.live.endpoint import Endpoint
from datalab_workspace.live.transport.token import Token
from datalab_workspace.model.record import Record
from datalab_workspace.testing import BackendRules
from support.real_datalab.window_client import WindowClient


class InDataLab(BackendRules):
    """Objects in a DataLab that was empty before, whose user is an XML-RPC client."""

    #: UUIDs here are those that DataLab has.
    knows_uuids = True

    def open_workspace(self) -> Workspace:
        if not self.is_empty:
            self.datalab.empty()
        self.is_empty = False
        return self.attach()

    def attach(self) -> Workspace:
        """Return another workspace of the same DataLab."""
        raise NotImplementedError

    def settle(self, workspace: Workspace) -> Workspace:
        return self.attach()

    def retitle(self, workspace: Workspace, name: str, title: str) -> None:
        described = workspace.describe(name)
        with closing(XmlRpc(self.datalab.rpc_port)) as client:
            client.rename(self.uuid_there(client, described), described.kind, title)

    def take_away(self, workspace: Workspace, *uuids: str) -> None:
        with closing(XmlRpc(self.datalab.rpc_port)) as client:
            for described in map(workspace.describe, uuids):
                client.remove([self.uuid_there(client, described)], described.kind)

    def uuid_there(self, client: XmlRpc, described: Description) -> str:
        """Return the UUID in DataLab, which the Web API does not report."""
        if self.knows_uuids:
            return described.uuid
        panel = client.panel(described.kind)
        (uuid,) = [found.uuid for found in panel if found.title == described.title]
        return uuid

    def bring(self, workspace: Workspace, *titles: str) -> list[str]:
        before = workspace.list()
        with closing(XmlRpc(self.datalab.rpc_port)) as client:
            for number, title in enumerate(titles):
                data = np.array([[0.0, 1.0], [number, number]])
                client.add(Record("signal", {"title": title}, {"xydata": data}))
        return [name for name in workspace.list() if name not in before]


class Live(InDataLab):
    """The two protocols of DataLab itself."""

    by_web: ClassVar[bool]
    by_rpc: ClassVar[bool]
    #: Which of many samples it takes, and from how many on it takes a third of a few.
    share: ClassVar[int]
    few: ClassVar[int] = 12
    #: Tests that it leaves to the other ways.
    left_out: ClassVar[frozenset[str]] = frozenset()
    #: What it adds is drawn, which takes more time than all the rest.
    draws: ClassVar[bool] = False
    # The first example is always the simplest one, which only clears. After a failure,
    # the search for a shorter one would take too long.
    machine_settings = settings(
        max_examples=4,
        stateful_step_count=12,
        phases=(Phase.generate,),
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _drawing(cls, _datalab):
        _datalab.rpc.toggle_auto_refresh(cls.draws)
        yield
        _datalab.rpc.toggle_auto_refresh(True)

    @pytest.fixture(autouse=True)
    def _running(self, datalab, request):
        self.datalab = datalab
        self.is_empty = True
        # DataLab dies of drawing some coordinates, such as pixels 1e16 wide.
        absurd = self.draws and is_hypothesis_test(request.function)
        if absurd:
            datalab.rpc.toggle_auto_refresh(False)
        yield
        if absurd:
            datalab.rpc.toggle_auto_refresh(True)

    @property
    def knows_uuids(self) -> bool:
        return self.by_rpc

    def attach(self) -> Workspace:
        url = self.datalab.url if self.by_web else None
        port = self.datalab.rpc_port if self.by_rpc else None
        endpoint = Endpoint("url", "1.3.0", url, Token(self.datalab.token), port)
        return Workspace(backend=LiveBackend(Connection(endpoint)))

    def accepts_name(self, capabilities: Capabilities, name: str) -> bool:
        if not self.by_rpc:  # the name is part of a URL
            return "/" not in name and name not in {".", ".."}
        return super().accepts_name(capabilities, name)


class Companion(InDataLab):
    """The companion inside DataLab."""

    machine_settings = settings(
        max_examples=3,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )

    @pytest.fixture(autouse=True)
    def _running(self, companion_datalab, request):
        self.datalab = companion_datalab
        self.is_empty = True
        # DataLab dies of drawing some coordinates, such as pixels 1e16 wide.
        absurd = is_hypothesis_test(request.function)
        if absurd:
            companion_datalab.rpc.toggle_auto_refresh(False)
        yield
        if absurd:
            companion_datalab.rpc.toggle_auto_refresh(True)

    def attach(self) -> Workspace:
        companion = self.datalab.companion
        endpoint = Endpoint(
            "url",
            "1.3.0",
            companion_url=companion.url,
            companion_token=Token(companion.token),
        )
        return Workspace(backend=CompanionBackend(endpoint))

    def bring(self, workspace: Workspace, *titles: str) -> list[str]:
        # All at once: the companion names each object as soon as it appears.
        before = workspace.list()
        records = [
            Record(
                "signal",
                {"title": title},
                {"xydata": np.array([[0.0, 1.0], [number, number]])},
            )
            for number, title in enumerate(titles)
        ]
        ops = [{"op": "add", "record": number} for number in range(len(titles))]
        WindowClient(self.datalab).do(*ops, records=records)
        return [name for name in workspace.list() if name not in before]
