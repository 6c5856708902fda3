"""Cells of version 0.2 with the cells to write instead."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

REQUIREMENTS = Path(__file__).with_name("datalab_kernel_0_2.txt")
_INSIDE = Path(__file__).with_name("inside_0_2.py")

#: The names that each cell finds, in either version.
SETUP = """
import numpy as np
noise = create_signal("noise", np.arange(9.0), np.arange(9.0) ** 2)
spot = create_image("spot", np.ones((5, 7)))
workspace.add("noise", noise)
workspace.add("spot", spot)
workspace.save("saved.h5")
table = TableResult("counts", headers=["a"], data=[[1.25]])
geometry = GeometryResult("found", KindShape.POINT, np.array([[1.0, 2.0]]))
"""


class Case(NamedTuple):
    """A cell.

    Attributes:
        old: The cell of version 0.2.
        new: The cell to write instead, which has the same effect.
        is_certain: The command writes this, and nothing is left to change then.
        is_live: Version 0.2 runs it only next to a running DataLab.
    """

    old: str
    new: str
    is_certain: bool = True
    is_live: bool = False


CASES = [
    # Imports
    Case("from datalab_kernel import workspace, plotter", ""),
    Case("x = 1\nfrom datalab_kernel import workspace\ny = 2", "x = 1\ny = 2"),
    Case("from datalab_kernel import plotter  # draws", "# draws"),
    Case("from datalab_kernel import workspace as ws", "ws = workspace"),
    Case("if True:\n    from datalab_kernel import workspace", "if True:\n    pass"),
    Case("import datalab_kernel; x = 1", "import datalab_kernel; x = 1"),
    Case(
        "from datalab_kernel import Workspace",
        "from datalab_workspace import Workspace",
    ),
    Case(
        "from datalab_kernel import Plotter, Workspace as W, __version__",
        "from datalab_kernel_core import Plotter\n"
        "from datalab_workspace import Workspace as W\n"
        "from datalab_kernel import __version__",
    ),
    Case(
        "if True:\n    from datalab_kernel.workspace import Workspace, WorkspaceMode",
        "if True:\n    from datalab_workspace import Workspace, WorkspaceMode",
    ),
    Case(
        "from datalab_kernel.plotter import Plotter, PlotResult",
        "from datalab_kernel_core import Plotter, Plot as PlotResult",
    ),
    Case(
        "from datalab_kernel.backends import StandaloneBackend",
        "from datalab_workspace.backends import MemoryBackend as StandaloneBackend",
    ),
    Case(
        "from datalab_kernel.startup import load_ipython_extension",
        "from datalab_kernel import load_ipython_extension",
        is_certain=False,
    ),
    Case(
        "from datalab_kernel.workspace import WorkspaceBackend",
        "from datalab_workspace.backends import Backend",
        is_certain=False,
    ),
    Case(
        "from datalab_kernel.plotter import TableResultDisplay\n"
        "TableResultDisplay(table)",
        "plotter.table(table)",
        is_certain=False,
    ),
    Case(
        "from datalab_kernel.discovery import discover_connection",
        "",
        is_certain=False,
    ),
    Case(
        "from datalab_kernel.install import get_kernel_dir",
        "import datalab_kernel\ndatalab_kernel.install",
        is_certain=False,
    ),
    # Classes
    Case(
        "from datalab_kernel import Workspace\n"
        "from datalab_kernel.backends import StandaloneBackend\n"
        "ws = Workspace(StandaloneBackend())",
        "from datalab_workspace import Workspace\n"
        "from datalab_workspace.backends import MemoryBackend as StandaloneBackend\n"
        "ws = Workspace(backend=StandaloneBackend())",
    ),
    Case(
        'from datalab_kernel import Plotter\np = Plotter(workspace, "matplotlib")',
        "from datalab_kernel_core import Plotter\np = Plotter(workspace)",
    ),
    Case(
        "from datalab_kernel import Plotter\n"
        "p = Plotter(workspace, backend='matplotlib').plot(obj_or_name='noise')",
        "from datalab_kernel_core import Plotter\n"
        "p = Plotter(workspace).plot(what='noise')",
    ),
    # The workspace
    Case(
        'workspace.add("noise", noise, True)',
        'workspace.add("noise", noise, overwrite=True)',
    ),
    Case(
        'y = workspace.add("new", noise).y',
        'y = workspace.get(workspace.add("new", noise)).y',
    ),
    Case(
        'stored = workspace.add("new", noise)\nstored.y.max()',
        'stored = workspace.add("new", noise)\nworkspace.get(stored).y.max()',
    ),
    Case(
        "import sigima.proc.signal as sp\n"
        'a = workspace.add("new", noise)\nb = sp.fft(a)',
        "import sigima.proc.signal as sp\n"
        'a = workspace.add("new", noise)\nb = sp.fft(workspace.get(a))',
    ),
    Case(
        'workspace.rename(old_name="noise", new_name="n")',
        'workspace.rename(name="noise", new_name="n")',
    ),
    Case('workspace.remove(name="noise")', 'workspace.remove("noise")'),
    Case('workspace.save(filepath="out.h5")', 'workspace.save("out.h5")'),
    Case("workspace.save('out')", "workspace.save('out.h5')"),
    Case('workspace.save(filepath="out")', 'workspace.save("out.h5")'),
    Case(
        'workspace.clear()\nworkspace.load(filepath="saved.h5")',
        'workspace.clear()\nworkspace.load("saved.h5")',
    ),
    Case('workspace.status()["mode"]', "workspace.status().mode"),
    Case('s = workspace.status()\ns["mode"]', "s = workspace.status()\ns.mode"),
    Case('workspace.status().get("mode")', "workspace.status().mode"),
    Case('workspace.status()["object_count"]', "len(workspace)"),
    Case(
        's = workspace.status()\ns["object_count"] * 2',
        "s = workspace.status()\n(s.signals + s.images) * 2",
    ),
    Case(
        "f\"{workspace.status()['mode']}\"",
        'f"{workspace.status().mode}"',
        is_certain=False,
    ),
    Case(
        'workspace.status()["backend"]',
        "workspace.status().protocols",
        is_certain=False,
    ),
    Case("dict(workspace.status())", "vars(workspace.status())", is_certain=False),
    Case(
        "[key for key in workspace.status()]",
        "[key for key in vars(workspace.status())]",
        is_certain=False,
    ),
    Case(
        '"url" in workspace.status()',
        "workspace.status().url is not None",
        is_certain=False,
    ),
    Case("workspace._mode.value", "workspace.mode.value"),
    Case("workspace._backend.list()", "workspace.list()", is_certain=False),
    Case(
        'workspace.select_objects(["noise"])',
        'workspace.select(["noise"])',
        is_live=True,
    ),
    Case(
        'workspace.select_objects(["noise"], "signal")',
        'workspace.select(["noise"])',
        is_live=True,
    ),
    Case(
        'workspace.select_objects(names=["noise"], panel="signal")',
        'workspace.select(names=["noise"])',
        is_live=True,
    ),
    Case(
        'names, panel = workspace.select_objects(["noise"])',
        'workspace.select(["noise"])\nnames = workspace.selection',
        is_certain=False,
        is_live=True,
    ),
    Case(
        'workspace.select_objects(["noise"])\nok, names = workspace.calc("exp")',
        'workspace.select(["noise"])\nnames = workspace.calc("exp")',
        is_certain=False,
        is_live=True,
    ),
    # The plotter
    Case('plotter.plot(obj_or_name="noise")', 'plotter.plot(what="noise")'),
    Case('plotter.plot("noise", show_roi=False)', 'plotter.plot("noise", roi=False)'),
    Case(
        'plotter.plot("noise", "Title", False, True)',
        'plotter.plot("noise", "Title", roi=False, results=True)',
    ),
    Case(
        'plotter.plot(\n    "noise",\n    show_results=False,  # é\n)',
        'plotter.plot(\n    "noise",\n    results=False,  # é\n)',
    ),
    Case('plotter.plot("noise", results=None)', 'plotter.plot("noise")'),
    Case('plotter.plot("noise", bogus=1)', 'plotter.plot("noise")'),
    Case(
        'plotter.plot("noise", show_results=True, results=[])',
        'plotter.plot("noise", results=[])',
        is_certain=False,
    ),
    Case(
        'plotter.plot(["spot", "spot"], rows=1)',
        'plotter.plot(["spot", "spot"], shared_scale=True)',
        is_certain=False,
    ),
    Case(
        'plotter.plot("noise")._repr_html_()',
        'plotter.plot("noise").save("picture.svg")',
        is_certain=False,
    ),
    Case("plotter.display_table(table)", "plotter.table(table)"),
    Case(
        'plotter.display_table(table, "Counts", True, False)',
        'plotter.table(table, "Counts", visible_only=True, transpose_single_row=False)',
    ),
    Case("plotter.display_geometry(geometry)", "plotter.table(geometry)"),
    Case('plotter.set_backend("matplotlib")', ""),
    Case(
        'plotter.set_backend("matplotlib").plot("noise")',
        'plotter.plot("noise")',
        is_certain=False,
    ),
    Case("plotter.backend", '"matplotlib"', is_certain=False),
    Case("plotter._delegate", "plotter", is_certain=False),
    # Variables
    Case(
        'import os\nos.environ["DATALAB_KERNEL_MODE"] = "STANDALONE"',
        'import os\nos.environ["DATALAB_KERNEL_MODE"] = "standalone"',
    ),
    Case(
        'import os\nos.environ["DATALAB_PLOTTER_BACKEND"] = "matplotlib"',
        "",
        is_certain=False,
    ),
]

#: Cells of version 0.2 that need no change.
KEPT = [
    "%load_ext datalab_kernel",
    "import datalab_kernel\ndatalab_kernel.__version__",
    'workspace.add("new", noise)',
    'workspace.add(name="new", obj=noise, overwrite=False)',
    'obj = workspace.get("noise")\nobj.y.max()',
    'workspace.list(), workspace.exists("noise"), len(workspace), list(workspace)',
    '"noise" in workspace',
    'workspace.rename("noise", "n")\nworkspace.remove("n")',
    'workspace.save("out.h5")',
    "workspace.mode.value",
    'plotter.plot("noise")\nplotter.plot(noise, title="T", height=300)',
    'plotter.plot(["noise", noise], xlabel="x", ylabel="y", xunit="s", yunit="V")',
    'plotter.plot(["spot"], titles=["a"], zlabel="z", zunit="V", colormap="gray")',
    "plotter.plot(np.arange(9)), plotter.plot((np.arange(3), np.arange(3)))",
    'plotter.plot("noise")._repr_png_()',
    "workspace.clear()",
]


def run_in_0_2(
    python: Path, cells: Sequence[str], variables: Mapping[str, str]
) -> dict[str, Any]:
    """Run cells in version 0.2, each after the setup.

    Args:
        python: The Python that has version 0.2.
        cells: The cells.
        variables: Environment variables, such as those of a running DataLab.

    Returns:
        `errors`, the error of each cell or None, and `api`, the public names.
    """
    done = subprocess.run(
        [python, "-W", "ignore", _INSIDE],
        input=json.dumps({"setup": SETUP, "cells": cells}),
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result
