"""The same notebook, in memory and in DataLab: the same results, twice in a row.

After its last cell, a notebook checks its claims: `tests/docs/claims`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import pytest

import datalab_workspace as dlw
from datalab_workspace.testing.comparison import assert_same
from support.notebook_claims import NOTEBOOKS, ROOT, with_claims
from support.real_datalab.application import Application

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

#: What DataLab computes of what it draws, and keeps with the object.
DRAWN = ("autoscale",)
#: The time that a run has taken, and its workers, in the text of the run.
TIME = re.compile(r"; [\d.]+ (?:s|min|h)\b.* on .*")


def named(workspace: dlw.Workspace, name: str) -> Any:
    """Return an object that says by name, not by UUID, what it was computed of."""
    names = {item.uuid: item.name for item in workspace.describe()}
    obj = workspace.get(name)
    for key, value in obj.metadata.items():
        if key.startswith("__") and isinstance(value, dict):
            obj.metadata[key] = {
                k: [names.get(u, u) for u in v]
                if isinstance(v, list)
                else names.get(v, v)
                if isinstance(v, str)
                else v
                for k, v in value.items()
            }
    return obj


class Outputs:
    """Runs each notebook without a DataLab, once.

    Args:
        folder: Where the notebooks leave what they make.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._texts: dict[Path, list[str]] = {}

    def folder(self, notebook: Path) -> Path:
        """Return where a notebook has run."""
        return self._folder / notebook.stem

    def __call__(self, notebook: Path) -> list[str]:
        """Return what its cells printed and returned."""
        if notebook not in self._texts:
            copy = with_claims(notebook, self._folder / "with claims")
            self._texts[notebook] = executed(copy, self.folder(notebook))
        return self._texts[notebook]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Outputs:
    """What the notebooks give without a DataLab."""
    return Outputs(tmp_path_factory.mktemp("standalone"))


def connection_to(datalab: Application) -> dict[str, str]:
    """Return the environment of a kernel that is attached to DataLab."""
    return datalab.connection | {"DATALAB_KERNEL_MODE": "live"}


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
    return texts(out / notebook.name)


def texts(notebook: Path) -> list[str]:
    """Return what the cells of a notebook printed and returned, as it is kept there."""
    found: list[str] = []
    for cell in nbformat.read(notebook, as_version=4).cells:
        printed = ""
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if output.output_type != "stream":
                found.append(TIME.sub("", data.get("text/plain") or ""))
            elif output.name == "stdout":  # in as many pieces as it came
                printed += output.text
        found += printed.splitlines()
    # Where it is, is no result.
    return [text for text in found if not text.startswith("Attached to DataLab")]


def runs_in(notebook: Path) -> set[str]:
    """Return in which modes a notebook says that it runs."""
    metadata = nbformat.read(notebook, as_version=4).metadata
    return {*metadata["datalab_kernel"]["modes"]}


@pytest.mark.parametrize(
    "notebook",
    [path for path in NOTEBOOKS if "standalone" in runs_in(path)],
    ids=lambda path: path.stem,
)
def test_a_notebook_gives_what_it_shows(notebook: Path, outputs: Outputs) -> None:
    assert outputs(notebook) == texts(notebook)


@pytest.mark.parametrize(
    "notebook",
    [
        pytest.param(
            path, id=path.stem, marks=[pytest.mark.slow] * (path.stem != "quickstart")
        )
        for path in NOTEBOOKS
        if runs_in(path) == {"standalone", "live"}
    ],
)
def test_it_gives_the_same_results_in_datalab_and_again(
    notebook: Path, datalab: Application, outputs: Outputs, tmp_path: Path
) -> None:
    expected = outputs(notebook)
    connection = connection_to(datalab)
    assert executed(notebook, tmp_path, **connection) == expected
    for path in tmp_path.glob("*.h5"):
        here, there = dlw.open(outputs.folder(notebook) / path.name), dlw.open(path)
        assert here.list() == there.list()
        for name in here:
            assert_same(named(here, name), named(there, name), but=DRAWN, what=name)
        shown = dlw.connect(datalab.url, datalab.token)
        assert set(here) <= set(shown)
    # What it lists then was there before; all else is the same again.
    assert len(executed(notebook, tmp_path, **connection)) == len(expected)


@pytest.mark.parametrize(
    "notebook",
    [path for path in NOTEBOOKS if runs_in(path) == {"live"}],
    ids=lambda path: path.stem,
)
def test_it_needs_a_datalab(
    notebook: Path, datalab: Application, tmp_path: Path
) -> None:
    copy = with_claims(notebook, tmp_path / "with claims")
    out = tmp_path / "out"
    assert executed(copy, out, **connection_to(datalab)) == texts(notebook)


@pytest.mark.slow
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
