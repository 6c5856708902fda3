"""The running DataLab with its companion."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.environments import python_with
from support.real_datalab.application import Application
from support.real_datalab.environment import REQUIREMENTS
from support.real_datalab.window_client import WindowClient


@pytest.fixture(scope="module")
def companion(
    environment_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WindowClient]:
    """A client of a DataLab that draws what is selected."""
    python = python_with(REQUIREMENTS, environment_cache)
    folder = tmp_path_factory.mktemp("companion")
    application = Application(python, folder, companion=True)
    yield WindowClient(application)
    application.close()
