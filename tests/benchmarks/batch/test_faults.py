"""The time that faults cost: items that kill their worker, and one that hangs."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dask.distributed import Client, LocalCluster

from datalab_workspace import batch
from support import batch_objects
from support.cluster import functions
from support.measurement import report

pytestmark = pytest.mark.timeout(1800)
ROUNDS = 5
ITEMS, GUILTY = 500, (123, 321)
#: The most that the run may take, of an undisturbed one, and in starts of a worker.
UNDISTURBED, STARTS = 3, 4
WORKER = "import datalab_workspace, distributed, sigima.params, sigima.proc.signal"
#: Seconds that an item takes.
EACH = 0.01


@pytest.fixture(scope="module")
def signals(memory: Path) -> Path:
    return batch_objects.signals(memory / "signals.h5", ITEMS, points=100)


@pytest.fixture(params=["processes", "dask"])
def engine(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    if request.param != "dask":
        yield request.param
        return
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0"
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def run(engine: Any, signals: Path, *guilty: int, **options: Any) -> tuple[float, Any]:
    """Return the time of a run, and the run."""
    begun = time.perf_counter()
    function = functions.killing(*guilty, seconds=EACH)
    done = batch.map(function, signals, on=engine, keep="table", **options)
    return time.perf_counter() - begun, done


def start_of_a_worker() -> float:
    """Return how long a process takes that imports what a worker imports."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", WORKER], check=True)
    return time.perf_counter() - begun


def test_two_items_that_kill_their_workers_are_named(
    engine: Any, signals: Path
) -> None:
    workers = {"workers": 2} if isinstance(engine, str) else {}
    run(engine, signals, **workers)
    clean, disturbed, starts = [], [], []
    for _ in range(ROUNDS):
        clean.append(run(engine, signals, **workers)[0])
        taken, done = run(engine, signals, *GUILTY, **workers)
        disturbed.append(taken)
        starts.append(start_of_a_worker())
        assert {name: error.type for name, error in done.errors.items()} == {
            f"signal {number}": "WorkerDied" for number in GUILTY
        }
        assert (done.done, done.left) == (ITEMS - len(GUILTY), 0)
    report(
        f"{ITEMS} items, two of which kill their worker: {min(disturbed):.1f} s "
        f"(median {statistics.median(disturbed):.1f}), undisturbed {min(clean):.1f} s "
        f"(median {statistics.median(clean):.1f}), start {min(starts):.1f} s "
        f"(median {statistics.median(starts):.1f})"
    )
    bound = UNDISTURBED * min(clean) + STARTS * min(starts)
    assert min(disturbed) <= bound


def test_an_item_that_hangs_costs_two_time_limits(engine: Any, signals: Path) -> None:
    workers = {"workers": 2} if isinstance(engine, str) else {}
    function = functions.hanging(200)
    begun = time.perf_counter()

    done = batch.map(
        function, signals, on=engine, keep="table", item_timeout=3, **workers
    )

    report(f"{ITEMS} items, one of which hangs: {time.perf_counter() - begun:.1f} s")
    assert [*done.errors] == ["signal 200"]
    assert (done.done, done.left) == (ITEMS - 1, 0)
