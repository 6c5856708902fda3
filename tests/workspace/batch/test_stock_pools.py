"""Executors that users bring: pools of the standard library, and that of dask."""

from __future__ import annotations

import multiprocessing
import sys
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from distributed import Client, LocalCluster

from datalab_workspace import batch
from datalab_workspace.batch.engines.base import WorkerDiedError
from datalab_workspace.batch.engines.choose import choose_engine
from datalab_workspace.batch.engines.dask_client import DaskEngine
from datalab_workspace.batch.engines.executors import ExecutorEngine
from datalab_workspace.batch.engines.processes import ProcessesEngine
from datalab_workspace.batch.engines.serial import SerialEngine
from datalab_workspace.batch.engines.threads import ThreadsEngine
from datalab_workspace.batch.errors import BatchStoppedError
from support import batch_functions
from support.engine_tasks import Outcomes, compute, settings_in, task


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_pool_of_processes_ends_with_its_first_death(tmp_path, method) -> None:
    settings = settings_in(tmp_path)
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        engine = ExecutorEngine(pool, compute=compute)
        engine.start(settings)
        outcomes = Outcomes(engine)
        outcomes.submit(task(0, settings))
        assert outcomes.next().receipts[0].index == 0

        outcomes.submit(task(1, settings, "die SIGKILL"))
        assert isinstance(outcomes.next(), WorkerDiedError)
        outcomes.submit(task(2, settings))
        assert isinstance(outcomes.next(), BrokenExecutor)


def test_a_run_continues_with_a_new_pool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KILLED_ONCE", str(tmp_path / "killed"))
    items = {f"item {n}": np.arange(5.0) for n in range(8)}
    out = tmp_path / "o.h5"

    def call(pool: Executor | str) -> batch.Run:
        return batch.map(batch_functions.killing_once, items, out=out, on=pool)

    # A forked process has sigima at once.
    context = multiprocessing.get_context("fork")
    with (
        ProcessPoolExecutor(1, mp_context=context) as pool,
        pytest.raises(BatchStoppedError, match="with a new executor") as stopped,
    ):
        call(pool)
    assert stopped.value.run.left > 0

    with ProcessPoolExecutor(1, mp_context=context) as pool:
        assert call(pool).done == len(items)
    content = out.read_bytes()
    out = tmp_path / "other.h5"
    assert call("serial").done == len(items)
    assert out.read_bytes() == content


def test_the_executor_of_a_dask_client_is_taken(tmp_path) -> None:
    settings = settings_in(tmp_path)
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0"
        ) as cluster,
        Client(cluster) as client,
        client.get_executor(pure=False) as executor,
    ):
        engine = ExecutorEngine(executor, 1, compute=compute)
        engine.start(settings)
        outcomes = Outcomes(engine)
        for number in range(3):
            outcomes.submit(task(number, settings))

        assert sorted(outcomes.some(3)) == [0, 1, 2]
        engine.finish()


@pytest.mark.parametrize(
    ("on", "workers", "kind", "number"),
    [
        ("serial", None, SerialEngine, 1),
        ("threads", 3, ThreadsEngine, 3),
        ("processes", 2, ProcessesEngine, 2),
        (4, None, ProcessesEngine, 4),
        (None, 2, ProcessesEngine, 2),
        ("tcp://127.0.0.1:9", None, DaskEngine, 1),
    ],
)
def test_an_engine_is_chosen_by_what_is_passed(on, workers, kind, number) -> None:
    engine = choose_engine(on, workers)

    assert type(engine) is kind
    assert engine.workers == number


def test_there_are_no_more_workers_than_items() -> None:
    assert choose_engine("threads", items=1).workers == 1


@pytest.mark.parametrize(
    ("on", "workers", "error", "words"),
    [
        ("proceses", None, ValueError, "is not one of 'processes', 'threads'"),
        (object(), None, TypeError, "got object"),
        (0, None, ValueError, "on=0: a run needs at least one worker"),
        (True, None, TypeError, "expected a number of workers for on, got bool"),
        (2, 3, ValueError, "on=2 and workers=3 differ"),
        ("threads", "two", TypeError, "for workers, got str"),
    ],
)
def test_a_wrong_choice_is_refused(on, workers, error, words) -> None:
    with pytest.raises(error, match=words):
        choose_engine(on, workers)


class _Silent(Executor):
    """An executor that does not say how many workers it has."""


def test_an_executor_that_does_not_say_its_size_needs_workers() -> None:
    with pytest.raises(ValueError, match="pass workers="):
        choose_engine(_Silent())
    assert choose_engine(_Silent(), 5).workers == 5


@pytest.mark.parametrize(
    ("package", "on", "extra"),
    [("loky", None, "batch"), ("distributed", "tcp://x", "dask")],
)
def test_a_missing_package_is_named_with_its_extra(
    monkeypatch, package, on, extra
) -> None:
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(ModuleNotFoundError, match=rf"datalab-workspace-api\[{extra}\]"):
        choose_engine(on)
