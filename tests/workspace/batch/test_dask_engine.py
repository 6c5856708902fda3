"""The engine over dask: deaths, interrupts, and clusters that end."""

from __future__ import annotations

import os
import signal
import threading
import time
from functools import partial

import pytest
from distributed import Client, LocalCluster, get_worker

from datalab_workspace.batch.engines.base import WorkerDiedError
from datalab_workspace.batch.engines.dask_client import DaskEngine
from datalab_workspace.batch.messages import Answer, Receipt
from support.engine_tasks import LIMIT, Outcomes, compute, settings_in, task


@pytest.fixture
def settings(tmp_path):
    return settings_in(tmp_path)


def cluster_of(**options) -> LocalCluster:
    return LocalCluster(dashboard_address=":0", **options)


@pytest.fixture(scope="module")
def client():
    with cluster_of(n_workers=2, threads_per_worker=1) as cluster, Client(cluster) as c:
        yield c


@pytest.fixture
def outcomes(client, settings):
    engine = DaskEngine(client, compute=compute)
    engine.start(settings)
    yield Outcomes(engine)
    engine.finish()


def test_every_task_is_answered_by_one_of_the_workers(outcomes, settings) -> None:
    for number in range(20):
        outcomes.submit(task(number, settings))

    answers = outcomes.some(20)

    assert [answers[n].receipts[0].index for n in range(20)] == [*range(20)]
    assert str(os.getpid()) not in {answer.worker for answer in answers.values()}
    assert outcomes.engine.workers == 2


def test_an_error_of_the_engine_is_reported(outcomes, settings) -> None:
    outcomes.submit(task(0, settings, "raise no such host"))

    assert str(outcomes.next()) == "no such host"


def test_an_interrupt_of_the_group_leaves_the_workers_alive(
    outcomes, settings, client
) -> None:
    """As the terminal and Jupyter send it: to the whole process group."""
    outcomes.submit(task(0, settings))
    outcomes.next()
    groups = client.run(os.getpgrp)
    before = client.run(os.getpid)

    assert os.getpgrp() not in groups.values()
    for group in groups.values():
        assert group in before.values()


def test_an_interrupt_gives_up_what_waits(outcomes, settings, tmp_path) -> None:
    for number in range(6):
        outcomes.submit(task(number, settings, "sleep 0.2"))

    outcomes.engine.interrupt()
    outcomes.submit(task(6, settings))

    assert [*outcomes.some(1)] == [6]
    assert outcomes.none_left()


def test_an_interrupt_ends_tasks_that_would_never_end(
    outcomes, settings, tmp_path
) -> None:
    for number in range(2):
        outcomes.submit(task(number, settings, f"forever {tmp_path}/begun{number}"))
    deadline = time.monotonic() + LIMIT
    while len(list(tmp_path.glob("begun*"))) < 2:
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)

    outcomes.engine.interrupt()
    outcomes.submit(task(2, settings))

    assert [*outcomes.some(1)] == [2]


@pytest.mark.slow
def test_a_worker_that_dies_is_reported_when_nothing_survives_the_task(
    settings,
) -> None:
    """Dask tries the task with other workers, until it gives the task up."""
    with (
        cluster_of(n_workers=1, threads_per_worker=1) as cluster,
        Client(cluster) as client,
    ):
        client.run_on_scheduler(_give_up_at_once)
        engine = DaskEngine(client, compute=compute)
        engine.start(settings)
        outcomes = Outcomes(engine)
        outcomes.submit(task(0, settings, "die SIGKILL"))
        assert isinstance(outcomes.next(), WorkerDiedError)
        outcomes.submit(task(1, settings))
        assert isinstance(outcomes.next(), Answer)
        engine.finish()


def _give_up_at_once(dask_scheduler) -> None:
    dask_scheduler.allowed_failures = 0


def test_a_local_cluster_that_was_interrupted_is_refused(settings) -> None:
    with (
        cluster_of(n_workers=1, threads_per_worker=1) as cluster,
        Client(cluster) as client,
    ):
        engine = DaskEngine(client, compute=compute)
        engine.start(settings)
        outcomes = Outcomes(engine)
        (worker,) = client.run(os.getpid).values()
        outcomes.submit(task(0, settings, "sleep 60"))
        os.kill(worker, signal.SIGINT)

        error = outcomes.next()

        assert isinstance(error, ConnectionError)
        assert "have ended" in str(error)
        engine.finish()
        with pytest.raises(ConnectionError, match="make a new cluster"):
            engine.start(settings)


def test_a_suspect_shares_no_worker_with_another_task(settings) -> None:
    with (
        cluster_of(n_workers=1, threads_per_worker=2, processes=False) as cluster,
        Client(cluster) as client,
    ):
        engine = DaskEngine(client, compute=_note_company)
        engine.start(settings)
        outcomes = Outcomes(engine)
        for number in range(12):
            outcomes.submit(task(number, settings), alone=number % 4 == 3)
        answers = outcomes.some(12)
        engine.finish()

    assert all(answers[n].worker == "1" for n in (3, 7, 11))


def test_a_worker_that_refused_gets_no_more_tasks(settings) -> None:
    with (
        cluster_of(n_workers=2, threads_per_worker=1, processes=False) as cluster,
        Client(cluster) as client,
    ):
        refusing = min(client.nthreads())
        engine = DaskEngine(client, compute=partial(_refuse_at, refusing))
        engine.start(settings)
        outcomes = Outcomes(engine)
        refused = False
        for number in range(20):
            outcomes.submit(task(number, settings))
            refused = refused or outcomes.next().worker == refusing
        assert refused
        for number in range(20, 40):
            outcomes.submit(task(number, settings))
        answers = outcomes.some(20)
        engine.finish()

    assert refusing not in {answer.worker for answer in answers.values()}


def _refuse_at(refusing: str, task) -> Answer:
    """Answer with the address of the worker, one of which refuses."""
    worker = get_worker().address
    refusal = "other versions" if worker == refusing else None
    return Answer(
        (Receipt(task.items[0].index, "", ()),), refusal=refusal, worker=worker
    )


_company: list[int] = []
_company_lock = threading.Lock()


def _note_company(task) -> Answer:
    """Answer with the number of tasks that this process computes now."""
    with _company_lock:
        _company.append(1)
    threading.Event().wait(0.02)
    with _company_lock:
        most = len(_company)
    threading.Event().wait(0.02)
    with _company_lock:
        _company.pop()
    return Answer(worker=str(most))


@pytest.mark.parametrize("limit", ["item_timeout", "memory_limit"])
def test_limits_need_workers_of_one_thread(tmp_path, limit) -> None:
    with (
        cluster_of(n_workers=1, threads_per_worker=2, processes=False) as cluster,
        Client(cluster) as client,
    ):
        engine = DaskEngine(client)

        with pytest.raises(ValueError, match=limit):
            engine.start(settings_in(tmp_path, **{limit: 10**10}))


def test_a_missing_scheduler_is_named(settings, monkeypatch) -> None:
    from datalab_workspace.batch.engines import dask_cluster

    monkeypatch.setattr(dask_cluster, "_CONNECT", 0.2)

    with pytest.raises(ConnectionError, match="no Dask scheduler at tcp://127"):
        DaskEngine("tcp://127.0.0.1:9").start(settings)
