"""The conformance suite over the companion inside older versions of DataLab."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import is_hypothesis_test

from datalab_workspace import Workspace
from support.live_conformance import Companion
from support.real_datalab.application import Application
from support.real_datalab.window_client import WindowClient

# The first may have to make an environment.
pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(900)]


class TestOlderCompanion(Companion):
    """A window whose user acts in it, because the port of XML-RPC is not known."""

    @pytest.fixture(autouse=True)
    def _running(
        self, older_datalab: Application, request: pytest.FixtureRequest
    ) -> Iterator[None]:
        self.datalab = older_datalab
        self.client = WindowClient(older_datalab)
        self.is_empty = False
        # DataLab dies of drawing some coordinates, such as pixels 1e16 wide.
        absurd = is_hypothesis_test(request.function)
        if absurd:
            self._draw(on=False)
        yield
        if absurd:
            self._draw(on=True)

    def _draw(self, *, on: bool) -> None:
        self.client.evaluate(f"main.toggle_auto_refresh({on})")

    def open_workspace(self) -> Workspace:
        self.client.do({"op": "clear"}, {"op": "show", "kind": "signal"})
        return self.attach()

    def retitle(self, workspace: Workspace, name: str, title: str) -> None:
        described = workspace.describe(name)
        self.client.act("rename", described.kind, described.uuid, title)

    def take_away(self, workspace: Workspace, *uuids: str) -> None:
        for described in map(workspace.describe, uuids):
            self.client.act("remove", described.kind, [described.uuid])
