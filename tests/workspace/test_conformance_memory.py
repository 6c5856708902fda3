"""The rules of a backend, over objects in memory."""

from __future__ import annotations

import pytest
from hypothesis import settings

from datalab_workspace import Workspace
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.testing import BackendRules


class TestMemory(BackendRules):
    """Objects in memory."""

    def open_workspace(self) -> Workspace:
        return Workspace(backend=MemoryBackend())


@pytest.mark.slow
class TestMemoryForLong(TestMemory):
    """Many long sequences of operations; the other rules are quick enough."""

    machine_settings = settings(max_examples=400, stateful_step_count=60, deadline=None)
