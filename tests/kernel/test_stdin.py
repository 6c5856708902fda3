"""`input` and `getpass`, with front ends that take input and with those that don't."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.prompts import Prompting
from support.three_kernels import EITHER

if TYPE_CHECKING:
    from collections.abc import Callable

ASKING = ["input('who? ')", "__import__('getpass').getpass('who? ')"]


@pytest.mark.parametrize("code", ASKING)
def test_the_answer_is_returned(kernel, code: str) -> None:
    cell = Prompting(kernel, f"answer = {code}")

    asked = cell.prompt()
    cell.say("me")

    assert (asked["prompt"], asked["password"]) == ("who? ", "getpass" in code)
    assert cell.finish()["status"] == "ok"
    assert kernel.value("answer") == "'me'"


def test_a_token_is_asked_for_as_a_password(kernel) -> None:
    cell = Prompting(kernel, "workspace.ask_token('http://127.0.0.1:9')")

    asked = cell.prompt()
    cell.say("a-secret-token")

    assert asked["password"] is True
    assert asked["prompt"].startswith("Token of DataLab at http://127.0.0.1:9 (")
    assert cell.finish()["status"] == "ok"
    assert "a-secret-token" not in kernel.value("str((In, Out, vars(workspace)))")


@pytest.mark.parametrize(
    ("call", "prompt"),
    [
        ("input()", ""),
        ("input(42)", "42"),
        ("getpass.getpass()", "Password: "),
        ("getpass.getpass('a', stream=None)", "a"),
        ("getpass.getpass(prompt='a')", "a"),
    ],
)
def test_they_are_called_as_python_has_them(kernel, call: str, prompt: str) -> None:
    cell = Prompting(kernel, f"import getpass\n{call}")

    assert cell.prompt()["prompt"] == prompt
    cell.say("")
    assert cell.finish()["status"] == "ok"


@pytest.mark.parametrize("code", ASKING)
def test_an_interrupt_ends_the_prompt(kernel, code: str) -> None:
    cell = Prompting(kernel, code)
    cell.prompt()

    cell.interrupt()

    content = cell.finish()
    assert content["ename"] == "KeyboardInterrupt"
    assert "Interrupted system call" not in "".join(content["traceback"])
    assert kernel.value("1 + 1") == "2"


@pytest.mark.parametrize("name", EITHER)
@pytest.mark.parametrize("code", ASKING)
def test_a_front_end_without_input_gets_a_clear_error(
    start: Callable, name: str, code: str
) -> None:
    cell = Prompting(start(name), code, allow_stdin=False)

    assert cell.finish()["ename"] == "StdinNotImplementedError"


def test_the_stock_kernel_still_raises_what_nothing_can_catch_by_name(
    start: Callable,
) -> None:
    """The defect that `repairs.stdin` cures; when this fails, drop it."""
    cell = Prompting(start("xpython"), "input()", allow_stdin=False)

    assert cell.finish()["ename"] == "<class 'RuntimeError'>"


@pytest.mark.parametrize("function", ["input", "__import__('getpass').getpass"])
def test_a_cell_that_waited_behind_another_asks_its_user(kernel, function: str) -> None:
    client = kernel.client
    client.execute("import time; time.sleep(0.3)", stop_on_error=False)
    request = client.execute(f"answer = {function}('how? ')", allow_stdin=True)
    behind = client.execute("input()", allow_stdin=False)

    assert client.get_stdin_msg(timeout=30)["content"]["prompt"] == "how? "
    client.input("so")
    replies = {}
    while behind not in replies:
        reply = client.get_shell_msg(timeout=30)
        replies[reply["parent_header"]["msg_id"]] = reply["content"]

    assert replies[request]["status"] == "ok"
    assert replies[behind]["ename"] == "StdinNotImplementedError"
    assert kernel.value("answer") == "'so'"


def test_the_stock_kernel_still_lets_such_a_cell_ask_the_process(
    start: Callable,
) -> None:
    """The defect that `stdin.keep` cures; when this fails, drop it."""
    stock = start("xpython")
    stock.client.execute("import time; time.sleep(0.3)")

    assert "EOFError" in stock.finish(stock.submit("input()")).error
