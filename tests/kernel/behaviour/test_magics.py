"""Magics, and what is completed."""

from __future__ import annotations

from typing import Any

import pytest

from support.three_kernels import known

MAGICS = [
    *("less", "more", "man", "connect_info", "qtconsole", "clear", "autosave"),
    "subshell",
]


@known(stock="lacks it")
@pytest.mark.parametrize("magic", MAGICS)
def test_a_magic_of_ipykernel_is_there(any_kernel, magic: str) -> None:
    found = f"get_ipython().find_line_magic({magic!r}) is not None"

    assert any_kernel.value(found) == "True"


@known(stock="lacks it")
def test_the_output_is_cleared_by_a_magic(any_kernel) -> None:
    cell = any_kernel.run("%clear")

    assert cell.status == "ok"
    assert "\x1b[2J" in cell.stdout or "clear_output" in cell.kinds


@known(stock="lacks it")
def test_the_connection_is_told(any_kernel) -> None:
    text = any_kernel.run("%connect_info").stdout

    assert '"shell_port"' in text
    assert "--existing" in text


@known(stock="lacks it")
def test_the_front_end_is_asked_to_save_by_itself(any_kernel) -> None:
    cell = any_kernel.run("%autosave 30")

    assert cell.status == "ok"
    assert "30" in cell.displayed[0]["application/javascript"]


def test_an_old_notebook_goes_on_behind_its_first_line(own_kernel) -> None:
    cell = own_kernel.run("%matplotlib notebook\nx = 42")

    assert cell.status == "ok"
    assert own_kernel.value("x") == "42"


def test_the_directory_changes_with_a_magic(own_kernel, tmp_path: Any) -> None:
    own_kernel.run(f"%cd {tmp_path}")

    assert own_kernel.value("__import__('os').getcwd()") == repr(str(tmp_path))


def types(kernel, code: str) -> dict[str, dict[str, Any]]:
    """Return what is said of each completion of a line."""
    metadata = kernel.answer(kernel.client.complete(code))["metadata"]
    return {row["text"]: row for row in metadata["_jupyter_types_experimental"]}


@known(stock="sends no types", ours="sends no types: C++ makes the answer")
def test_completions_have_types(any_kernel) -> None:
    any_kernel.run("import json\nclass Mine:\n    def method(self): pass\nm = Mine()")

    found = types(any_kernel, "json.dum")

    assert found["dump"]["type"] == "function"
    assert (found["dump"]["start"], found["dump"]["end"]) == (5, 8)
    assert types(any_kernel, "m.meth")["method"]["type"] == "function"
    assert types(any_kernel, "Min")["Mine"]["type"] == "class"


@known(stock="sends no types", ours="sends no types: C++ makes the answer")
def test_arguments_and_magics_have_types(any_kernel) -> None:
    any_kernel.run("def call(width=1): pass")

    assert types(any_kernel, "call(wid")["width="]["type"] == "param"
    assert "%timeit" in types(any_kernel, "%timei")


def test_the_matches_are_those_that_have_types(any_kernel) -> None:
    answer = any_kernel.answer(any_kernel.client.complete("zi"))

    assert answer["matches"][0] == "zip"
    assert (answer["cursor_start"], answer["cursor_end"]) == (0, 2)
