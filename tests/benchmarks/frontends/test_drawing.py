"""The time from drawing a region in Chromium to the region of the object."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from support.drawing_page import DrawingPage
from support.measurement import report

ADDRESS = "/lab/tree/{path}?reset&"
DRAWN = 15
BAR = 150.0  # milliseconds
PREPARE = {
    "signal": "workspace.add('large', np.random.default_rng(0).normal(size=1_000_000))",
    "image": "workspace.add('large', np.zeros((4096, 4096), np.uint16))",
}
TOOLS = {"signal": "segment", "image": "rectangle"}
# The kernel has the region when it calls the function.
WATCH = """
import time
plotter.plot(np.arange(3.0))
view, times = plotter.explore('large', edit_roi=True), []
def note(view):
    roi = workspace.record("large", data=False).metadata["_roi_"]
    times.append((len(roi["single_rois"]), time.time() * 1000))
view.on_change(note)
view
"""
TIMES = "print('times', [min(t for n, t in times if n == k) for k in range(1, 16)])"


@pytest.mark.parametrize("kind", PREPARE)
def test_a_region_that_is_drawn_is_in_the_kernel_at_once(
    open_notebook: Callable[..., Any], kind: str
) -> None:
    notebook = open_notebook(PREPARE[kind], WATCH, TIMES)
    notebook.wait_until_idle()
    for number in (0, 1):
        notebook.run(number)
        notebook.expect_run(number)
    view = DrawingPage(notebook.page)
    view.painted()
    notebook.page.evaluate(
        "() => { window.released = []; addEventListener('pointerup', () => "
        "window.released.push(performance.timeOrigin + performance.now()), true); }"
    )
    back = []
    for number in range(DRAWN):
        view.tool(TOOLS[kind]).click()
        x = 0.05 + number * 0.05
        view.after_edit(partial(view.stroke, (x, 0.2), (x + 0.04, 0.8)))
        back.append(float(view.el.get_attribute("data-edited") or "nan"))
    released = notebook.page.evaluate("window.released")[1::2]  # after each tool
    notebook.run(2)
    notebook.expect_run(2)
    text = notebook.output(2).inner_text().partition("[")[2].strip("] \n")
    arrived = [float(number) for number in text.split(",")]

    delays = [there - here for here, there in zip(released, arrived, strict=True)]
    report(
        f"drawing, {kind}: to the kernel: median {statistics.median(delays):.0f} ms, "
        f"slowest {max(delays):.0f} ms; and back to the page: median "
        f"{statistics.median(back):.0f} ms, slowest {max(back):.0f} ms"
    )
    assert 0 < statistics.median(delays) <= BAR
