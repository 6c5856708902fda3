"""Errors and the end, as front ends and nbclient read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def reply(kernel, code: str) -> dict:
    """Run a cell; return what it was answered."""
    return kernel.client.execute_interactive(
        code, timeout=30, output_hook=lambda _message: None
    )["content"]


def test_the_stock_kernel_still_names_errors_by_their_repr(start: Callable) -> None:
    """The defect that `shell.interactive` cures; when this fails, drop it."""
    assert reply(start("xpython"), "1 / 0")["ename"] == "<class 'ZeroDivisionError'>"


def test_the_stock_kernel_still_does_not_know_exit(start: Callable) -> None:
    """The defect that `shell.interactive` cures; when this fails, drop it."""
    assert "ask_exit" in reply(start("xpython"), "exit()")["evalue"]


SHOWN = """
try:
    1 / 0
except ZeroDivisionError:
    get_ipython().showtraceback()
print('goes on')
"""


def test_the_stock_kernel_still_fails_for_an_error_that_is_only_shown(
    start: Callable,
) -> None:
    """The defect that `shell.interactive` cures; when this fails, drop it."""
    assert reply(start("xpython"), SHOWN)["status"] == "error"


def test_an_error_that_the_user_s_code_shows_is_not_the_cell_s(kernel) -> None:
    cell = kernel.run(SHOWN)

    assert cell.status == "ok"
    assert "ZeroDivisionError" in cell.stderr
    assert cell.stdout == "goes on\n"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("1 +", "SyntaxError"),
        ("import no_such_module", "ModuleNotFoundError"),
        ("class Own(Exception): pass\nraise Own('x')", "Own"),
        ("import sys; sys.exit(3)", "SystemExit"),
        ("%no_such_magic", "UsageError"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    ],
)
def test_an_error_has_the_name_of_its_class(kernel, code: str, name: str) -> None:
    content = reply(kernel, code)

    assert content["status"] == "error"
    assert content["ename"] == name
    assert content["traceback"]


def test_an_error_that_cannot_be_printed_is_reported(kernel) -> None:
    code = "class Bad(Exception):\n    def __str__(self): 1 / 0\nraise Bad"

    content = reply(kernel, code)

    assert content["status"] == "error"
    assert content["ename"] == "Bad"
    assert "ZeroDivisionError('division by zero')" in "".join(content["traceback"])
    assert kernel.value("1 + 1") == "2"


def test_nbclient_lets_an_error_pass_by_its_name(
    jupyter_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_PATH", str(jupyter_data))
    notebook = new_notebook(cells=[new_code_cell("1 / 0"), new_code_cell("6 * 7")])

    NotebookClient(
        notebook,
        kernel_name="datalab-kernel",
        timeout=60,
        allow_error_names=["ZeroDivisionError"],
    ).execute()

    failed, after = (cell.outputs[0] for cell in notebook.cells)
    assert failed["ename"] == "ZeroDivisionError"
    assert after["data"]["text/plain"] == "42"


@pytest.mark.parametrize("code", ["exit()", "quit()", "exit", "quit"])
def test_leaving_is_asked_of_the_front_end(kernel, code: str) -> None:
    content = reply(kernel, code)

    assert content["status"] == "ok"
    assert content["payload"] == [{"source": "ask_exit", "keepkernel": False}]


def test_a_system_command_shows_its_output_alone(kernel) -> None:
    cell = kernel.run("!echo text")

    assert cell.stdout.split() == ["text"]
    assert cell.result is None
