"""Each number in the text of a notebook is checked.

The checks run with the notebooks: `tests/live/test_notebooks.py`, and `test_gallery.py`
for those of the gallery.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from support.notebook_claims import (
    CLAIMS,
    GALLERY,
    NOTEBOOKS,
    NUMBER,
    claims_of,
    quoted,
    sentences,
    sentences_in,
)

ALL = [*NOTEBOOKS, *GALLERY]
each_notebook = pytest.mark.parametrize("notebook", ALL, ids=lambda p: p.stem)


@each_notebook
def test_a_sentence_with_a_number_has_a_check(notebook: Path) -> None:
    numbers = {s for s in sentences(notebook) if NUMBER.search(s)}
    checks = claims_of(notebook)
    checked = quoted(checks) if checks.exists() else []

    assert numbers - {*checked} == set(), f"add a check to {checks}"


@each_notebook
def test_a_check_is_that_of_a_sentence(notebook: Path) -> None:
    checks = claims_of(notebook)
    checked = quoted(checks) if checks.exists() else []

    assert {*checked} - {*sentences(notebook)} == set(), f"{checks} quotes old text"
    assert len(checked) == len({*checked})


def test_there_are_no_checks_of_a_notebook_that_is_gone() -> None:
    assert {path.stem for path in CLAIMS.glob("*.py")} <= {p.stem for p in ALL}


@pytest.mark.parametrize(
    "text",
    [
        "The finesse is 6.2.",
        "It takes two to seven years.",
        "The radius is $1/e^2$.",
        "| width | 206 px |",
        "Three photographs.",
        "It falls by a tenth.",
        "`cut_off=0.2` keeps the fringes.",
    ],
)
def test_a_number_is_noticed(text: str) -> None:
    assert [s for s in sentences_in(text) if NUMBER.search(s)]


@pytest.mark.parametrize(
    "text", ["DataLab calls it `i001`.", "The file `x1.csv`.", "```\nx = 2\n```"]
)
def test_a_name_is_not_a_number(text: str) -> None:
    assert not [s for s in sentences_in(text) if NUMBER.search(s)]


def test_sentences_are_separated() -> None:
    text = "# A title\nIt is 0.89 σ\nhigh. `calc` adds 2.\n\n- an item: 3\n- one more"

    assert [*sentences_in(text)] == [
        "A title",
        "It is 0.89 σ high.",
        "`calc` adds 2.",
        "an item: 3",
        "one more",
    ]
