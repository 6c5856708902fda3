"""Jupyter Notebook 7: the essentials, as in JupyterLab."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from support.panel_page import PanelPage

if TYPE_CHECKING:
    from collections.abc import Callable

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
    expect(quickstart.pictures).to_have_count(4)
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


def test_the_workspace_is_browsed(open_notebook: Callable) -> None:
    notebook = open_notebook(
        "workspace.update({'one': np.arange(9.0), 'two': np.ones(9)})\n"
        "workspace.browse()"
    )
    notebook.wait_until_idle()
    notebook.run(0)
    panel = PanelPage(notebook.page)
    panel.wait()

    panel.row("one").click()
    expect(panel.detail).to_contain_text("9 float64")
    panel.press("F2")
    notebook.page.keyboard.type("three")
    panel.press("Enter")
    expect(panel.row("three")).to_be_visible()
    panel.press("ArrowDown", "Delete")
    expect(panel.row("two")).to_have_count(0)
