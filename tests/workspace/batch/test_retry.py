"""A run computes again what failed, after its cause was removed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datalab_workspace import batch


def measured(path: Path) -> None:
    """Write a signal of three points."""
    np.savetxt(path, np.column_stack([range(3), range(3)]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of four files; the reader refuses the second one."""
    folder = tmp_path / "scans"
    folder.mkdir()
    for n in range(4):
        measured(folder / f"scan_{n}.txt")
    (folder / "scan_1.txt").write_text("")
    return folder


def height(signal: Any) -> dict[str, float]:
    """Return the largest value of a signal."""
    return {"height": signal.y.max()}


@pytest.mark.parametrize(
    "items_of",
    [
        pytest.param(lambda folder: folder, id="folder"),
        pytest.param(lambda folder: folder.glob("*.txt"), id="iterator"),
    ],
)
def test_a_file_that_was_repaired_is_computed(
    folder: Path, items_of: Callable[[Path], Path | Iterable[Path]], tmp_path: Path
) -> None:
    out = tmp_path / "heights.h5"
    run = batch.map(height, items_of(folder), out=out, on="threads", workers=1)
    assert [*run.errors] == ["scan_1"]
    taken = run.seconds

    measured(folder / "scan_1.txt")
    retried = run.retry()

    assert (retried.done, retried.failed) == (4, 0)
    others = taken.index != "scan_1"
    assert retried.seconds[others].equals(taken[others])
    # The first result shows the present state, too.
    assert repr(run) == repr(retried)
    assert "4 done, 0 failed" in repr(run)
    assert repr(run).endswith(" on 1 thread>")


@pytest.mark.parametrize("what", ["stats", "support.batch_functions:highest"])
def test_a_run_that_was_opened_is_retried(
    folder: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """It knows features and functions of modules, files, and the options."""
    monkeypatch.chdir(folder.parent)
    run = batch.map(what, "scans/*.txt", out="o.h5", keep="table", on="serial")
    assert [*run.errors] == ["scan_1"]
    measured(folder / "scan_1.txt")
    measured(folder / "scan_4.txt")
    monkeypatch.chdir(folder)

    retried = batch.open(folder.parent / "o.h5").retry()

    assert (retried.done, retried.failed, retried.left) == (5, 0, 0)


def test_a_run_of_what_no_other_process_knows_is_not_retried(tmp_path: Path) -> None:
    out = tmp_path / "o.h5"
    held = [np.arange(3.0)]
    batch.map("stats", held, out=out, on="serial")

    with pytest.raises(ValueError, match=r"call batch\.map with the same arguments"):
        batch.open(out).retry()
