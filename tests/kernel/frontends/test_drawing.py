"""Regions, points and lines drawn on `plotter.explore` in JupyterLab."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from support.drawing_page import DrawingPage

ADDRESS = "/lab/tree/{path}?reset&"

IMAGE = """
rows, columns = np.mgrid[:300, :400]
data = np.exp(-((rows - 120)**2 + (columns - 230)**2) / 4000) * 1000
spot = create_image("spot", data, units=("mm", "mm", "lsb"))
spot.x0, spot.y0, spot.dx, spot.dy = 10.0, -5.0, 0.5, 0.25
spot.roi = sigima.create_image_roi("circle", [60, 20, 12.5], title="ring", inverse=True)
workspace["spot"] = spot
workspace.calc("centroid", on="spot")
view = plotter.explore("spot", edit_roi=True)
view
"""
SIGNAL = """
x = np.linspace(0.0, 10.0, 1001)
wave = create_signal("wave", x, np.sin(x), units=("s", "V"), labels=("time", "voltage"))
workspace["wave"] = wave
workspace.calc("x_at_minmax", on="wave")
workspace.calc("fwhm", on="wave")
view = plotter.explore("wave", edit_roi=True)
view
"""
Draw = Callable[..., tuple[Any, DrawingPage]]


@pytest.fixture
def draw(open_notebook: Callable[..., Any]) -> Draw:
    """Run the first of some cells, which shows a view."""

    def draw(*cells: str) -> tuple[Any, DrawingPage]:
        notebook = open_notebook(*cells)
        notebook.wait_until_idle()
        notebook.run(0)
        view = DrawingPage(notebook.page)
        view.painted()
        return notebook, view

    return draw


@pytest.mark.parametrize("cell", [IMAGE, SIGNAL])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_look(draw: Draw, page: Page, cell: str, scheme: str) -> None:
    page.on("console", lambda m: print("CONSOLE", m.text))
    page.on("pageerror", lambda m: print("PAGEERROR", m))
    page.emulate_media(color_scheme=scheme)
    kind = "image" if cell == IMAGE else "signal"
    try:
        _, view = draw(cell)
        view.tool("rectangle" if kind == "image" else "segment").click()
        view.after_edit(lambda: view.stroke((0.55, 0.2), (0.8, 0.6)))
        view.el.screenshot(path=f"/tmp/shots/{kind}-{scheme}.png")
    finally:
        page.screenshot(path=f"/tmp/shots/{kind}-{scheme}-page.png")
