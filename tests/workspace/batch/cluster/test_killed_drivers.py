"""Drivers that are killed at random instants, and the calls that go on."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from datalab_workspace import batch
from support.batch_outputs import digests
from support.cluster import driver, functions
from support.cluster.link import Quality
from support.cluster.programs import TESTS, Cluster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
KILLS, ITEMS = 20, 500


@pytest.fixture(params=["processes", "dask"])
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """What drivers are told to compute with."""
    if request.param == "processes":
        yield "processes"
        return
    machines: Cluster = request.getfixturevalue("cluster")(
        2, quality=Quality(delay=0.001, loss=0.0)
    )
    for _ in range(2):
        machines.add_worker("--no-nanny")
    yield machines.address


def test_a_run_whose_drivers_are_killed_gives_the_same_bytes(
    engine: str, signals: Callable[[int], Path], tmp_path: Path
) -> None:
    """Also if the calls that go on are killed again, and nothing is done twice."""
    project = signals(ITEMS)
    for name in ("noted", "out", "serial", "serially noted"):
        (tmp_path / name).mkdir()
    noted, out = tmp_path / "noted", tmp_path / "out" / "out.h5"
    batch.map(
        functions.counted(tmp_path / "serially noted", driver.EACH),
        project,
        out=tmp_path / "serial" / "out.h5",
        on="serial",
        key=driver.KEY,
    )
    command = [
        *(sys.executable, driver.__file__),
        *map(str, (project, out, noted, engine)),
    ]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    chance = random.Random(19)
    under_way = 0
    for _ in range(KILLS):
        program = subprocess.Popen(command, env=environment)
        try:
            assert program.wait(chance.uniform(0, 12)) == 0
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()
            under_way += 1

    last = subprocess.run(command, env=environment)

    assert last.returncode == 0
    assert under_way
    assert digests(tmp_path / "out") == digests(tmp_path / "serial")
    assert {*functions.calls(noted)} == {f"signal {number}" for number in range(ITEMS)}
