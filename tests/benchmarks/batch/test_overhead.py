"""The time that a run takes in addition to what it computes, and its start."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from support import batch_objects
from support.measurement import compare, report

pytestmark = pytest.mark.timeout(1800)
ROUNDS = 5
ITEMS = 10_000
#: The most CPU time that the driver may take for an item, in seconds.
DRIVER = 150e-6
#: The most time by the clock that an item may take with dask, in seconds.
WITH_DASK = 2e-3
#: The most that the first results may take, of one import of sigima.
START = 1.3
IMPORT = "import sigima.params, sigima.proc.image, sigima.proc.signal"


@pytest.fixture(scope="module")
def many(memory: Path) -> Path:
    return batch_objects.signals(memory / "many.h5", ITEMS, points=10)


@pytest.fixture(scope="module")
def two(memory: Path) -> Path:
    return batch_objects.signals(memory / "two.h5", 2, points=10)


@pytest.mark.parametrize("output", ["no output", "output"])
@pytest.mark.parametrize("engine", ["processes", "dask"])
def test_an_item_costs_the_driver_little(
    program: Callable[..., object], many: Path, engine: str, output: str
) -> None:
    ours = program("with_product.py", many, "nothing", "table", engine)
    ours.answer(output)
    rounds = [ours.answer(output) for _ in range(ROUNDS)]
    driver, workers, wall = (
        sorted(one[figure] / ITEMS for one in rounds)
        for figure in ("driver", "workers", "wall")
    )
    report(
        f"an item that costs nothing on {engine}, {output}: driver "
        f"{driver[0] * 1e6:.0f} µs CPU (median {driver[2] * 1e6:.0f}), worker "
        f"{workers[0] * 1e6:.0f} µs CPU, {wall[0] * 1e6:.0f} µs by the clock "
        f"(median {wall[2] * 1e6:.0f}), peak {rounds[0]['peak'] / 1e6:.0f} MB"
    )
    if engine == "processes":
        assert driver[0] <= DRIVER
    else:
        assert wall[0] <= WITH_DASK


def test_the_first_results_come_soon(program: Callable[..., object], two: Path) -> None:
    """Workers import sigima at the same time, and the driver does not."""

    def first_run() -> float:
        ours = program("with_product.py", two, "nothing", "table", "processes")
        taken = ours.answer("no output")["wall"]
        ours.close()
        return float(taken)

    def one_import() -> float:
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", IMPORT], check=True)
        return time.perf_counter() - begun

    compared = compare(
        "first run of two workers, and one import of sigima",
        first_run,
        one_import,
        rounds=ROUNDS,
    )
    assert compared.ratio <= START
