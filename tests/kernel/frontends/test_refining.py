"""`plot.reduce_on_zoom()` in JupyterLab: Matplotlib's own widget, refined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from support.notebook_page import NotebookPage

ADDRESS = "/lab/tree/{path}?reset&"

SIGNAL = """
x = np.linspace(0.0, 100.0, 1_000_001)
plot = plotter.plot((x, np.sin(50 * x)))
plot.reduce_on_zoom()
"""
IMAGE = """
rows, columns = np.mgrid[:3000, :4000]
plot = plotter.plot(rows + columns)
plot.reduce_on_zoom()
"""
# Drawing by hand: the browser may not have asked for the new picture yet.
SAMPLES = """
axes = plot.figure.axes[0]
plot.figure.canvas.draw()
drawn = axes.lines[0].get_xdata()
low, high = axes.get_xlim()
ends = np.abs([drawn[1] - low, drawn[-2] - high])
print(30 < low < high < 70, np.isin(drawn, x).all(), ends.max() < 0.1)
"""
PIXELS = """
axes = plot.figure.axes[0]
plot.figure.canvas.draw()
left, right, bottom, top = axes.images[0].get_extent()
pixels = axes.images[0].get_array()
print(1000 < left < right < 3000, pixels.shape[1] / (right - left) >= 1)
"""


@pytest.mark.parametrize(
    ("plot", "look", "seen"),
    [(SIGNAL, SAMPLES, "True True True"), (IMAGE, PIXELS, "True True")],
    ids=["signal", "image"],
)
def test_a_picture_is_refined_where_a_rectangle_is_zoomed(
    open_notebook: Callable[..., Any], page: Page, plot: str, look: str, seen: str
) -> None:
    notebook = zoomed(open_notebook(plot, look))

    expect(notebook.output(1)).to_have_text(seen)
    expect(notebook.errors).to_have_count(0)


def zoomed(notebook: NotebookPage) -> NotebookPage:
    """Run the first cell, zoom into the middle of its figure, and run the second."""
    mouse = notebook.page.mouse
    notebook.wait_until_idle()
    notebook.run(0)
    canvas = notebook.output(0).locator("canvas").last
    canvas.hover()  # or the toolbar is hidden
    notebook.output(0).get_by_title("Zoom to rectangle").click()
    box = canvas.bounding_box()
    assert box is not None
    start, end = (
        (box["x"] + part * box["width"], box["y"] + part * box["height"])
        for part in (0.42, 0.58)
    )
    mouse.move(*start)
    mouse.down()
    mouse.move(*end, steps=4)
    mouse.up()
    notebook.run(1)
    notebook.expect_run(1)
    return notebook
