"""The objects of a running DataLab as items of a run, fetched one by one."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace.batch.items.item import Items
from datalab_workspace.batch.items.item_arguments import make_items
from datalab_workspace.batch.items.sources import live_objects
from datalab_workspace.model.record import Record
from support.real_datalab.application import Application

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


@pytest.fixture
def workspace(companion_datalab: Application) -> dlw.Workspace:
    companion = companion_datalab.companion
    workspace = dlw.connect(companion.url, companion.token)
    workspace.add("wave", np.arange(5.0), group="monday")
    workspace.add("spot", np.eye(3))
    return workspace


def sent(items: Items, index: int) -> Record:
    source = pickle.loads(pickle.dumps(items[index])).source
    assert isinstance(source, Record)
    return source


def test_objects_are_sent_as_they_are_in_datalab(workspace: dlw.Workspace) -> None:
    items = make_items(workspace)
    assert list(items.names()) == ["wave", "spot"]
    assert items[0].group == "monday"
    record = sent(items, 1)
    assert record.uuid == workspace.record("spot").uuid
    data = record.array("data")
    assert data is not None
    assert data.tolist() == np.eye(3).tolist()
    before = items.fingerprint(1)
    assert make_items(workspace, kind="image").fingerprint(0) == before
    workspace["spot"] = 2 * np.eye(3)
    assert items.fingerprint(1) != before


def test_a_run_over_the_objects_of_datalab(
    workspace: dlw.Workspace, tmp_path: Path
) -> None:
    run = workspace.map("normalize", kind="signal", on="serial", out=tmp_path / "r.h5")
    assert (run.done, run.failed) == (1, 0)
    assert run.workspace.get("wave").y.tolist() == [0, 0.25, 0.5, 0.75, 1]


def test_an_object_that_was_removed_is_an_error(workspace: dlw.Workspace) -> None:
    items = make_items(workspace)
    workspace.remove("wave")
    with pytest.raises(KeyError, match="'wave' was removed from DataLab"):
        items[0]
    assert items.fingerprint(0) == "unavailable monday/wave"
    assert sent(items, 1).title == "spot"


def test_a_large_object_is_refused_at_once(
    workspace: dlw.Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_objects, "LARGEST", 1 << 20)
    assert len(make_items(workspace)) == 2
    workspace.add("large", np.zeros((1024, 1024)))
    with pytest.raises(ValueError, match=r"'large' has 8 MiB .* up to 1 MiB each"):
        make_items(workspace)
    assert len(make_items(["wave"], workspace=workspace)) == 1


def test_objects_are_fetched_without_a_companion(datalab: Application) -> None:
    workspace = dlw.connect(datalab.url, datalab.token)
    workspace.add("wave", np.arange(5.0))
    items = make_items(workspace)
    data = sent(items, 0).array("xydata")
    assert data is not None
    assert data[1].tolist() == [0, 1, 2, 3, 4]
