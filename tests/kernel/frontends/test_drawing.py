"""Regions, points and lines drawn on `plotter.explore` in JupyterLab."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
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
TOOLS = ("rectangle", "circle", "polygon", "line", "point")
slow = pytest.mark.slow
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


def show(notebook: Any, number: int, text: str) -> None:
    """Run a cell and wait until it has shown a text."""
    notebook.run(number)
    notebook.expect_run(number)
    expect(notebook.output(number)).to_contain_text(text)


def test_regions_of_an_image_are_drawn_with_the_pointer(draw: Draw, page: Page) -> None:
    kernel = (
        "for one in workspace['spot'].roi: "
        "print(type(one).__name__, one.coords.tolist(), one.inverse, one.title)"
    )
    notebook, view = draw(IMAGE, kernel)
    ring, centroid = view.labels()
    assert ring == (
        "circle ring, outside of the shape: center x 60 mm, y 20 mm, radius 12.5 mm"
    )
    assert centroid.startswith("result: marker centroid: x 12")

    view.tool("rectangle").click()
    view.after_edit(lambda: view.stroke((0.5, 0.2), (0.75, 0.6)))
    drawn = "rectangle ROI01: x from 109.75 mm to 159.75 mm, y from 9.875 mm to"
    assert view.labels()[1].startswith(drawn)
    expect(view.shape("ROI01")).to_be_focused()
    assert float(view.el.get_attribute("data-edited") or 0) > 0

    # Move it by its inside, and resize it by a corner.
    view.after_edit(lambda: view.stroke((0.6, 0.4), (0.55, 0.5)))
    assert "x from 99.75 mm to 149.75 mm" in view.labels()[1]
    view.after_edit(lambda: view.stroke((0.7, 0.7), (0.8, 0.7)))
    assert "x from 99.75 mm to 169.75 mm" in view.labels()[1]

    view.after_edit(view.button("outside").click)
    assert view.labels()[1].startswith("rectangle ROI01, outside of the shape")

    view.tool("polygon").click()
    for corner in [(0.2, 0.6), (0.4, 0.6), (0.3, 0.9)]:
        page.mouse.click(*view.at(corner))
    view.after_edit(lambda: page.keyboard.press("Enter"))
    assert view.labels()[2].startswith("polygon ROI02: 3 corners, x from 49.75 mm")
    view.tool("line").click()
    view.after_edit(lambda: view.stroke((0.1, 0.1), (0.9, 0.1)))
    assert "annotation: line" in view.labels()[-1]

    show(notebook, 1, "CircularROI [60.0, 20.0, 12.5] True ring")
    moved = "RectangularROI [99.75, 17.375, 70.0, 30.0] True"
    expect(notebook.output(1)).to_contain_text(moved)
    assert view.problem.inner_text() == ""


def test_regions_of_a_signal_are_drawn_with_the_keyboard(
    draw: Draw, page: Page
) -> None:
    follow = "seen = []; view.on_change(lambda view: seen.append(view.selection));"
    kernel = "print(workspace['wave'].roi[0].to_dict(), seen[-1])"
    notebook, view = draw(SIGNAL, follow, kernel)
    notebook.run(1)
    keyboard = page.keyboard

    view.tool("segment").focus()
    view.after_edit(lambda: keyboard.press("Enter"))
    assert view.labels()[0] == "segment ROI00: x from 4.51645 s to 5.48355 s"
    view.after_edit(lambda: keyboard.press("Control+ArrowRight"))
    assert view.labels()[0] == "segment ROI00: x from 4.64803 s to 5.61513 s"
    view.after_edit(lambda: keyboard.press("Shift+ArrowLeft"))
    assert view.labels()[0] == "segment ROI00: x from 4.64803 s to 5.60197 s"

    keyboard.press("Enter")
    keyboard.type("<b>top</b> & é")
    view.after_edit(lambda: keyboard.press("Enter"))
    named = view.shape("<b>top</b> & é")
    expect(named).to_be_focused()
    show(notebook, 2, "'title': '<b>top</b> & é', 'type': 'SegmentROI'")
    expect(notebook.output(2)).to_contain_text("Selected(kind='segment', name='<b>top")

    named.focus()
    view.after_edit(lambda: keyboard.press("Delete"))
    expect(named).to_have_count(0)
    view.after_edit(lambda: keyboard.press("Control+z"))
    expect(named).to_have_count(1)
    for _ in range(4):
        view.after_edit(lambda: keyboard.press("Control+z"))
    expect(view.el.locator(".dle-region")).to_have_count(0)
    view.after_edit(lambda: keyboard.press("Control+z"))
    expect(view.problem).to_contain_text("nothing that was drawn here can be undone")


def test_the_view_follows_changes_and_is_there_after_a_reload(
    draw: Draw, page: Page
) -> None:
    edit = (
        "workspace.edit('spot', roi=sigima.create_image_roi('rectangle', "
        "[20, 0, 30, 10], title='theirs'))"
    )
    data = "spot.data = data + 5000; workspace.add('spot', spot, overwrite=True);"
    removed = "workspace.remove('spot')"
    notebook, view = draw(IMAGE, edit, removed, "print(view.roi[0])", data)
    view.after(lambda: notebook.run(4))
    view.read((0.5, 0.5), r"value = 5\d\d\d")
    highest = view.el.get_by_title("Highest value of the color scale")
    assert 5900 < float(highest.input_value()) < 6000
    notebook.run(1)
    expect(view.shape("theirs")).to_have_count(1)
    expect(view.shape("ring (outside)")).to_have_count(0)

    page.keyboard.press("Control+s")
    expect(page.locator(".jp-mod-dirty")).to_have_count(0)
    page.reload()
    notebook.wait_until_idle()
    view.painted()
    expect(view.shape("theirs")).to_have_count(1)

    # What is drawn after the object is gone is kept in the view.
    notebook.run(2)
    expect(view.status).to_contain_text("'spot' is no longer in the workspace")
    page.mouse.click(*view.at((0.1, 0.1)))
    expect(view.shape("theirs")).to_be_focused()
    view.after_edit(lambda: page.keyboard.press("ArrowRight"))
    assert "x from 20.5 mm to 50.5 mm" in view.labels()[0]
    show(notebook, 3, "RectangularROI")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_range_of_the_colors_is_changed_with_the_keyboard(
    draw: Draw, page: Page, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)
    _, view = draw(IMAGE)
    slider = view.el.get_by_role("slider", name="Highest value")
    highest = view.el.get_by_title("Highest value of the color scale")
    before = float(highest.input_value())
    position = float(slider.get_attribute("aria-valuenow") or 0)

    slider.focus()
    view.after(lambda: page.keyboard.press("Shift+ArrowLeft"))

    after = float(slider.get_attribute("aria-valuenow") or 0)
    assert after == pytest.approx(position - 10, abs=0.1)
    assert float(highest.input_value()) == pytest.approx(before - 100, abs=1)
    assert slider.get_attribute("aria-valuetext") == f"{highest.input_value()} lsb"
    view.after(view.button("reset colors").click)
    assert float(highest.input_value()) == pytest.approx(before, rel=1e-5)


def test_the_profile_along_a_line_is_shown_and_given_to_the_code(
    draw: Draw, page: Page
) -> None:
    follow = (
        "profiles = []; view.on_change(lambda view: profiles.append("
        "getattr(view.selection, 'profile', None)));"
    )
    row = (
        "row = round((view.selection.coords[1] - spot.y0) / spot.dy)\n"
        "part = sigima.proc.image.line_profile(spot, "
        "sigima.params.LineProfileParam.create(direction='horizontal', row=row))\n"
        "print('same' if np.isin(profiles[-1].y, part.y).all() else 'different', "
        "len(profiles[-1].y), profiles[-1].xunit, 'profile of spot' in workspace)"
    )
    # sigima would show only the pixels in the regions.
    whole = IMAGE.replace("spot.roi =", "_ =")
    notebook, view = draw(whole, follow, row)
    notebook.run(1)
    text = view.el.locator(".dle-under")
    curve = view.el.locator(".dle-profile").get_by_role("img")

    view.tool("line").click()
    view.point((0.3, 0.3))
    page.mouse.down()
    page.mouse.move(*view.at((0.5, 0.4)), steps=4)
    expect(text).to_have_text("read from the pixels on the screen")
    expect(curve).to_be_visible()
    page.keyboard.down("Shift")
    page.mouse.move(*view.at((0.8, 0.35)), steps=4)
    view.after_edit(page.mouse.up)
    page.keyboard.up("Shift")

    expect(text).to_contain_text("values over 1")
    expect(text).to_contain_text("lsb, mean")
    expect(curve).to_have_attribute("aria-label", re.compile("^profile of spot: 2"))
    box = curve.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    value = view.el.locator(".dle-profile-value")
    expect(value).to_have_text(re.compile(r"Distance \(mm\): [\d.]+, value: [\d.]+"))
    found = Axe().run(page, context={"include": [[".datalab-explore"]]})
    assert [violation["id"] for violation in found.response["violations"]] == []
    view.after_edit(view.button("add to workspace").click)
    expect(view.status).to_have_text("added to the workspace as 'profile of spot'")
    show(notebook, 2, "same 2")
    expect(notebook.output(2)).to_contain_text("mm True")


def test_every_shape_is_drawn_and_changed_with_the_keyboard(
    draw: Draw, page: Page
) -> None:
    kernel = "print(workspace['spot'].roi, len(workspace['spot'].get_annotations()))"
    notebook, view = draw(IMAGE.replace("spot.roi =", "_ ="), kernel)
    press = page.keyboard.press

    for tool in TOOLS:
        view.tool(tool).focus()
        view.after_edit(lambda: press("Enter"))
        drawn = view.focused()
        assert drawn.removeprefix("annotation: ").startswith(tool), drawn
        view.after_edit(lambda: press("ArrowRight"))
        moved = view.focused()
        assert moved != drawn
        if tool != "point":
            view.after_edit(lambda: press("Shift+ArrowRight"))
            assert view.focused() != moved
        press("F2")
        page.keyboard.type(f"my {tool}")
        view.after_edit(lambda: press("Enter"))
        expect(view.shape(f"my {tool}")).to_be_focused()
        press("Tab")
        assert page.evaluate("document.activeElement.localName") != "body"

    for tool in reversed(TOOLS):
        view.shape(f"my {tool}").focus()
        view.after_edit(lambda: press("Delete"))
        expect(view.shape(f"my {tool}")).to_have_count(0)
    show(notebook, 1, "None 0")
    assert view.problem.inner_text() == ""


@pytest.mark.parametrize(
    ("cell", "tools", "scheme"),
    [
        pytest.param(IMAGE, ["line", "rectangle"], "dark", id="image-dark"),
        pytest.param(
            SIGNAL, ["line", "segment"], "light", id="signal-light", marks=slow
        ),
        pytest.param(IMAGE, ["line", "circle"], "light", id="image-light", marks=slow),
        pytest.param(SIGNAL, ["point"], "dark", id="signal-dark", marks=slow),
    ],
)
def test_what_draws_is_accessible_in_both_themes(
    draw: Draw, page: Page, cell: str, tools: list[str], scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)
    _, view = draw(cell)
    for tool in tools:
        view.tool(tool).focus()
        view.after_edit(lambda: page.keyboard.press("Enter"))
        assert violations(page) == []
    view.tool(tools[0]).click()
    expect(view.status).not_to_be_empty()
    view.point((0.4, 0.4))

    assert violations(page) == []


def violations(page: Page) -> list[Any]:
    """What axe finds wrong with a view: the rules, and the elements that break them."""
    found = Axe().run(page, context={"include": [[".datalab-explore"]]}).response
    passed = {rule["id"] for rule in found["passes"]}
    assert {"button-name", "color-contrast", "label"} <= passed
    return [
        (rule["id"], [node["html"][:200] for node in rule["nodes"]])
        for rule in found["violations"]
    ]
