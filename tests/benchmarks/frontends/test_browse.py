"""How soon `workspace.browse` shows 5,000 objects, and a change of one of them."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, WebSocket

from support.measurement import report
from support.panel_page import PanelPage

ADDRESS = "/lab/tree/{path}?reset&"
EVENTS = 30
FIRST_VIEW, EVENT, SCREEN = 1000.0, 150.0, 100_000  # milliseconds, bytes
PREPARE = """
import asyncio, time
x = np.arange(500.0)
noise = np.random.default_rng(0).normal(size=(5000, 500))
workspace.update({f"measured {n:04}": (x, noise[n]) for n in range(5000)}, group="all")
plotter.plot(np.arange(3.0))

async def rename():
    for number in range(30):
        await asyncio.sleep(0.5)
        stamp = f"at {time.time() * 1000:.3f}"
        workspace.rename("s001", stamp)
"""
# The page and the kernel have the same clock.
WATCH = """() => {
  window.delays = [];
  let last = null;
  const look = () => {
    const name = document.querySelector('.datalab-browse .dlb-row[data-key] .dlb-id')
      && [...document.querySelectorAll('.dlb-name')].map(el => el.textContent)
        .find(text => text.startsWith('at '));
    if (name && name !== last) {
      last = name;
      window.delays.push(performance.timeOrigin + performance.now()
        - Number(name.slice(3)));
    }
    requestAnimationFrame(look);
  };
  look();
}"""
FIRST = """() => {
  const look = () => {
    const panel = document.querySelector('.datalab-browse[data-painted]');
    if (panel && panel.querySelector('.dlb-picture img'))
      window.firstView = performance.now() - window.begun;
    else requestAnimationFrame(look);
  };
  addEventListener('keydown', event => {
    if (event.key === 'Enter') { window.begun = performance.now(); look(); }
  }, true);
}"""


class Received:
    """The bytes that a page receives from the kernel."""

    def __init__(self, page: Page) -> None:
        self.bytes = 0
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._count)

    def _count(self, frame: str | bytes) -> None:
        self.bytes += len(frame)


def test_many_objects_are_browsed_without_waiting(
    open_notebook: Callable[..., Any], page: Page
) -> None:
    received = Received(page)
    notebook = open_notebook(PREPARE, "workspace.browse()", "await rename()")
    notebook.wait_until_idle()
    notebook.run(0)
    notebook.expect_run(0)
    page.evaluate(FIRST)

    notebook.run(1)
    page.wait_for_function("window.firstView")
    first = float(page.evaluate("window.firstView"))

    panel = PanelPage(page)
    before = received.bytes
    panel.after(lambda: panel.list.evaluate("list => { list.scrollTop = 80000 }"))
    page.wait_for_timeout(1000)  # the pictures of the screen, too
    screen = received.bytes - before
    panel.list.evaluate("list => { list.scrollTop = 0 }")
    page.evaluate(WATCH)
    notebook.run(2)
    notebook.expect_run(2)
    delays = page.evaluate("window.delays")

    report(
        f"browse, 5,000 objects: first view {first:.0f} ms; a screen "
        f"{screen / 1e3:.0f} kB; {len(delays)} events: median "
        f"{statistics.median(delays):.0f} ms, slowest {max(delays):.0f} ms"
    )
    assert len(delays) >= EVENTS - 2
    assert statistics.median(delays) <= EVENT
    assert screen <= SCREEN
    assert first <= FIRST_VIEW
