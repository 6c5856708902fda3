"""JupyterLab, with the mouse and the keyboard of a user."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from support.notebook_page import NotebookPage

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

ADDRESS = "/lab/tree/{path}?reset&"
KERNEL = "DataLab Kernel"


@pytest.mark.parametrize(
    "scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)]
)
def test_the_launcher_shows_the_logo(page: Page, server, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{server.url}/lab?reset&token={server.token}")
    expect(page.locator("body")).to_have_attribute(
        "data-jp-theme-light", "true" if scheme == "light" else "false"
    )
    cards = page.locator(".jp-LauncherCard").filter(has_text=KERNEL)

    expect(cards).to_have_count(2)  # a notebook, a console
    logo = cards.first.locator("img")
    expect(logo).to_have_js_property("complete", True)
    assert logo.get_attribute("src").endswith("/datalab-kernel/logo-svg.svg")
    assert logo.evaluate("image => image.naturalWidth") == 64


@pytest.mark.slow
def test_a_card_of_the_launcher_opens_a_notebook(page: Page, server) -> None:
    page.goto(f"{server.url}/lab?reset&token={server.token}")
    page.locator(".jp-LauncherCard").filter(has_text=KERNEL).first.click()

    NotebookPage(page).wait_until_idle()
    expect(page.locator(".jp-Toolbar-kernelName")).to_have_text(KERNEL)


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
    quickstart.pictures.nth(1).scroll_into_view_if_needed()


def test_a_slider_moves_and_the_kernel_knows(open_notebook: Callable) -> None:
    notebook = open_notebook(
        "from ipywidgets import IntSlider\nslider = IntSlider(41)\nslider",
        "slider.value",
        "slider.value = 7",
    )
    notebook.wait_until_idle()
    notebook.run(0)
    readout = notebook.drag_slider(0)
    expect(readout).not_to_have_text("41")
    notebook.run(1)
    expect(notebook.output(1)).to_have_text(readout.inner_text())

    notebook.run(2)
    expect(readout).to_have_text("7")


def test_the_stop_button_interrupts_and_the_workspace_stays(
    open_notebook: Callable,
) -> None:
    notebook = open_notebook(
        "workspace.add('ramp', np.arange(4.0))",
        "print('running', flush=True)\nwhile True: pass",
        "workspace.get('ramp').y.tolist()",
    )
    notebook.wait_until_idle()
    notebook.run(0)
    notebook.run(1)
    expect(notebook.output(1)).to_have_text("running")
    notebook.press_tool("Interrupt the kernel")

    expect(notebook.output(1).last).to_contain_text("KeyboardInterrupt")
    notebook.run(2)
    expect(notebook.output(2)).to_have_text("[0.0, 1.0, 2.0, 3.0]")


def test_run_all_stops_at_an_error_and_says_what_was_not_run(
    open_notebook: Callable,
) -> None:
    notebook = open_notebook("ran = ['first']", "1 / 0", "ran.append('third')", "ran")
    notebook.wait_until_idle()
    notebook.run_all()

    expect(notebook.output(1)).to_contain_text("ZeroDivisionError: division by zero")
    for number in (2, 3):
        expect(notebook.output(number)).to_have_text(
            "Aborted: an earlier cell failed, so this one was not run"
        )
    notebook.run(3)
    expect(notebook.output(3)).to_have_text("['first']")
    for prompt in notebook.prompts(3):
        expect(prompt).to_have_text("[5]:")


@pytest.mark.slow
def test_the_restart_button_starts_anew(open_notebook: Callable) -> None:
    notebook = open_notebook("workspace.add('ramp', np.arange(4.0))", "len(workspace)")
    notebook.wait_until_idle()
    notebook.run_all()
    expect(notebook.output(1)).to_have_text("1")
    notebook.restart()

    notebook.run(1)
    expect(notebook.output(1)).to_have_text("0")
    for prompt in notebook.prompts(1):
        expect(prompt).to_have_text("[1]:")


def test_tab_completes_objects_features_and_parameters(open_notebook: Callable) -> None:
    notebook = open_notebook(
        "workspace.add('beam', np.eye(3))\nworkspace.add('pattern', np.arange(3.0))",
        *[""] * 4,
    )
    notebook.wait_until_idle()
    notebook.run(0)
    notebook.expect_run(0)
    offers = notebook.page.locator(".jp-Completer-item")

    def type_and_tab(cell: int, code: str) -> None:
        notebook.editor(cell).click()
        notebook.page.keyboard.type(code)
        notebook.page.keyboard.press("Tab")

    type_and_tab(1, 'workspace.get("')
    expect(offers).to_have_count(2)
    offers.filter(has_text="pattern").click()
    expect(notebook.editor(1)).to_contain_text('workspace.get("pattern')

    type_and_tab(2, "workspace.calc.gaussian_fi")
    expect(offers).to_have_text([re.compile("gaussian_filter"), re.compile("_fit")])
    offers.first.click()
    expect(notebook.editor(2)).to_contain_text("workspace.calc.gaussian_filter")

    type_and_tab(3, 'workspace.calc("gaussian_filter", on="')
    expect(offers).to_have_count(2)
    offers.filter(has_text="beam").click()
    expect(notebook.editor(3)).to_contain_text('on="beam')

    type_and_tab(4, 'workspace.calc("gaussian_filter", on="beam", ')
    expect(offers.first).to_contain_text("sigma=")
    offers.first.click()
    expect(notebook.editor(4)).to_contain_text('on="beam", sigma=')
