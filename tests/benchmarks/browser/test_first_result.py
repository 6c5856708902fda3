"""How soon a page of our site shows a first result, next to a bare site."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, sync_playwright

import lite
from lite_site.kinds import NUMPY, PYODIDE
from support.browser import builds, kernel_packages, pyodide_site
from support.browser.http_server import served
from support.browser.kernel_page import KernelPage
from support.chromium import browser_program
from support.measurement import compare

pytestmark = pytest.mark.timeout(3600)

BOUND = 1.2
ROUNDS = 5
PATIENCE = 180_000
BARE = "import numpy as np\nnp.arange(12.0).reshape(3, 4)"
OURS = "%load_ext datalab_kernel\nworkspace.add('steps', np.arange(12.0))\nworkspace"


class Bare(NamedTuple):
    """A kernel, and a site that has it and nothing of ours.

    Attributes:
        kernel: The name of the kernel.
        requirements: Of the environment in which the site is built.
        built: Builds the site.
        files: The files that are served in addition.
    """

    kernel: str
    requirements: Path
    built: Callable[[Path], Path]
    files: Callable[[Path, Path], dict[str, bytes]]


KINDS = {
    NUMPY: Bare(
        "xeus-python",
        builds.REQUIREMENTS,
        builds.built_site,
        lambda site, _python: kernel_packages.site_files(site, []),
    ),
    PYODIDE: Bare(
        "python",
        pyodide_site.REQUIREMENTS,
        pyodide_site.built_site,
        pyodide_site.site_files,
    ),
}


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu"]
        program = browser_program()
        yield playwright.chromium.launch(executable_path=program, args=options)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_first_result_is_shown_soon(
    kind: Any,
    browser: Browser,
    python_of: Callable[[Path], Path],
    environment_cache: Path,
    memory: Path,
) -> None:
    bare = KINDS[kind]
    python = python_of(bare.requirements)
    site = bare.built(python)
    lite.build_site(kind, memory / "ours", cache=environment_cache)

    def show(url: str, code: str) -> None:
        # With nothing in its cache, as for one who comes for the first time.
        with browser.new_context() as context:
            context.set_default_timeout(PATIENCE)
            page = context.new_page()
            page.goto(f"{url}/lab/index.html?reset")
            result = KernelPage(page, bare.kernel).run(code)
            assert result.data("text/plain")

    with (
        served(memory / "ours") as ours,
        served(site, bare.files(site, python)) as reference,
    ):
        comparison = compare(
            f"first result of a site with {kind.kernel}, next to a bare one",
            lambda: show(ours, OURS),
            lambda: show(reference, BARE),
            rounds=ROUNDS,
        )

    assert comparison.ratio <= BOUND
