"""Runs from receipts and records that are made by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.hand_made_runs import HandMadeRun


@pytest.fixture
def new_run(tmp_path: Path) -> Callable[[str], HandMadeRun]:
    """Return a function that makes a run without items in a folder of its own."""

    def make(name: str = "run") -> HandMadeRun:
        folder = tmp_path / name / "widths.h5.run"
        folder.mkdir(parents=True)
        return HandMadeRun(folder)

    return make
