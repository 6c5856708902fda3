"""`plotter.explore` in JupyterLab: zoom, values, errors, what the notebook keeps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Page, expect

from support.view_page import ViewPage, contrast

ADDRESS = "/lab/tree/{path}?reset&"

SIGNAL = """
x = np.linspace(0.0, 100.0, 1_000_001)
y = np.sin(x)
y[700_000] = 5.0
spiked = create_signal("a spike", x, y, units=("s", "V"), labels=("time", "voltage"))
view = plotter.explore(spiked)
view
"""
IMAGE = """
rows, columns = np.mgrid[:1500, :2000]
data = ((rows * 7 + columns * 3) % 4096).astype(np.uint16)
picture = create_image("a ramp", data, units=("mm", "mm", "lsb"))
view = plotter.explore(picture)
view
"""
WAIT = """
import time
from pathlib import Path
while not Path("go").exists():
    time.sleep(0.01)
"""
SAMPLE = r"x = (\S+) s, y = (\S+) V\s+\(sample (\d+)\)"
PIXEL = r"value = (\d+) lsb\s+\(row (\d+), column (\d+)\)"

Explore = Callable[..., tuple[Any, ViewPage]]


@pytest.fixture
def explore(open_notebook: Callable[..., Any]) -> Explore:
    """Run the first of some cells, which shows a view."""

    def explore(*cells: str) -> tuple[Any, ViewPage]:
        notebook = open_notebook(*cells)
        notebook.wait_until_idle()
        notebook.run(0)
        view = ViewPage(notebook.page)
        view.painted()
        return notebook, view

    return explore


def ends(view: ViewPage) -> tuple[float, float]:
    """The x of the samples at both ends of the plot."""
    left, right = (view.read((place, 0.5), SAMPLE) for place in (0.001, 0.999))
    return float(left[0]), float(right[0])


def test_a_signal_is_zoomed_moved_and_read(explore: Explore, page: Page) -> None:
    _, view = explore(SIGNAL)
    x = np.linspace(0.0, 100.0, 1_000_001)

    assert ends(view) == pytest.approx((0, 100), abs=0.3)
    expect(view.note).to_have_text("1000001 samples, lowest and highest of each column")
    for _ in range(3):
        view.wheel((0.7, 0.5))
    low, high = ends(view)
    assert high - low == pytest.approx(100 * np.exp(-1.2), rel=0.01)
    assert low + 0.7 * (high - low) == pytest.approx(70, abs=0.3)

    sample_x, sample_y, number = view.read((0.31, 0.5), SAMPLE)
    assert sample_x == str(x[int(number)])
    assert sample_y == str(np.sin(x)[int(number)])

    view.drag((0.5, 0.5), (0.75, 0.5))
    assert ends(view)[0] == pytest.approx(low - (high - low) / 4, abs=0.2)

    page.keyboard.down("Shift")
    view.drag((0.2, 0.1), (0.4, 0.9))
    page.keyboard.up("Shift")
    boxed = ends(view)
    assert boxed[1] - boxed[0] == pytest.approx((high - low) / 5, rel=0.03)

    view.after(lambda: page.mouse.dblclick(*view.at((0.5, 0.5))))
    assert ends(view) == pytest.approx((0, 100), abs=0.3)


@pytest.mark.slow
def test_zooming_into_a_signal_shows_its_samples(explore: Explore) -> None:
    _, view = explore(SIGNAL)

    for _ in range(26):
        view.wheel((0.7, 0.5))

    low, high = ends(view)
    assert high - low < 0.01
    assert view.note.inner_text() == ""
    assert view.read((0.7, 0.5), SAMPLE)[1:] == ("5.0", "700000")


@pytest.mark.slow
def test_the_axes_of_a_signal_become_logarithmic(explore: Explore) -> None:
    _, view = explore(SIGNAL)

    view.after(view.button("log x").click)

    low, high = ends(view)
    assert low < 0.001
    assert high == pytest.approx(100, rel=0.03)


def test_an_image_is_zoomed_moved_and_read(explore: Explore, page: Page) -> None:
    _, view = explore(IMAGE)

    expect(view.note).to_have_text("each pixel is the mean of 2×2")
    for _ in range(8):
        view.wheel()
    expect(view.note).to_be_empty()
    value, row, column = map(int, view.read((0.5, 0.5), PIXEL))
    assert value == (row * 7 + column * 3) % 4096
    assert (row, column) == pytest.approx((750, 1000), abs=3)

    view.drag((0.2, 0.2), (0.7, 0.2))
    assert int(view.read((0.5, 0.5), PIXEL)[2]) < column
    view.after(view.button("show all").click)
    expect(view.note).to_have_text("each pixel is the mean of 2×2")
    assert page.locator(".dle-error").inner_text() == ""


def middle_color(view: ViewPage) -> list[int]:
    """The colour in the middle of the canvas, as it is painted."""
    color: list[int] = view.canvas.evaluate(
        "c => [...c.getContext('2d').getImageData("
        "c.width / 2, c.height / 2, 1, 1).data].slice(0, 3)"
    )
    return color


@pytest.mark.slow
def test_the_colours_of_an_image_are_chosen(explore: Explore) -> None:
    _, view = explore(IMAGE)

    view.after(lambda: view.el.get_by_role("combobox").select_option("gray"))
    assert len(set(middle_color(view))) == 1
    highest = view.el.get_by_title("Highest value of the color scale")

    def lower() -> None:
        highest.fill("1")
        highest.press("Enter")

    view.after(lower)
    assert middle_color(view) == [255, 255, 255]
    view.after(view.button("reset colors").click)
    assert middle_color(view) != [255, 255, 255]
    highest.fill("-5")
    highest.press("Enter")
    expect(view.error).to_contain_text(
        "ValueError: expected increasing numbers for the color scale"
    )


@pytest.mark.slow
def test_an_error_in_the_kernel_is_shown_until_there_is_a_picture(
    explore: Explore,
) -> None:
    failing = "source, view._source = view._source, None"
    notebook, view = explore(SIGNAL, failing, "view._source = source")
    notebook.run(1)
    notebook.expect_run(1)

    view.point((0.5, 0.5))
    view.page.mouse.wheel(0, -100)
    expect(view.error).to_contain_text("AttributeError: 'NoneType' object")

    notebook.run(2)
    notebook.expect_run(2)
    view.wheel()
    expect(view.error).to_be_empty()


@pytest.mark.slow
def test_of_what_was_asked_while_the_kernel_was_busy_only_the_last_is_answered(
    explore: Explore, notebook_path: Path
) -> None:
    notebook, view = explore(SIGNAL, WAIT)
    before = view.painted()
    notebook.run(1)
    expect(notebook.prompts(1)[0]).to_have_text("[*]:")

    view.point((0.5, 0.5))
    for _ in range(10):
        view.page.mouse.wheel(0, -50)
    expect(view.note).to_have_text("the kernel is busy…")
    (notebook_path.parent / "go").touch()

    notebook.expect_run(1)
    low, high = ends(view)
    assert high - low == pytest.approx(100 * np.exp(-1.0), rel=0.01)
    pictures = view.painted() - before
    assert pictures <= 4  # and values of the pointer among them


def test_the_notebook_keeps_a_picture_and_nothing_else(
    explore: Explore, notebook_path: Path, page: Page
) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    _, view = explore(SIGNAL)
    view.wheel()

    page.keyboard.press("Control+s")
    expect(page.locator(".jp-mod-dirty")).to_have_count(0)

    notebook = nbformat.read(notebook_path, as_version=4)
    (output,) = notebook.cells[0].outputs
    assert sorted(output.data) == ["image/png", "text/plain"]
    assert output.data["text/plain"] == "<View of 'a spike'>"
    assert "widgets" not in notebook.metadata
    assert notebook_path.stat().st_size < 100_000
    exported, _ = HTMLExporter().from_notebook_node(notebook)
    assert output.data["image/png"].strip()[:1000] in exported
    local = ("http://127.0.0.1:", "blob:", "data:")
    assert [url for url in requested if not url.startswith(local)] == []


@pytest.mark.slow
def test_after_a_reload_there_is_the_view_and_without_the_kernel_the_picture(
    explore: Explore, server: Any, page: Page
) -> None:
    notebook, view = explore(SIGNAL)
    page.keyboard.press("Control+s")
    expect(page.locator(".jp-mod-dirty")).to_have_count(0)

    page.reload()
    notebook.wait_until_idle()
    view.painted()
    view.wheel()
    expect(notebook.pictures).to_be_hidden()

    server.close_notebooks()
    page.reload()
    notebook.wait_until_idle()
    expect(notebook.pictures).to_be_visible()
    assert notebook.pictures_are_loaded()
    expect(view.el).to_have_count(0)
    expect(notebook.errors).to_have_count(0)


@pytest.mark.slow
def test_a_view_that_is_closed_is_a_picture_again(explore: Explore) -> None:
    notebook, view = explore(SIGNAL, "view.close()")

    notebook.run(1)

    expect(notebook.pictures).to_be_visible()
    expect(view.el).to_have_count(0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cell", "scheme"),
    [
        pytest.param(SIGNAL, "dark", id="signal-dark"),
        pytest.param(IMAGE, "light", id="image-light"),
        pytest.param(SIGNAL, "light", id="signal-light", marks=pytest.mark.slow),
        pytest.param(IMAGE, "dark", id="image-dark", marks=pytest.mark.slow),
    ],
)
def test_a_view_is_legible_in_both_themes(
    explore: Explore, page: Page, cell: str, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)
    _, view = explore(cell)
    view.point((0.4, 0.4))
    expect(view.value).not_to_be_empty()

    # Labels are drawn in the text's colour, on the page's own.
    text, ground = view.el.evaluate(
        "el => [getComputedStyle(el).color, getComputedStyle(el).backgroundColor]"
    )
    assert contrast(text, ground) > 7
