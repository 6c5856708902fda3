"""`python -m datalab_kernel upgrade` reports, and rewrites only when asked."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from datalab_kernel.cli import main

CERTAIN = 'plotter.plot("a", show_roi=False)'
REWRITTEN = 'plotter.plot("a", roi=False)'
UNCERTAIN = 'ok, names = workspace.calc("fft")'


def make(path: Path, *cells: str) -> Path:
    content = {
        "cells": [
            {"cell_type": "markdown", "source": "# Title"},
            *({"cell_type": "code", "source": cell} for cell in cells),
        ],
        "metadata": {},
        "nbformat": 4,
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def upgrade(*arguments: str | Path) -> int:
    return main(["upgrade", *map(str, arguments)])


def code_of(path: Path) -> list[str]:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return [cell["source"] for cell in cells[1:]]


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make(tmp_path / "a.ipynb", f"x = 1\n{CERTAIN}", UNCERTAIN)


def test_the_report_names_cells_and_lines(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = path.read_bytes()

    assert upgrade(path) == 1

    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out == (
        f"{path}: cell 2, line 2\n"
        f"    {CERTAIN}\n"
        "  show_roi= is called roi= now.\n"
        "  Write:\n"
        f"    {REWRITTEN}\n"
        "\n"
        f"{path}: cell 3, line 1\n"
        f"    {UNCERTAIN}\n"
        "  calc() returns the name of the result, a list of names, or a table of "
        "values, not a pair.\n"
        '  Instead: result = workspace.calc("fft")\n'
        "\n"
        f"{path}: 2 to change, 1 of them raise an error; 0 to check\n"
    )
    assert path.read_bytes() == before
    assert names_in(path.parent) == ["a.ipynb"]


def test_a_notebook_that_works_is_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = make(tmp_path / "a.ipynb", 'workspace.get("a")')
    assert upgrade(path) == 0
    assert capsys.readouterr().out == f"{path}: nothing to change\n"


def test_notes_are_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = make(tmp_path / "a.ipynb", 'workspace.load("a.h5")')
    assert upgrade(path) == 0
    assert "Note: load() raises an error" in capsys.readouterr().out


def test_json_is_for_programs(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert upgrade(path, "--json") == 1

    content = json.loads(capsys.readouterr().out)
    assert content["ok"] is False
    (notebook,) = content["notebooks"]
    assert (notebook["path"], notebook["to_change"]) == (str(path), 2)
    first, second = notebook["findings"]
    assert first == {
        "cell": 2,
        "line": 2,
        "level": "old",
        "code": CERTAIN,
        "message": "show_roi= is called roi= now.",
        "instead": "plotter.plot(…, roi=False)",
        "rewritten": REWRITTEN,
        "is_certain": True,
    }
    assert (second["level"], second["is_certain"]) == ("gone", False)


def test_writing_keeps_a_backup(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = path.read_bytes()
    path.chmod(0o640)

    assert upgrade(path, "--write") == 1

    assert code_of(path) == [f"x = 1\n{REWRITTEN}", UNCERTAIN]
    assert path.with_name("a.ipynb.bak").read_bytes() == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    printed = capsys.readouterr().out
    assert f"Rewrote 1 places in {path}\n" in printed
    assert CERTAIN not in printed


def test_a_backup_is_never_replaced(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup, before = path.with_name("a.ipynb.bak"), path.read_bytes()
    backup.write_bytes(b"older")

    assert upgrade(path, "--write") == 2

    assert str(backup) in capsys.readouterr().err
    assert (backup.read_bytes(), path.read_bytes()) == (b"older", before)


def test_no_backup_is_a_choice(path: Path) -> None:
    assert upgrade(path, "--write", "--no-backup") == 1
    assert names_in(path.parent) == ["a.ipynb"]
    assert REWRITTEN in code_of(path)[0]


def test_what_does_not_change_is_not_written(tmp_path: Path) -> None:
    path = make(tmp_path / "a.ipynb", UNCERTAIN)
    before = path.stat()

    assert upgrade(path, "--write") == 1

    assert path.stat() == before
    assert names_in(tmp_path) == ["a.ipynb"]


def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.ipynb"
    link.symlink_to(path)

    upgrade(link, "--write")

    assert link.is_symlink()
    assert REWRITTEN in code_of(path)[0]


def test_another_file_can_be_written(path: Path) -> None:
    before, output = path.read_bytes(), path.with_name("b.ipynb")

    assert upgrade(path, "--output", output) == 1

    assert code_of(output) == [f"x = 1\n{REWRITTEN}", UNCERTAIN]
    assert path.read_bytes() == before


def test_an_output_that_exists_is_not_replaced(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = make(path.with_name("b.ipynb"), "1")

    assert upgrade(path, "--output", output) == 2

    assert f"the file {output} exists" in capsys.readouterr().err
    assert code_of(output) == ["1"]


def test_several_notebooks_are_checked_even_if_one_is_damaged(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = tmp_path / "b.ipynb"
    damaged.write_text("{", "utf-8")

    assert upgrade(damaged, tmp_path / "missing.ipynb", path) == 2

    printed = capsys.readouterr()
    assert f"{path}: 2 to change" in printed.out
    first, second = printed.err.splitlines()
    assert first.startswith(f"datalab-kernel: error: {damaged} is not a notebook")
    assert "missing.ipynb" in second


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["a", "b", "--output", "c"], "--output takes one notebook"),
        (["a", "--no-backup"], "--no-backup needs --write"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        upgrade(*arguments)
    assert ended.value.code == 2
    assert reason in capsys.readouterr().err


def test_nothing_is_run_or_imported(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    lines = [f"open({str(mark)!r}, 'w')", f"!touch {mark}", "import no_such_module"]
    assert upgrade(make(tmp_path / "a.ipynb", *lines)) == 0
    assert not mark.exists()
