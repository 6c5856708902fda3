"""The cell that runs, the log of cells, and the lines of scripts."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from datalab_workspace.history import failures
from datalab_workspace.history.cells import running_cell
from datalab_workspace.history.cells.running_cell import (
    ENTRY_SIZE,
    LOG_SIZE,
    CellLog,
    LoggedCell,
)


def test_code_belongs_to_the_cell_that_runs() -> None:
    cell = running_cell.begin(3, "a = 1")

    assert running_cell.current() is cell
    running_cell.end(cell)
    assert running_cell.current() is None
    assert (cell.number, cell.text, cell.needs) == (3, "a = 1", ())


def test_an_end_without_a_begin_has_no_effect() -> None:
    running_cell.end()

    assert running_cell.current() is None


class Follower:
    """A follower that notes its calls, and fails if it has an error."""

    def __init__(self, error: Exception | None = None) -> None:
        self.heard: list[str] = []
        self._error = error

    def begin_cell(self, cell: LoggedCell) -> None:
        self._hear(f"begin {cell.number}")

    def end_cell(self, cell: LoggedCell) -> None:
        self._hear(f"end {cell.number}")

    def _hear(self, what: str) -> None:
        self.heard.append(what)
        if self._error is not None:
            raise self._error


def test_followers_hear_of_each_cell_even_if_another_one_fails() -> None:
    failing, sound = Follower(RuntimeError("boom")), Follower()
    running_cell.follow(failing)
    running_cell.follow(sound)
    before = failures.count

    running_cell.end(running_cell.begin(1, ""))

    assert failing.heard == sound.heard == ["begin 1", "end 1"]
    assert failures.count == before + 2


def test_the_log_keeps_the_latest_texts_within_its_size() -> None:
    log, text = CellLog(), "x" * 10_000
    cells = [log.add(number, text) for number in range(300)]

    kept = [cell for cell in cells if cell.text is not None]

    assert kept == cells[-len(kept) :] == log.cells
    assert LOG_SIZE * 0.8 < len(kept) * (len(text) + ENTRY_SIZE) <= LOG_SIZE
    assert log.incomplete


def test_a_text_larger_than_the_log_is_not_kept() -> None:
    log = CellLog()

    assert log.add(1, "x" * (LOG_SIZE + 1)).text is None
    assert log.add(2, "a = 1").text == "a = 1"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A script that asks where it is."""
    path = tmp_path / "fit.py"
    path.write_text(
        "from datalab_workspace.history.cells import running_cell\n"
        "def here():\n"
        "    return running_cell.script_line(running_cell.script_place())\n"
        "found = here()\n"
    )
    return path


def test_a_script_is_named_with_its_line_and_without_folders(script: Path) -> None:
    assert runpy.run_path(str(script))["found"] == "fit.py:3"
