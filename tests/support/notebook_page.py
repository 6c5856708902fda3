"""A notebook as its user sees it, the same in JupyterLab and Jupyter Notebook."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

# Longer than anything takes, in milliseconds.
PATIENCE = 40_000

HAS_RUN = re.compile(r"^\[\d+\]:$")
LOADED = "images => images.length > 0 && images.every(image => image.naturalWidth > 0)"


class NotebookPage:
    """A notebook that is open in a tab."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.code_cells = page.locator(".jp-Notebook .jp-CodeCell")
        self.pictures = page.locator(".jp-OutputArea-output img")
        self.errors = page.locator(
            ".jp-OutputArea-output[data-mime-type*='error'],"
            ".jp-OutputArea-output[data-mime-type*='stderr']"
        )

    def choose_kernel(self, name: str) -> None:
        """Choose a kernel in the dialog that asks for one."""
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_role("combobox").select_option(label=name)
        dialog.get_by_role("button", name="Select Kernel").click()

    def wait_until_idle(self) -> None:
        """Wait until the kernel is there and has nothing to do."""
        expect(self.page.locator(".jp-Toolbar-kernelName")).not_to_have_text(
            "No Kernel"
        )
        self.page.locator(
            ".jp-Notebook-ExecutionIndicator[data-status='idle']"
        ).wait_for()

    def menu(self, *path: str) -> None:
        """Choose an entry of a menu."""
        for name in path:
            self.page.get_by_role("menuitem", name=name, exact=True).click()

    def run_all(self) -> None:
        self.menu("Run", "Run All Cells")

    def run(self, number: int) -> None:
        """Run a cell by Shift+Enter, and go on."""
        self.editor(number).click()
        self.page.keyboard.press("Shift+Enter")

    def press_tool(self, tip: str) -> None:
        """Press a button of the notebook's toolbar, by its tooltip."""
        toolbar = self.page.locator(".jp-NotebookPanel-toolbar")
        toolbar.get_by_title(tip, exact=True).click()

    def restart(self) -> None:
        """Restart the kernel by the toolbar, and confirm it."""
        self.press_tool("Restart the kernel")
        self.page.get_by_role("button", name="Confirm Kernel Restart").click()
        self.wait_until_idle()

    def editor(self, number: int) -> Locator:
        return self.code_cells.nth(number).locator(".cm-content")

    def prompts(self, number: int) -> tuple[Locator, Locator]:
        """What stands before a cell's code, and before its result."""
        cell = self.code_cells.nth(number)
        code, result = ".jp-InputArea-prompt", ".jp-OutputArea-prompt"
        return cell.locator(code), cell.locator(result)

    def output(self, number: int) -> Locator:
        return self.code_cells.nth(number).locator(".jp-OutputArea-output")

    def drag_slider(self, number: int) -> Locator:
        """Drag the handle of the slider below a cell; return what shows its value."""
        output = self.output(number)
        output.get_by_role("slider").drag_to(
            output.locator(".noUi-target"), target_position={"x": 150, "y": 2}
        )
        return output.locator(".widget-readout")

    def expect_run(self, number: int) -> None:
        """Wait until a cell has been answered."""
        expect(self.prompts(number)[0]).to_have_text(HAS_RUN)

    def expect_run_to_the_end(self) -> None:
        """Wait until every cell has been answered."""
        for number in range(self.code_cells.count()):
            self.expect_run(number)

    def pictures_are_loaded(self) -> bool:
        """Whether each picture has been decoded, not only announced."""
        return bool(self.pictures.evaluate_all(LOADED))
