"""What the pages show is what happens."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from support import documentation
from support.documentation import DOCS, FENCE, PAGES, ROOT, Page, script_of

MANNERS = {"notebook", "script", "live"}
SOURCES = sorted(ROOT.glob("packages/*/src"))
LINK = re.compile(r"\]\(([^)\s]+)\)")
EXTERNAL = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(/[\w./#?=-]*)?")
CODE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
#: Its examples need a browser.
IN_A_BROWSER = "jupyterlite.md"
#: What a fence must not be opened with: other words for "python" and "sh".
SYNONYMS = {"py", "python3", "ipython", "pycon", "bash", "shell", "console"}


def shown(page: Page) -> bool:
    examples = page.python or page.commands
    return bool(examples) and page.manner != "live" and page.name != IN_A_BROWSER


@pytest.mark.parametrize(
    "page", [pytest.param(p, id=p.name) for p in PAGES if shown(p)]
)
def test_the_examples_of_a_page_run(page: Page, tmp_path: Path) -> None:
    documentation.fill(tmp_path)
    documentation.run(page, tmp_path, {"DATALAB_KERNEL_MODE": "standalone"})


def test_the_code_of_a_notebook_runs_in_a_script_after_the_imports(
    tmp_path: Path,
) -> None:
    """The page on scripts gives the lines; the tutorial is the notebook."""
    pages = {page.name: page for page in PAGES}
    blocks = FENCE.findall(pages["howto/scripts.md"].text)
    (imports,) = (text for _, text in blocks if "import Plotter" in text)
    code = f"% tested: script\n\n```python\n{imports}```\n"
    notebook = "".join(
        f"```python\n{text}```\n"
        for language, text in FENCE.findall(pages["tutorial.md"].text)
        if language == "python"
    )

    variables = {"DATALAB_KERNEL_MODE": "standalone", "MPLBACKEND": "agg"}
    documentation.run(Page(tmp_path, code + notebook), tmp_path, variables)


@pytest.mark.parametrize("manner", sorted(MANNERS))
def test_an_example_that_fails_is_noticed(manner: str, tmp_path: Path) -> None:
    text = f"% tested: {manner}\n\n```python\n1 / 0\n```\n"
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        documentation.run(Page(tmp_path, text), tmp_path, {})


def test_every_page_with_python_says_how_it_is_run() -> None:
    said = {page.name: page.manner for page in PAGES if page.python}
    said.pop(IN_A_BROWSER, None)
    assert said
    assert {
        name: manner for name, manner in said.items() if manner not in MANNERS
    } == {}


def test_no_block_escapes_by_another_word_for_its_language() -> None:
    for page in PAGES:
        opened = re.findall(r"^ *```(.+)$", page.text, re.MULTILINE)
        assert SYNONYMS.isdisjoint(opened), page.name


def test_every_link_leads_somewhere_or_is_a_url() -> None:
    notebooks = script_of(DOCS / "gallery_pages.py").notebooks()
    gallery = {DOCS / "gallery" / notebook.path.name for notebook in notebooks}
    for page in PAGES:
        for target in LINK.findall(CODE.sub("", page.text)):
            if ":" in target:
                assert EXTERNAL.fullmatch(target), f"{page.name}: {target}"
            else:
                path = target.partition("#")[0]
                there = page.path.parent / path if path else page.path
                exists = there.is_file() or there.resolve() in gallery
                assert exists, f"{page.name}: {target}"


def test_the_architecture_names_what_exists() -> None:
    text = (DOCS / "architecture.md").read_text("utf-8")
    there = {
        "/" + path.relative_to(source).as_posix() + "/" * path.is_dir()
        for source in SOURCES
        for path in source.rglob("*")
    }
    named = set(re.findall(r"(?<![\w/.])[a-z_]\w*(?:/\w+)*(?:\.py\b|/(?!\w))", text))
    modules = set(re.findall(r"`(datalab_\w+(?:\.\w+)*)`", text))
    modules = {name for name in modules if not name.endswith(".py")}

    assert len(named) > 40
    assert len(modules) > 3
    assert {n for n in named if not any(p.endswith(f"/{n}") for p in there)} == set()
    assert {name for name in modules if importlib.util.find_spec(name) is None} == set()
