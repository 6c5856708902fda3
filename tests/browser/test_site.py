"""The site that `hatch run lite` builds, with the mouse and the keyboard of a user."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page, expect

from support.browser import builds
from support.browser.http_server import served
from support.browser.kernel_packages import site_files, sources
from support.notebook_page import NotebookPage

pytestmark = pytest.mark.timeout(240)

LITE = Path(__file__).parents[2] / "notebooks" / "lite.py"
PICTURE = (
    "from IPython.display import Image\nfrom noise import png\n"
    "workspace.add('x', np.arange(3.0))\nImage(data=png(bytes(3)), format='png')"
)


@pytest.fixture(scope="module")
def lite():
    spec = importlib.util.spec_from_file_location("lite", LITE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def page(
    lite, python_of_lite: Path, launch: Callable, tmp_path: Path
) -> Iterator[Page]:
    """The quickstart, of which the first cell loads the extension."""
    contents = tmp_path / "contents"
    contents.mkdir()
    path = contents / "quickstart.ipynb"
    lite.write_quickstart(path)
    quickstart = nbformat.read(path, as_version=4)
    quickstart.cells.insert(1, nbformat.v4.new_code_cell(PICTURE))
    nbformat.write(quickstart, path)
    out = tmp_path / "site"
    builds.build_site(python_of_lite, out, contents)
    with served(out, site_files(out, sources())) as url:
        page = launch().new_page()
        page.set_default_timeout(60_000)
        page.goto(f"{url}/lab/index.html?path=quickstart.ipynb")
        yield page


def test_the_quickstart_opens_and_shows_a_picture(page: Page) -> None:
    notebook = NotebookPage(page)
    # What is run before that is lost.
    notebook.wait_until_idle()
    for number in range(2):
        notebook.run(number)
        notebook.expect_run(number)

    expect(notebook.pictures).to_have_js_property("naturalWidth", 3)
    expect(notebook.errors).to_have_count(0)


def test_the_forge_is_given_the_packages_of_this_clone(lite) -> None:
    environment = {"dependencies": ["numpy", {"pip": ["sigima", "datalab-kernel"]}]}

    (_, by_pip) = lite.of_this_clone(environment)["dependencies"]

    assert by_pip["pip"][0] == "sigima"
    assert (Path(by_pip["pip"][1]) / "pyproject.toml").is_file()
