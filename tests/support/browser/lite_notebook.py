"""A notebook that is open in a page of JupyterLite."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from support.notebook_page import NotebookPage

_OPEN = """async ([path, name, sources]) => {
  const app = window.jupyterapp;
  await app.started;
  const cell = source => ({
    cell_type: 'code', source, metadata: {}, outputs: [], execution_count: null
  });
  const content = {
    nbformat: 4, nbformat_minor: 4, cells: sources.map(cell),
    metadata: {kernelspec: {name, display_name: name}}
  };
  const { contents } = app.serviceManager;
  await contents.save(path, {type: 'notebook', format: 'json', content});
  await app.commands.execute('docmanager:open', {path, kernel: {name}});
}"""
_SAVED = """async path => {
  const { contents } = window.jupyterapp.serviceManager;
  return (await contents.get(path, {content: true})).content;
}"""
_PATH = "tested.ipynb"


class LiteNotebook(NotebookPage):
    """A notebook with a kernel of its own.

    Args:
        page: A page of JupyterLite.
        kernel: The name of the kernel.
        cells: The sources of the cells.
    """

    def __init__(self, page: Page, kernel: str, cells: list[str]) -> None:
        super().__init__(page)
        page.wait_for_function("window.jupyterapp !== undefined")
        page.evaluate(_OPEN, [_PATH, kernel, cells])
        self.wait_until_idle()

    def clear(self) -> None:
        """Remove the outputs of all cells."""
        clear = "window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')"
        self.page.evaluate(clear)

    def saved(self) -> dict[str, Any]:
        """Save the notebook, and return its content as the site keeps it."""
        self.page.keyboard.press("Control+s")
        expect(self.page.locator(".jp-mod-dirty")).to_have_count(0)
        content: dict[str, Any] = self.page.evaluate(_SAVED, _PATH)
        return content

    def reopen(self) -> None:
        """Open the page and the saved notebook again, with another kernel."""
        site, _, _ = self.page.url.partition("/lab")
        self.page.goto(f"{site}/lab/index.html?path={_PATH}")
        self.wait_until_idle()
