"""A client of the companion inside DataLab."""

from __future__ import annotations

import pytest

from support.real_datalab.application import Application
from support.real_datalab.window_client import WindowClient


@pytest.fixture
def companion(companion_datalab: Application) -> WindowClient:
    """A client of a DataLab that is empty and shows the signals."""
    client = WindowClient(companion_datalab)
    client.do({"op": "clear"}, {"op": "show", "kind": "signal"})
    return client
