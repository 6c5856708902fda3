"""`workspace.browse` in JupyterLab, by mouse and keyboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from nbconvert import HTMLExporter
from playwright.sync_api import Page, expect

from support.drawing_page import DrawingPage
from support.panel_page import PanelPage
from support.view_page import ViewPage

ADDRESS = "/lab/tree/{path}?reset&"

FEW = """
x = np.linspace(0.0, 20.0, 300)
objects = {"peak": (x, np.exp(-((x - 9) ** 2))), "noisy": (x, np.sin(x))}
workspace.update(objects, group="raw")
workspace.add("<b>spot</b>", np.outer(np.sin(x), np.cos(x)))
workspace.browse()
"""
MANY = """
x = np.arange(60.0)
noise = np.random.default_rng(0).normal(size=(5000, 60))
workspace.update({f"measured {n:04}": (x, noise[n]) for n in range(5000)}, group="all")
workspace.browse()
"""
MENU = ".datalab-browse-menu"
NAMES = "print(workspace.list(), [g.title for g in workspace.groups()])"
CHANGE = "workspace.add('<b>spot</b>', np.full((300, 300), 9.0), overwrite=True);"
WAIT = """
import time
from pathlib import Path
workspace.add("added meanwhile", np.arange(3.0), group="raw")
while not Path("go").exists():
    time.sleep(0.01)
"""

Browse = Callable[..., tuple[Any, PanelPage]]


@pytest.fixture
def browse(open_notebook: Callable[..., Any]) -> Browse:
    """Run the first of some cells, which shows a panel."""

    def browse(*cells: str) -> tuple[Any, PanelPage]:
        notebook = open_notebook(*cells)
        notebook.wait_until_idle()
        notebook.run(0)
        panel = PanelPage(notebook.page)
        panel.wait()
        return notebook, panel

    return browse


def test_objects_are_shown_explored_renamed_grouped_and_removed(
    browse: Browse, page: Page
) -> None:
    notebook, panel = browse(FEW, NAMES, CHANGE)
    assert panel.names() == ["raw", "peak", "noisy", "images", "<b>spot</b>"]
    expect(panel.row("peak").locator("img")).to_be_visible()

    panel.row("peak").click()
    expect(panel.detail).to_contain_text("300 float64, 4.8 kB")
    expect(panel.detail.get_by_alt_text("picture of peak")).to_be_visible()

    panel.row("<b>spot</b>").dblclick()
    view = DrawingPage(page)
    view.painted()
    view.button("draw").click()
    view.tool("circle").focus()
    view.after_edit(lambda: page.keyboard.press("Enter"))
    assert view.labels()[0].startswith("circle ROI00: center x")
    view.after(lambda: notebook.run(2))
    view.read((0.5, 0.5), "value = 9.0")

    panel.row("noisy").click(button="right")
    panel.choose("Rename")
    page.keyboard.type("calm")
    panel.press("Enter")
    expect(panel.status).to_have_text("renamed to calm")

    panel.row("peak").click(modifiers=["Shift"])
    expect(panel.count).to_have_text("3 objects, 2 chosen")
    panel.row("calm").click(button="right")
    panel.choose("Move to group…")
    page.keyboard.type("best")
    panel.press("Enter")
    expect(panel.row("best")).to_be_visible()

    panel.row("<b>spot</b>").click()
    panel.press("Delete")
    expect(panel.status).to_have_text("removed 1 object")
    expect(panel.count).to_have_text("2 objects")
    panel.el.get_by_role("button", name="Undo").click()
    expect(panel.count).to_have_text("3 objects")

    panel.row("peak").click()
    panel.press("F2")
    page.keyboard.type("calm")
    panel.press("Enter")
    expect(panel.error).to_contain_text("'calm' is already used")

    notebook.run(1)
    expect(notebook.output(1)).to_have_text(
        "['peak', 'calm', '<b>spot</b>'] ['raw', 'best', '']"
    )


def test_the_keyboard_does_everything(browse: Browse, page: Page) -> None:
    notebook, panel = browse(FEW)
    panel.search.click()
    page.keyboard.type("p")
    expect(panel.count).to_have_text("2 of 3 objects")

    panel.press("ArrowDown")
    assert panel.active() == "raw, 1 objects"
    panel.press("ArrowDown")
    assert panel.active() == "peak, s001, signal, 300, float64"
    expect(panel.detail).to_contain_text("peak")
    panel.press("ArrowLeft", "ArrowLeft")
    expect(panel.row("peak")).to_have_count(0)
    panel.press("ArrowRight")
    expect(panel.row("peak")).to_be_visible()
    panel.press("End")
    assert panel.active().startswith("<b>spot</b>")

    panel.press("Enter")
    ViewPage(page).painted()
    panel.press("Shift+F10")
    expect(panel.menu).to_be_visible()
    panel.press("ArrowDown", "ArrowDown", "Escape")
    expect(panel.menu).to_have_count(0)
    assert panel.active().startswith("<b>spot</b>")

    panel.press("Control+a", "Delete")
    expect(panel.count).to_have_text("0 of 1 object")
    expect(panel.status).to_have_text("removed 2 objects")
    panel.press("Control+z")
    expect(panel.count).to_have_text("2 of 3 objects")
    # None of the keys has reached the notebook, to which running the cell added one.
    expect(notebook.code_cells).to_have_count(2)


def test_it_follows_the_notebook_also_while_a_cell_runs(
    browse: Browse, notebook_path: Path
) -> None:
    notebook, panel = browse(FEW, "workspace.rename('peak', 'line')", WAIT)

    notebook.run(1)
    expect(panel.row("line")).to_be_visible()
    notebook.run(2)
    expect(panel.row("added meanwhile")).to_be_visible()
    expect(notebook.prompts(2)[0]).to_have_text("[*]:")
    panel.row("line").click()
    expect(panel.status).to_have_text("the kernel is busy…")
    (notebook_path.parent / "go").touch()

    notebook.expect_run(2)
    expect(panel.detail).to_contain_text("line")


def test_of_many_objects_only_those_on_the_screen_are_in_the_page(
    browse: Browse,
) -> None:
    _, panel = browse(MANY)
    expect(panel.count).to_have_text("5000 objects")

    panel.row("measured 0003").click()
    panel.press("End")
    expect(panel.row("measured 4999")).to_be_focused()
    panel.press("PageUp")
    expect(panel.row("measured 4991")).to_be_focused()
    assert len(panel.names()) < 30

    panel.search.fill("s5000")
    expect(panel.row("measured 4999")).to_be_visible()
    expect(panel.count).to_contain_text("1 of 5000 objects")


def test_the_notebook_keeps_a_picture_and_after_a_reload_there_is_the_panel(
    browse: Browse, notebook_path: Path, server: Any, page: Page
) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    notebook, panel = browse(FEW)
    panel.row("peak").click()
    panel.press("Control+s")
    expect(page.locator(".jp-mod-dirty")).to_have_count(0)

    saved = nbformat.read(notebook_path, as_version=4)
    (output,) = saved.cells[0].outputs
    assert sorted(output.data) == ["text/html", "text/plain"]
    assert "widgets" not in saved.metadata
    assert notebook_path.stat().st_size < 50_000
    exported, _ = HTMLExporter().from_notebook_node(saved)
    alternative = (
        "Workspace, 3 objects; raw: peak, noisy; images: &lt;b&gt;spot&lt;/b&gt;"
    )
    assert f'alt="{alternative}"' in exported
    local = ("http://127.0.0.1:", "blob:", "data:")
    assert [url for url in requested if not url.startswith(local)] == []

    page.reload()
    notebook.wait_until_idle()
    panel.wait()
    panel.row("noisy").click()
    expect(panel.detail).to_contain_text("noisy")

    server.close_notebooks()
    page.reload()
    notebook.wait_until_idle()
    expect(notebook.output(0).get_by_alt_text("Workspace, 3 objects")).to_be_visible()
    assert notebook.pictures_are_loaded()
    expect(panel.el).to_have_count(0)
    expect(notebook.errors).to_have_count(0)


@pytest.mark.slow
def test_it_moves_second_the_notebook_by_jupyterlabs_own_view(
    browse: Browse, page: Page
) -> None:
    _, panel = browse(FEW)

    panel.count.click(button="right")
    page.get_by_role("menuitem", name="Create New View for Cell Output").click()
    second = PanelPage(page, 1)
    second.wait()
    second.row("noisy").click()
    second.press("Delete")

    expect(second.row("noisy")).to_have_count(0)
    expect(panel.row("noisy")).to_have_count(0)


@pytest.mark.parametrize(
    "scheme", [pytest.param("light", marks=pytest.mark.slow), "dark"]
)
def test_it_is_accessible_in_both_themes(
    browse: Browse, page: Page, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)
    _, panel = browse(FEW)
    panel.row("peak").click()
    expect(panel.detail).to_contain_text("peak")
    panel.press("Delete", "Shift+F10")
    expect(panel.menu).to_be_visible()
    expect(panel.row("peak")).to_have_count(0)

    found = Axe().run(page, context={"include": [[".datalab-browse"], [MENU]]})

    assert [violation["id"] for violation in found.response["violations"]] == []
    passed = {rule["id"] for rule in found.response["passes"]}
    assert {"aria-required-children", "color-contrast", "label"} <= passed
