"""An interactive view on which its user draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page

from support.view_page import Place, ViewPage


class DrawingPage(ViewPage):
    """An interactive view whose shapes can be changed."""

    def __init__(self, page: Page, kind: str = "") -> None:
        super().__init__(page, kind)
        self.status = self.el.locator(".dle-status")
        self.problem = self.el.locator(".dle-problem")

    def tool(self, name: str) -> Locator:
        return self.el.get_by_role("toolbar", name="Draw").get_by_role(
            "button", name=name, exact=True
        )

    def shape(self, name: str) -> Locator:
        """The element of a shape, by its name."""
        named = self.page.locator(".dle-name").get_by_text(name, exact=True)
        return self.el.locator(".dle-shape").filter(has=named)

    def labels(self) -> list[str]:
        """What a screen reader says about the shapes."""
        found: list[str] = self.el.locator(".dle-shape").evaluate_all(
            "all => all.map(one => one.getAttribute('aria-label'))"
        )
        return found

    def focused(self) -> str:
        """What a screen reader says about the shape that has the keyboard."""
        label: str = self.page.evaluate(
            "document.activeElement.getAttribute('aria-label')"
        )
        return label

    def stroke(self, start: Place, end: Place) -> None:
        """Press the pointer, move it and release it."""
        self.point(start)
        self.page.mouse.down()
        self.page.mouse.move(*self.at(end), steps=4)
        self.page.mouse.up()

    def after_edit(self, action: Callable[[], Any]) -> None:
        """Do something, and wait until the kernel has carried it out."""
        before = int(self.el.get_attribute("data-edits") or 0)
        action()
        self.page.wait_for_function(
            "([el, n]) => Number(el.dataset.edits ?? 0) > n",
            arg=[self.el.element_handle(), before],
        )
