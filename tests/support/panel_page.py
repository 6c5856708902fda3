"""The panel of `workspace.browse()` as its user sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

#: The height of a row, in pixels.
ROW = 34


class PanelPage:
    """A panel that is shown in a tab."""

    def __init__(self, page: Page, number: int = 0) -> None:
        self.page = page
        self.el = page.locator(".datalab-browse").nth(number)
        self.list = self.el.get_by_role("tree")
        self.search = self.el.get_by_role("searchbox")
        self.count = self.el.locator(".dlb-count")
        self.status = self.el.locator(".dlb-status")
        self.error = self.el.locator(".dlb-error")
        self.detail = self.el.locator(".dlb-detail")
        self.menu = page.get_by_role("menu", name="Actions")

    def wait(self) -> None:
        """Wait until the rows are there."""
        expect(self.el).to_be_visible()

    def row(self, name: str) -> Locator:
        """The row of an object or group, by its name."""
        return self.el.locator(".dlb-row").filter(
            has=self.page.locator(".dlb-name").get_by_text(name, exact=True)
        )

    def names(self) -> list[str]:
        """The names of the rows that exist in the page, from top to bottom."""
        named: list[str] = self.list.evaluate(
            "list => [...list.querySelectorAll('.dlb-row')]"
            ".sort((a, b) => parseInt(a.style.top) - parseInt(b.style.top))"
            ".map(row => row.querySelector('.dlb-name').textContent)"
        )
        return named

    def active(self) -> str:
        """The label of the element that has the keyboard."""
        label: str = self.page.evaluate(
            "document.activeElement.getAttribute('aria-label')"
        )
        return label

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def choose(self, entry: str) -> None:
        """Choose an entry of the open menu."""
        self.menu.get_by_role("menuitem", name=entry).click()

    def after(self, action: Callable[[], Any]) -> None:
        """Do something, and wait until rows that follow from it are painted."""
        before = self.el.get_attribute("data-painted")
        action()
        self.page.wait_for_function(
            "([el, n]) => el.dataset.painted !== n",
            arg=[self.el.element_handle(), before],
        )
