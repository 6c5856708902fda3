"""The same notebook, in memory and in DataLab: the same results, twice in a row."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from real_datalab.application import Application

import datalab_workspace as dlw
from datalab_workspace.testing.comparison import assert_same

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
#: What DataLab computes of what it draws, and keeps with the object.
DRAWN = ("autoscale",)


def connection_to(datalab: Application) -> dict[str, str]:
    """Return the environment of a kernel that is attached to DataLab."""
    return {
        "DATALAB_WORKSPACE_URL": datalab.url,
        "DATALAB_WORKSPACE_TOKEN": datalab.token,
        "DATALAB_XMLRPCPORT": str(datalab.rpc_port),
        "DATALAB_KERNEL_MODE": "live",
    }


def executed(notebook: Path, out: Path, **variables: str) -> list[str]:
    """Run a notebook and return what its cells printed and returned, as text."""
    run = subprocess.run(
        [sys.executable, ROOT / "notebooks" / "run.py", notebook, "--out", out],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | variables,
    )
    assert run.returncode == 0, run.stderr
    texts = []
    for cell in nbformat.read(out / notebook.name, as_version=4).cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            texts.append(output.get("text") or data.get("text/plain") or "")
    # Where it is, and that it takes its time, are no results.
    return [t for t in texts if not t.startswith(("Attached to DataLab", "\r"))]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_gives_the_same_results(
    notebook: Path, datalab: Application, tmp_path: Path
) -> None:
    expected = executed(notebook, tmp_path / "standalone")
    connection = connection_to(datalab)
    assert executed(notebook, tmp_path / "live", **connection) == expected
    # What it lists then was there before; all else is the same again.
    assert len(executed(notebook, tmp_path / "live", **connection)) == len(expected)
    here, there = (
        dlw.open(tmp_path / place / "analysis.h5") for place in ("standalone", "live")
    )
    assert here.list() == there.list()
    for name in here:
        assert_same(here.get(name), there.get(name), but=DRAWN, what=name)
    shown = dlw.connect(datalab.url, datalab.token)
    assert [name for name in shown.list() if name in here] == here.list()


def test_two_kernels_at_once(datalab: Application, tmp_path: Path) -> None:
    """Each adds, renames and removes what is its own, while the other does."""
    connection = connection_to(datalab)
    notebooks = []
    for who in ("one", "two"):
        cells = [
            f"""\
for number in range(5):
    workspace.add(f"{who} {{number}}", np.full(3, number))
    assert workspace.get(f"{who} {{number}}").y[0] == number
    workspace.rename(f"{who} {{number}}", f"{who} again {{number}}")
workspace.remove("{who} again 4")
""",
            f"[name for name in workspace.list() if name.startswith('{who}')]",
        ]
        notebook = nbformat.read(NOTEBOOKS[0], as_version=4)
        notebook.cells = [nbformat.v4.new_code_cell(source) for source in cells]
        notebooks.append(tmp_path / f"{who}.ipynb")
        nbformat.write(notebook, notebooks[-1])
    with ThreadPoolExecutor() as pool:
        texts = [*pool.map(lambda n: executed(n, tmp_path, **connection), notebooks)]
    expected = {f"{who} again {n}": n for who in ("one", "two") for n in range(4)}
    assert [eval(text) for (text,) in texts] == [[*expected][:4], [*expected][4:]]
    shown = dlw.connect(datalab.url, datalab.token)
    assert {name: shown.get(name).y[0] for name in shown} == expected
