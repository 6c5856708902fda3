"""The built site in Chromium: on phones, in the dark, by its search and its links."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from datalab_workspace import Workspace
from datalab_workspace.backends.memory import MemoryBackend
from support.artefacts import pyproject
from support.browser.http_server import served
from support.chromium import browser_program

# Chromium, and the wait for a process that builds the site.
pytestmark = pytest.mark.timeout(300)

#: One page of each kind.
KINDS = {
    "front page": "index.html",
    "section": "howto/index.html",
    "prose and code": "howto/results.html",
    "docstrings": "reference/kernel.html",
    "tables of features": "reference/features.html#signal-gaussian_filter",
    "cards": "gallery/index.html",
    "notebook": "gallery/quickstart.html",
    "search": "search.html?q=blur",
}
#: Pages of axe-core that take seconds.
LARGE = {"section", "docstrings", "tables of features", "notebook"}
SECTIONS = {
    "Start": "start.html",
    "Guides": "howto/index.html",
    "Gallery": "gallery/index.html",
    "Reference": "reference/index.html",
    "About": "about.html",
}
PHONE = 390
#: The theme lets an element around the text scroll, not the window. Tables and blocks
#: of code are within the text, and may scroll.
TOO_WIDE = """() => {
  const found = [];
  let one = document.querySelector("article.bd-article, .bd-search-container");
  for (; one; one = one.parentElement) {
    if (one.scrollWidth > one.clientWidth) {
      found.push(`${one.tagName} ${one.className}: ${one.scrollWidth}`);
    }
  }
  return found;
}"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
#: Pages that Sphinx adds, which no list of pages names.
GENERATED = {"genindex.html", "py-modindex.html", "search.html"}


@pytest.fixture(scope="module")
def browser(
    requirement: Callable[[object, str], None], system_packages_hint: str
) -> Iterator[Browser]:
    program = browser_program()
    requirement(program, system_packages_hint)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(built: Path) -> Iterator[str]:
    with served(built) as url:
        yield url


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "kind",
    [pytest.param(k, marks=[pytest.mark.slow] * (k in LARGE)) for k in KINDS],
)
def test_a_page_has_no_fault_that_axe_finds(
    kind: str, scheme: str, site: str, page: Page
) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(f"{site}/{KINDS[kind]}")
    if kind == "search":
        expect(page.locator("#search-results li").first).to_be_visible()
    assert page.evaluate("document.documentElement.dataset.theme") == scheme

    found = Axe().run(page, options={"runOnly": RULES}).response

    faults = {
        (violation["id"], node["html"][:200])
        for violation in found["violations"]
        for node in violation["nodes"]
    }
    assert faults == set()
    passed = {rule["id"] for rule in found["passes"]}
    assert {"color-contrast", "link-name"} <= passed


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_does_not_scroll_sideways_on_a_phone(
    kind: str, site: str, page: Page
) -> None:
    assert _widths(page, site, [KINDS[kind]]) == {}


@pytest.mark.slow
def test_no_page_scrolls_sideways_on_a_phone(
    built: Path, site: str, page: Page
) -> None:
    paths = [path.relative_to(built).as_posix() for path in _pages(built)]
    assert len(paths) > 80
    assert _widths(page, site, paths) == {}


def _widths(page: Page, site: str, paths: list[str]) -> dict[str, list[str]]:
    """Return what is wider than a phone on each page that has such a thing."""
    page.set_viewport_size({"width": PHONE, "height": 844})
    wider = {}
    for path in paths:
        page.goto(f"{site}/{path}")
        if found := page.evaluate(TOO_WIDE):
            wider[path] = found
    return wider


def test_a_page_that_is_too_wide_is_noticed(site: str, page: Page) -> None:
    page.set_viewport_size({"width": PHONE, "height": 844})
    page.goto(f"{site}/about.html")
    page.locator("article").evaluate(
        "one => one.insertAdjacentHTML('beforeend', '<p style=\"width: 500px\">wide')"
    )
    assert page.evaluate(TOO_WIDE)


@pytest.mark.parametrize(
    ("words", "feature"),
    [
        ("blur", "gaussian_filter"),
        ("smoothing", "gaussian_filter"),
        ("background", "offset_correction"),
        ("crop", "extract_roi"),
        ("segment", "threshold"),
        ("hot pixel", "moving_median"),
        ("Fourier spectrum", "fft"),
        ("gaussian fit", "gaussian_fit"),
        ("linewidth of a peak", "fwhm"),
    ],
)
def test_the_search_page_finds_a_feature_by_everyday_words(
    words: str, feature: str, site: str, page: Page
) -> None:
    page.goto(f"{site}/search.html?q={words}")
    entries = page.locator("#feature-results li")

    expect(entries.first).to_be_visible()
    shown = entries.locator("code").all_inner_texts()
    assert f"calc.{feature}" in shown[:3]

    entry = entries.filter(has=page.get_by_text(f"calc.{feature}", exact=True))
    entry.get_by_role("link").click()
    page.wait_for_url(re.compile(r"reference/features\.html#"))
    row = page.locator("tr:target")
    expect(row).to_be_in_viewport()
    expect(row.get_by_text(feature, exact=True).first).to_be_visible()


def test_the_search_page_gives_what_the_workspace_finds(site: str, page: Page) -> None:
    """The script of the page looks up; it does not know better."""
    workspace = Workspace(backend=MemoryBackend())
    for word in ("baseline", "contrast", "rotate", "butterworth"):
        page.goto(f"{site}/search.html?q={word}")
        shown = page.locator("#feature-results code").all_inner_texts()
        names = [info.name for info in workspace.features(search=word)][:8]
        assert shown == [f"calc.{name}" for name in names]


def test_a_search_without_a_feature_shows_pages_alone(site: str, page: Page) -> None:
    page.goto(f"{site}/search.html?q=changelog")
    expect(page.locator("#search-results li").first).to_be_visible()
    expect(page.locator("#feature-results")).to_have_count(0)


def test_all_sections_are_in_the_header(site: str, page: Page) -> None:
    page.goto(site)
    links = page.locator(".bd-header .navbar-header-items .nav-link.nav-internal")
    leads_to = links.evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert dict(zip(links.all_inner_texts(), leads_to, strict=True)) == SECTIONS


def test_the_header_leads_to_the_projects(site: str, page: Page) -> None:
    page.goto(site)
    icons = page.locator(".navbar-header-items__end .navbar-icon-links a")
    leads_to = icons.evaluate_all("all => all.map(one => one.href)")
    assert leads_to == [
        pyproject("datalab-kernel")["project"]["urls"]["Homepage"],
        "https://datalab-platform.com/",
        "https://sigima.readthedocs.io/",
    ]


class _Links(HTMLParser):
    """The pages to which a page leads, and those of its sidebar."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.folder = path.parent
        self.found: set[Path] = set()
        self.in_sidebar: set[Path] = set()
        self._sidebar = False
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        if facts.get("id") == "pst-primary-sidebar":
            self._sidebar = True
        if tag == "main":
            self._sidebar = False
        target = unquote((facts.get("href") or "").partition("#")[0])
        if tag == "a" and target and ":" not in target:
            found = (self.folder / target).resolve()
            self.found.add(found)
            if self._sidebar:
                self.in_sidebar.add(found)


def _pages(built: Path) -> set[Path]:
    return {
        path
        for path in built.rglob("*.html")
        if path.relative_to(built).as_posix() not in GENERATED
        and "_static" not in path.parts
    }


def test_every_page_is_two_clicks_from_the_front_page(built: Path) -> None:
    first = _Links(built / "index.html").found
    pages = _pages(built)
    second = {link for path in first & pages for link in _Links(path).found}
    assert len(pages) > 80
    assert pages - first - second == set()


def test_every_page_is_in_the_sidebar_of_its_section(built: Path) -> None:
    sections = {built / path for path in SECTIONS.values()}
    listed = {link for path in sections for link in _Links(path).in_sidebar}
    assert _pages(built) - listed - sections == {built / "index.html"}
