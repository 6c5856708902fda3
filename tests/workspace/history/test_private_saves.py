"""A save under a home folder whose name must not be in the bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import sigima

from datalab_workspace import Workspace
from datalab_workspace.history.cells import running_cell


def work(home: Path) -> Workspace:
    """Run two cells that read a file and change a signal."""
    path = home / "raw.csv"
    np.savetxt(path, np.c_[np.arange(9.0), np.arange(9.0) ** 2], delimiter=",")
    workspace = Workspace()
    workspace.add("early", np.arange(3.0))
    cell = running_cell.begin(1, f"raw = read_signal('{path}')  # anna on lab-seven")
    workspace["raw"] = sigima.io.read_signal(str(path))
    running_cell.end(cell)
    cell = running_cell.begin(2, "token = 'SECRET'\nraw = workspace['raw']; raw.y *= 2")
    raw = workspace["raw"]
    raw.y = raw.y * 2
    workspace["double"] = raw
    workspace.calc("normalize", on="double")
    running_cell.end(cell)
    return workspace


@pytest.mark.parametrize("suffix", [".h5", ".npz"])
def test_no_one_is_named_in_a_file_with_calls(anna: Path, suffix: str) -> None:
    path = work(anna).save(anna / f"shared{suffix}", history="calls")
    content = path.read_bytes()
    assert b"normalize" in content
    assert b"raw.csv" in content
    for word in ("anna", "home", "lab-seven", "SECRET", "read_signal"):
        assert word.encode() not in content, word


@pytest.mark.parametrize("suffix", [".h5", ".npz"])
def test_no_one_is_named_by_the_text_of_cells(
    anna: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = work(anna)
    for name in workspace.list():
        workspace.edit(name, metadata={"source": "raw.csv"})  # sigima wrote the folder
    path = workspace.save(anna / f"own{suffix}")
    assert "with the text of cells" in capsys.readouterr().out
    content = path.read_bytes()
    assert b"raw.y *= 2" in content
    for word in ("anna", "lab-seven", "SECRET"):
        assert word.encode() not in content, word
