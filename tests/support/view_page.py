"""An interactive view as its user sees it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from playwright.sync_api import Locator, Page, expect

ANY_NUMBER = re.compile(r"\d+")
# The plot is within margins of the canvas, in pixels.
LEFT, RIGHT, TOP, BOTTOM = 74, 14, 24, 42

Place = tuple[float, float]


class ViewPage:
    """An interactive view that is shown in a tab.

    Args:
        page: The tab.
        kind: "signal" or "image", if it shows views of both.
    """

    def __init__(self, page: Page, kind: str = "") -> None:
        self.page = page
        self.el = page.locator(f".datalab-explore{f'.dle-{kind}' if kind else ''}")
        self.canvas = self.el.locator(".dle-stage canvas")
        self.value = self.el.locator(".dle-value")
        self.note = self.el.locator(".dle-note")
        self.error = self.el.locator(".dle-error")

    def button(self, name: str) -> Locator:
        return self.el.get_by_role("button", name=name, exact=True)

    def painted(self) -> int:
        """Wait until there is a picture; return its number."""
        expect(self.el).to_have_attribute("data-painted", ANY_NUMBER)
        return int(self.el.get_attribute("data-painted") or 0)

    def after(self, action: Callable[[], Any]) -> None:
        """Do something, and wait until a picture that it asks for is painted."""
        before = self.painted()
        action()
        self.page.wait_for_function(
            "([el, n]) => Number(el.dataset.painted) > n",
            arg=[self.el.element_handle(), before],
        )

    def at(self, place: Place) -> Place:
        """A place on the page, given in parts of the plot's width and height."""
        self.canvas.scroll_into_view_if_needed()
        box = self.canvas.bounding_box()
        assert box is not None
        return (
            box["x"] + LEFT + place[0] * (box["width"] - LEFT - RIGHT),
            box["y"] + TOP + place[1] * (box["height"] - TOP - BOTTOM),
        )

    def point(self, place: Place) -> None:
        self.page.mouse.move(*self.at(place))

    def wheel(self, place: Place = (0.5, 0.5), by: float = -200) -> None:
        """Turn the wheel away from oneself, and wait for the picture."""
        self.point(place)
        self.after(lambda: self.page.mouse.wheel(0, by))

    def drag(self, start: Place, end: Place) -> None:
        """Drag, and wait for a picture."""

        def dragged() -> None:
            self.point(start)
            self.page.mouse.down()
            self.page.mouse.move(*self.at(end), steps=4)
            self.page.mouse.up()

        self.after(dragged)

    def read(self, place: Place, pattern: str) -> tuple[str, ...]:
        """Point somewhere and wait for a value; return the groups of the pattern."""
        # Away first: it tells the value that is there, not what was there before.
        self.page.mouse.move(5, 5)
        expect(self.value).to_be_empty()
        self.point(place)
        expect(self.value).to_have_text(re.compile(pattern))
        match = re.search(pattern, self.value.inner_text())
        assert match is not None
        return match.groups()


def contrast(one: str, other: str) -> float:
    """The ratio of the lightness of two CSS colours, from 1 to 21."""
    lights = []
    for color in (one, other):
        channels = [float(part) / 255 for part in re.findall(r"[\d.]+", color)[:3]]
        linear = [
            part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
            for part in channels
        ]
        lights.append(float(np.dot(linear, [0.2126, 0.7152, 0.0722])) + 0.05)
    return max(lights) / min(lights)
