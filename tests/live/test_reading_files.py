"""Measured files that a notebook reads are in DataLab's window, in groups."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

import datalab_workspace as dlw
from support.real_datalab.application import Application

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with two folders: each has a run of the same name, and one an image."""
    for day, factor in (("day1", 1), ("day2", 2)):
        (tmp_path / day).mkdir()
        rows = "".join(f"{x},5;{factor * x},25\n" for x in range(9))
        (tmp_path / day / "run.csv").write_text(f"Zeit (s);U (V)\n{rows}")
    stack = np.arange(200, dtype=np.uint16).reshape(5, 4, 10)
    tifffile.imwrite(tmp_path / "day2" / "stack.tif", stack)
    return tmp_path


def check(workspace: dlw.Workspace, files: Path, names: list[str]) -> None:
    frames = [f"stack.tif {number:02d}" for number in range(5)]
    assert names == ["run.csv", "run.csv (2)", *frames]
    assert sorted(workspace.list()) == sorted(names)
    run = workspace.get("run.csv (2)")
    assert run.y.tolist() == [2 * x + 0.25 for x in range(9)]
    assert (run.xunit, run.ylabel, run.yunit) == ("s", "U", "V")
    assert np.array_equal(workspace.get(frames[2]).data.ravel(), np.arange(80, 120))


def test_files_are_read_into_groups(
    companion_datalab: Application, files: Path
) -> None:
    companion = companion_datalab.companion
    workspace = dlw.connect(companion.url, companion.token)
    names = workspace.read(files, group="folder")
    check(workspace, files, names)
    assert workspace.list(group="day1") == ["run.csv"]
    assert workspace.list(group="day2") == names[1:]
    assert workspace.read(files, group="folder") == names
    assert len(workspace) == len(names)
    (files / "day1" / "run.csv").write_text("0;1\n1;2\n")
    with pytest.raises(dlw.NameConflictError, match=r"'run\.csv'"):
        workspace.read(files)
    workspace.undo()
    assert workspace.list() == []


def test_files_are_read_without_a_companion(datalab: Application, files: Path) -> None:
    workspace = dlw.connect(datalab.url, datalab.token)
    with pytest.raises(NotImplementedError, match="cannot choose groups"):
        workspace.read(files, group="folder")
    assert workspace.list() == []
    names = workspace.read(files)
    check(workspace, files, names)
    assert workspace.read(files) == names
