"""The items of a run: what stands for them, their names, and how they are read."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np

import datalab_workspace as dlw
from datalab_workspace.backends import MemoryBackend
from datalab_workspace.batch.item_list import make_items
from datalab_workspace.batch.reading import read_item


def test_items_of_a_pattern_are_named_by_stem_in_natural_order(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        np.savetxt(tmp_path / f"scan{number}.csv", np.eye(3), delimiter=",")
    items = make_items(tmp_path / "*.csv")
    assert list(items.names()) == ["scan1", "scan2", "scan10"]


def test_a_worker_reads_an_object_of_a_project_itself(tmp_path: Path) -> None:
    workspace = dlw.Workspace(backend=MemoryBackend())
    workspace.add("wave", np.arange(1000.0))
    workspace.save(tmp_path / "waves.h5")
    items = make_items(dlw.open(tmp_path / "waves.h5"))
    sent = pickle.dumps(items[0])
    assert len(sent) < 2000
    record = read_item(pickle.loads(sent))[0]
    assert record.array("xydata")[1].tolist() == list(range(1000))
