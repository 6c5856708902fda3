"""Runs whose projects are .npz archives, for places without h5py."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace.model.equality import equal
from support import batch_functions


@pytest.fixture
def objects() -> dlw.Workspace:
    """A workspace in memory with 201 signals."""
    workspace = dlw.Workspace()
    for index in range(201):
        workspace.add(f"item {index}", (np.arange(5.0), np.arange(5.0) + index))
    return workspace


@pytest.fixture
def no_h5py(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forbid to import h5py. sigima, which needs it, is imported before."""
    import_module("sigima.proc.signal")
    monkeypatch.setitem(sys.modules, "h5py", None)


@pytest.mark.usefixtures("no_h5py")
def test_a_run_needs_no_h5py(objects: dlw.Workspace, tmp_path: Path) -> None:
    run = objects.map(batch_functions.doubled, on="serial")
    assert run.workspace.get("item 200").y.tolist() == [400, 402, 404, 406, 408]

    run = objects.map(batch_functions.doubled, out=tmp_path / "o.npz", on="serial")
    assert run.table["project"].iloc[-1] == "o-objects-002.npz"


@pytest.mark.usefixtures("no_h5py")
def test_a_project_without_h5py_is_refused_at_once(
    objects: dlw.Workspace, tmp_path: Path
) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"out that ends in \.npz"):
        objects.map("fwhm", out=tmp_path / "o.h5", on="serial")
    assert not [*tmp_path.iterdir()]


def test_a_run_without_sigima_computes_nothing(
    objects: dlw.Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sigima", None)

    with pytest.raises(ModuleNotFoundError, match="a run needs sigima"):
        objects.map(batch_functions.doubled, on="serial")


_WITHOUT_BOTH = """
import sys
sys.modules["h5py"] = sys.modules["sigima"] = None
import numpy as np
import datalab_workspace as dlw
workspace = dlw.Workspace()
workspace.add("x", np.arange(3.0))
workspace.map("fft", on="serial")
"""


def test_nothing_of_a_run_imports_h5py_at_once() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _WITHOUT_BOTH], capture_output=True, text=True
    )
    assert "ModuleNotFoundError: a run needs sigima" in ended.stderr


def test_an_archive_holds_what_a_project_holds(tmp_path: Path) -> None:
    workspace = dlw.Workspace()
    workspace.add("x", np.arange(4.0))
    workspace.edit("x", metadata={"none": None, "list": [1, {"a": 2}]})
    opened = []
    for suffix in (".h5", ".npz"):
        out = tmp_path / f"o{suffix}" / f"o{suffix}"
        out.parent.mkdir()
        workspace.map(batch_functions.doubled, out=out, on="serial")
        opened.append(dlw.open(out))
    project, archive = opened
    assert archive.list() == project.list() == ["greatest", "x"]
    for name in project:
        assert equal(archive.record(name), project.record(name))
    assert str(archive.history("x")) == str(project.history("x"))


def test_an_archive_is_written_by_its_suffix(
    objects: dlw.Workspace, tmp_path: Path
) -> None:
    """The bytes are the same on each engine, and a second call computes nothing."""
    found = []
    for on in ("serial", "threads"):
        out = tmp_path / on / "o.npz"
        out.parent.mkdir()
        objects.map(batch_functions.doubled, out=out, on=on)
        found.append(
            {each.name: each.read_bytes() for each in out.parent.glob("*.npz")}
        )
        written = out.stat()
        objects.map(batch_functions.doubled, out=out, on=on)
        assert out.stat() == written
    assert found[0] == found[1]
    assert len(found[0]) == 3
    assert all(content.startswith(b"PK") for content in found[0].values())
