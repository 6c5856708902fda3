"""Jupyter Notebook 7: the essentials, as in JupyterLab."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import nbformat
import pytest
from playwright.sync_api import expect

from support.drawing_page import DrawingPage
from support.panel_page import PanelPage
from support.view_page import ViewPage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from notebook_page import NotebookPage

    from support.frontends import Server

ADDRESS = "/notebooks/{path}?"
KERNEL = "DataLab Kernel"


@pytest.fixture
def server(server_of_the_module: Server) -> Server:
    """A server that JupyterLab is not asked of."""
    return server_of_the_module


@pytest.mark.slow
def test_the_quickstart_runs_with_the_kernel_chosen_by_its_name(
    quickstart: NotebookPage,
) -> None:
    quickstart.choose_kernel(KERNEL)
    quickstart.wait_until_idle()
    quickstart.run_all()

    quickstart.expect_run_to_the_end()
    expect(quickstart.pictures).to_have_count(5)
    assert quickstart.pictures_are_loaded()
    expect(quickstart.errors).to_have_count(0)

    logo = quickstart.page.locator(".jp-NotebookKernelLogo img")
    assert logo.get_attribute("src").endswith("/datalab-kernel/logo-64x64.png")
    quickstart.pictures.nth(1).scroll_into_view_if_needed()


def test_a_notebook_is_worked_on(open_notebook: Callable) -> None:
    notebook = open_notebook(
        "workspace.add('ramp', np.arange(4.0))",
        "from ipywidgets import IntSlider\nslider = IntSlider(41)\nslider",
        "print('running', flush=True)\nwhile True: pass",
        "slider.value, list(workspace)",
    )
    notebook.wait_until_idle()
    notebook.run(0)
    notebook.run(1)
    readout = notebook.drag_slider(1)
    expect(readout).not_to_have_text("41")

    notebook.run(2)
    expect(notebook.output(2)).to_have_text("running")
    notebook.press_tool("Interrupt the kernel")
    expect(notebook.output(2).last).to_contain_text("KeyboardInterrupt")

    notebook.editor(0).click()
    notebook.page.keyboard.press("ControlOrMeta+A")
    notebook.page.keyboard.type('workspace.get("')
    notebook.page.keyboard.press("Tab")
    notebook.page.locator(".jp-Completer-item").filter(has_text="ramp").click()
    expect(notebook.editor(0)).to_contain_text('workspace.get("ramp')

    notebook.run(3)
    expect(notebook.output(3)).to_have_text(f"({readout.inner_text()}, ['ramp'])")

    notebook.restart()
    notebook.run(3)
    expect(notebook.output(3)).to_contain_text("name 'slider' is not defined")


def test_the_workspace_is_browsed(open_notebook: Callable, notebook_path: Path) -> None:
    notebook = open_notebook(
        "workspace.update({'one': np.arange(9.0), 'two': np.ones(9)})\n"
        "workspace.browse()",
        "workspace.add('added by a cell', np.eye(9))",
    )
    notebook.wait_until_idle()
    notebook.run(0)
    page, panel = notebook.page, PanelPage(notebook.page)
    panel.wait()

    panel.row("one").click()
    expect(panel.detail).to_contain_text("9 float64")
    panel.press("F2")
    page.keyboard.type("three")
    panel.press("Enter")
    expect(panel.row("three")).to_be_visible()
    panel.press("ArrowDown", "Delete")
    expect(panel.row("two")).to_have_count(0)

    notebook.run(1)
    expect(panel.row("added by a cell")).to_be_visible()
    panel.search.click()
    page.keyboard.type("cell")
    expect(panel.count).to_have_text("1 of 2 objects")
    panel.row("added by a cell").click(button="right")
    panel.choose("Rename")
    page.keyboard.type("identity")
    panel.press("Enter")
    expect(panel.status).to_have_text("renamed to identity")
    panel.search.fill("")
    panel.row("identity").dblclick()
    ViewPage(page).painted()

    saved = save(notebook, notebook_path)
    (output,) = saved.cells[0].outputs
    assert sorted(output.data) == ["text/html", "text/plain"]
    assert 'alt="Workspace, 2 objects; signals: one, two"' in output.data["text/html"]


def test_regions_are_drawn(open_notebook: Callable, notebook_path: Path) -> None:
    notebook = open_notebook(
        "workspace.add('ramp', np.add.outer(np.arange(300.0), np.arange(400.0)))\n"
        "plotter.explore('ramp', edit_roi=True)",
        "print(workspace['ramp'].roi[0].coords.round(3).tolist())",
        "x = np.linspace(0, 10, 1001)\nworkspace.add('wave', (x, np.sin(x)))\n"
        "view = plotter.explore('wave', edit_roi=True)\nview",
        "print(workspace['wave'].roi[0].coords.round(3).tolist())",
    )
    notebook.wait_until_idle()
    notebook.run(0)
    page, view = notebook.page, DrawingPage(notebook.page)
    view.painted()
    view.tool("rectangle").click()
    view.after_edit(lambda: view.stroke((0.5, 0.2), (0.75, 0.6)))
    x, right, y, bottom = numbers_of(view)
    notebook.run(1)
    expected = [x, y, round(right - x, 3), round(bottom - y, 3)]
    expect(notebook.output(1)).to_have_text(str(expected))
    assert sorted(save(notebook, notebook_path).cells[0].outputs[0].data) == [
        "image/png",
        "text/plain",
    ]

    notebook.run(2)
    view = DrawingPage(page, "signal")
    view.painted()
    view.tool("segment").focus()
    view.after_edit(lambda: page.keyboard.press("Enter"))
    notebook.run(3)
    expected = [round(end, 3) for end in numbers_of(view)]
    expect(notebook.output(3)).to_have_text(str(expected))


def numbers_of(view: DrawingPage) -> list[float]:
    """The coordinates in the label of the first region, without its number."""
    return [*map(float, re.findall(r"[\d.]+", view.labels()[0])[1:])]


def save(notebook: NotebookPage, path: Path) -> nbformat.NotebookNode:
    """Save a notebook with the keyboard; return what the file holds: no widgets."""
    with notebook.page.expect_response(
        lambda answer: answer.request.method == "PUT" and path.name in answer.url
    ):
        notebook.page.keyboard.press("Control+s")
    saved = nbformat.read(path, as_version=4)
    assert "widgets" not in saved.metadata
    return saved
