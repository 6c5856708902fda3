"""Project files: how fast, and with how much memory, beside plain h5py."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib

import h5py
import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace import open as open_project
from support.measurement import compare, measure, report

OBJECTS = 1000
POINTS = 1000
MANIFEST = "datalab_workspace"
SIDE = (16384, 16384)  # 512 MiB of 16-bit pixels
LARGE_ROUNDS = 5
DATA = "DataLab_Ima/gi001: /i001: image/data"


# -- a thousand small objects ---------------------------------------------------------


@pytest.fixture(scope="module")
def signals():
    """A workspace of signals with labels and some metadata."""
    workspace = Workspace()
    x = np.linspace(0, 1, POINTS)
    for number in range(OBJECTS):
        name = f"signal {number}"
        workspace.add(name, (x, np.sin(number * x)))
        metadata = {"gain": number / 7, "channel": number % 4, "color": "#1f77b4"}
        workspace.edit(name, xlabel="Time", xunit="s", metadata=metadata)
    return workspace


@pytest.fixture(scope="module")
def project(signals, tmp_path_factory):
    return signals.save(tmp_path_factory.mktemp("signals") / "signals.h5")


def contents(path):
    """Paths, attributes and data of everything that DataLab's layout holds."""
    groups, datasets = [], []

    def add(where, item):
        if where.startswith(MANIFEST):
            return
        if isinstance(item, h5py.Dataset):
            datasets.append((where, item[()]))
        else:
            groups.append((where, dict(item.attrs)))

    with h5py.File(path) as file:
        file.visititems(add)
    return groups, datasets


def write_plainly(path, content):
    groups, datasets = content
    with h5py.File(path, "w") as file:
        for where, attributes in groups:
            group = file.create_group(where)
            for name, value in attributes.items():
                group.attrs[name] = value
        for where, data in datasets:
            file[where] = data


def read_plainly(path):
    found = []
    with h5py.File(path) as file:
        for panel in ("DataLab_Sig",):
            for group in file[panel].values():
                for item in group.values():
                    metadata = dict(item["metadata"].attrs)
                    found.append((dict(item.attrs), metadata, item["xydata"][()]))
    return found


def save_as_a_whole(workspace, path):
    """Save to a new file; `compression` has everything written again."""
    path.unlink(missing_ok=True)
    workspace.save(path, compression="none")


def test_a_thousand_signals_are_saved_faster_than_by_h5py(signals, project, tmp_path):
    content = contents(project)
    compared = compare(
        "save 1000 signals of 1000 points",
        lambda: save_as_a_whole(signals, tmp_path / "ours.h5"),
        lambda: write_plainly(tmp_path / "plain.h5", content),
    )
    written = [contents(tmp_path / name) for name in ("ours.h5", "plain.h5")]
    np.testing.assert_equal(*written)
    assert compared.ratio <= 1.0


def test_a_thousand_signals_are_loaded_faster_than_by_h5py(project):
    def load():
        workspace = Workspace()
        workspace.load(project)
        assert len(workspace) == OBJECTS

    compared = compare(
        "load 1000 signals of 1000 points", load, lambda: read_plainly(project)
    )
    assert compared.ratio <= 1.0


def test_a_thousand_objects_are_listed_in_five_milliseconds(project):
    def titles():
        with h5py.File(project) as file:
            for group in file["DataLab_Sig"].values():
                assert [item.attrs["title"] for item in group.values()]

    opened = compare("open and list 1000", lambda: open_project(project).list(), titles)
    workspace = open_project(project)
    listed = measure("list 1000 objects", workspace.list)
    assert listed < 5e-3
    assert opened.ratio <= 0.2


# -- a project that DataLab saved -----------------------------------------------------


@pytest.fixture(scope="module")
def saved_by_datalab(project, memory):
    """The same signals in a file written as DataLab does: without our manifest."""
    path = memory / "saved_by_datalab.h5"
    write_plainly(path, contents(project))
    return path


def heads(path):
    """What a list shows, read by h5py."""
    found = []
    with h5py.File(path) as file:
        for group in file["DataLab_Sig"].values():
            for item in group.values():
                uuid = item["metadata"].attrs["__uuid"]
                data = item["xydata"]
                found.append((item.attrs["title"], uuid, data.shape, data.dtype))
    return found


def test_project_saved_by_datalab_is_listed_faster_than_by_h5py(saved_by_datalab):
    compared = compare(
        "open and list 1000 signals without a manifest",
        lambda: open_project(saved_by_datalab).list(),
        lambda: heads(saved_by_datalab),
    )
    assert compared.ratio <= 0.3


def test_project_saved_by_datalab_is_loaded_faster_than_by_h5py(saved_by_datalab):
    compared = compare(
        "load 1000 signals without a manifest",
        lambda: Workspace().load(saved_by_datalab),
        lambda: read_plainly(saved_by_datalab),
    )
    assert compared.ratio <= 1.0


def test_objects_are_read_one_by_one_faster_than_by_h5py(saved_by_datalab):
    def read():
        workspace = open_project(saved_by_datalab)
        for name in workspace:
            workspace.record(name)

    compared = compare(
        "open without a manifest and read the metadata of 1000 signals one by one",
        read,
        lambda: read_plainly(saved_by_datalab),
    )
    assert compared.ratio <= 1.0


# -- one large image ------------------------------------------------------------------


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(1).integers(0, 1 << 16, SIDE, "u2")


@pytest.fixture(scope="module")
def large(image, memory):
    workspace = Workspace()
    workspace.add("image", image, copy=False)
    return workspace.save(memory / "large.h5")


def save(image, path):
    workspace = Workspace()
    workspace.add("image", image, copy=False)
    workspace.save(path)


def load(path):
    Workspace().load(path)


def write_safely(image, path):
    """Write with h5py what `save` promises: a checksum, synced, then in place."""
    temporary = path.with_suffix(".tmp")
    with h5py.File(temporary, "w") as file:
        file[DATA] = image
        file[DATA].attrs["crc"] = zlib.crc32(image.reshape(-1).view("u1"))
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def write_barely(image, path):
    path.unlink(missing_ok=True)
    with h5py.File(path, "w") as file:
        file[DATA] = image


def read_safely(path):
    with h5py.File(path) as file:
        zlib.crc32(file[DATA][()].reshape(-1).view("u1"))


def read_barely(path):
    with h5py.File(path) as file:
        file[DATA][()]


def test_large_image_is_saved_as_fast_as_by_h5py(image, memory):
    ours, theirs = memory / "ours.h5", memory / "theirs.h5"
    safe = compare(
        "add and save 512 MiB, against h5py with checksum, fsync and rename",
        lambda: save(image, ours),
        lambda: write_safely(image, theirs),
        rounds=LARGE_ROUNDS,
    )
    compare(
        "add and save 512 MiB, against bare h5py",
        lambda: save(image, ours),
        lambda: write_barely(image, theirs),
        rounds=LARGE_ROUNDS,
    )
    ours.unlink()
    theirs.unlink()
    assert safe.ratio <= 1.2


def test_large_image_is_loaded_as_fast_as_by_h5py(large):
    safe = compare(
        "load 512 MiB, against h5py with checksum",
        lambda: load(large),
        lambda: read_safely(large),
        rounds=LARGE_ROUNDS,
    )
    compare(
        "load 512 MiB, against bare h5py",
        lambda: load(large),
        lambda: read_barely(large),
        rounds=LARGE_ROUNDS,
    )
    assert safe.ratio <= 1.2


PEAK = """
import sys
import numpy as np
import h5py
from datalab_workspace import Workspace

def kilobytes(line):
    with open("/proc/self/status") as status:
        return next(int(row.split()[1]) for row in status if row.startswith(line))

def small(path):
    workspace = Workspace()
    workspace.add("small", np.zeros((2, 2)))
    workspace.save(path)
    Workspace().load(path)

small(sys.argv[1] + ".warm")
workspace = Workspace()
if sys.argv[2] == "save":
    image = np.ones((16384, 16384), "u2")
    before = kilobytes("VmRSS")
    workspace.add("image", image, copy=False)
    workspace.save(sys.argv[1])
else:
    before = kilobytes("VmRSS")
    workspace.load(sys.argv[1])
sys.stdout.write(str(kilobytes("VmHWM") - before))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/status")
@pytest.mark.parametrize(("what", "copies"), [("save", 0), ("load", 1)])
def test_large_image_is_in_memory_once(what, copies, large, memory):
    path = large if what == "load" else memory / "peak.h5"
    command = [sys.executable, "-c", PEAK, str(path), what]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    grown = int(done.stdout) / 1024
    report(f"{what} 512 MiB: the peak of memory grows by {grown:.0f} MiB")
    assert grown < copies * 512 + 48
