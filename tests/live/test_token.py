"""No error shows the token of a real DataLab, even if DataLab ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace.live.discovery import search
from support.shown_errors import shown

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


def test_a_token_that_is_refused(datalab: Any) -> None:
    with pytest.raises(dlw.TokenError) as caught:
        dlw.connect(datalab.url, datalab.token[::-1])
    assert not [text for text in shown(caught.value) if datalab.token[::-1] in text]


def test_datalab_ends_in_the_middle(
    new_datalab: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    datalab = new_datalab()
    for variable, value in datalab.connection.items():
        monkeypatch.setenv(variable, value)
    del value
    workspace = dlw.Workspace()
    workspace.add("x", np.arange(2.0))
    datalab.kill()
    calls: list[Callable[[], object]] = [
        workspace.list,
        workspace.resync,
        lambda: workspace.get("x"),
        lambda: workspace.add("y", np.arange(2.0)),
        lambda: dlw.connect(datalab.url, datalab.token),
    ]
    for call in calls:
        with pytest.raises(ConnectionError) as caught:
            call()
        assert not [text for text in shown(caught.value) if datalab.token in text]
    assert datalab.token not in repr(workspace) + repr(workspace.status())


def test_the_token_that_xml_rpc_returns(
    datalab: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """XML-RPC needs no token, but returns that of the Web API."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("DATALAB_XMLRPCPORT", str(datalab.rpc_port))
    found = search().only
    assert found is not None
    assert found.how == "settings"
    assert found.token == datalab.token
    assert datalab.token not in repr(found) + repr(vars(found))
