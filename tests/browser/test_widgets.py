"""`workspace.browse` and `plotter.explore` in JupyterLite, by mouse and keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from support.browser import pyodide_site
from support.browser.http_server import served
from support.browser.kernel_packages import site_files, sources, widget_sources
from support.browser.lite_notebook import LiteNotebook
from support.drawing_page import DrawingPage
from support.panel_page import PanelPage
from support.view_page import ViewPage

pytestmark = pytest.mark.timeout(240)

LOAD = "%load_ext datalab_kernel"
BROWSE = """
x = np.linspace(0.0, 20.0, 300)
objects = {"peak": (x, np.exp(-((x - 9) ** 2))), "noisy": (x, np.sin(x))}
workspace.update(objects, group="raw")
workspace.add("<b>spot</b>", np.outer(np.sin(x), np.cos(x)))
workspace.browse()
"""
ADD = "workspace.add('added by a cell', np.arange(3.0), group='raw')"
NAMES = "print(workspace.list())"
IMAGE = """
image = np.add.outer(np.arange(300.0), np.arange(400.0))
workspace.add("ramp", image, overwrite=True)
view = plotter.explore("ramp", edit_roi=True)
view
"""
SIGNAL = """
x = np.linspace(0.0, 10.0, 1001)
workspace.add("wave", (x, np.sin(x)), overwrite=True)
view = plotter.explore("wave", edit_roi=True)
view
"""
REGIONS = """
for one in workspace.record("{name}").metadata["_roi_"]["single_rois"]:
    print(one["type"], [round(float(value), 2) for value in one["coords"]])
print(view.selection.kind, view.selection.name)
"""
CELLS = {
    "browse": BROWSE,
    "add": ADD,
    "names": NAMES,
    "image": IMAGE,
    "regions of the image": REGIONS.format(name="ramp"),
    "signal": SIGNAL,
    "regions of the signal": REGIONS.format(name="wave"),
}
NUMBERS = {name: number for number, name in enumerate(CELLS, 1)}


@pytest.fixture(scope="module")
def in_xeus(page: Page, site: Path, python_of_lite: Path) -> Iterator[LiteNotebook]:
    """A notebook with a kernel of xeus-python, which has NumPy alone."""
    files = site_files(site, [*sources(), *widget_sources(python_of_lite)])
    with served(site, files) as url:
        page.goto(f"{url}/lab/index.html?reset")
        yield loaded(LiteNotebook(page, "xeus-python", [LOAD, *CELLS.values()]))


@pytest.fixture(scope="module")
def in_pyodide(page: Page, python_of: Callable[[Path], Path]) -> Iterator[LiteNotebook]:
    """A notebook with a kernel of Pyodide, which has Matplotlib, too."""
    python = python_of(pyodide_site.REQUIREMENTS)
    site = pyodide_site.built_site(python)
    with served(site, pyodide_site.site_files(site, python)) as url:
        page.goto(f"{url}/lab/index.html?reset")
        first = pyodide_site.first_cell(url) + LOAD
        yield loaded(LiteNotebook(page, "python", [first, *CELLS.values()]))


def loaded(notebook: LiteNotebook) -> LiteNotebook:
    """The notebook, after its first cell, which loads the extension."""
    notebook.run(0)
    notebook.expect_run(0)
    return notebook


def run(notebook: LiteNotebook, name: str) -> int:
    """Run a cell and wait for its end; return its number."""
    notebook.run(NUMBERS[name])
    notebook.expect_run(NUMBERS[name])
    return NUMBERS[name]


def browse(notebook: LiteNotebook) -> PanelPage:
    """Browse a workspace by mouse and keyboard, up to its exploration."""
    run(notebook, "browse")
    page, panel = notebook.page, PanelPage(notebook.page)
    panel.wait()
    assert panel.names() == ["raw", "peak", "noisy", "images", "<b>spot</b>"]
    expect(panel.row("peak").locator("img")).to_be_visible()

    panel.row("peak").click()
    expect(panel.detail).to_contain_text("300 float64, 4.8 kB")
    expect(panel.detail.get_by_alt_text("picture of peak")).to_be_visible()
    panel.search.click()
    page.keyboard.type("no")
    expect(panel.count).to_have_text("1 of 3 objects")
    panel.search.fill("")

    panel.row("noisy").click(button="right")
    panel.choose("Rename")
    page.keyboard.type("calm")
    panel.press("Enter")
    expect(panel.status).to_have_text("renamed to calm")
    panel.press("ArrowUp", "Delete")
    expect(panel.count).to_have_text("2 objects")
    panel.press("Control+z")
    expect(panel.row("peak")).to_be_visible()

    run(notebook, "add")
    expect(panel.row("added by a cell")).to_be_visible()
    names = run(notebook, "names")
    expected = "['peak', 'calm', 'added by a cell', '<b>spot</b>']"
    expect(notebook.output(names)).to_have_text(expected)
    return panel


def test_a_workspace_is_browsed_in_xeus_python(in_xeus: LiteNotebook) -> None:
    panel = browse(in_xeus)

    panel.row("<b>spot</b>").dblclick()
    ViewPage(in_xeus.page).painted()

    saved = in_xeus.saved()
    (output,) = saved["cells"][NUMBERS["browse"]]["outputs"]
    assert sorted(output["data"]) == ["text/html", "text/plain"]
    assert "widgets" not in saved["metadata"]
    in_xeus.reopen()
    picture = in_xeus.page.get_by_alt_text("Workspace, 3 objects; raw: peak, noisy")
    expect(picture).to_be_visible()
    expect(panel.el).to_have_count(0)


@pytest.mark.slow
def test_a_workspace_is_browsed_in_pyodide(in_pyodide: LiteNotebook) -> None:
    panel = browse(in_pyodide)

    panel.row("<b>spot</b>").dblclick()
    ViewPage(in_pyodide.page).painted()
    in_pyodide.clear()


def test_regions_are_drawn_in_pyodide(in_pyodide: LiteNotebook) -> None:
    page, view = in_pyodide.page, DrawingPage(in_pyodide.page)
    run(in_pyodide, "image")
    view.painted()
    view.tool("rectangle").click()
    view.after_edit(lambda: view.stroke((0.5, 0.2), (0.75, 0.6)))
    view.after_edit(lambda: page.keyboard.press("ArrowRight"))
    regions = run(in_pyodide, "regions of the image")
    expect(in_pyodide.output(regions)).to_contain_text("RectangularROI [")
    expect(in_pyodide.output(regions)).to_contain_text("rectangle ROI00")
    in_pyodide.clear()

    run(in_pyodide, "signal")
    view.painted()
    view.tool("segment").focus()
    view.after_edit(lambda: page.keyboard.press("Enter"))
    view.after_edit(lambda: page.keyboard.press("Control+ArrowRight"))
    regions = run(in_pyodide, "regions of the signal")
    expect(in_pyodide.output(regions)).to_have_text(
        "SegmentROI [4.65, 5.62]\nsegment ROI00"
    )
