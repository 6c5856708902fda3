"""What a cell asks of the front end in its answer."""

from __future__ import annotations

import os
from typing import Any

import pytest

from support.three_kernels import known

NOTHING = "asks nothing"


def payload(kernel, code: str) -> dict[str, Any]:
    """Run a cell; return the one thing that it asks of the front end."""
    cell = kernel.run(code)
    assert cell.status == "ok", cell.answer
    (asked,) = cell.answer["payload"]
    return dict(asked)


@known(stock=NOTHING)
@pytest.mark.parametrize("replace", [False, True])
def test_the_next_input_is_offered(any_kernel, replace: bool) -> None:
    code = f"get_ipython().set_next_input('x = 1', replace={replace})"

    assert payload(any_kernel, code) == {
        "source": "set_next_input",
        "text": "x = 1",
        "replace": replace,
    }


@known(stock=NOTHING)
def test_a_file_is_loaded_into_the_cell(any_kernel, tmp_path: Any) -> None:
    script = tmp_path / "script.py"
    script.write_text("loaded = 42")

    asked = payload(any_kernel, f"%load {script}")

    assert asked["source"] == "set_next_input"
    assert asked["replace"]
    assert "loaded = 42" in asked["text"]


@known(stock=NOTHING)
def test_an_earlier_cell_is_recalled(any_kernel) -> None:
    count = any_kernel.run("recalled = 42").answer["execution_count"]

    assert "recalled = 42" in payload(any_kernel, f"%recall {count}")["text"]


@known(stock="has no editor, and raises")
def test_a_file_is_edited(any_kernel, tmp_path: Any) -> None:
    script = tmp_path / "script.py"
    script.write_text("edited = 42")

    asked = payload(any_kernel, f"%edit {script}")

    assert asked["source"] == "edit_magic"
    assert asked["filename"] == str(script)


@pytest.mark.parametrize(
    "code",
    [
        "zip?",
        "re??",
        "import json\n%pfile json",
        "import json\n%psource json.dumps",
        "from IPython.core.page import page; page('on the page')",
        "%quickref",
        "%page zip",
        "%magic",
    ],
)
def test_what_is_long_is_shown_on_a_page(any_kernel, code: str) -> None:
    any_kernel.run("import re")

    asked = payload(any_kernel, code)

    assert asked["source"] == "page"
    assert asked["data"]["text/plain"]


@known(stock="has no such magic")
def test_a_file_is_shown_on_a_page(any_kernel, tmp_path: Any) -> None:
    script = tmp_path / "script.py"
    script.write_text("shown = 42")

    for magic in ("%less", "%more"):
        text = payload(any_kernel, f"{magic} {script}")["data"]["text/plain"]
        assert "42" in text


@pytest.mark.skipif("sys.platform == 'win32'", reason="there are no manuals")
@known(stock="has no such magic")
def test_a_manual_is_shown_on_a_page(own, tmp_path: Any) -> None:
    manual = tmp_path / "man"
    manual.write_text("#!/bin/sh\necho the manual of $1")
    manual.chmod(0o755)
    kernel = own(PATH=f"{tmp_path}:{os.environ['PATH']}")

    asked = payload(kernel, "%man ls")

    assert asked["source"] == "page"
    assert "the manual of ls" in asked["data"]["text/plain"]


@known(stock="lacks what they call")
@pytest.mark.parametrize(
    ("code", "kept"),
    [("exit()", False), ("quit", False), ("exit(keep_kernel=True)", True)],
)
def test_leaving_says_whether_the_kernel_stays(own_kernel, code, kept) -> None:
    asked = payload(own_kernel, code)

    assert asked == {"source": "ask_exit", "keepkernel": kept}


def test_one_cell_asks_for_several_things(any_kernel) -> None:
    cell = any_kernel.run("from IPython.core.page import page\npage('a')\npage('b')")

    assert [asked["source"] for asked in cell.answer["payload"]] == ["page"] * len(
        cell.answer["payload"]
    )
    assert cell.answer["payload"][-1]["data"]["text/plain"] == "b"
    assert any_kernel.run("1").answer["payload"] == []


@known(stock=NOTHING)
def test_of_two_next_inputs_the_last_counts(any_kernel) -> None:
    code = "for text in 'ab': get_ipython().set_next_input(text)"

    assert payload(any_kernel, code)["text"] == "b"
