"""pdb in cells, as in IPython's own kernel, and where that falls short better."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.prompts import Prompting
from support.three_kernels import EITHER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

REFERENCE = "python3"
FAILING = """\
def divide(a):
    b = a - 1
    return 1 / b
def call(c):
    return divide(c)
call(1)
"""
TRACED = "__import__('sys').gettrace() is not None"
FUNCTION = """\
def outer():
    a = 1
    {debug}
    b = inner(a)
    return b
def inner(c):
    d = c + 41
    return d
got = outer()
after = True
"""


@pytest.fixture
def reference(start: Callable) -> Callable:
    """Start one of the two kernels, with no colours.

    IPython's kernel loads debugpy, which makes `breakpoint()` do nothing: it is kept
    from that.
    """

    def start_one(name: str):
        kernel = start(name)
        kernel.run("import sys; sys.breakpointhook = sys.__breakpointhook__")
        return kernel

    return start_one


def test_debug_shows_where_the_last_error_was(kernel) -> None:
    explore(kernel)


@pytest.mark.slow
def test_debug_is_as_in_ipykernel(start: Callable) -> None:
    explore(start(REFERENCE))


def explore(kernel) -> None:
    """Look around after an error."""
    assert kernel.run(FAILING).error == "ZeroDivisionError: division by zero"
    cell = Prompting(kernel, "%debug")

    assert cell.prompt("----> 3     return 1 / b")["prompt"] == "ipdb> "
    for line, shown in (
        ("p a", "1\n"),
        ("w", "<module>()"),
        ("up", "----> 5     return divide(c)"),
        ("p c", "1\n"),
        ("down", "----> 3     return 1 / b"),
        ("l", "      6 call(1)"),
        ("p nonsense", "NameError"),
        ("b2 = b * 2", ""),
        ("p b2", "0\n"),
    ):
        cell.say(line)
        cell.prompt(shown)
    cell.say("q")

    assert cell.finish()["status"] == "ok"
    assert cell.errors == []
    assert kernel.value("1 + 1") == "2"


@pytest.mark.parametrize("name", EITHER)
@pytest.mark.parametrize("command", ["c", "q"])
def test_debug_can_be_left_and_entered_again(
    start: Callable, name: str, command: str
) -> None:
    kernel = start(name)
    kernel.run(FAILING)
    for _ in range(2):
        cell = Prompting(kernel, "%debug")
        cell.prompt("1 / b")
        cell.say(command)
        assert cell.finish()["status"] == "ok"


@pytest.mark.parametrize("name", EITHER)
def test_an_interrupt_leaves_debug(start: Callable, name: str) -> None:
    kernel = start(name)
    kernel.run(FAILING)
    cell = Prompting(kernel, "%debug")
    cell.prompt("1 / b")

    cell.interrupt()

    assert cell.finish()["status"] == "ok"
    assert "KeyboardInterrupt" in cell.seen
    assert kernel.value("1 + 1") == "2"


def test_code_is_debugged_also_after_an_interrupt(kernel) -> None:
    kernel.run(FAILING)
    cell = Prompting(kernel, "%debug")
    cell.prompt("1 / b")
    cell.interrupt()
    cell.finish()
    cell = Prompting(kernel, "%debug call(2)")

    cell.prompt("<string>")
    for line, shown in (("s", "--Call--"), ("n", "return divide(c)"), ("p c", "2")):
        cell.say(line)
        cell.prompt(shown)
    cell.say("c")

    assert cell.finish()["status"] == "ok"


@pytest.mark.parametrize("name", EITHER)
@pytest.mark.parametrize("debug", ["breakpoint()", "import pdb; pdb.set_trace()"])
def test_a_function_is_stepped_through(
    reference: Callable, name: str, debug: str
) -> None:
    kernel = reference(name)
    cell = Prompting(kernel, FUNCTION.format(debug=debug))

    assert cell.prompt()["prompt"] == "ipdb> "
    for line, shown in (
        ("p a", "1\n"),
        ("b inner", "Breakpoint"),
        ("c", "d = c + 41"),
        ("n", "return d"),
        ("p d", "42\n"),
        ("r", "--Return--"),
        ("u", "b = inner(a)"),
        ("cl 1", "Deleted breakpoint"),
    ):
        cell.say(line)
        cell.prompt(shown)
    cell.say("c")

    assert cell.finish()["status"] == "ok"
    assert kernel.value("got, after") == "(42, True)"


@pytest.mark.parametrize("name", EITHER)
def test_quitting_ends_the_cell(reference: Callable, name: str) -> None:
    kernel = reference(name)
    cell = Prompting(kernel, "after = False\n" + FUNCTION.format(debug="breakpoint()"))
    cell.prompt()

    cell.say("q")

    cell.finish()
    assert kernel.value("after") == "False"
    assert kernel.value(TRACED) == "False"


def test_an_interrupt_at_a_breakpoint_ends_the_cell(kernel) -> None:
    cell = Prompting(kernel, "after = False\n" + FUNCTION.format(debug="breakpoint()"))
    cell.prompt()

    cell.interrupt()

    assert cell.finish()["ename"] == "KeyboardInterrupt"
    assert kernel.value("after") == "False"


def test_after_go_on_an_interrupt_stops_what_runs(kernel) -> None:
    cell = Prompting(kernel, "breakpoint()\nprint('running')\nwhile True: pass")
    cell.prompt("while True")
    cell.say("c")
    cell.shown("running\n")

    kernel.interrupt()

    assert cell.finish()["ename"] == "KeyboardInterrupt"


def test_the_statements_of_a_cell_are_stepped_through(kernel) -> None:
    cell = Prompting(kernel, "first = 1\nbreakpoint()\nsecond = 2\nsecond\nthird = 3")

    cell.prompt("breakpoint()")
    for shown in ("> 3 second = 2", "> 4 second", "> 5 third = 3"):
        cell.say("n")
        cell.prompt(shown)
    cell.say("n")

    assert cell.finish()["status"] == "ok"
    assert kernel.value("third") == "3"
    assert kernel.value(TRACED) == "False"


def test_a_cell_that_awaits_is_stepped_through(kernel) -> None:
    code = "import asyncio\nbreakpoint()\nawait asyncio.sleep(0.01)\ndone = 42"
    cell = Prompting(kernel, code)

    cell.prompt("breakpoint()")
    for shown in ("> 3 await", "> 4 done"):
        cell.say("n")
        cell.prompt(shown)
    cell.say("n")

    assert cell.finish()["status"] == "ok"
    assert kernel.value("done") == "42"


def test_a_breakpoint_that_ends_the_cell_stops(kernel) -> None:
    cell = Prompting(kernel, "first = 1\nbreakpoint()")

    cell.prompt("breakpoint()")
    cell.say("w")
    assert "interactiveshell.py" not in cell.prompt("breakpoint()")["shown"]
    cell.say("c")

    assert cell.finish()["status"] == "ok"


@pytest.mark.parametrize("name", EITHER)
@pytest.mark.parametrize("call", ["post_mortem(sys.last_value.__traceback__)", "pm()"])
def test_pdb_has_its_own_ways_in(start: Callable, name: str, call: str) -> None:
    kernel = start(name)
    kernel.run(FAILING)
    cell = Prompting(kernel, f"import pdb, sys\npdb.{call}")

    cell.prompt("1 / b")
    cell.say("p a")
    cell.prompt("1\n")
    cell.say("q")

    assert cell.finish()["status"] == "ok"


def test_a_script_is_debugged(kernel, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("a = 1\nb = 2\nprint(a + b)\n")
    cell = Prompting(kernel, f"%run -d -b 2 {script}")

    cell.prompt("> 1 a = 1")
    cell.say("c")
    cell.prompt("> 2 b = 2")
    cell.say("c")

    assert cell.finish()["status"] == "ok"
    assert cell.seen.endswith("3\n")


def test_pdb_on_debugs_each_error(kernel) -> None:
    kernel.run("%pdb on")
    cell = Prompting(kernel, FAILING)

    cell.prompt("1 / b")
    cell.say("p a")
    cell.prompt("1\n")
    cell.say("q")

    assert cell.finish()["ename"] == "ZeroDivisionError"
    kernel.run("%pdb off")
    assert kernel.run(FAILING).error == "ZeroDivisionError: division by zero"


@pytest.mark.parametrize("code", ["%debug", "breakpoint()\nafter = True"])
def test_a_front_end_without_input_gets_an_error(kernel, code: str) -> None:
    kernel.run(FAILING)
    cell = Prompting(kernel, code, allow_stdin=False)

    assert cell.finish()["ename"] == "StdinNotImplementedError"


def test_pdb_on_says_that_a_front_end_takes_no_input(start: Callable) -> None:
    kernel = start()
    kernel.run("%pdb on")
    cell = Prompting(kernel, FAILING, allow_stdin=False)

    assert cell.finish()["ename"] == "ZeroDivisionError"
    assert cell.errors == ["ZeroDivisionError"]
    assert "does not support input requests" in cell.seen
    assert kernel.value("1 + 1") == "2"


def test_the_stock_kernel_still_lets_pdb_take_the_interrupts(start: Callable) -> None:
    """One defect that `repairs.postmortem` cures; the next is the other."""
    cell = Prompting(start("xpython"), "breakpoint()\nimport signal")

    assert cell.prompt()["prompt"] == "(Pdb) "
    cell.say("c")

    assert cell.finish()["status"] == "ok"
    handler = cell.kernel.value("signal.getsignal(signal.SIGINT)")
    assert "sigint_handler" in handler


def test_the_stock_kernel_still_shows_what_runs_the_cell(start: Callable) -> None:
    """The other defect; when both fail, drop `repairs.postmortem`."""
    cell = Prompting(start("xpython"), "breakpoint()\nsecond = 2")

    cell.prompt()
    cell.say("w")
    cell.prompt("interactiveshell.py")
    cell.say("c")

    assert cell.finish()["status"] == "ok"
