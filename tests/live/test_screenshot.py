"""Pictures of the real DataLab's window."""

from __future__ import annotations

import io
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_kernel_core.plotter.plotter import Plotter
from datalab_kernel_core.plotter.screenshot import Screenshot
from datalab_workspace.errors import (
    DataLabError,
    LiveUnavailableError,
    NotSupportedByProtocolError,
    UnreachableError,
)
from datalab_workspace.live import screenshot
from datalab_workspace.live.clients.xmlrpc import XmlRpc
from datalab_workspace.live.companion.backend import CompanionBackend
from datalab_workspace.live.endpoint import Endpoint
from datalab_workspace.live.transport.token import Token
from support.real_datalab.application import Application

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


@pytest.fixture
def rpc(datalab: Application, xml_rpc: Callable[..., XmlRpc]) -> XmlRpc:
    return xml_rpc(datalab.rpc_port)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def plotter_on(workspace: dlw.Workspace) -> Plotter:
    return Plotter(lambda: workspace)


def test_a_notebook_shows_the_window(
    datalab: Application, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATALAB_XMLRPCPORT", str(datalab.rpc_port))
    workspace = dlw.connect(datalab.url, datalab.token)

    picture = plotter_on(workspace).screenshot()

    workspace.disconnect(keep=False)

    pixels = matplotlib.image.imread(io.BytesIO(picture._repr_png_()), format="png")
    height, width = pixels.shape[:2]
    assert min(height, width) > 200
    assert pixels[..., :3].std() > 0.01  # something is drawn
    assert repr(picture) == (
        f"<Screenshot of DataLab's window, {width} × {height} pixels>"
    )
    assert list(temporary.iterdir()) == []


@pytest.fixture
def companion(companion_datalab: Application) -> dlw.Workspace:
    """A workspace that keeps its objects in DataLab by the companion."""
    companion = companion_datalab.companion
    endpoint = Endpoint(
        "url",
        "1.3.0",
        companion_url=companion.url,
        companion_token=Token(companion.token),
    )
    return dlw.Workspace(backend=CompanionBackend(endpoint))


@pytest.mark.parametrize("what", ["window", "signal", "image"])
def test_the_companion_sends_the_window_and_each_plot(
    companion: dlw.Workspace, temporary: Path, what: Any
) -> None:
    companion.update({"ramp": np.arange(9.0), "spot": np.eye(9)})

    picture = plotter_on(companion).screenshot(what)

    pixels = matplotlib.image.imread(io.BytesIO(picture._repr_png_()), format="png")
    height, width = pixels.shape[:2]
    assert min(height, width) > 100
    assert pixels[..., :3].std() > 0.01  # something is drawn
    named = "window" if what == "window" else f"{what} plot"
    assert repr(picture) == (
        f"<Screenshot of DataLab's {named}, {width} × {height} pixels>"
    )
    data, metadata = picture._repr_mimebundle_()
    assert metadata["image/png"]["alt"] == data["text/plain"] == repr(picture)
    assert list(temporary.iterdir()) == []  # no file is needed, as on another machine


def test_the_plot_of_a_panel_shows_its_objects_whichever_is_shown(
    companion: dlw.Workspace,
) -> None:
    companion.update({"ramp": np.arange(9.0), "spot": np.eye(9)})
    companion.show("ramp")
    plotter = plotter_on(companion)

    before = [plotter.screenshot(what)._repr_png_() for what in ("signal", "image")]
    companion.add("ramp", np.arange(9.0) ** 2, overwrite=True)
    after = [plotter.screenshot(what)._repr_png_() for what in ("signal", "image")]

    assert before[0] != after[0]
    assert before[1] == after[1]
    assert companion.selection.shown == "signal"


@pytest.mark.parametrize("what", ["signal", "image"])
def test_without_a_companion_there_is_only_the_window(
    named: Application, what: Any
) -> None:
    workspace = dlw.connect(named.url, named.token)

    with pytest.raises(
        NotSupportedByProtocolError,
        match=f"a picture of the {what} needs datalab-kernel in DataLab: install it",
    ):
        plotter_on(workspace).screenshot(what)


def test_another_word_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match=r"what='windw' .* did you mean 'window'"):
        plotter_on(dlw.Workspace()).screenshot("windw")


def test_the_picture_is_saved(rpc: XmlRpc, tmp_path: Path) -> None:
    png = screenshot.take(rpc.screenshot)

    assert Screenshot(png).save(tmp_path / "window.png").read_bytes() == png


def test_others_cannot_see_it(rpc: XmlRpc) -> None:
    modes = []

    def write(stem: str) -> None:
        rpc.screenshot(stem)
        modes.append(stat.S_IMODE(Path(stem).parent.stat().st_mode))

    screenshot.take(write)

    assert modes == [0o700]


def test_a_standalone_workspace_has_no_window() -> None:
    with pytest.raises(LiveUnavailableError, match="needs a running DataLab; attach"):
        plotter_on(dlw.Workspace()).screenshot()


def test_a_datalab_that_is_gone_is_told(
    xml_rpc: Callable[..., XmlRpc], temporary: Path
) -> None:
    with pytest.raises(UnreachableError):
        screenshot.take(xml_rpc(1).screenshot)

    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    "written", [None, b"", b"\x89PNG\r\n\x1a\n cut off"], ids=["none", "empty", "cut"]
)
def test_a_picture_that_is_not_whole_is_told(written: bytes | None) -> None:
    """As of a DataLab on another machine, behind a tunnel, or on a full disk."""

    def write(stem: str) -> None:
        if written is not None:
            Path(f"{stem}_2026-01-01-000000.png").write_bytes(written)

    with pytest.raises(DataLabError, match="does it run on this machine"):
        screenshot.take(write)
