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
