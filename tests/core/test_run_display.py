"""The display of a run over many items in a notebook."""

from __future__ import annotations

from pathlib import Path

import pytest

from datalab_kernel_core.display.run_html import (
    errors_html,
    errors_text,
    run_html,
    run_text,
)
from datalab_workspace.batch.messages import ItemFailure
from datalab_workspace.batch.results.run import Run
from support.made_runs import MadeState
from support.parsed_html import Parsed

ATTACK = "</td><script>alert(1)</script><img src=x onerror='alert(2)'>\"&"
TRACEBACK = "Traceback\n  File 'cell', line 3, in width\nValueError: data holds NaN"


def run_of(state: MadeState) -> Run:
    return Run(state, retry=lambda: pytest.fail("not to be called"))


@pytest.fixture
def state() -> MadeState:
    made = MadeState([f"scan_{n:02}" for n in range(20)], units={"width": "nm"})
    for n, name in enumerate(made.items):
        made.note(name, {"width": n / 3})
    failure = ItemFailure("ValueError", "data holds NaN", TRACEBACK)
    made.note("scan_03", failure=failure)
    return made


def test_a_run_is_its_counts_its_errors_and_its_first_rows(state: MadeState) -> None:
    shown = Parsed(run_html(run_of(state)))

    for part in (
        "widths.h5",
        "19 done, 1 failed, 0 left; 3 min 12 s on 2 processes",
        "normalize, fwhm",
        "1 item: ValueError: data holds NaN (scan_03)",
        "line 3, in width",
        "width (nm)",
        "scan_09",
        "and 10 more items; run.table has all",
    ):
        assert part in shown.text
    assert "scan_10" not in shown.text
    assert run_text(run_of(state)).startswith("widths.h5: 19 done")


def test_the_traceback_is_shown_on_a_click(state: MadeState) -> None:
    shown = Parsed(errors_html(run_of(state).errors))

    assert shown.tags.count("details") == shown.tags.count("pre") == 1
    assert errors_text(run_of(state).errors) == (
        "1 item: ValueError: data holds NaN (scan_03)"
    )


def test_strings_of_others_are_escaped(state: MadeState) -> None:
    attacked = MadeState([f"{ATTACK}{n}" for n in range(3)], out=Path(ATTACK))
    attacked.chain = attacked.at_work = ATTACK
    attacked.units = {ATTACK: ATTACK}
    first, second, third = attacked.items
    attacked.note(first, {ATTACK: ATTACK})
    attacked.note(second, failure=ItemFailure(ATTACK, ATTACK, ATTACK))
    attacked.note(third, failure=ItemFailure(ATTACK, "", ""))

    harmless = Parsed(run_html(run_of(state)))
    shown = Parsed(run_html(run_of(attacked)))

    assert set(shown.tags) <= {*harmless.tags, "span"}
    assert shown.attributes <= {"class", "title"}


def test_thousands_of_different_errors_are_a_few_lines() -> None:
    made = MadeState([f"scan {n}" for n in range(3000)])
    for n, name in enumerate(made.items):
        kind = f"Error{'abcdefghij'[n % 10]}{'klmnopqrst'[n // 10 % 10]}"
        made.note(name, failure=ItemFailure(kind, "x" * 5000, TRACEBACK * 200))

    html = run_html(run_of(made))

    assert len(html) < 200_000
    assert "2,400 items with other errors" in html
