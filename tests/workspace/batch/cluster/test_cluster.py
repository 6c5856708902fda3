"""Runs on several machines whose network delays, loses and breaks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal

import datalab_workspace as dlw
from datalab_workspace import batch
from support.batch_outputs import digests, titles
from support.cluster import functions
from support.cluster.programs import Cluster, Worker

Start = Callable[..., Cluster]
Signals = Callable[[int], Path]


def serial(function: object, project: Path, folder: Path) -> batch.Run:
    """Return a run in this process, with which others are compared."""
    folder.mkdir()
    return batch.map(function, project, out=folder / "out.h5", on="serial")


@pytest.fixture
def later() -> Iterator[Callable[[Callable[[], bool], Callable[[], None]], None]]:
    """`later(condition, act)`: act in the middle of the test, when a condition is met.

    The condition has to be met before the test ends.
    """
    acting: list[threading.Thread] = []
    ended = threading.Event()
    acted: list[bool] = []

    def start(condition: Callable[[], bool], act: Callable[[], None]) -> None:
        def wait() -> None:
            while not ended.is_set():
                if condition():
                    act()
                    acted.append(True)
                    return
                time.sleep(0.02)

        acting.append(threading.Thread(target=wait))
        acting[-1].start()

    yield start
    ended.set()
    for thread in acting:
        thread.join()
    assert len(acted) == len(acting), "the run ended before what was to disturb it"


def test_a_cluster_gives_the_same_bytes_as_one_process(
    cluster: Start, signals: Signals, tmp_path: Path
) -> None:
    """Also if its network delays all by 10 ms, and loses one segment of a hundred."""
    project = signals(50)
    function = functions.one_in_a_hundred_raises
    expected = serial(function, project, tmp_path / "serial")
    machines = cluster(2)
    machines.add_worker("--no-nanny"), machines.add_worker("--no-nanny")
    (tmp_path / "out").mkdir()

    run = batch.map(
        function, project, out=tmp_path / "out" / "out.h5", on=machines.address
    )

    assert {name: error.type for name, error in run.errors.items()} == {
        "signal 7": "ValueError"
    }
    assert_frame_equal(run.table, expected.table)
    assert digests(tmp_path / "out") == digests(tmp_path / "serial")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_lost_machine_costs_no_results(
    cluster: Start, signals: Signals, tmp_path: Path, later: Callable[..., None]
) -> None:
    """One of three workers loses its power in the middle; memory is limited."""
    project, count = signals(600), 600
    expected = serial(functions.halved, project, tmp_path / "serial")
    machines = cluster(3)
    limit = ("prlimit", f"--data={2**30}")
    for _ in range(3):
        machines.add_worker("--no-nanny", "--memory-limit", "700MiB", before=limit)
    noted = tmp_path / "noted"
    (tmp_path / "out").mkdir(), noted.mkdir()
    later(
        lambda: len(functions.calls(noted)) > count // 4,
        machines.workers[0].kill,
    )

    run = batch.map(
        functions.counted(noted, 0.03),
        project,
        out=tmp_path / "out" / "out.h5",
        on=machines.address,
    )

    assert (run.done, run.failed, run.left) == (count, 0, 0)
    assert run.table.index.is_unique
    assert_frame_equal(run.table["sum"], expected.table["sum"])  # type: ignore[arg-type]
    kept = titles(tmp_path / "out")
    assert len(kept) == len({*kept}) == len(titles(tmp_path / "serial"))
    calls = functions.calls(noted)
    again = {name for name, times in calls.items() if times > 1}
    assert {*calls} == {*run.table.index}
    # The tasks of the lost worker: what it was computing, and what it had in reserve.
    assert len(again) <= count // 4


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_machine_that_the_network_lost_for_a_while_does_no_harm(
    cluster: Start, signals: Signals, tmp_path: Path, later: Callable[..., None]
) -> None:
    """What it goes on to compute is not taken twice."""
    project, count = signals(300), 300
    expected = serial(functions.halved, project, tmp_path / "serial")
    machines = cluster(2)
    for _ in range(2):
        machines.add_worker("--no-nanny")
    noted = tmp_path / "noted"
    (tmp_path / "out").mkdir(), noted.mkdir()
    later(
        lambda: len(functions.calls(noted)) > count // 4,
        lambda: lose_for_a_while(machines.workers[0], machines),
    )

    run = batch.map(
        functions.counted(noted, 0.03),
        project,
        out=tmp_path / "out" / "out.h5",
        on=machines.address,
    )

    assert (run.done, run.failed, run.left) == (count, 0, 0)
    assert_frame_equal(run.table["sum"], expected.table["sum"])  # type: ignore[arg-type]
    kept = titles(tmp_path / "out")
    assert len(kept) == len({*kept}) == len(titles(tmp_path / "serial"))


def lose_for_a_while(worker: Worker, machines: Cluster) -> None:
    """Break all connections, also those of the driver, and accept new ones at once."""
    worker.link.cut()
    machines.link.cut()
    machines.link.restore()
    worker.link.restore()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_worker_that_does_not_see_the_folder_is_refused(
    cluster: Start, signals: Signals, tmp_path: Path
) -> None:
    """The others compute all; without others the reason is raised."""
    project = signals(50)
    machines = cluster(2)
    (tmp_path / "out").mkdir()
    hidden = (
        *("unshare", "--mount", "sh", "-c"),
        f'mount -t tmpfs none "{tmp_path / "out"}" && exec "$0" "$@"',
    )
    machines.add_worker("--no-nanny", before=hidden)
    out = tmp_path / "out" / "out.h5"

    with pytest.raises(dlw.BatchStoppedError, match="folder"):
        batch.map(functions.halved, project, out=out, on=machines.address)
    machines.add_worker("--no-nanny")
    run = batch.map(functions.halved, project, out=out, on=machines.address)

    assert (run.done, run.failed, run.left) == (50, 0, 0)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_item_that_needs_more_memory_than_there_is_fails_alone(
    cluster: Start, signals: Signals, tmp_path: Path
) -> None:
    """Whoever limits it: the run, or the machine."""
    machines = cluster(2)
    limit = ("prlimit", f"--data={2**30}")
    for _ in range(2):
        machines.add_worker("--no-nanny", before=limit)

    run = batch.map(functions.greedy(2**31, 3, 40), signals(50), on=machines.address)

    assert {name: error.type for name, error in run.errors.items()} == {
        "signal 3": "MemoryError",
        "signal 40": "MemoryError",
    } or {*(error.type for error in run.errors.values())} == {"_ArrayMemoryError"}
    assert (run.done, run.failed, run.left) == (48, 2, 0)
