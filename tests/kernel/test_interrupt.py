"""An interrupt stops what runs; the kernel and its objects stay."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BUSY = "print('running', flush=True)\nwhile True: pass"
# In steps: a signal that comes between the print and the sleep does not shorten it.
SLEEPING = "import time\nprint('running')\nwhile True: time.sleep(2)"
# Prints when the cell waits already.
AWAITING = """
import asyncio
asyncio.get_running_loop().call_soon(print, 'running')
await asyncio.sleep(600)
"""
DEEP = """
def nested(depth):
    if depth:
        return nested(depth - 1)
    print('running')
    while True:
        try:
            1 / 0
        except Exception:
            pass
nested(50)
"""


def interrupted(kernel, code: str):
    """Run a cell that never ends, and interrupt it."""
    cell = kernel.begin(code, until="running")
    kernel.interrupt()
    return kernel.finish(cell)


def test_the_stock_kernel_still_exits_on_an_interrupt(start: Callable) -> None:
    """The defect that `repairs.interrupt` cures; when this fails, drop it.

    The cell sends the signal to itself: its handler calls `exit`, which waits forever
    if the signal arrives while the process allocates memory.
    """
    stock = start("xpython")

    stock.submit("import os, signal; os.kill(os.getpid(), signal.SIGINT)")

    assert stock.process.wait(timeout=30) == 0


@pytest.mark.parametrize("code", [BUSY, SLEEPING, DEEP])
def test_running_code_gets_a_keyboard_interrupt(kernel, code: str) -> None:
    kernel.run("kept = 41")

    cell = interrupted(kernel, code)

    assert cell.status == "error"
    assert "KeyboardInterrupt" in cell.error
    assert kernel.value("kept + 1") == "42"


def test_the_traceback_ends_where_the_code_was_interrupted(kernel) -> None:
    interrupted(kernel, BUSY)
    kernel.run("import sys, traceback")

    frames = kernel.value("[f.name for f in traceback.extract_tb(sys.last_traceback)]")
    assert "<module>" in frames
    assert "on_signal" not in frames


def test_what_a_cell_awaits_is_cancelled(kernel) -> None:
    kernel.run("kept = 41")

    cell = interrupted(kernel, AWAITING)

    assert cell.status == "error"
    assert "CancelledError" in cell.error
    assert kernel.value("kept + 1") == "42"


def test_an_idle_kernel_ignores_interrupts(kernel) -> None:
    kernel.run("kept = 41")

    for _ in range(20):
        kernel.interrupt()

    assert kernel.value("kept + 1") == "42"


def test_an_interrupt_before_the_first_cell_is_not_kept_for_it(start: Callable) -> None:
    kernel = start()
    kernel.interrupt()

    assert kernel.value("__import__('time').sleep(0.2) or 42") == "42"


CHILD = """
try:
    print('running', flush=True)
    while True: pass
except KeyboardInterrupt:
    print('interrupted')
"""


def test_processes_started_by_a_cell_are_interrupted_with_it(kernel) -> None:
    """Jupyter sends the signal to them as well; it is not left blocked for them.

    The child tells so itself: Python may lose the exit code of a child that ends
    just when its parent is interrupted.
    """
    cell = kernel.begin(
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-c', {CHILD!r}],"
        " stdout=subprocess.PIPE, text=True)\n"
        "try:\n"
        "    print(child.stdout.readline())\n"
        "    child.wait()\n"
        "except KeyboardInterrupt:\n"
        "    print('the child was', child.stdout.read())",
        until="running",
    )

    kernel.interrupt()

    assert "the child was interrupted" in kernel.finish(cell).stdout


def test_code_may_handle_its_own_interrupt(kernel) -> None:
    cell = interrupted(
        kernel,
        "try:\n"
        "    print('running')\n"
        "    while True: pass\n"
        "except KeyboardInterrupt:\n"
        "    print('tidied')",
    )

    assert cell.status == "ok"
    assert "tidied" in cell.stdout


@pytest.mark.parametrize("question", ["input()", "getpass.getpass()"])
def test_a_question_to_the_user_is_interrupted(kernel, question: str) -> None:
    cell = kernel.submit(
        "import getpass\n"
        "try:\n"
        f"    {question}\n"
        "except KeyboardInterrupt as interrupt:\n"
        "    print('no answer', interrupt.__context__)"
    )
    kernel.client.get_stdin_msg(timeout=30)
    # A signal that comes before xeus-python waits does not end its wait.
    asking = psutil.Process(kernel.process.pid)
    while asking.status() != psutil.STATUS_SLEEPING:
        pass
    kernel.interrupt()

    assert kernel.finish(cell).stdout == "no answer None\n"
    assert kernel.value("6 * 7") == "42"


def test_a_kernel_is_interrupted_many_times_in_a_row(kernel) -> None:
    kernel.run("kept = 0")

    for number in range(1, 16):
        code = (BUSY, SLEEPING, AWAITING)[number % 3]
        assert interrupted(kernel, f"kept += 1\n{code}").status == "error"

    assert kernel.value("kept") == "15"


@pytest.mark.parametrize(
    ("code", "own"),
    [
        (BUSY, ()),
        (AWAITING, ("CancelledError: ",)),
        ("1 / 0", ("ZeroDivisionError: division by zero",)),
        ("x = 1", (None,)),
    ],
)
def test_a_burst_of_interrupts_never_loses_a_reply(
    kernel, code: str, own: tuple[str | None, ...]
) -> None:
    """A cell ends by an interrupt, or as it does of itself if it was quicker."""
    for _ in range(5):
        cell = kernel.begin(f"print('running')\n{code}", until="running")
        for _ in range(50):
            kernel.process.send_signal(signal.SIGINT)
        error = kernel.finish(cell).error
        assert error in own or str(error).startswith("KeyboardInterrupt")

    assert kernel.value("1 + 1") == "2"


def test_cells_that_wait_in_the_queue_get_their_answers(kernel) -> None:
    busy = kernel.begin(BUSY, until="running")
    waiting = kernel.submit("1 + 1")

    kernel.interrupt()

    assert kernel.finish(busy).idle
    assert kernel.finish(waiting).idle
    assert kernel.value("2 + 2") == "4"


BACKGROUND = """
import asyncio
async def background():
    print('running')
    while True: pass
left = asyncio.get_running_loop().create_task(background())
"""
TIMER = """
import asyncio
def timer():
    print('running')
    while True: pass
asyncio.get_running_loop().call_later(0.2, timer)
"""


def test_a_task_that_a_cell_left_running_is_stopped_alone(kernel) -> None:
    cell = kernel.begin(BACKGROUND + "kept = 41", until="running")

    kernel.interrupt()

    assert kernel.finish(cell).status == "ok"
    assert kernel.value("left.cancelled(), kept") == "(True, 41)"


def test_a_timer_that_a_cell_left_running_is_stopped_alone(kernel) -> None:
    kernel.run(TIMER + "kept = 41")
    kernel.printed("running")

    kernel.interrupt()

    assert kernel.value("kept + 1") == "42"


def test_a_background_task_and_the_cell_that_awaits_it_both_stop(kernel) -> None:
    code = BACKGROUND.replace("left = ", "await ")

    cell = interrupted(kernel, code)

    assert cell.status == "error"
    assert kernel.value("1 + 1") == "2"


def test_the_callback_of_a_widget_is_stopped(kernel) -> None:
    kernel.run(
        "from comm import create_comm\n"
        "channel = create_comm(target_name='front-end')\n"
        "def on_message(message):\n"
        "    print('running')\n"
        "    while True: pass\n"
        "channel.on_msg(on_message)\n"
        "kept = 41"
    )
    identity = kernel.value("channel.comm_id").strip("'")
    content = {"comm_id": identity, "data": {}}
    kernel.client.shell_channel.send(kernel.client.session.msg("comm_msg", content))
    kernel.printed("running")

    kernel.interrupt()

    assert kernel.value("kept + 1") == "42"


def test_an_interrupt_while_the_kernel_starts_does_no_harm(
    start: Callable, ipython_folder: Path
) -> None:
    (ipython_folder / "startup" / "00-user.py").write_text(
        "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nstarted = True\n"
    )

    assert start().value("started") == "True"
