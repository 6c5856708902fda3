"""What a workspace makes of a DataLab that fails: an error in time, or nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace.live.backend import LiveBackend
from datalab_workspace.live.clients.webapi import WebApi
from datalab_workspace.live.connection import Connection
from datalab_workspace.live.discovery import Endpoint
from datalab_workspace.live.transport.base import Timeouts
from datalab_workspace.live.transport.native import NativeTransport
from datalab_workspace.live.transport.token import Token
from support.real_datalab import proxy
from support.real_datalab.application import Application
from support.real_datalab.proxy import proxy_to

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

POINTS = np.arange(3.0)
#: Generous: what is measured is that a timeout ends a call, not how fast.
SOON = 20.0


def attached(
    datalab: Application, web_port: int | None = None, rpc_port: int | None = None
) -> dlw.Workspace:
    url = f"http://127.0.0.1:{web_port or datalab.web_port}"
    port = rpc_port or datalab.rpc_port
    endpoint = Endpoint("url", "1.3.0", url, Token(datalab.token), port)
    return dlw.Workspace(backend=LiveBackend(Connection(endpoint)))


def test_without_a_token_where_none_is_needed(
    datalab_without_token: Application,
) -> None:
    workspace = dlw.connect(datalab_without_token.url)
    workspace.add("x", POINTS)
    assert dlw.connect(datalab_without_token.url, "any").list() == ["x"]


def test_a_frozen_datalab(new_datalab: Callable[[], Application]) -> None:
    """A call ends with an error, and the workspace goes on when DataLab does."""
    datalab = new_datalab()
    workspace = attached(datalab)
    workspace.add("x", POINTS)
    # The usual time is a minute, which is no more to be seen here.
    quick = NativeTransport(
        datalab.url, token=Token(datalab.token), timeouts=Timeouts(connect=2, read=2)
    )
    workspace.backend.connection.web = WebApi(quick)
    datalab.freeze()
    begun = time.monotonic()
    with pytest.raises(ConnectionError):
        workspace.add("y", POINTS)
    assert time.monotonic() - begun < SOON
    datalab.thaw()
    workspace.resync()
    assert "x" in workspace.list()
    assert workspace.get("x").y.tolist() == [0, 1, 2]


def test_an_answer_that_is_lost_is_no_loss(datalab: Application) -> None:
    """What DataLab has done before the connection broke is found to be done."""
    with proxy_to(datalab.web_port, proxy.forward) as between:
        workspace = attached(datalab, web_port=between.port)
        workspace.add("x", POINTS)
        workspace.backend.connection.web.close()
        between.behaviours[:] = [proxy.applied_then_dropped, proxy.forward]
        workspace.add("y", POINTS)
        workspace.backend.close()
    assert attached(datalab).list() == ["x", "y"]


def test_xml_rpc_that_is_stuck(datalab: Application) -> None:
    """The Web API goes on; what only XML-RPC can do says why it cannot."""
    with proxy_to(datalab.rpc_port, proxy.forward) as between:
        workspace = attached(datalab, rpc_port=between.port)
        workspace.add("x", POINTS)
        workspace.backend.connection.rpc.close()
        between.behaviours[:] = [proxy.swallow]
        workspace.backend.connection._trusted_until = 0.0
        workspace.add("y", POINTS + 1)
        assert sorted(workspace.list()) == ["x", "y"]
        assert workspace.get("y").y.tolist() == [1, 2, 3]
        assert any("XML-RPC (" in wire for wire in workspace.status().protocols)
        with pytest.raises(ConnectionError, match="dialog"):
            workspace.add("z", POINTS, group="new")
        with pytest.raises(ConnectionError, match="dialog"):
            assert workspace.selection
        workspace.backend.close()
    workspace = attached(datalab)
    assert workspace.list() == ["x", "y"]


def test_a_server_that_is_no_datalab(datalab: Application) -> None:
    garbage = proxy.saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
    with proxy_to(datalab.web_port, garbage) as between:
        url = f"http://127.0.0.1:{between.port}"
        with pytest.raises(ConnectionError, match="is it DataLab"):
            dlw.connect(url)
