"""What the pages show is what happens."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import documentation
import pytest
from documentation import DOCS, PAGES, ROOT, Page

MANNERS = {"notebook", "script", "live"}
SOURCES = sorted(ROOT.glob("packages/*/src"))
LINK = re.compile(r"\]\(([^)\s]+)\)")
EXTERNAL = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(/[\w./#-]*)?")


def shown(page: Page) -> bool:
    return bool(page.python or page.commands) and page.manner != "live"


@pytest.mark.parametrize(
    "page", [pytest.param(p, id=p.name) for p in PAGES if shown(p)]
)
def test_the_examples_of_a_page_run(page: Page, tmp_path: Path) -> None:
    documentation.fill(tmp_path)
    documentation.run(page, tmp_path, {"DATALAB_KERNEL_MODE": "standalone"})


def test_every_page_with_python_says_how_it_is_run() -> None:
    said = {page.name: page.manner for page in PAGES if page.python}
    assert said
    assert {
        name: manner for name, manner in said.items() if manner not in MANNERS
    } == {}


def test_every_fence_has_a_language_that_is_known() -> None:
    known = {"python", "sh", "text", "{toctree}", "{eval-rst}", ""}
    for page in PAGES:
        opened = re.findall(r"^```(.*)$", page.text, re.MULTILINE)[::2]
        assert set(opened) <= known, page.name


def test_every_link_leads_somewhere_or_is_a_url() -> None:
    for page in PAGES:
        for target in LINK.findall(page.text):
            if ":" in target:
                assert EXTERNAL.fullmatch(target), f"{page.name}: {target}"
            else:
                path = target.partition("#")[0]
                there = page.path.parent / path if path else page.path
                assert there.is_file(), f"{page.name}: {target}"


def test_the_architecture_names_what_exists() -> None:
    text = (DOCS / "architecture.md").read_text("utf-8")
    files = {
        path.relative_to(source).as_posix() + "/" * path.is_dir()
        for source in SOURCES
        for path in source.rglob("*")
        if "__pycache__" not in path.parts
    }
    ends = {"/".join(path.split("/")[-n:]) for path in files for n in range(1, 6)}
    folders = {
        "/".join(f.rstrip("/").split("/")[-n:])
        for f in files
        if f.endswith("/")
        for n in range(1, 6)
    }
    named = set(re.findall(r"\b[a-z_0-9]+(?:/[a-z_0-9]+)*\.py\b", text))
    in_folders = set(
        re.findall(r"(?<![\w/.])[a-z_0-9]+(?:/[a-z_0-9]+)*/(?![\w/])", text)
    )
    modules = set(re.findall(r"`(datalab_[a-z_.0-9]+)`", text))
    assert len(named) > 30
    assert named - ends == set()
    assert {name.rstrip("/") for name in in_folders} - folders == set()
    modules = {name for name in modules if not name.endswith(".py")}
    assert {name for name in modules if importlib.util.find_spec(name) is None} == set()
