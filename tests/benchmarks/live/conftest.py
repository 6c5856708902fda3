"""The running DataLab, started as the live tests start it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.environments import python_with
from support.real_datalab.application import Application
from support.real_datalab.environment import REQUIREMENTS


@pytest.fixture(scope="module")
def datalab(
    environment_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    """The application, which draws nothing of what it is sent."""
    python = python_with(REQUIREMENTS, environment_cache)
    application = Application(python, tmp_path_factory.mktemp("datalab"), isolates=True)
    application.rpc.toggle_auto_refresh(False)
    yield application
    application.close()
