"""A page that is reloaded, killed or left, with objects in its workspace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from support.browser.http_server import served
from support.browser.kernel_packages import site_files, sources, widget_sources
from support.browser.kernel_page import KernelPage
from support.browser.lite_notebook import LiteNotebook

pytestmark = pytest.mark.timeout(240)

KERNEL = "xeus-python"
LOAD = "%load_ext datalab_kernel"
FILES = """async () => {
  const { contents } = window.jupyterapp.serviceManager;
  return (await contents.get('')).content.map(({ name }) => name);
}"""
#: Whether the folder of the only kernel has a file of some number.
HAS_SEGMENT = """async number => {
  const { contents } = window.jupyterapp.serviceManager;
  const parent = '.datalab-kernel/recovery';
  const list = async path => (await contents.get(path, { content: true })).content;
  const [folder] = await list(parent);
  const files = await list(`${parent}/${folder.name}`);
  return files.some(({ name }) => name === `0000000${number}.segment`);
}"""
LARGE = "from noise import noise\nworkspace.add('large', noise('uint16', (2048, 4096)))"
#: What the page asks, without a dialog.
ASKS = """() => {
  const event = new Event('beforeunload', { cancelable: true });
  window.dispatchEvent(event);
  return event.defaultPrevented;
}"""


def reloaded(page: Page) -> KernelPage:
    """A kernel of the page after a reload."""
    page.goto(page.url.partition("?")[0])
    return KernelPage(page, KERNEL)


def filled(kernel: KernelPage) -> str:
    """Fill the workspace of a kernel; return its digest."""
    return kernel.run(
        "from kept_objects import digest, fill\nfill(workspace)\n"
        "print(digest(workspace))"
    ).text


DIGEST = "from kept_objects import digest\nprint(digest(workspace))"


def test_a_reload_loses_nothing(open_lab: Callable[..., Page]) -> None:
    """Of two kernels of one site; without autosave, nothing is stored."""
    page = open_lab()
    kernel = KernelPage(page, KERNEL)
    offered = kernel.run(LOAD).text
    assert offered.count("workspace.autosave()") == 1
    before = filled(kernel)
    assert ".datalab-kernel" not in page.evaluate(FILES)
    kernel.run("workspace.autosave()")
    other = KernelPage(page, KERNEL, "other.ipynb")
    other.run(f"{LOAD}\nworkspace.autosave()\nworkspace.add('other', np.eye(3))")

    kernel = reloaded(page)
    said = kernel.run(LOAD).text
    assert said.startswith("1 object (")
    assert ", and 17 more, can be recovered: workspace.recover()" in said
    kernel.run("workspace.recover('signal')\nworkspace.clear()\nworkspace.recover(2)")
    assert kernel.run(DIGEST).text == before
    listed = kernel.run("print(workspace.recover())").text.splitlines()
    assert [line.endswith("(restored)") for line in listed] == [False, True]
    assert kernel.run("print(workspace.recover()[0].names)").text == "('other',)\n"

    loaded = kernel.run(
        "import datalab_workspace as dlw\nworkspace.save('kept.npz')\n"
        "print(digest(dlw.open('kept.npz')))"
    ).text
    assert loaded.endswith(before)


def test_the_offer_can_be_declined(open_lab: Callable[..., Page]) -> None:
    page = open_lab()
    kernel = KernelPage(page, KERNEL)
    kernel.run(f"{LOAD}\nworkspace.autosave(every=None)")

    assert reloaded(page).run(LOAD).text == ""


@pytest.mark.slow
def test_a_page_is_closed_in_the_middle_of_a_save(
    open_lab: Callable[..., Page],
) -> None:
    page = open_lab()
    kernel = KernelPage(page, KERNEL)
    kernel.run(f"{LOAD}\nworkspace.autosave()")
    before = filled(kernel)
    kernel.begin(LARGE)
    page.wait_for_function(HAS_SEGMENT, arg=2)
    url = page.url.partition("?")[0]
    context = page.context
    page.close()

    page = context.new_page()
    page.goto(url)
    kernel = KernelPage(page, KERNEL)
    kernel.run(f"{LOAD}\nworkspace.recover(1)")
    is_whole = kernel.run(
        "from noise import noise\nprint('large' not in workspace or "
        "bool((workspace.record('large').array('data') == "
        "noise('uint16', (2048, 4096))).all()))"
    )
    assert is_whole.text == "True\n"
    kernel.run("if 'large' in workspace: workspace.remove('large')")
    assert kernel.run(DIGEST).text == before


# -- the question before the page is left ---------------------------------------------

CELLS = [
    LOAD,
    "workspace.add('x', np.arange(3.0))",
    "workspace.save('x.npz')",
    "workspace.remove('x')\nworkspace.add('y', np.arange(3.0))",
    "workspace.autosave()",
]


@pytest.fixture
def notebook(
    site: Path, python_of_lite: Path, launch: Callable
) -> Iterator[LiteNotebook]:
    """A notebook of a site that has anywidget."""
    files = site_files(site, [*sources(), *widget_sources(python_of_lite)])
    with served(site, files) as url:
        page: Page = launch().new_page(viewport={"width": 1280, "height": 1200})
        page.set_default_timeout(60_000)
        page.goto(f"{url}/lab/index.html?reset")
        yield LiteNotebook(page, KERNEL, CELLS)


def test_the_browser_asks_while_objects_are_unsaved(notebook: LiteNotebook) -> None:
    for number, asks in enumerate([False, True, False, True, False]):
        notebook.run(number)
        notebook.expect_run(number)
        saved = notebook.saved()  # otherwise JupyterLab asks
        notebook.page.wait_for_function(f"({ASKS})() === {str(asks).lower()}")
    assert "widgets" not in saved["metadata"]
