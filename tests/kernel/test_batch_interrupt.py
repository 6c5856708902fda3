"""An interrupt of a notebook ends a run at once, and the next call works."""

from __future__ import annotations

import time

import pytest

RUN = """
import datalab_workspace as dlw
import numpy as np
import os
from datalab_workspace import batch
from pathlib import Path

def endless(signal):
    begun.touch()
    while True:
        pass

def size(signal):
    return {"n": signal.y.size}

begun = Path("begun").absolute()
ws = dlw.Workspace()
ws.add("one", np.arange(10.0))
"""
CLUSTER = """
from distributed import Client, LocalCluster
client = Client(
    LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0")
)
"""
REPORT = """
import threading
def report():
    while not begun.exists():
        threading.Event().wait(0.01)
    print("begun", flush=True)
threading.Thread(target=report).start()
"""
LIMIT = 10.0  # seconds; an idle computer needs less than one


def prepare(kernel, folder, code: str) -> None:
    kernel.patience = 90.0  # a worker imports sigima first
    assert kernel.run(f"import os\nos.chdir({str(folder)!r})\n{code}").error is None


def interrupted(kernel, on: str) -> float:
    """Interrupt a run that has begun, and return how long the cell took to end."""
    cell = kernel.begin(f"{REPORT}\nbatch.map(endless, ws, on={on})", until="begun")
    began = time.monotonic()
    kernel.interrupt()
    kernel.finish(cell)
    took = time.monotonic() - began
    assert "KeyboardInterrupt" in cell.error
    return took


def test_the_interrupt_ends_a_run_in_processes(either, tmp_path) -> None:
    prepare(either, tmp_path, RUN)

    assert interrupted(either, "1") < LIMIT

    assert either.value("batch.map(size, ws, on=1).done") == "1"


@pytest.mark.slow
def test_the_workers_of_a_cluster_made_in_a_cell_survive(either, tmp_path) -> None:
    prepare(either, tmp_path, RUN + CLUSTER)

    assert interrupted(either, "client") < LIMIT

    assert either.value("len(client.nthreads())") == "1"
    assert either.value("batch.map(size, ws, on=client).done") == "1"
    assert either.run("client.cluster.close(); client.close()").error is None
