"""Python in a real browser, and the real DataLab beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from support.browser import builds
from support.browser.http_server import served
from support.browser.kernel_packages import site_files, sources
from support.browser.kernel_page import KernelPage
from support.chromium import browser_program
from support.real_datalab.application import Application

CHROMIUM_OPTIONS = ("--no-sandbox", "--disable-gpu", "--no-first-run")
KERNEL = "xeus-python"
# Longer than anything takes, in milliseconds.
PATIENCE = 60_000


@pytest.fixture(scope="session")
def python_of_lite(python_of: Callable[[Path], Path]) -> Path:
    """The interpreter of the environment in which sites are built."""
    return python_of(builds.REQUIREMENTS)


@pytest.fixture(scope="session")
def site(python_of_lite: Path) -> Path:
    """A JupyterLite site; without our packages, which change."""
    return builds.built_site(python_of_lite)


@pytest.fixture(scope="session")
def pyodide(python_of_lite: Path) -> Path:
    """The folder of Pyodide's core."""
    return builds.pyodide(python_of_lite)


@pytest.fixture(scope="module")
def datalab(
    python_of_datalab: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    """The running application, which asks for its token."""
    application = Application(python_of_datalab, tmp_path_factory.mktemp("datalab"))
    application.rpc.toggle_auto_refresh(False)
    yield application
    application.kill()


@pytest.fixture(scope="module")
def companion_datalab(
    python_of_datalab: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    """A DataLab with a companion."""
    folder = tmp_path_factory.mktemp("companion")
    application = Application(python_of_datalab, folder, companion=True)
    yield application
    application.close()


# Not for the session: while Playwright runs, no other test may use asyncio.
@pytest.fixture(scope="module")
def launch(
    requirement: Callable[[object, str], None], system_packages_hint: str
) -> Iterator[Callable[..., Browser]]:
    """Start Chromium without a window: `launch(*options)`."""
    chromium = browser_program()
    requirement(chromium, system_packages_hint)
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright, ExitStack() as stack:

        def launch(*options: str) -> Browser:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=[*CHROMIUM_OPTIONS, *options]
            )
            stack.callback(browser.close)
            return browser

        yield launch


@pytest.fixture(scope="module")
def page(launch: Callable[..., Browser]) -> Page:
    """A tab of a browser, which has opened nothing."""
    page = launch().new_page(viewport={"width": 1280, "height": 1200})
    page.set_default_timeout(PATIENCE)
    return page


@pytest.fixture(scope="module")
def open_lab(
    site: Path, launch: Callable[..., Browser]
) -> Iterator[Callable[..., Page]]:
    """Open JupyterLite in a browser of its own.

    `open_lab(settings, headers, options, host)`: what the site says of DataLab, what it
    sends with each file, how the browser is started, by which name it is asked for.
    """
    with ExitStack() as stack:

        def open_lab(
            settings: dict[str, str] | None = None,
            headers: dict[str, str] | None = None,
            options: Callable[[str], tuple[str, ...]] = lambda _url: (),
            host: str = "127.0.0.1",
        ) -> Page:
            files = site_files(site, sources(), settings)
            url = stack.enter_context(served(site, files, headers))
            browser = launch(*options(url))
            context = browser.new_context(viewport={"width": 1280, "height": 960})
            context.set_default_timeout(PATIENCE)
            page = context.new_page()
            page.goto(f"{url.replace('127.0.0.1', host)}/lab/index.html?reset")
            return page

        yield open_lab


@pytest.fixture(scope="module")
def kernel(open_lab: Callable[..., Page]) -> KernelPage:
    """One kernel for all tests of a module."""
    return KernelPage(open_lab(), KERNEL)


@pytest.fixture
def attached(kernel: KernelPage, datalab: Application) -> Any:
    """The kernel, with an empty workspace `ws` in DataLab."""
    datalab.empty()
    kernel.run(
        "import numpy as np, datalab_workspace as dlw\n"
        f"URL, TOKEN = {datalab.url!r}, {datalab.token!r}\n"
        "ws = dlw.connect(URL, TOKEN)"
    )
    return kernel
