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
Later = Callable[[Callable[[], bool], Callable[[], None]], None]


def serial(function: object, project: Path, folder: Path) -> batch.Run:
    """Return a run in this process, with which others are compared."""
    folder.mkdir()
    out = folder / "out.h5"
    return batch.map(function, project, out=out, on="serial", key="the function")


@pytest.fixture
def later() -> Iterator[Later]:
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
        function,
        project,
        out=tmp_path / "out" / "out.h5",
        on=machines.address,
        key="the function",
    )

    assert {name: error.type for name, error in run.errors.items()} == {
        "signal 7": "ValueError"
    }
    assert_frame_equal(run.table, expected.table)
    assert digests(tmp_path / "out") == digests(tmp_path / "serial")


class Counted:
    """A run whose function notes how often it is called, and what it has to give."""

    def __init__(self, project: Path, folder: Path) -> None:
        self.project = project
        self.folder = folder
        self.noted = folder / "noted"
        for path in (self.noted, folder / "out"):
            path.mkdir()
        self.function = functions.counted(self.noted, 0.02)
        self.expected = serial(self.function, project, folder / "serial")
        for path in self.noted.iterdir():
            path.unlink()

    def calls(self) -> dict[str, int]:
        """Return how often the function was called for each item."""
        return functions.calls(self.noted)

    def compute(self, on: str) -> batch.Run:
        """Compute on a cluster, and check that all is there, once."""
        run = batch.map(
            self.function,
            self.project,
            out=self.folder / "out" / "out.h5",
            on=on,
            key="the function",
        )
        assert (run.done, run.failed, run.left) == (len(self.expected.table), 0, 0)
        assert_frame_equal(run.table, self.expected.table)
        assert {*self.calls()} == {*run.table.index}
        kept = titles(self.folder / "out")
        assert len(kept) == len({*kept})
        assert digests(self.folder / "out") == digests(self.folder / "serial")
        return run


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_lost_machine_costs_no_results(
    cluster: Start, signals: Signals, tmp_path: Path, later: Later
) -> None:
    """One of three workers loses its power in the middle; memory is limited."""
    counted = Counted(signals(400), tmp_path)
    machines = cluster(3)
    limit = ("prlimit", f"--data={2**30}")
    for _ in range(3):
        machines.add_worker("--no-nanny", "--memory-limit", "700MiB", before=limit)
    later(lambda: len(counted.calls()) > 100, machines.workers[0].kill)

    counted.compute(machines.address)

    # The tasks of the lost worker: what it was computing, and what it had in reserve.
    assert sum(counted.calls().values()) <= 400 + 100


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_machine_that_the_network_lost_for_a_while_does_no_harm(
    cluster: Start, signals: Signals, tmp_path: Path, later: Later
) -> None:
    """What it goes on to compute is not taken twice."""
    counted = Counted(signals(300), tmp_path)
    machines = cluster(2)
    for _ in range(2):
        machines.add_worker("--nanny")
    later(
        lambda: len(counted.calls()) > 75,
        lambda: lose_for_a_while(machines.workers[0]),
    )

    counted.compute(machines.address)


def lose_for_a_while(worker: Worker) -> None:
    """Break all connections of a worker, and let it have new ones at once."""
    worker.lose()
    worker.find()


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

    with (
        pytest.warns(
            UserWarning, match="does not take part: .* does not see the folder"
        ),
        pytest.raises(dlw.BatchStoppedError, match="does not see the folder"),
    ):
        batch.map(functions.halved, project, out=out, on=machines.address)
    machines.add_worker("--no-nanny")
    machines.wait_for_workers(2)
    with pytest.warns(UserWarning, match="does not take part"):
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
