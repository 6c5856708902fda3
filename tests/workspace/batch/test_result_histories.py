"""The histories of the objects in the projects of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace import batch


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """A folder of three signals in files."""
    folder = tmp_path / "scans"
    folder.mkdir()
    x = np.linspace(-5, 5, 50)
    for n in range(3):
        np.savetxt(folder / f"scan_{n}.txt", np.column_stack([x, np.exp(-(x**2)) + n]))
    return folder


def half(signal: Any) -> Any:
    """Return a signal of half the height."""
    signal.y = signal.y / 2
    return signal


def test_a_result_knows_its_file_and_its_features(scans: Path, tmp_path: Path) -> None:
    out = tmp_path / "smooth.h5"
    chain = batch.chain("normalize", ("moving_average", {"n": 5}))

    run = batch.map(chain, scans, out=out, on="serial")

    for workspace in (dlw.open(out), run.workspace):
        history = workspace.history("scan_1")
        assert [step.what for step in history.steps] == ["normalize", "moving_average"]
        assert "read from 'scan_1.txt'" in str(history)


def test_a_result_knows_its_file_and_its_function(scans: Path, tmp_path: Path) -> None:
    out = tmp_path / "half.h5"

    batch.map(half, scans, out=out, on="serial")

    history = dlw.open(out).history("scan_2")
    assert history.complete
    assert "signal.y = signal.y / 2" in str(history)
    assert "read from 'scan_2.txt'" in str(history)


def test_a_result_of_an_object_in_memory_is_replayed_from_it(tmp_path: Path) -> None:
    workspace = dlw.Workspace()
    x = np.linspace(-5, 5, 50)
    workspace.add("bell", (x, np.exp(-(x**2))))
    workspace.map("derivative", out=tmp_path / "slopes.h5", on="serial")

    workspace.load(tmp_path / "slopes.h5", on_conflict="rename")

    replay = workspace.replay("bell (2)")
    assert replay.verdict == "identical", replay


def test_a_result_of_an_object_in_memory_continues_its_history(tmp_path: Path) -> None:
    workspace, out = dlw.Workspace(), tmp_path / "slopes.h5"
    workspace.add("bell", np.exp(-(np.linspace(-5, 5, 50) ** 2)))
    workspace.rename(workspace.calc("normalize", on="bell"), "unit")
    workspace.map("derivative", "unit", out=out, on="serial")

    workspace.load(out, on_conflict="rename")

    history = workspace.history("unit (2)")
    assert [step.what for step in history.steps] == ["normalize", "derivative"]
    assert not history.gaps
    workspace.update({"unit": np.zeros(50)})
    assert workspace.history("unit (2)").gaps


def test_a_result_that_equals_its_item_is_not_taken_for_it(tmp_path: Path) -> None:
    workspace, out = dlw.Workspace(), tmp_path / "same.h5"
    workspace.add("ramp", np.arange(5.0))
    workspace.map(lambda signal: signal, out=out, on="serial")

    history = dlw.open(out).history("ramp")

    assert [step.what for step in history.steps] == ["code"]
    assert history.gaps
