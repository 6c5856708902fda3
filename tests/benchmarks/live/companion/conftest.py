"""The running DataLab with its companion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import datalab_workspace as dlw
from datalab_workspace.live.backend import LiveBackend
from datalab_workspace.live.companion.backend import CompanionBackend
from datalab_workspace.live.connection import Connection
from datalab_workspace.live.endpoint import Endpoint
from datalab_workspace.live.transport.token import Token
from support.environments import python_with
from support.real_datalab.application import Application
from support.real_datalab.bare_web_api import BareWebApi
from support.real_datalab.environment import REQUIREMENTS
from support.real_datalab.window_client import WindowClient


@pytest.fixture(scope="module")
def companion(
    environment_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WindowClient]:
    """A client of a DataLab that draws what is selected."""
    python = python_with(REQUIREMENTS, environment_cache)
    folder = tmp_path_factory.mktemp("companion")
    application = Application(python, folder, companion=True, isolates=True)
    yield WindowClient(application)
    application.close()


@pytest.fixture
def bare(companion: WindowClient) -> Iterator[BareWebApi]:
    requests = BareWebApi(companion.datalab)
    yield requests
    requests.close()


@pytest.fixture
def attach(companion: WindowClient) -> Iterator[Callable[[], dlw.Workspace]]:
    """Attach a workspace by the companion, to a DataLab that is empty."""
    companion.do({"op": "clear"}, {"op": "show", "kind": "signal"})
    with ExitStack() as stack:

        def attach() -> dlw.Workspace:
            address = companion.datalab.companion
            token = Token(address.token)
            endpoint = Endpoint(
                "url", "1.3.0", companion_url=address.url, companion_token=token
            )
            backend = CompanionBackend(endpoint)
            stack.callback(backend.close)
            return dlw.Workspace(backend=backend)

        yield attach


@pytest.fixture
def workspace(attach: Callable[[], dlw.Workspace]) -> dlw.Workspace:
    """A workspace that is attached by the companion."""
    return attach()


@pytest.fixture
def earlier(companion: WindowClient) -> Iterator[dlw.Workspace]:
    """A workspace that is attached by DataLab's own two protocols."""
    datalab = companion.datalab
    endpoint = Endpoint(
        "url", "1.3.0", datalab.url, Token(datalab.token), datalab.rpc_port
    )
    backend = LiveBackend(Connection(endpoint))
    yield dlw.Workspace(backend=backend)
    backend.close()
