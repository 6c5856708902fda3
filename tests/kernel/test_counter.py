"""A cell's number, wherever it is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class Numbers:
    """The number of a cell in its prompt, in its result, and when it is answered."""

    prompt: int | None = None
    result: int | None = None
    reply: int | None = None


def ask(kernel, code: str, **options: Any) -> str:
    return kernel.client.execute(code, **options)


def answers(kernel, *requests: str) -> list[Numbers]:
    """The numbers of cells, when all have been answered.

    Prompts come when a cell is asked for, and so before those ahead have been run.
    """
    found = {request: Numbers() for request in requests}
    waiting = set(requests)
    while waiting:
        message = kernel.client.get_iopub_msg(timeout=30)
        request, content = message["parent_header"].get("msg_id"), message["content"]
        if request not in found:
            continue
        if message["msg_type"] == "execute_input":
            found[request].prompt = content["execution_count"]
        elif message["msg_type"] == "execute_result":
            found[request].result = content["execution_count"]
        elif content.get("execution_state") == "idle":
            waiting.discard(request)
    while None in (numbers.reply for numbers in found.values()):
        reply = kernel.client.get_shell_msg(timeout=30)
        if (request := reply["parent_header"]["msg_id"]) in found:
            found[request].reply = reply["content"]["execution_count"]
    return [*found.values()]


def after_hidden_code(kernel) -> Numbers:
    """The numbers of the second cell, where a front end ran code unseen before."""
    return answers(
        kernel,
        ask(kernel, "'first'"),
        ask(kernel, "unseen = 1", store_history=False),
        ask(kernel, "'second'"),
    )[-1]


def test_the_stock_kernel_still_has_two_counts(start: Callable) -> None:
    """The defect that `shell.queue` cures; when this fails, drop it."""
    assert after_hidden_code(start("xpython")) == Numbers(3, 2, 3)


def test_hidden_code_is_counted_everywhere(start: Callable) -> None:
    kernel = start()

    assert after_hidden_code(kernel) == Numbers(3, 3, 3)
    assert kernel.value("In[1:4]") == "[\"'first'\", '', \"'second'\"]"
    assert kernel.value("Out[1], Out[3]") == "('first', 'second')"


def test_cells_that_were_not_run_are_counted_everywhere(start: Callable) -> None:
    kernel = start()
    failing = [ask(kernel, code) for code in ("1 / 0", "'skipped'", "'skipped'")]
    answers(kernel, *failing)

    assert answers(kernel, ask(kernel, "'run'")) == [Numbers(4, 4, 4)]
    assert kernel.value("Out[4], In[4]") == "('run', \"'run'\")"


def test_silent_code_is_not_counted(start: Callable) -> None:
    kernel = start()
    ask(kernel, "unseen = 1", silent=True)

    assert answers(kernel, ask(kernel, "unseen")) == [Numbers(1, 1, 1)]


def test_waiting_cells_keep_the_numbers_they_came_with(start: Callable) -> None:
    kernel = start()
    requests = [ask(kernel, str(number)) for number in range(1, 6)]

    found = answers(kernel, *requests)

    assert found == [Numbers(number, number, number) for number in range(1, 6)]
