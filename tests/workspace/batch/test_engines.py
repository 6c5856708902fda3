"""Every engine computes tasks, and reports what became of them."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from datalab_workspace.batch.engines.base import SMALL_CHAIN, WorkerDiedError
from datalab_workspace.batch.engines.executors import ExecutorEngine
from datalab_workspace.batch.engines.processes import ProcessesEngine
from datalab_workspace.batch.engines.serial import SerialEngine
from datalab_workspace.batch.engines.threads import ThreadsEngine
from datalab_workspace.batch.messages import Answer
from support.engine_tasks import Outcomes, compute, settings_in, task


@pytest.fixture
def settings(tmp_path):
    return settings_in(tmp_path)


@pytest.fixture(params=["serial", "threads", "processes", "executor"])
def outcomes(request, settings):
    with ThreadPoolExecutor(2) as pool:
        engine = {
            "serial": lambda: SerialEngine(compute),
            "threads": lambda: ThreadsEngine(2, compute=compute),
            "processes": lambda: ProcessesEngine(2, compute=compute),
            "executor": lambda: ExecutorEngine(pool, compute=compute),
        }[request.param]()
        engine.start(settings)
        yield Outcomes(engine)
        engine.finish()


def test_every_task_is_answered_once(outcomes, settings) -> None:
    for number in range(20):
        outcomes.submit(task(number, settings))

    answers = outcomes.some(20)

    assert {n: answer.receipts[0].index for n, answer in answers.items()} == {
        n: n for n in range(20)
    }
    assert outcomes.none_left()


def test_an_error_of_the_engine_is_reported(outcomes, settings) -> None:
    outcomes.submit(task(0, settings, "raise no such host"))

    error = outcomes.next()

    assert isinstance(error, OSError)
    assert str(error) == "no such host"


def test_a_large_chain_goes_only_to_a_worker_that_asks(outcomes, settings) -> None:
    large = bytes(SMALL_CHAIN + 1)
    outcomes.submit(task(0, settings, "needs", large))
    outcomes.submit(task(1, settings, "needs", b"small"))

    answers = outcomes.some(2).values()

    assert not any(answer.needs_chain for answer in answers)


@pytest.fixture
def processes(settings):
    engine = ProcessesEngine(2, compute=compute)
    engine.start(settings)
    yield Outcomes(engine)
    engine.finish()


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        ("die SIGKILL", "ended by signal 9, perhaps for lack of memory"),
        ("die SIGSEGV", f"ended by signal {int(signal.SIGSEGV)}"),
        ("exit 3", "exit status 3"),
    ],
)
def test_a_death_is_reported_with_its_reason(processes, settings, does, reason) -> None:
    processes.submit(task(0, settings, does))

    error = processes.next()

    assert isinstance(error, WorkerDiedError)
    assert reason in str(error)


def test_a_death_costs_only_the_tasks_of_one_process(processes, settings) -> None:
    for number in range(8):
        processes.submit(task(number, settings, "die SIGKILL" if number == 3 else ""))

    outcomes = processes.some(8)

    lost = {n for n, o in outcomes.items() if isinstance(o, WorkerDiedError)}
    assert 3 in lost
    assert len(lost) <= 2
    processes.submit(task(9, settings))
    assert isinstance(processes.next(), Answer)


def test_the_death_of_a_suspect_costs_no_other_task(processes, settings) -> None:
    for number in range(6):
        processes.submit(task(number, settings, "sleep 0.05"))
    processes.submit(task(6, settings, "die SIGKILL"), alone=True)
    for number in range(7, 12):
        processes.submit(task(number, settings))

    outcomes = processes.some(12)

    assert [n for n, o in outcomes.items() if isinstance(o, WorkerDiedError)] == [6]


def test_an_interrupt_leaves_the_engine_usable(processes, settings, tmp_path) -> None:
    notes = [tmp_path / name for name in "ab"]
    for number, note in enumerate(notes):
        processes.submit(task(number, settings, f"note {note}"))
    processes.submit(task(2, settings))
    while not all(note.exists() and note.read_text() for note in notes):
        os.sched_yield()

    processes.engine.interrupt()
    processes.submit(task(3, settings))

    assert [*processes.some(1)] == [3]
    assert processes.none_left()


def test_processes_stay_for_the_next_run_and_take_its_folder_and_path(
    settings, tmp_path, monkeypatch
) -> None:
    workers = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(folder)
        monkeypatch.setenv("A_VARIABLE", str(number))
        engine = ProcessesEngine(1, compute=compute)
        engine.start(settings)
        outcomes = Outcomes(engine)
        for index, does in enumerate(("", "folder", "variable A_VARIABLE")):
            outcomes.submit(task(index, settings, does))
        answers = outcomes.some(3)
        engine.finish()
        workers.append(answers[0].worker)
        assert answers[1].worker == str(folder)
        assert answers[2].worker == str(number)

    assert workers[0] == workers[1] != str(os.getpid())


def test_a_changed_module_of_the_user_is_imported_by_a_new_process(
    settings, tmp_path, monkeypatch
) -> None:
    module = tmp_path / "changing_module.py"
    module.write_text("")
    os.utime(module, (1, 1))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "changing_module", None)
    del sys.modules["changing_module"]
    importlib.import_module("changing_module")
    workers = []
    for changed in (1, 2, time.time() + 3600):
        os.utime(module, (changed, changed))
        engine = ProcessesEngine(1, compute=compute)
        engine.start(settings)
        outcomes = Outcomes(engine)
        outcomes.submit(task(0, settings))
        workers.append(outcomes.next().worker)
        engine.finish()

    assert workers[0] == workers[1] != workers[2]


@pytest.mark.parametrize("engine", ["serial", "threads"])
@pytest.mark.parametrize("limit", ["item_timeout", "memory_limit"])
def test_limits_need_processes(tmp_path, engine, limit) -> None:
    made = SerialEngine(compute) if engine == "serial" else ThreadsEngine(1)

    with pytest.raises(ValueError, match=f"{limit} cannot be used with .*{engine}"):
        made.start(settings_in(tmp_path, **{limit: 10**10}))
