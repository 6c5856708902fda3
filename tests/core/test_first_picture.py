"""A first picture of arrays needs Matplotlib, and not sigima."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datalab_workspace import Workspace

SCRIPT = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
shell.run_line_magic("load_ext", "datalab_kernel_core")
with capture_output():  # as a notebook shows the result of a cell
    result = shell.run_cell({code!r}).result
    data, _metadata = shell.display_formatter.format(result)
png = data["image/png"]
imported = [name for name in ("sigima", "scipy", "pandas") if name in sys.modules]
print(json.dumps([png[1:4].decode("latin-1"), imported]))
"""
ADD = "workspace.add('one', {}); plotter.plot('one')"


@pytest.mark.parametrize(
    "code",
    [
        "plotter.plot(np.arange(10))",
        "plotter.plot((np.arange(3.0), np.arange(3.0)))",
        "plotter.plot(np.ma.masked_less(np.eye(5), 0.5))",
        "plotter.plot([np.eye(5), np.arange(5) * 1j], titles=['A', 'B'])",
        ADD.format("np.arange(10)"),
        ADD.format("(np.arange(3.0), np.arange(3.0))"),
        ADD.format("np.eye(5)"),
        "workspace.add('one', np.eye(5)); plotter.plot(['one', np.arange(5)])",
        "workspace.load({file!r}); plotter.plot('regions')",
        "workspace.load({file!r}, lazy=True); plotter.plot(workspace.list())",
    ],
)
def test_a_first_picture_imports_no_sigima(
    in_new_process: Callable[[str], Any], project: Path, code: str
) -> None:
    cell = code.replace("{file!r}", repr(str(project)))

    header, imported = in_new_process(SCRIPT.format(code=cell))

    assert header == "PNG"
    assert imported == []


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project file with a signal that has units, a region and a result."""
    import numpy as np
    from sigima import create_signal
    from sigima.objects import create_signal_roi

    x = np.linspace(-3, 3, 50)
    signal = create_signal(
        "regions", x, np.exp(-(x**2)), labels=("Time", "Voltage"), units=("s", "V")
    )
    signal.roi = create_signal_roi([[-1.0, 1.0]])
    workspace = Workspace()
    workspace.add(signal)
    workspace.add("spot", np.outer(signal.y, signal.y))
    workspace.calc("fwhm", on="regions")
    file = tmp_path_factory.mktemp("project") / "project.h5"
    workspace.save(file)
    return file
