"""Live plots in a kernel that is attached to the real DataLab by its companion."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpecManager

from datalab_kernel import kernelspec
from support.ready_kernel import ready
from support.real_datalab.application import Application
from support.three_kernels import EITHER

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

PNG = "image/png"
PATIENCE = 60.0


class Notebook:
    """A notebook whose cells are run, and the messages that its kernel sends.

    Args:
        client: The client of the kernel.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def run(self, code: str) -> None:
        """Run a cell."""
        reply = self._client.execute(code, reply=True, timeout=PATIENCE)
        assert reply["content"]["status"] == "ok", reply["content"]

    def shown(self, kind: str, text: str) -> dict[str, Any]:
        """Wait for a message of a type that shows a text; return its content."""
        end = time.monotonic() + PATIENCE
        while True:
            left = end - time.monotonic()
            message = self._client.get_iopub_msg(timeout=max(left, 0))
            content = message["content"]
            if message["msg_type"] == kind and text in content["data"]["text/plain"]:
                return dict(content)


@pytest.fixture(params=EITHER)
def notebook(
    request: pytest.FixtureRequest,
    companion_datalab: Application,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Notebook]:
    """A notebook that is attached to the DataLab of the same user."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(companion_datalab.folder / "config"))
    monkeypatch.setenv("DATALAB_KERNEL_MODE", "live")
    kernelspec.install(prefix=tmp_path)
    specs = KernelSpecManager()
    specs.kernel_dirs.insert(0, str(tmp_path / "share" / "jupyter" / "kernels"))
    with ready(request.param, specs) as kernel:
        notebook = Notebook(kernel.client)
        notebook.run("%load_ext datalab_kernel_core")
        notebook.run("assert workspace.capabilities.undo, workspace.status()")
        yield notebook


@pytest.fixture
def ramp(companion_datalab: Application, notebook: Notebook) -> str:
    """The UUID of a signal that the notebook has added."""
    notebook.run("workspace.add('ramp', np.arange(5.0))")
    (uuid,) = companion_datalab.act("titles", "signal")
    return str(uuid)


def test_a_plot_follows_what_happens_in_the_window(
    companion_datalab: Application, notebook: Notebook, ramp: str
) -> None:
    notebook.run("live = plotter.live('ramp')\nlive")
    first = notebook.shown("display_data", "LivePlot of 'ramp'")

    companion_datalab.act("rename", "signal", ramp, "theirs")
    renamed = notebook.shown("update_display_data", "LivePlot of 'theirs'")

    notebook.run("workspace.add('theirs', np.arange(9.0), overwrite=True)")
    replaced = notebook.shown("update_display_data", "9 points")

    companion_datalab.act("remove", "signal", [ramp])
    removed = notebook.shown("update_display_data", "'theirs' was removed")

    changed = [renamed, replaced, removed]
    assert {content["transient"]["display_id"] for content in changed} == {
        first["transient"]["display_id"]
    }
    pictures = [content["data"][PNG] for content in (first, *changed)]
    assert len(set(pictures)) == 3
    assert pictures[2] == pictures[3]
    notebook.run("assert not live.active")


def test_it_follows_another_notebook(
    companion_datalab: Application, notebook: Notebook, ramp: str
) -> None:
    notebook.run("plotter.live('ramp')")
    notebook.shown("display_data", "LivePlot of 'ramp'")
    code = (
        "import datalab_workspace as dlw\n"
        "other = dlw.Workspace()\n"
        "assert other.mode == 'live'\n"
        "other.add('ramp', np.arange(7.0), overwrite=True)"
    )
    notebook.run(code)

    notebook.shown("update_display_data", "7 points")
