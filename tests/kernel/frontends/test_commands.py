"""What runs notebooks without a window, by its own command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

QUICKSTART = Path(__file__).parents[3] / "notebooks" / "quickstart.ipynb"
KERNEL = "datalab-kernel"

pytestmark = pytest.mark.usefixtures("warm_up")


def run(*command: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a module of this environment as a command, in a folder."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**os.environ, "DATALAB_KERNEL_MODE": "standalone"},
        capture_output=True,
        text=True,
        check=False,
    )


def write(path: Path, *sources: str) -> None:
    """Write a notebook for this kernel."""
    spec = {"name": KERNEL, "display_name": KERNEL, "language": "python"}
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in sources],
        metadata={"kernelspec": spec},
    )
    nbformat.write(notebook, path)


@pytest.fixture
def quickstart(tmp_path: Path) -> Path:
    """A copy of the quickstart that asks for a kernel there is not."""
    notebook = nbformat.read(QUICKSTART, as_version=4)
    notebook.metadata.kernelspec.name = "some-other-kernel"
    path = tmp_path / QUICKSTART.name
    nbformat.write(notebook, path)
    return path


def assert_run_to_its_end(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    outputs = [output for cell in cells for output in cell.outputs]
    pictures = [o for o in outputs if "image/png" in o.get("data", {})]

    assert [cell.execution_count for cell in cells] == [*range(1, len(cells) + 1)]
    assert not [o for o in outputs if o.output_type == "error" or "stderr" in str(o)]
    assert len(pictures) == 4
    assert (path.parent / "analysis.h5").exists()


@pytest.mark.slow
def test_nbclient_runs_the_quickstart(quickstart: Path) -> None:
    done = run(
        *("jupyter", "execute", "--inplace", f"--kernel_name={KERNEL}"),
        quickstart.name,
        folder=quickstart.parent,
    )

    assert done.returncode == 0, done.stderr
    assert_run_to_its_end(quickstart)


def test_nbconvert_runs_the_quickstart_and_shows_it(quickstart: Path) -> None:
    done = run(
        *("jupyter", "nbconvert", "--execute", "--to", "html"),
        *(f"--ExecutePreprocessor.kernel_name={KERNEL}", quickstart.name),
        folder=quickstart.parent,
    )

    assert done.returncode == 0, done.stderr
    page = quickstart.with_suffix(".html").read_text(encoding="utf-8")
    assert page.count('<div class="jp-RenderedImage') == 5
    assert 'data-mime-type="application/vnd.jupyter.stderr"' not in page


@pytest.mark.parametrize(
    "kernel", [KERNEL, pytest.param("python3", marks=pytest.mark.slow)]
)
def test_nbconvert_saves_pictures_of_what_is_interactive_and_no_widgets(
    tmp_path: Path, kernel: str
) -> None:
    path = tmp_path / "interactive.ipynb"
    write(
        path,
        "%load_ext datalab_kernel\nworkspace.add('ramp', np.arange(9.0))\n"
        "workspace.browse()",
        "display(plotter.explore('ramp', edit_roi=True))",
        "import asyncio; await asyncio.sleep(0.01)\nworkspace.browse()",
        "import time; time.sleep(0.2)",  # the widgets are open when it ends
    )

    done = run(
        *("jupyter", "nbconvert", "--execute", "--to", "notebook", "--inplace"),
        *(f"--ExecutePreprocessor.kernel_name={kernel}", path.name),
        folder=tmp_path,
    )

    assert done.returncode == 0, done.stderr
    saved = nbformat.read(path, as_version=4)
    assert "widgets" not in saved.metadata
    panel, view, again = [cell.outputs[-1] for cell in saved.cells[:3]]
    assert sorted(view.data) == ["image/png", "text/plain"]
    assert view.metadata["image/png"]["alt"].startswith("<Plot of 'ramp': signal")
    for output in (panel, again):
        assert sorted(output.data) == ["text/html", "text/plain"]
        assert 'alt="Workspace, 1 object; signals: ramp"' in output.data["text/html"]


@pytest.mark.slow
def test_nbmake_runs_the_quickstart_as_a_test(quickstart: Path) -> None:
    done = run(
        *("pytest", "--nbmake", f"--nbmake-kernel={KERNEL}", "--overwrite"),
        quickstart.name,
        folder=quickstart.parent,
    )

    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    assert_run_to_its_end(quickstart)


@pytest.mark.slow
def test_nbmake_fails_a_notebook_that_fails(tmp_path: Path) -> None:
    write(tmp_path / "wrong.ipynb", "print('before')", "1 / 0", "print('after')")

    done = run("pytest", "--nbmake", "wrong.ipynb", folder=tmp_path)

    assert done.returncode == 1, done.stdout
    assert "ZeroDivisionError" in done.stdout


@pytest.mark.slow
def test_nbconvert_lets_an_error_pass_that_it_was_told_of(tmp_path: Path) -> None:
    path = tmp_path / "expected.ipynb"
    write(path, "raise ValueError('expected')", "print('after')")

    done = run(
        *("jupyter", "nbconvert", "--execute", "--to", "notebook", "--inplace"),
        *("--ExecutePreprocessor.allow_error_names=ValueError", path.name),
        folder=tmp_path,
    )

    assert done.returncode == 0, done.stderr
    assert nbformat.read(path, as_version=4).cells[1].outputs[0].text == "after\n"
