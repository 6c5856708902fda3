"""A cell that fails is answered with an error, however the error is shown."""

from __future__ import annotations

import sys

import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

from support.three_kernels import known

OK = "answers ok"
NONE = "sends no answer"
groups = pytest.mark.skipif(
    sys.version_info < (3, 11), reason="there are no exception groups"
)
UNRENDERED = "class Odd(Exception):\n    def _render_traceback_(self): {}\nraise Odd"
FAILING = [
    pytest.param(
        "raise ExceptionGroup('g', [ValueError(1)])",
        "ExceptionGroup",
        marks=[groups, known(stock=OK)],
        id="a group",
    ),
    pytest.param(
        "import asyncio\nasync def bad(): 1 / 0\n"
        "async with asyncio.TaskGroup() as tasks: tasks.create_task(bad())",
        "ExceptionGroup",
        marks=[groups, known(stock=OK, ipykernel=NONE)],
        id="a task group",
    ),
    pytest.param(
        UNRENDERED.format("1 / 0"),
        "Odd",
        marks=known(stock=OK),
        id="its rendering fails",
    ),
    pytest.param(
        UNRENDERED.format("return None"),
        "Odd",
        marks=known(stock=NONE),
        id="its rendering is None",
    ),
    pytest.param(
        UNRENDERED.format("return ['mine']"),
        "Odd",
        id="its own rendering",
    ),
    pytest.param(
        "class Odd(Exception):\n    def __str__(self): 1 / 0\nraise Odd",
        "Odd",
        marks=known(stock=OK, ipykernel="names the error of the text"),
        id="it has no text",
    ),
    pytest.param("x = = 1", "SyntaxError", id="syntax"),
    pytest.param("if 1:\npass", "IndentationError", id="indentation"),
    pytest.param(
        "%nosuchmagic", "UsageError", marks=known(stock=OK), id="no such magic"
    ),
    pytest.param(
        "%%nosuchmagic\n1", "UsageError", marks=known(stock=OK), id="no such cell magic"
    ),
    pytest.param("import sys; sys.exit(3)", "SystemExit", id="sys.exit"),
    pytest.param("raise SystemExit", "SystemExit", id="SystemExit"),
    pytest.param(
        "raise KeyboardInterrupt", "KeyboardInterrupt", id="KeyboardInterrupt"
    ),
    pytest.param("raise GeneratorExit", "GeneratorExit", id="GeneratorExit"),
    pytest.param("raise BaseException('b')", "BaseException", id="BaseException"),
    pytest.param(
        "import asyncio; raise asyncio.CancelledError", "CancelledError", id="cancelled"
    ),
    pytest.param(
        "import asyncio; await asyncio.sleep(0); 1 / 0",
        "ZeroDivisionError",
        id="after an await",
    ),
    pytest.param(
        "class Bad:\n    def __repr__(self): sys_exit\nprint(Bad())",
        "NameError",
        id="a repr that is printed",
    ),
    pytest.param(
        "class Bad:\n    def __repr__(self): 1 / 0\nBad()",
        "ZeroDivisionError",
        marks=known(ipykernel="answers with an error that has no name"),
        id="the repr of a result",
    ),
    pytest.param("%run no_such_file.py", "Exception", id="no file to run"),
    pytest.param("%%time\n1 / 0", "ZeroDivisionError", id="in a cell magic"),
    pytest.param(
        "raise RuntimeError('a') from KeyError(1)", "RuntimeError", id="cause"
    ),
    pytest.param("def f(): f()\nf()", "RecursionError", id="recursion"),
]
NAMED = "names the class by its repr"


@pytest.mark.parametrize(("code", "ename"), FAILING)
def test_a_cell_that_fails_is_answered_with_an_error(any_kernel, code, ename) -> None:
    cell = any_kernel.run(code)

    assert cell.status == "error"
    assert ename in cell.answer["ename"]
    assert any_kernel.run("2").status == "ok"


@groups
@known(stock=OK)
def test_a_group_is_an_error_after_an_earlier_error(own_kernel) -> None:
    own_kernel.run("1 / 0")

    assert (
        own_kernel.run("raise ExceptionGroup('g', [ValueError(1)])").status == "error"
    )


HANDLERS = {
    "rich": "from rich.traceback import install; before = install()",
    "set_custom_exc": (
        "def show(shell, kind, error, traceback, tb_offset=None): print('shown')\n"
        "get_ipython().set_custom_exc((Exception,), show)"
    ),
    "showtraceback": "get_ipython().showtraceback = lambda *a, **k: print('shown')",
}
each_handler = pytest.mark.parametrize("handler", HANDLERS.values(), ids=HANDLERS)


@known(stock=OK)
@each_handler
def test_who_shows_an_error_does_not_decide_on_the_answer(own_kernel, handler) -> None:
    own_kernel.run(handler)

    assert own_kernel.run("1 / 0").status == "error"
    assert own_kernel.run("import asyncio; await asyncio.sleep(0); 1 / 0").status == (
        "error"
    )


@known(stock=OK)
@pytest.mark.parametrize(
    "cells",
    [
        pytest.param([HANDLERS["rich"], "1 / 0"], id="rich"),
        pytest.param(
            ["raise ExceptionGroup('g', [ValueError(1)])"],
            marks=groups,
            id="a group",
        ),
    ],
)
def test_a_notebook_that_fails_is_not_passed(
    name, jupyter_data, monkeypatch, cells
) -> None:
    monkeypatch.setenv("JUPYTER_PATH", str(jupyter_data))
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in [*cells, "ran = 1"]])

    with pytest.raises(CellExecutionError):
        NotebookClient(notebook, timeout=60, kernel_name=name).execute()


def test_input_that_a_transformer_rejects_is_an_error(own_kernel) -> None:
    own_kernel.run(
        "import ast\nfrom IPython.core.error import InputRejected\n"
        "class No(ast.NodeTransformer):\n"
        "    def visit_Constant(self, node): raise InputRejected('no')\n"
        "get_ipython().ast_transformers.append(No())"
    )

    assert own_kernel.run("1").status == "error"


@known(
    stock="fails the cell",
    ours="shows it on stderr: C++ sends an error only with a failed reply",
)
def test_the_last_traceback_can_be_shown_again(own_kernel) -> None:
    own_kernel.run("1 / 0")

    cell = own_kernel.run("%tb")

    assert cell.status == "ok"
    assert "ZeroDivisionError" in "".join(cell.sent[-1]["content"]["traceback"])


def test_no_traceback_to_show_is_no_error(own_kernel) -> None:
    assert own_kernel.run("%tb").status == "ok"


@known(stock="fails the cell")
def test_an_error_that_a_cell_shows_and_handles_is_none(any_kernel) -> None:
    cell = any_kernel.run(
        "try:\n    1 / 0\nexcept ZeroDivisionError:\n"
        "    get_ipython().showtraceback()\n'on'"
    )

    assert cell.status == "ok"
    assert cell.result == "'on'"


@known(stock=NAMED)
def test_the_error_that_is_shown_is_the_one_that_is_answered(any_kernel) -> None:
    cell = any_kernel.run("raise ValueError('mine')")

    (shown,) = [m["content"] for m in cell.sent if m["msg_type"] == "error"]
    assert shown["ename"] == cell.answer["ename"] == "ValueError"
    assert shown["evalue"] == cell.answer["evalue"] == "mine"
    assert shown["traceback"] == cell.answer["traceback"]


@known(
    stock="leaves the payload out of an error's answer",
    ours="the same: C++ makes the reply",
)
def test_an_answer_counts_the_cell(any_kernel) -> None:
    good, bad = any_kernel.run("1"), any_kernel.run("1 / 0")

    count = good.answer["execution_count"]
    assert bad.answer["execution_count"] == count + 1
    assert good.answer["user_expressions"] == {}
    assert good.answer["payload"] == bad.answer["payload"] == []
