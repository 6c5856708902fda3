"""Recovery: its processor time beside writing the same bytes, and its waits."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace.recovery.recorder import Recorder
from support.measurement import compare, report

MIB = 1 << 20


def signals(points):
    workspace = Workspace()
    x = np.linspace(0, 1, points)
    for number in range(1000):
        name = f"signal {number}"
        workspace.add(name, (x, np.sin(number * x)))
        metadata = {"gain": number / 7, "channel": number % 4, "color": "#1f77b4"}
        workspace.edit(name, xlabel="Time", xunit="s", metadata=metadata)
    return workspace


def images():
    workspace = Workspace()
    chance = np.random.default_rng(1)
    for number in range(20):
        workspace.add(f"image {number}", chance.random((1024, 1024)), copy=False)
    return workspace


#: The makers of workspaces, each with the bound of its ratio. Describing a signal takes
#: about as long as writing 2000 points.
MAKES = {
    "1000 signals of 1000 points": (lambda: signals(1000), 4.0),
    "1000 signals of 10000 points": (lambda: signals(10_000), 1.6),
    "20 images of 8 MiB": (images, 1.5),
}


@pytest.mark.parametrize("what", MAKES)
def test_it_takes_little_more_than_writing_the_bytes(what, memory):
    make, bound = MAKES[what]
    workspace = make()
    arrays = [
        array
        for name in workspace
        for array in workspace.record(name).arrays.values()
        if array.size
    ]

    def record():
        """Write all objects, and return the processor time of this."""
        before = time.process_time()
        recorder = Recorder(workspace._session, memory)
        recorder.flush()
        taken = time.process_time() - before
        recorder.end()
        return taken

    def write():
        before = time.process_time()
        path = memory / "plain"
        with path.open("wb", buffering=0) as file:
            for array in arrays:
                file.write(array.data)
            os.fsync(file.fileno())
        taken = time.process_time() - before
        path.unlink()
        return taken

    compared = compare(f"record {what}", record, write)
    assert compared.ratio <= bound


def test_no_call_waits_for_it(memory):
    """The longest wait of a call is not 5 ms longer than without recovery."""
    image = np.random.default_rng(1).random((1024, 1024))

    waits = {}
    for recorded in (False, True):
        workspace = Workspace()
        recorder = Recorder(workspace._session, memory) if recorded else None
        taken = []
        end, number = time.perf_counter() + 5, 0
        while time.perf_counter() < end:
            number += 1
            before = time.perf_counter()
            workspace.add(f"signal {number % 500}", np.arange(1000.0), overwrite=True)
            if not number % 200:
                workspace.add(f"image {number % 7}", image, copy=False, overwrite=True)
            taken.append(time.perf_counter() - before)
            time.sleep(0.001)
        if recorder is not None:
            recorder.end()
        waits[recorded] = taken
        shown = np.percentile(taken, [50, 99, 100]) * 1e3
        report(f"recorded: {recorded}; ms of a call (50, 99, 100 %): {shown.round(2)}")
    assert max(waits[True]) <= max(waits[False]) + 5e-3
