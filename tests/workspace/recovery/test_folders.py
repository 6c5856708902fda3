"""The recovery folders of other kernels: running, dead, old, foreign and forged."""

from __future__ import annotations

import json
import os
import random
import time

import numpy as np
import pytest

from datalab_workspace import Workspace, WorkspaceError
from datalab_workspace.recovery import folder as folder_module
from datalab_workspace.recovery.folder import Owner, OwnFolder, expire, left_folders
from datalab_workspace.recovery.listing import announcement

DAY = 86400
A = np.arange(6.0).reshape(2, 3)


@pytest.fixture
def crashed(record, crash, folder):
    """The folder of a process that died with two objects."""
    workspace = Workspace()
    workspace.update({"a": A, "signal": np.arange(50.0)})
    crash(record(workspace, notebook="/home/ada/analysis.ipynb"))
    (path,) = folder.iterdir()
    return path


def unrestored(folder):
    return [left for left in left_folders(folder) if not left.restored]


def age(path, days):
    moment = time.time() - days * DAY
    for entry in (*path.iterdir(), path):
        os.utime(entry, (moment, moment))


def test_a_running_process_keeps_its_folder(folder):
    own = OwnFolder(folder, Owner.this())
    assert left_folders(folder) == []
    own.leave()
    assert [left.path for left in left_folders(folder)] == [own.path]


def test_folders_expire(crashed, folder):
    age(crashed, 13)
    expire(folder)
    assert crashed.exists()
    age(crashed, 15)
    expire(folder)
    assert not crashed.exists()


def test_restored_folders_expire_earlier(crashed, folder):
    Workspace().recover(1)
    assert announcement(unrestored(folder)) is None
    age(crashed, 2)
    expire(folder)
    assert not crashed.exists()


def test_the_oldest_folders_go_if_there_are_too_many_bytes(
    crashed, folder, record, crash, monkeypatch
):
    age(crashed, 1)
    workspace = Workspace()
    workspace.add("new", A)
    crash(record(workspace))
    (new,) = set(folder.iterdir()) - {crashed}
    size = sum(path.stat().st_size for path in new.iterdir())
    monkeypatch.setattr(folder_module, "KEPT_BYTES", size)
    expire(folder)
    assert list(folder.iterdir()) == [new]


def test_a_kernel_of_another_machine_runs_while_it_gives_signs(crashed, folder):
    owner = json.loads((crashed / "kernel.json").read_text())
    (crashed / "kernel.json").write_text(json.dumps(owner | {"host": "elsewhere"}))
    assert left_folders(folder) == []
    age(crashed, 0.01)
    assert len(left_folders(folder)) == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has access lists instead")
def test_a_folder_that_others_can_write_to_is_not_read(crashed, folder):
    crashed.chmod(0o770)
    assert left_folders(folder) == []
    assert announcement(unrestored(folder)) is None


@pytest.mark.skipif(os.name == "nt", reason="Windows needs a privilege for links")
def test_links_are_not_followed(crashed, folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    crashed.rename(elsewhere)
    crashed.symlink_to(elsewhere)
    assert left_folders(folder) == []
    crashed.unlink()
    elsewhere.rename(crashed)
    (segment,) = crashed.glob("*.segment")
    segment.rename(tmp_path / "segment")
    segment.symlink_to(tmp_path / "segment")
    assert not Workspace().recover()


@pytest.mark.usefixtures("crashed")
def test_the_line_names_all_that_can_be_recovered(folder, record, crash):
    line = announcement(unrestored(folder))
    assert line.startswith("2 objects of analysis.ipynb (")
    assert line.endswith(") can be recovered: workspace.recover()")
    workspace = Workspace()
    workspace.add("new", A)
    crash(record(workspace, notebook="/x/other.ipynb"))
    assert announcement(unrestored(folder)).startswith("1 object of other.ipynb (")
    assert ", and 2 more, can be recovered" in announcement(unrestored(folder))


CUTS = [*range(20), *(pytest.param(n, marks=pytest.mark.slow) for n in range(20, 500))]


@pytest.mark.parametrize("seed", CUTS)
def test_a_damaged_segment_gives_right_objects_or_none(seed, crashed, recwarn):
    chance = random.Random(seed)
    (segment,) = crashed.glob("*.segment")
    content = bytearray(segment.read_bytes())
    if seed % 4 == 3:
        del content[chance.randrange(len(content)) :]
    else:
        for _ in range(chance.choice([1, 8])):
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    segment.write_bytes(content)

    found = Workspace()
    for entry in found.recover():
        try:
            entry.restore()
        except (WorkspaceError, OSError):
            assert len(found) == 0

    for name in found:
        record = found.record(name)
        if name == "a":
            np.testing.assert_array_equal(record.array("data"), A)
        else:
            assert name == "signal"
            np.testing.assert_array_equal(record.array("xydata")[1], np.arange(50.0))
