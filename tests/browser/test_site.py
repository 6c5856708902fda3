"""The sites that `hatch run lite` builds, as their visitors see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, expect

import lite
from lite_site.builders import InstallationError, of_this_clone
from lite_site.contents import write_contents
from lite_site.kinds import NUMPY, PYODIDE, Kind, forge
from support.browser.http_server import served
from support.browser.kernel_page import KernelPage
from support.notebook_page import NotebookPage

pytestmark = pytest.mark.timeout(300)

CELLS = """window.jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON()
.cells.filter(cell => cell.cell_type === 'code')"""


@pytest.fixture
def opened(
    launch: Callable[..., Browser],
    requirement: Callable[[object, str], None],
    environment_cache: Path,
    tmp_path: Path,
) -> Callable[[Kind], AbstractContextManager[NotebookPage]]:
    """A function that builds a site and opens its first page, as a context manager."""

    @contextmanager
    def opened(kind: Kind) -> Iterator[NotebookPage]:
        try:
            lite.build_site(kind, tmp_path / "site", cache=environment_cache)
        except InstallationError as failure:
            requirement(None, str(failure))
        with served(tmp_path / "site") as url:
            page = launch().new_page(viewport={"width": 1280, "height": 1000})
            page.set_default_timeout(120_000)
            page.goto(url)
            notebook = NotebookPage(page)
            # What is run before that is lost.
            notebook.wait_until_idle()
            yield notebook

    return opened


def first_cells(folder: Path, name: str) -> list[str]:
    notebook = nbformat.read(folder / name, as_version=4)
    return [cell.source for cell in notebook.cells]


@pytest.mark.parametrize(
    ("kind", "pictures"),
    [
        pytest.param(NUMPY, 0, id="numpy"),
        pytest.param(PYODIDE, 3, id="pyodide", marks=pytest.mark.slow),
    ],
)
def test_a_site_opens_on_a_notebook_that_runs_to_its_last_cell(
    opened: Callable[[Kind], AbstractContextManager[NotebookPage]],
    kind: Kind,
    pictures: int,
) -> None:
    with opened(kind) as notebook:
        note = notebook.page.locator(".jp-MarkdownCell").nth(1)
        expect(note).to_contain_text(f"Its kernel is {kind.kernel}.")
        expect(note).to_contain_text("sigima: sigima's objects and features")
        notebook.run_all()
        cells = results(notebook)

    outputs = [output for cell in cells for output in cell["outputs"]]
    assert [output for output in outputs if output["output_type"] == "error"] == []
    assert cells[-1]["outputs"][-1]["text"].endswith("True\n")
    # Those of the workspace's table are part of its HTML.
    shown = [output.get("data", {}) for output in outputs]
    assert sum("image/png" in data for data in shown) == pictures
    assert any("<img" in data.get("text/html", "") for data in shown)


@pytest.mark.slow
def test_the_names_of_a_cell_bring_the_packages_of_pyodide(
    opened: Callable[[Kind], AbstractContextManager[NotebookPage]],
) -> None:
    with opened(PYODIDE) as notebook:
        kernel = KernelPage(notebook.page, "python")
        loaded = "print(*{'matplotlib', 'pandas'} & set(sys.modules))"
        kernel.run("import sys\n%load_ext datalab_kernel\nworkspace.add('x', range(9))")
        before = kernel.run(loaded)
        table = kernel.run("workspace.describe().to_dataframe()")
        pictures = kernel.run("plt.plot([1, 2])\nplotter.plot('x').figure")
        missing = kernel.execute("workspace.save('x.h5')")

    assert before.text == "\n"
    assert 'class="dataframe"' in table.data("text/html")[0]
    assert pictures.data("image/png")
    assert "run `import h5py` first, which loads it if this site" in missing.error


def results(notebook: NotebookPage) -> list[dict[str, Any]]:
    """Return the code cells after the last of them has run.

    Of a long notebook, the page shows only a part.
    """
    notebook.page.wait_for_function(f"{CELLS}.every(cell => cell.execution_count > 0)")
    notebook.wait_until_idle()
    cells: list[dict[str, Any]] = notebook.page.evaluate(CELLS)
    for cell in cells:
        for output in cell["outputs"]:
            if output["output_type"] == "stream":
                output["text"] = "".join(output["text"])
    return cells


def test_a_site_of_the_forge_has_all_but_those_of_a_datalab_or_cluster(
    tmp_path: Path,
) -> None:
    kind = forge()

    write_contents(tmp_path, kind)

    found = {path.name for path in tmp_path.rglob("*.ipynb")}
    all_of_them = {path.name for path in Path(lite.__file__).parent.rglob("*.ipynb")}
    assert all_of_them - found == {"cluster.ipynb", "live.ipynb", "live_roi.ipynb"}
    cells = first_cells(tmp_path, kind.first)
    assert cells[1] == f"**About this site.** Its kernel is {kind.kernel}."
    assert "%load_ext datalab_kernel" in cells
    assert cells[-1].endswith("- With DataLab (datalab)")


def test_what_a_site_lacks_is_said_and_left_out(tmp_path: Path) -> None:
    write_contents(tmp_path, NUMPY)

    assert [path.name for path in tmp_path.rglob("*")] == ["jupyterlite.ipynb"]
    cells = first_cells(tmp_path, NUMPY.first)
    for missing in ("sigima", "h5py", "matplotlib", "pandas"):
        assert f"\n- {missing}: " in cells[1]
    assert "- DataLab in a notebook (h5py, matplotlib, sigima)" in cells[-1]


def test_the_forge_is_given_the_packages_of_this_clone() -> None:
    environment = {"dependencies": ["numpy", {"pip": ["sigima", "datalab-kernel"]}]}

    (_, by_pip) = of_this_clone(environment)["dependencies"]

    assert by_pip["pip"][0] == "sigima"
    assert (Path(by_pip["pip"][1]) / "pyproject.toml").is_file()
