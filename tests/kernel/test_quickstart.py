"""The quickstart notebook: the product's promise, kept on measured data."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

import datalab_workspace

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "quickstart.ipynb"
HEART = """\
img = workspace.get("i042")
filtered = sigima.proc.image.butterworth(img, cut_off=0.02)
workspace.add("filtered_i042", filtered)
plotter.plot("filtered_i042")
workspace.save("analysis.h5")
workspace.load("analysis.h5")"""
NAMES = ["i042", "filtered_i042"]
#: An absolute path of two folders or more, which is no part of a URL.
FOLDERS = re.compile(r"(?<![\w:/.\-+=])/[\w.-]+/[\w.-]+/[\w.-]+")


def execute(notebook: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """Run a notebook with the project's own runner, as the README does."""
    return subprocess.run(
        [sys.executable, ROOT / "notebooks" / "run.py", notebook, "--out", out],
        capture_output=True,
        text=True,
        check=False,
    )


def code_cells(notebook: Path) -> list[str]:
    cells = nbformat.read(notebook, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "code"]


def contents(project: Path) -> dict[str, Any]:
    workspace = datalab_workspace.open(project)
    return {name: workspace.get(name) for name in workspace}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one run of the quickstart leaves behind."""
    out = tmp_path_factory.mktemp("quickstart")
    run = execute(NOTEBOOK, out)
    assert run.returncode == 0, run.stderr
    for path in out.iterdir():
        assert path.name == "kernel.log" or str(path) in run.stdout
    return out


def test_the_notebook_holds_the_promise_as_consecutive_code() -> None:
    assert HEART in "\n".join(code_cells(NOTEBOOK))


@pytest.mark.parametrize(
    "path", sorted(NOTEBOOK.parent.glob("*.ipynb")), ids=lambda path: path.stem
)
def test_a_notebook_asks_for_this_kernel_and_is_kept_as_it_ran(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)

    assert notebook.metadata.kernelspec.name == "datalab-kernel"
    counts = [c.execution_count for c in notebook.cells if c.cell_type == "code"]
    assert counts == [*range(1, len(counts) + 1)]
    kept = str(notebook)
    assert "image/png" in kept or "plotter.plot" not in kept
    # Nothing of the machine that it ran on.
    assert not FOLDERS.findall(kept)


def test_the_executed_notebook_has_run_to_its_end(results: Path) -> None:
    notebook = nbformat.read(results / "quickstart.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    outputs = [output for cell in cells for output in cell.outputs]

    assert [cell.execution_count for cell in cells] == [*range(1, len(cells) + 1)]
    assert not [o for o in outputs if o.output_type == "error" or "stderr" in str(o)]


def test_every_plot_is_left_as_a_picture(results: Path) -> None:
    pictures = sorted(results.glob("quickstart-*.png"))
    plots = [source for source in code_cells(NOTEBOOK) if "plotter.plot(" in source]

    assert len(pictures) == len(plots)
    for picture in pictures:
        assert picture.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_the_project_holds_the_measurements_and_what_was_computed(
    results: Path,
) -> None:
    import sigima.proc.image

    objects = contents(results / "analysis.h5")

    assert [name for name in objects if name in NAMES] == NAMES
    assert objects["i042"].data.shape == (1200, 1600)
    assert objects["paracetamol"].x.size == 999
    expected = sigima.proc.image.butterworth(objects["i042"], cut_off=0.02)
    assert (objects["filtered_i042"].data == expected.data).all()


def test_the_runner_leaves_the_users_folders_alone(
    isolated_environment: Path, tmp_path: Path
) -> None:
    folders = ("home", "ipython", "jupyter-config", "jupyter-data", "jupyter-run")

    def files() -> set[Path]:
        roots = [isolated_environment / folder for folder in folders]
        return {path for root in roots for path in root.rglob("*")}

    before = files()
    notebook = tmp_path / "short.ipynb"
    write(notebook, "1 + 1")

    assert execute(notebook, tmp_path / "out").returncode == 0
    assert files() == before


# The restart of the kernel, below, also runs it in a folder that has its results.
@pytest.mark.slow
def test_a_second_run_into_the_same_folder_succeeds(results: Path) -> None:
    before = contents(results / "analysis.h5")

    assert execute(NOTEBOOK, results).returncode == 0
    assert list(contents(results / "analysis.h5")) == list(before)


def test_the_notebook_runs_twice_in_a_kernel_and_again_after_a_restart(
    start: Callable, tmp_path: Path
) -> None:
    kernel = start()

    for restart in (False, False, True):
        if restart:
            kernel.restart()
        for source in [
            f"import os; os.chdir({str(tmp_path)!r})",
            *code_cells(NOTEBOOK),
        ]:
            cell = kernel.run(source)
            assert cell.error is None, f"{source}\n{cell.error}"

    assert set(NAMES) <= set(contents(tmp_path / "analysis.h5"))


def test_a_cell_that_fails_is_reported_and_what_ran_is_kept(tmp_path: Path) -> None:
    notebook = tmp_path / "failing.ipynb"
    write(notebook, "print('before')", "1 / 0", "print('after')")

    run = execute(notebook, tmp_path / "out")

    assert run.returncode == 1
    assert "ZeroDivisionError" in run.stderr
    executed = nbformat.read(tmp_path / "out" / "failing.ipynb", as_version=4)
    assert executed.cells[0].outputs[0].text == "before\n"
    assert executed.cells[1].outputs[0].output_type == "error"
    assert executed.cells[2].outputs == []


def write(path: Path, *sources: str) -> None:
    """Write a notebook for this kernel."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in sources],
        metadata=json.loads(NOTEBOOK.read_text("utf-8"))["metadata"],
    )
    nbformat.write(notebook, path)
