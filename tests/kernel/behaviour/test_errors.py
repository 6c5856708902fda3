"""Errors and interrupts."""

from __future__ import annotations

import re

from support.three_kernels import known


def test_an_error_is_told_with_its_traceback(any_kernel) -> None:
    content = any_kernel.run("def fails(): 1 / 0\nfails()").answer

    assert content["status"] == "error"
    assert content["evalue"] == "division by zero"
    plain = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(content["traceback"]))
    assert "fails()" in plain
    assert "ZeroDivisionError" in plain


@known(stock="says <class 'ZeroDivisionError'>")
def test_an_error_is_named_by_its_class(any_kernel) -> None:
    assert any_kernel.run("1 / 0").answer["ename"] == "ZeroDivisionError"


@known(stock="runs them, and blames them for an error that is not theirs")
def test_cells_behind_an_error_are_not_run(any_kernel) -> None:
    any_kernel.run("ran = 0")
    requests = [
        any_kernel.client.execute(code)
        for code in ("import time; time.sleep(0.3); 1 / 0", "ran = 1", "ran = 2")
    ]
    statuses = [any_kernel.answer(request)["status"] for request in requests]

    assert statuses[0] == "error"
    assert {"ok"} & {*statuses} == set()
    assert any_kernel.value("ran") == "0"


BUSY = "print('running', flush=True)\nwhile True: pass"
# A line that is printed shows that the interrupt did not reach the awaiting cell.
AWAITING = """
import asyncio
loop = asyncio.get_running_loop()
loop.call_soon(print, 'running')
late = loop.call_later(2, print, 'late')
await asyncio.sleep(3)
"""


@known(stock="exits, and all data with it")
def test_twenty_interrupts_stop_twenty_cells(any_kernel) -> None:
    any_kernel.run("kept = 42")

    for _ in range(20):
        cell = any_kernel.begin(BUSY, until="running")
        any_kernel.interrupt()
        assert any_kernel.finish(cell).error == "KeyboardInterrupt: "

    assert any_kernel.value("kept") == "42"


@known(stock="exits", ipykernel="goes on awaiting")
def test_an_interrupt_stops_what_a_cell_awaits(any_kernel) -> None:
    cell = any_kernel.begin(AWAITING, until="running")

    any_kernel.interrupt()

    assert any_kernel.finish(cell).status == "error"
    assert "late" not in cell.stdout
    assert any_kernel.run("late.cancel()").status == "ok"


@known(stock="exits")
def test_an_idle_kernel_is_not_harmed_by_interrupts(any_kernel) -> None:
    for _ in range(5):
        any_kernel.interrupt()

    assert any_kernel.value("40 + 2") == "42"


def test_sys_exit_is_an_error_of_the_cell(any_kernel) -> None:
    assert any_kernel.run("import sys; sys.exit(3)").answer["ename"].count("SystemExit")
    assert any_kernel.value("40 + 2") == "42"
