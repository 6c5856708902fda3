"""Projects of many signals: copies of them, and how time and memory grow."""

from __future__ import annotations

import shutil
import subprocess
import sys

import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace import open as open_project
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.formats.h5.reader import read_project
from support.measurement import compare, measure, report, seconds

pytestmark = pytest.mark.timeout(1800)
POINTS = 100
FEW, MANY = 10**3, 10**5
ROUNDS = 5
#: Prints how much more memory a process takes after it loaded a file, in bytes.
LOAD = """
import psutil, sys
from datalab_workspace import Workspace
from datalab_workspace.backends.memory import MemoryBackend
workspace = Workspace(backend=MemoryBackend())
workspace.load(sys.argv[1])
before = psutil.Process().memory_info().rss
held = Workspace(backend=MemoryBackend())
held.load(sys.argv[2])
print(psutil.Process().memory_info().rss - before)
"""


def workspace_of(count, points=POINTS):
    workspace = Workspace(backend=MemoryBackend())
    x = np.linspace(0, 1, points)
    for number in range(count):
        workspace.add(f"signal {number}", (x, x))
    return workspace


@pytest.fixture(scope="module")
def few():
    return workspace_of(FEW)


@pytest.fixture(scope="module")
def many():
    return workspace_of(MANY)


@pytest.fixture(scope="module")
def few_saved(few, memory):
    return few.save(memory / "few.h5")


@pytest.fixture(scope="module")
def many_saved(many, memory):
    return many.save(memory / "many.h5")


def test_copy_opens_in_at_most_twice_the_time_of_the_original(memory):
    original = workspace_of(2000, points=1000).save(memory / "original.h5")
    copy = shutil.copyfile(original, memory / "copy.h5")
    compared = compare(
        "open and list 2000 signals of a copy, and of the original",
        lambda: open_project(copy).list(),
        lambda: open_project(original).list(),
    )
    assert compared.ratio <= 2
    assert compared.ratio_of_medians <= 2


def test_a_hundred_thousand_signals_are_read_from_the_manifest_at_once(many_saved):
    measure(
        "read the manifest of 100000 signals",
        lambda: read_project(many_saved, lazy=True),
        rounds=ROUNDS,
    )
    opened = measure("open them", lambda: open_project(many_saved), rounds=ROUNDS)
    workspace = open_project(many_saved)
    listed = measure("list them", workspace.list, rounds=ROUNDS)
    report(f"open and list 100000 signals: {opened + listed:.2f} s")
    assert opened + listed <= 0.3


@pytest.mark.parametrize("what", ["save", "load"])
def test_time_grows_with_the_number_of_signals(
    what, few, many, few_saved, many_saved, memory
):
    def save(workspace):
        path = memory / "saved.h5"

        def save_as_a_whole():
            path.unlink(missing_ok=True)
            workspace.save(path, compression="none")  # has everything written again

        return save_as_a_whole

    def load(path):
        return lambda: Workspace(backend=MemoryBackend()).load(path)

    subjects = {
        "save": (save(few), save(many)),
        "load": (load(few_saved), load(many_saved)),
    }
    each_of_few, each_of_many = [], []
    for _ in range(ROUNDS):
        each_of_few.append(min(seconds(subjects[what][0]) for _ in range(3)) / FEW)
        each_of_many.append(seconds(subjects[what][1]) / MANY)
    growth = min(each_of_many) / min(each_of_few)
    report(
        f"{what}: {min(each_of_few) * 1e6:.0f} µs for each of {FEW} signals, "
        f"{min(each_of_many) * 1e6:.0f} µs for each of {MANY}, ratio {growth:.2f}"
    )
    assert growth <= 1.2


def test_a_signal_takes_ten_kilobytes_besides_its_data(few_saved, many_saved):
    done = subprocess.run(
        [sys.executable, "-c", LOAD, few_saved, many_saved],
        capture_output=True,
        text=True,
        check=True,
    )
    besides = int(done.stdout) / MANY - 2 * 8 * POINTS
    report(f"memory of a loaded signal besides its data: {besides:.0f} bytes")
    assert besides <= 10_000
