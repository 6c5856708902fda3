"""The cheat sheet is one page, and what it names exists."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfReader

from datalab_workspace.processing.features import features
from support.chromium import browser_program
from support.documentation import DOCS, script_of

SHEET = script_of(DOCS / "cheat_sheet.py")
A4 = (842, 595)  # in points, landscape


@pytest.fixture(scope="module")
def printed(
    tmp_path_factory: pytest.TempPathFactory,
    requirement: Callable,
    system_packages_hint: str,
) -> Path:
    program = browser_program()
    requirement(program, system_packages_hint)
    path = tmp_path_factory.mktemp("sheet") / "sheet.pdf"
    SHEET.write(path, program)
    return path


def words(path: Path) -> str:
    """Return the text of the only page of a PDF file, without spaces."""
    (page,) = PdfReader(path).pages
    return re.sub(r"\s", "", page.extract_text())


def test_it_is_one_page_of_a4(printed: Path) -> None:
    (page,) = PdfReader(printed).pages
    assert (page.mediabox.width, page.mediabox.height) == pytest.approx(A4, abs=1)


def test_it_has_each_line_of_the_page(printed: Path) -> None:
    found = words(printed)
    lines = [line for _, _, code in SHEET.blocks() for line in code.splitlines()]
    assert len(lines) > 60
    assert [line for line in lines if re.sub(r"\s", "", line) not in found] == []


def test_the_stored_file_is_the_printed_one(printed: Path) -> None:
    assert words(SHEET.PDF) == words(printed), "run: hatch run cheatsheet"


def test_it_has_each_block_of_the_page() -> None:
    assert SHEET.PAGE.read_text("utf-8").count("\n## ") == len(SHEET.blocks())


@pytest.mark.parametrize("kind", ["signal", "image"])
def test_the_features_exist(kind: str) -> None:
    (listed,) = (
        code for title, _, code in SHEET.blocks() if title.endswith(f"of {kind}s")
    )
    names = re.findall(r"\w+", re.sub(r"^\w+", "", listed, flags=re.MULTILINE))
    assert len(names) > 15
    assert [name for name in names if name not in features(kind)] == []
