"""Widgets in JupyterLab live as long as the kernel, not as long as the page."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

ADDRESS = "/lab/tree/{path}?reset&"

WIDGETS = """
import ipywidgets as widgets
slider = widgets.IntSlider(value=3, max=100)
mirror = widgets.IntText()
link = widgets.jslink((slider, 'value'), (mirror, 'value'))
seen = []
slider.observe(lambda change: seen.append(change.new), 'value')
out = widgets.Output()
button = widgets.Button(description='press')
@button.on_click
def pressed(_):
    with out:
        print('pressed at', slider.value)
closed = widgets.IntSlider()
closed.close()
display(slider, mirror, button, out)
"""


def test_widgets_come_back_after_the_page_is_reloaded(open_notebook: Callable) -> None:
    notebook = open_notebook(WIDGETS, "seen[-1], slider.value")
    notebook.wait_until_idle()
    notebook.run(0)
    readout = notebook.page.locator(".widget-readout")
    expect(readout).to_have_text("3")
    notebook.expect_run(0)  # all of its outputs are there to be saved
    notebook.page.keyboard.press("Control+s")
    expect(notebook.page.locator(".jp-mod-dirty")).to_have_count(0)

    # JupyterLab gives up on a widget that it does not find within two seconds, even if
    # the widgets of the kernel arrive at that moment. By this clock, it waits for them.
    notebook.page.clock.set_fixed_time(datetime.now(tz=timezone.utc))
    notebook.page.reload()

    notebook.wait_until_idle()
    expect(readout).to_have_text("3")
    notebook.page.locator(".widget-text input").fill("42")
    notebook.page.keyboard.press("Enter")
    expect(readout).to_have_text("42")
    notebook.page.get_by_role("button", name="press").click()
    expect(notebook.page.get_by_text("pressed at 42")).to_be_visible()
    notebook.run(1)
    expect(notebook.output(1)).to_have_text("(42, 42)")
