"""Runs on the jobs of a batch system that ends them after their time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from datalab_workspace import batch
from support.cluster import functions
from support.cluster.programs import TESTS
from support.cluster.slurm import Slurm

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
#: The time of a job. Its worker takes a part of it to start.
WALLTIME = "00:00:40"


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slurm]:
    queue = Slurm(tmp_path / "slurm")
    for name, value in queue.environment.items():
        monkeypatch.setenv(name, value)
    yield queue
    queue.close()


@pytest.fixture
def cluster(slurm: Slurm, tmp_path: Path) -> Iterator[Any]:
    """A `SLURMCluster`, as `docs/howto/cluster.md` makes it."""
    from dask_jobqueue import SLURMCluster

    with SLURMCluster(
        cores=1,
        processes=1,
        memory="2GiB",
        walltime=WALLTIME,
        log_directory=str(tmp_path / "logs"),
        local_directory=str(tmp_path / "scratch"),
        job_script_prologue=[f"export PYTHONPATH={TESTS}"],
        scheduler_options={"dashboard_address": ":0", "host": "127.0.0.1"},
        worker_extra_args=["--no-dashboard"],
    ) as jobs:
        yield jobs


def test_jobs_that_end_with_their_time_are_replaced(
    cluster: Any, slurm: Slurm, signals: Any, tmp_path: Path
) -> None:
    """The items take longer than one generation of jobs."""
    from dask.distributed import Client

    cluster.adapt(minimum=2, maximum=2)
    with Client(cluster) as client:
        run = batch.map(
            functions.slowly(0.4),
            signals(200),
            out=tmp_path / "out.h5",
            on=client,
        )

    assert (run.done, run.failed, run.left) == (200, 0, 0)
    assert run.table.index.is_unique
    assert "TIMEOUT" in slurm.states().values()
