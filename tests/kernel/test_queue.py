"""Run All: cells run in order, up to the first that fails."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from support.repetition import repeated

if TYPE_CHECKING:
    from collections.abc import Callable

ABORTED = "Aborted: an earlier cell failed, so this one was not run"
# What computes for long enough for the others to have been asked for.
WORK = "import time; time.sleep(0.3)"
ZERO = "ZeroDivisionError: division by zero"


def run_all(kernel, *sources: str) -> list:
    """Ask for several cells at once, as Run All does, and wait for all of them."""
    cells = [kernel.submit(source, stop_on_error=True) for source in sources]
    return finish_all(kernel, cells)


def finish_all(kernel, cells: list) -> list:
    by_request = {cell.request: cell for cell in cells}
    while not all(cell.idle for cell in cells):
        collect(by_request, kernel.client.get_iopub_msg(timeout=30))
    while any(cell.status is None for cell in cells):
        collect(by_request, kernel.client.get_shell_msg(timeout=30))
    return cells


def collect(by_request: dict, message: dict) -> None:
    cell = by_request.get(message["parent_header"].get("msg_id"))
    if cell is not None:
        cell.collect(message)


def test_the_stock_kernel_still_runs_what_waits_behind_an_error(
    start: Callable,
) -> None:
    """The defect that `shell.queue` cures; when this fails, drop it."""
    failed, printed = run_all(start("xpython"), "1 / 0", "print('run')")

    assert printed.stdout == "run\n"
    assert printed.error == failed.error


@pytest.mark.parametrize(
    "failing",
    [
        WORK + "; 1 / 0",
        "import asyncio; await asyncio.sleep(0.3); 1 / 0",
    ],
)
def test_cells_behind_an_error_are_aborted(kernel, failing: str) -> None:
    kernel.run("ran = []")

    cells = run_all(kernel, "ran.append(0)", failing, "ran.append(1)", "ran.append(2)")

    assert [cell.status for cell in cells] == ["ok", "error", "error", "error"]
    assert [cell.error for cell in cells] == [None, ZERO, ABORTED, ABORTED]
    assert kernel.value("ran") == "[0]"


def test_a_cell_that_is_awaited_still_aborts_those_that_came_meanwhile(kernel) -> None:
    first = kernel.begin(
        "import asyncio\nprint('waits')\ngo = asyncio.Event()\n"
        "asyncio.get_running_loop().call_later(0.2, go.set)\nawait go.wait()\n1 / 0",
        until="waits",
        stop_on_error=True,
    )
    second = kernel.submit("2")

    cells = finish_all(kernel, [first, second])

    assert [cell.error for cell in cells] == [ZERO, ABORTED]


@pytest.mark.parametrize("failing", ["1 +", "%no_such_magic", "raise SystemExit"])
def test_errors_that_ipython_treats_apart_stop_the_queue_too(
    kernel, failing: str
) -> None:
    assert run_all(kernel, WORK, failing, "2")[2].error == ABORTED


@repeated(30)
def test_a_request_that_comes_just_when_another_is_answered_is_read(
    kernel, number: int
) -> None:
    """After a failure it is aborted if it was in time, and runs if it was not."""
    fails = bool(number % 2)

    second = run_all(kernel, "1 / 0" if fails else "1", "2")[1]

    outcomes = {("2", None), (None, ABORTED)} if fails else {("2", None)}
    assert (second.result, second.error) in outcomes


NO_PAUSE = pytest.mark.skipif(
    sys.platform != "linux", reason="what comes cannot be held back"
)
# A cell that is not run is answered when the next request has arrived.
REFUSES_SLOWLY = """
import select
from datalab_kernel.shell.queue import ABORTED, Answer, Queue
from datalab_kernel.xeus import sockets
answer, send = Queue._answer, Answer.send
def answer_slowly(queue, cell, failure, **options):
    def send_slowly(*args):
        print('refuses', flush=True)
        select.select([socket for socket, _ in sockets.readers()], [], [], 1)
        send(*args)
    if failure is not None and failure.message == ABORTED:
        Answer.send = send_slowly
    try:
        answer(queue, cell, failure, **options)
    finally:
        Answer.send = send
Queue._answer = answer_slowly
"""


@NO_PAUSE
def test_a_request_that_comes_while_a_cell_is_refused_runs(kernel) -> None:
    kernel.run(REFUSES_SLOWLY)
    try:
        kernel.submit(f"{WORK}; 1 / 0", stop_on_error=True)
        kernel.submit("1", stop_on_error=True)
        kernel.printed("refuses")
        third = kernel.run("2")
    finally:
        kernel.run("Queue._answer = answer")

    assert (third.status, third.result) == ("ok", "2")


@NO_PAUSE
def test_a_request_that_comes_while_a_failure_is_answered_runs(kernel) -> None:
    """Front ends would wait for ever for one that xeus-python dropped unread."""
    kernel.run(
        "import time\nfrom datalab_kernel.shell.queue import Queue\n"
        "answer = Queue._stop\n"
        "def slowly(*args, **options):\n"
        "    print('answers', flush=True)\n"
        "    time.sleep(0.2)\n"
        "    answer(*args, **options)\n"
        "Queue._stop = slowly"
    )
    try:
        failing = kernel.begin("1 / 0", until="answers", stop_on_error=True)
        second = kernel.submit("2")
        finish_all(kernel, [failing, second])
    finally:
        kernel.run("Queue._stop = answer")

    assert failing.error == ZERO
    assert second.result == "2"


def test_a_cell_that_may_fail_stops_nothing(kernel) -> None:
    """As JupyterLab runs one that is tagged `raises-exception`."""
    kernel.run("ran = []")
    cells = [
        kernel.submit(WORK + "; 1 / 0"),
        kernel.submit("ran.append(1)", stop_on_error=True),
        kernel.submit("1 / 0"),
        kernel.submit("ran.append(2)", stop_on_error=True),
        kernel.submit("1 / 0", stop_on_error=True),
        kernel.submit("ran.append(3)", stop_on_error=True),
    ]

    finish_all(kernel, cells)

    assert [cell.error for cell in cells] == [ZERO, None, ZERO, None, ZERO, ABORTED]
    assert kernel.value("ran") == "[1, 2]"


@repeated(20, usually=4)
def test_whether_a_failure_stops_the_others_is_told_in_a_busy_moment(
    kernel, number: int
) -> None:
    """Other requests come in between, on the same channel."""
    kernel.run("ran = []")
    stop = bool(number % 2)
    failing = kernel.submit("import time; time.sleep(0.02); 1 / 0", stop_on_error=stop)
    waiting = kernel.submit("ran.append(0)")
    for _ in range(number):
        kernel.client.kernel_info()

    finish_all(kernel, [failing, waiting])

    assert waiting.error == (ABORTED if stop else None)


def test_cells_asked_for_after_the_answer_run(kernel) -> None:
    run_all(kernel, "1 / 0", "2")

    assert kernel.value("40 + 2") == "42"


def test_an_interrupted_cell_aborts_the_queue(kernel) -> None:
    busy = kernel.begin(
        "print('busy')\nwhile True: pass", until="busy", stop_on_error=True
    )
    waiting = kernel.submit("2")

    kernel.interrupt()

    assert [cell.status for cell in finish_all(kernel, [busy, waiting])] == [
        "error",
        "error",
    ]
    assert waiting.error == ABORTED


def test_a_silent_error_stops_nothing(kernel) -> None:
    silent = kernel.client.execute("1 / 0", silent=True)
    shown = kernel.submit("2")

    finish_all(kernel, [shown])

    assert shown.result == "2"
    assert silent


def test_an_error_while_figures_are_brought_up_to_date_is_no_other_cells(
    kernel,
) -> None:
    kernel.run(
        "def fails(): raise RuntimeError('mine')\n"
        "get_ipython().events.register('post_execute', fails)"
    )
    kernel.run("get_ipython().events.unregister('post_execute', fails)")

    assert kernel.run("1").status == "ok"


def test_a_hundred_cells_are_answered_in_order(kernel) -> None:
    kernel.run("ran = []")

    cells = run_all(kernel, *(f"ran.append({number})" for number in range(100)))

    assert {cell.status for cell in cells} == {"ok"}
    assert kernel.value("ran == list(range(100))") == "True"
