"""A power cut loses what was not flushed: the order of writes makes up for it."""

from __future__ import annotations

import os
import random
import shutil
import warnings
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from datalab_workspace import DamagedFileError, Workspace
from datalab_workspace.recovery import recorder as recorder_module
from datalab_workspace.recovery import segments, store

KINDS = ("nothing", "half", "zeros", "all")


class Disk:
    """Everything that is done to the files of a folder, in order."""

    def __init__(self, monkeypatch):
        self.actions = []
        write, fsync = segments.write_all, os.fsync
        unlink = os.unlink

        def noted_write(file, data):
            self.actions.append(("write", os.path.realpath(file.name), bytes(data)))
            write(file, data)

        def noted_fsync(descriptor):
            path = Path(f"/proc/self/fd/{descriptor}").readlink()
            self.actions.append(("sync", os.path.realpath(path), b""))
            fsync(descriptor)

        def noted_unlink(path, *arguments, **options):
            self.actions.append(("unlink", os.path.realpath(path), b""))
            unlink(path, *arguments, **options)

        monkeypatch.setattr(segments, "write_all", noted_write)
        monkeypatch.setattr(os, "fsync", noted_fsync)
        monkeypatch.setattr(os, "unlink", noted_unlink)

    def after_cut(self, count, chance):
        """Return the files after a power cut that follows the first actions."""
        flushed, pending = {}, {}
        for action, path, data in self.actions[:count]:
            if action == "write":
                pending.setdefault(path, []).append(data)
            elif action == "unlink":  # at worst it has reached the disk
                flushed.pop(path, None)
                pending.pop(path, None)
            else:
                flushed[path] = flushed.get(path, b"") + b"".join(pending.pop(path, []))
        for path, writes in pending.items():
            if path not in flushed and chance.random() < 0.5:
                continue  # not even its name is on the disk
            flushed.setdefault(path, b"")
            for data in writes:
                kept = chance.choice(KINDS)
                half = data[: len(data) // 2]
                lost = {"nothing": b"", "half": half, "zeros": bytes(len(data))}
                flushed[path] += lost.get(kept, data)
        return flushed


@pytest.fixture
def disk(monkeypatch):
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs the names of open files in /proc")
    return Disk(monkeypatch)


def history(workspace, recorder, disk):
    """Change objects; return their states, with the number of actions before each."""
    chance = random.Random(1)
    states = []
    for step in range(60):
        name = f"object {chance.randrange(6)}"
        size = chance.choice([10, 1000, 200_000])
        if chance.random() < 0.2 and name in workspace:
            workspace.remove(name)
        elif chance.random() < 0.3 and name in workspace:
            workspace.edit(name, xunit=f"unit {step}")
        else:
            workspace.add(name, np.full(size, float(step)), overwrite=True)
        recorder._flush()
        if step % 10 == 9:
            recorder.flush()
        states.append((len(disk.actions), step % 10 == 9, content(workspace)))
    return states


def content(workspace):
    records = {name: workspace.record(name) for name in workspace}
    return {
        name: (record.fields["xunit"], record.array("xydata").tobytes())
        for name, record in records.items()
    }


def test_after_a_power_cut_everything_is_as_at_the_last_flush_or_later(
    record, folder, disk, monkeypatch, tmp_path
):
    monkeypatch.setattr(store, "_SEGMENT", 100_000)
    workspace = Workspace()
    recorder = record(workspace)
    states = history(workspace, recorder, disk)
    owner = recorder.folder / "kernel.json"
    description = owner.read_bytes()
    recorder.end(keep=True)
    chance = random.Random(2)
    for _ in range(30):
        shutil.rmtree(folder)
        cut = chance.randrange(len(disk.actions) + 1)
        recorder_folder = owner.parent
        recorder_folder.mkdir(parents=True, mode=0o700)
        folder.chmod(0o700)
        owner.write_bytes(description)
        for path, data in disk.after_cut(cut, chance).items():
            if path.endswith(".segment"):
                (recorder_folder / Path(path).name).write_bytes(data)
        found = Workspace()
        if found.recover():
            with suppress(DamagedFileError), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found.recover(1)
        check(states, cut, content(found))


def check(states, cut, found):
    """Each object is as it was at the last flush before the cut, or later."""
    flushed = [
        i for i, (count, synced, _) in enumerate(states) if synced and count <= cut
    ]
    first = flushed[-1] if flushed else None
    later = [state for _, _, state in states[first or 0 :]]
    allowed = [{}, *later] if first is None else later
    for name in {name for state in allowed for name in state} | found.keys():
        assert found.get(name) in [state.get(name) for state in allowed], name


def test_everything_is_flushed_every_thirty_seconds(record, disk, monkeypatch):
    now = 0.0
    clock = SimpleNamespace(monotonic=lambda: now)
    monkeypatch.setattr(recorder_module, "time", clock)
    workspace = Workspace()
    recorder = record(workspace)
    moments = {0.0}
    for second in range(100):
        now = float(second)
        workspace.add("x", np.full(3, now), overwrite=True)
        before = len(disk.actions)
        recorder._flush()
        if any(action == "sync" for action, *_ in disk.actions[before:]):
            moments.add(now)
    assert max(np.diff(sorted({*moments, 99.0}))) <= 30
    assert len(moments) <= 5, "and not much more often"
