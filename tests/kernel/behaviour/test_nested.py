"""Cells that run cells."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest

from support.three_kernels import known

RAISES = "raises a TypeError, and runs nothing"


@known(stock=RAISES)
def test_what_a_cell_prints_is_captured(any_kernel) -> None:
    cell = any_kernel.run("%%capture out\nprint('x'); display('y'); 3")

    assert cell.status == "ok"
    assert cell.sent == []
    assert any_kernel.value("out.stdout") == r"'x\n'"
    assert any_kernel.value("len(out.outputs)") == "2"


@known(stock=RAISES)
def test_another_notebook_is_run(any_kernel, tmp_path: Any) -> None:
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_code_cell(code) for code in ("a = 6", "b = a * 7")
    ]
    nbformat.write(notebook, tmp_path / "other.ipynb")

    assert any_kernel.run(f"%run {tmp_path}/other.ipynb").error is None

    assert any_kernel.value("b") == "42"


@known(stock=RAISES)
def test_a_cell_is_run_again(any_kernel) -> None:
    any_kernel.run("n = 0")
    any_kernel.run("n += 1")

    any_kernel.run("%rerun")

    assert any_kernel.value("n") == "2"


@known(stock=RAISES)
@pytest.mark.parametrize(
    ("code", "success"), [("1 + 1", True), ("1 / 0", False), ("x = = 1", False)]
)
def test_a_cell_is_run_from_a_cell(any_kernel, code: str, success: bool) -> None:
    cell = any_kernel.run(f"result = get_ipython().run_cell({code!r})\nresult.success")

    assert cell.status == "ok"
    assert cell.result == repr(success)
    assert any_kernel.run("3").status == "ok"


@known(
    stock=RAISES,
    ours="shows it on stderr: C++ sends an error only with a failed reply",
)
def test_a_nested_cell_shows_its_result_and_its_error(any_kernel) -> None:
    shown = any_kernel.run("result = get_ipython().run_cell('6 * 7')")
    failed = any_kernel.run("result = get_ipython().run_cell('1 / 0')")

    assert "42" in str([message["content"] for message in shown.sent])
    assert failed.error == "ZeroDivisionError: division by zero"


@known(stock=RAISES)
def test_a_nested_cell_is_awaited(any_kernel) -> None:
    cell = any_kernel.run(
        "code = 'import asyncio; await asyncio.sleep(0.01, 42)'\n"
        "result = await get_ipython().run_cell_async(code, transformed_cell=code)\n"
        "result.result"
    )

    assert cell.result == "42"


METHODS = [
    "run_cell",
    pytest.param("run_cell_async", marks=known(stock="has a signature of its own")),
    "should_run_async",
]


@pytest.mark.parametrize("method", METHODS)
def test_methods_that_run_cells_are_called_as_in_ipython(any_kernel, method) -> None:
    cell = any_kernel.run(
        "import inspect\nfrom IPython.core.interactiveshell import InteractiveShell\n"
        f"mine = inspect.signature(get_ipython().{method})\n"
        f"theirs = inspect.signature(InteractiveShell.{method}).parameters\n"
        "bound = mine.bind('1', **{n: None for n in [*theirs][2:] if n != 'kwargs'})"
    )

    assert cell.error is None


@known(stock=RAISES)
def test_nested_cells_are_counted_once_each(any_kernel) -> None:
    before = any_kernel.run("1").answer["execution_count"]

    nested = any_kernel.run("result = get_ipython().run_cell('2', store_history=False)")

    assert nested.error is None
    assert nested.answer["execution_count"] == before + 1
    assert any_kernel.run("3").answer["execution_count"] == before + 2


@known(stock=RAISES)
def test_a_cell_magic_runs_its_cell(any_kernel) -> None:
    any_kernel.run(
        "from IPython.core.magic import register_cell_magic\n@register_cell_magic\n"
        "def twice(line, cell):\n"
        "    for _ in range(2): get_ipython().run_cell(cell)"
    )

    assert any_kernel.run("%%twice\nprint('x')").stdout == "x\nx\n"


def test_a_macro_is_run(any_kernel) -> None:
    count = any_kernel.run("m = 42; print('in the macro')").answer["execution_count"]
    any_kernel.run(f"%macro mine {count}")

    assert "in the macro" in any_kernel.run("mine").stdout


@pytest.mark.parametrize("magic", ["%%time", "%%timeit -n1 -r1", "%%prun -q"])
def test_a_cell_is_measured(any_kernel, magic: str) -> None:
    assert "x\n" in any_kernel.run(f"{magic}\nprint('x')").stdout
