"""Saving and loading say how far they are, once they take longer than two seconds."""

from __future__ import annotations

import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace import open as open_project
from datalab_workspace import progress as module
from datalab_workspace.progress import PATIENCE
from support.project_files import drop_manifest


class Clock:
    """Every look at it takes a second."""

    now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


@pytest.fixture
def visible_progress(monkeypatch):
    """Have the stderr of the test be a terminal."""
    monkeypatch.setattr(module, "is_visible", lambda: True)


@pytest.fixture
def slow(monkeypatch):
    """Have everything take a second."""
    init = module.Progress.__init__
    monkeypatch.setattr(
        module.Progress,
        "__init__",
        lambda self, what, total: init(self, what, total, clock=Clock()),
    )


@pytest.fixture
def workspace():
    workspace = Workspace()
    for number in range(10):
        workspace.add(f"image {number}", np.zeros((100, 100)))
    return workspace


def lines(text):
    return [line.strip() for line in text.split("\r") if line.strip()]


def percentages(text, what):
    shown = [line for line in lines(text) if not line.startswith("opening")]
    assert all(line.startswith(what) and line.endswith("%") for line in shown)
    return [int(line.removeprefix(what)[1:-1]) for line in shown]


@pytest.mark.parametrize("compression", [None, "lzf"])
def test_slow_save_shows_its_progress(
    workspace, visible_progress, slow, tmp_path, capsys, compression
):
    workspace.save(tmp_path / "slow.h5", compression=compression)
    text = capsys.readouterr().err
    shown = percentages(text, "saving 'slow.h5':")
    assert shown == [*range(10 * int(PATIENCE), 101, 10)]
    assert text.endswith("\r")  # and cleans the line behind it


@pytest.mark.parametrize("dropped", [False, True], ids=["by index", "by layout"])
def test_slow_load_shows_its_progress(
    workspace, visible_progress, slow, tmp_path, capsys, dropped
):
    path = workspace.save(tmp_path / "slow.h5")
    if dropped:
        path.write_bytes(path.read_bytes())  # another time: the index is not believed
    capsys.readouterr()
    Workspace().load(path)
    shown = percentages(capsys.readouterr().err, "loading 'slow.h5':")
    assert shown == sorted(shown)
    assert len(shown) >= 8
    assert shown[-1] > 80


def test_slow_opening_counts_the_parts_of_the_file(
    workspace, visible_progress, slow, tmp_path, capsys
):
    path = drop_manifest(workspace.save(tmp_path / "slow.h5"))
    capsys.readouterr()
    open_project(path)
    text = capsys.readouterr().err
    shown = lines(text)
    # A group, its images, and the headers of each image, its metadata and its data.
    assert shown[0] == "opening 'slow.h5': 2 parts"
    assert shown[-1] == "opening 'slow.h5': 42 parts"
    assert text.endswith("\r")


@pytest.mark.parametrize("compression", [None, "lzf"])
@pytest.mark.parametrize("lazy", [False, True], ids=["eager", "lazy"])
def test_slow_reading_of_one_large_image_shows_its_progress(
    visible_progress, slow, tmp_path, capsys, compression, lazy
):
    workspace = Workspace()
    workspace.add("large", np.zeros((10, 8 << 17)))  # ten blocks
    path = workspace.save(tmp_path / "slow.h5", compression=compression)
    loaded = Workspace()
    loaded.load(path, lazy=lazy)
    capsys.readouterr()
    if lazy:
        loaded.record("large").array("data")
    else:
        Workspace().load(path)
    assert capsys.readouterr().err.count(" %") >= 8


def test_quick_work_says_nothing(workspace, visible_progress, tmp_path, capsys):
    path = workspace.save(tmp_path / "quick.h5")
    Workspace().load(path)
    open_project(path).save(tmp_path / "copy.h5")
    assert capsys.readouterr().err == ""


def test_nothing_is_shown_where_nobody_looks(workspace, slow, tmp_path, capsys):
    Workspace().load(workspace.save(tmp_path / "slow.h5"))
    assert capsys.readouterr().err == ""
