"""How soon an interactive view shows large data, in JupyterLab in Chromium."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from support.measurement import report
from support.view_page import ViewPage

ADDRESS = "/lab/tree/{path}?reset&"
ZOOMS = 30
FIRST_VIEW, ZOOM = 1000.0, 150.0  # milliseconds
DATA = {
    "signal": (
        """
noise = np.random.default_rng(0).normal(size=10_000_000)
workspace.add("large", (np.arange(1e7), noise))
plotter.plot(np.arange(3.0))
None
""",
        20_000,
    ),
    "image": (
        """
noise = np.random.default_rng(0).normal(20_000, 500, (8192, 8192)).astype(np.uint16)
noise[4000, 4000] = 65535
workspace.add("large", noise)
plotter.plot(np.arange(3.0))
None
""",
        150_000,
    ),
}


@pytest.mark.parametrize("kind", DATA)
def test_large_data_is_explored_without_waiting(
    open_notebook: Callable[..., Any], kind: str
) -> None:
    prepare, most = DATA[kind]
    notebook = open_notebook(prepare, "plotter.explore('large')")
    notebook.wait_until_idle()
    notebook.run(0)
    notebook.expect_run(0)
    notebook.page.evaluate(
        """() => {
          const look = () => {
            if (document.querySelector('.datalab-explore[data-painted]'))
              window.firstView = performance.now() - window.begun;
            else requestAnimationFrame(look);
          };
          addEventListener('keydown', event => {
            if (event.key === 'Enter') { window.begun = performance.now(); look(); }
          }, true);
        }"""
    )
    notebook.run(1)
    notebook.page.wait_for_function("window.firstView")
    first = float(notebook.page.evaluate("window.firstView"))

    steps = list(zoomed(ViewPage(notebook.page)))
    times, sizes = [step[0] for step in steps], [step[1] for step in steps]

    report(
        f"explore, {kind}: first view {first:.0f} ms; {ZOOMS} zooms: median "
        f"{statistics.median(times):.0f} ms, slowest {max(times):.0f} ms; at most "
        f"{max(sizes) / 1e3:.1f} kB, median {statistics.median(sizes) / 1e3:.1f} kB"
    )
    assert statistics.median(times) <= ZOOM
    assert max(sizes) <= most
    assert first <= FIRST_VIEW


def zoomed(view: ViewPage) -> Iterator[tuple[float, int]]:
    """Zoom in and out; yield milliseconds to the picture, and its bytes."""
    for number in range(ZOOMS):
        inwards = number % 10 < 8
        view.wheel((0.5, 0.5), -300 if inwards else 900)
        data = view.el.evaluate("el => ({...el.dataset})")
        yield float(data["milliseconds"]), int(data["bytes"])
