"""What a workspace whose objects are in DataLab looks like in a notebook."""

from __future__ import annotations

import numpy as np
import pytest
from sigima.objects import create_image

import datalab_workspace as dlw
from datalab_kernel_core.display.workspace_html import workspace_html, workspace_text
from datalab_workspace.live.transport.base import Answer, Request
from datalab_workspace.live.transport.native import NativeTransport
from support.real_datalab.application import Application

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


@pytest.fixture
def attached(named: Application) -> dlw.Workspace:
    """A workspace that has just been attached to a DataLab with two objects."""
    other = dlw.Workspace()
    other.add("curve", np.arange(3.0))
    other.add("picture", create_image("", np.ones((4, 5)), units=("mm", "", "lsb")))
    return dlw.Workspace()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that DataLab is asked for."""
    paths: list[str] = []
    send = NativeTransport.send

    def noted(transport: NativeTransport, request: Request) -> Answer:
        paths.append(request.path)
        return send(transport, request)

    monkeypatch.setattr(NativeTransport, "send", noted)
    return paths


def test_it_is_shown_as_it_was_last_seen_without_asking(attached, asked) -> None:
    attached.list()
    asked.clear()

    html, text = workspace_html(attached), workspace_text(attached)

    assert asked == []
    assert "as last seen in DataLab" in html
    assert ">curve</td>" in html
    assert "<td>mm, lsb</td>" in html
    assert "i001  picture  image  4 × 5  float64" in text
    assert "1 signal, 1 image" in text


def test_where_nothing_was_seen_it_looks_and_gets_no_data(attached, asked) -> None:
    assert "not looked at yet" in repr(attached)
    assert asked == []

    html = workspace_html(attached)

    assert ">curve</td>" in html
    assert "4 × 5" in html
    assert asked != []
    assert [path for path in asked if "data" in path] == []
    assert "1 signal, 1 image" in repr(attached)


def test_without_datalab_it_is_shown_as_it_was(new_datalab, monkeypatch) -> None:
    datalab = new_datalab()
    monkeypatch.setenv("DATALAB_XMLRPCPORT", str(datalab.rpc_port))
    workspace = dlw.connect(datalab.url, datalab.token)
    workspace.add("curve", np.arange(3.0))
    datalab.kill()
    with pytest.raises(dlw.LiveError):
        workspace.add("another", np.arange(3.0))

    assert ">curve</td>" in workspace_html(workspace)
