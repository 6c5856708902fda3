"""The plain English of the sources; `docs/glossary.md` has the words to use.

To check one module: ``pytest tests/docs/test_language.py -k operations/add``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.plain_english import (
    HARD,
    MOST_WHAT,
    NOUNS,
    OLD_NAMES,
    OPENINGS,
    SOFT,
    WHAT,
    WHAT_PER_WORD,
    Rule,
)
from support.prose import Passage, passages

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


MODULES = sorted(ROOT.glob("packages/**/*.py"))
#: The glossary names the words to avoid; it alone may.
PAGES = [
    *(page for page in sorted(DOCS.rglob("*.md")) if page.name != "glossary.md"),
    ROOT / "README.md",
    *sorted(ROOT.glob("packages/*/README.md")),
    *sorted(ROOT.glob(".github/**/*.md")),
]


def label(path: Path) -> str:
    return path.relative_to(ROOT).as_posix().rpartition("/src/")[2]


def offences(passage: Passage, rules: list[Rule]) -> Iterator[str]:
    for pattern, instead in rules:
        for match in pattern.finditer(passage.text):
            found = " ".join(match[0].split())
            line = passage.line_at(match.start())
            yield f"line {line}: {found!r}; write: {instead}"


def openings(passage: Passage) -> Iterator[str]:
    for pattern, instead in OPENINGS.get(passage.role, ()):
        if match := pattern.match(passage.text):
            found = " ".join(match[0].split())
            yield f"line {passage.line}: a {passage.role} begins {found!r}; {instead}"


@pytest.mark.parametrize("path", [pytest.param(p, id=label(p)) for p in MODULES])
def test_a_module_is_written_in_plain_words(path: Path) -> None:
    found = []
    for passage in passages(path):
        found += openings(passage)
        found += offences(passage, HARD + SOFT)
    if found:
        pytest.fail("\n".join(found), pytrace=False)


@pytest.mark.parametrize("path", [pytest.param(p, id=label(p)) for p in MODULES])
def test_a_module_names_things_instead_of_saying_what(path: Path) -> None:
    text = " ".join(passage.text for passage in passages(path))
    allowed = max(MOST_WHAT, WHAT_PER_WORD * len(re.findall(r"[A-Za-z']+", text)))
    count = len(WHAT.findall(text))
    assert count <= allowed, f"'what' {count} times, of at most {allowed:.0f}"


@pytest.mark.parametrize("path", [pytest.param(p, id=label(p)) for p in PAGES])
def test_a_page_avoids_the_old_words(path: Path) -> None:
    found = [line for passage in passages(path) for line in offences(passage, HARD)]
    if found:
        pytest.fail("\n".join(found), pytrace=False)


def test_modules_are_named_for_their_subject() -> None:
    stems = {path.stem: label(path) for path in MODULES}
    gerunds = {
        stem
        for stem in stems
        if stem.endswith("ing") and stem.rpartition("_")[2] not in NOUNS
    }
    assert [stems[stem] for stem in gerunds | (OLD_NAMES & stems.keys())] == []


def test_the_check_knows_the_words_that_the_glossary_lists() -> None:
    glossary = (DOCS / "glossary.md").read_text("utf-8")
    table = glossary.partition("| write | do not write |\n")[2].partition("\n\n")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[1:]]
    assert rows
    for _, wording in rows:
        passage = Passage("class", 1, wording)
        # Views of arrays have that name: only a reader can notice others.
        if not wording.startswith("view "):
            assert [*offences(passage, HARD + SOFT), *openings(passage)], wording


@pytest.mark.parametrize(
    "text",
    [
        "There is no such object, and there are no others.",
        "The dialog is no longer open; it is no more than a message.",
        "The bounding box of the region.",
        "The text of the message is a string.",
        "None of these functions is called if there is none.",
        "The size of DataLab's window, and regardless of what the user selects.",
        "The result is written next to the data; besides, it is named.",
    ],
)
def test_plain_sentences_pass(text: str) -> None:
    assert list(offences(Passage("function", 1, text), HARD + SOFT)) == []


@pytest.mark.parametrize(
    "text",
    [
        "no wire tells it",
        "it is no dict",
        "'x' is none of 'a', 'b'",
        "a text, or texts",
        "computed of\n    the data",
        "a project of DataLab's, or another",
        "None where there is no group",
    ],
)
def test_the_old_accent_is_noticed(text: str) -> None:
    assert list(offences(Passage("string", 1, text), HARD + SOFT))
