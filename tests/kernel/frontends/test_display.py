"""What objects and workspaces look like in JupyterLab."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from support.view_page import contrast

ADDRESS = "/lab/tree/{path}?reset&"

FILL = """
x = np.linspace(0.0, 10.0, 5000)
noisy = create_signal("noisy", x, np.sin(x), units=("s", "V"), labels=("time", "U"))
noisy.metadata["operator"] = "<b>Ann</b>"
spot = create_image("spot", np.add.outer(x[:200], x[:300] ** 2))
workspace.update({"noisy": noisy, "spot": spot})
workspace.add("a long name, such as that of a file, " * 4, x[:3], group="raw")
workspace
"""
RESULTS = """
from datalab_workspace import Workspace
measured = Workspace()
for unit in ("V", "mV", "counts per second", "a.u."):
    measured.add(create_signal(f"measured in {unit}", x, x, units=("s", unit)))
measured.calc("stats", on=measured.list())
"""
# Colours of each piece of text, and of what is behind it.
COLOURS = """views => views.flatMap(view =>
  [...view.querySelectorAll("b, span, th, td, summary")].map(piece => {
    let ground = piece;
    const colour = node => getComputedStyle(node).backgroundColor;
    while (colour(ground).endsWith(", 0)")) ground = ground.parentElement;
    return [getComputedStyle(piece).color, colour(ground)];
  }))"""


SCROLLED = """parts => parts.filter(part =>
  part.scrollWidth > part.clientWidth || part.scrollHeight > part.clientHeight
).map(part => part.innerText)"""


@pytest.mark.parametrize(
    "scheme", [pytest.param("light", marks=pytest.mark.slow), "dark"]
)
def test_objects_and_workspaces_are_legible_in_both_themes(
    open_notebook: Callable[..., Any], page: Page, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 1280, "height": 2000})
    shown = "noisy", "spot", "workspace.describe()", "workspace.status()"
    cells = FILL, *shown, RESULTS
    notebook = open_notebook(*cells)
    notebook.wait_until_idle()
    for number in range(len(cells)):
        notebook.run(number)
    notebook.expect_run(len(cells) - 1)

    views = page.locator(".datalab-view")
    expect(views).to_have_count(len(cells))
    views.nth(1).locator("summary").click()
    expect(page.get_by_text("<b>Ann</b>", exact=True)).to_be_visible()

    # At most one of a table and the output that contains it scrolls, and not here.
    outputs = page.locator(".jp-OutputArea-output")
    for parts in (views, outputs):
        assert parts.evaluate_all(SCROLLED) == []
    assert notebook.pictures_are_loaded()
    assert notebook.pictures.count() == 5  # three in the table, one on each card
    pairs = {tuple(pair) for pair in views.evaluate_all(COLOURS)}
    assert min(contrast(*pair) for pair in pairs) > 4.5
    first_row = views.first.locator("tbody tr").first.locator("td")
    name, size = first_row.nth(2), first_row.last
    expect(name).to_have_css("text-align", "left")
    expect(size).to_have_css("text-align", "right")
