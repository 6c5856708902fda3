"""Strings with a lone surrogate, such as file names that are not UTF-8.

The messages of Jupyter are UTF-8, which cannot hold them.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from jupyter_client.jsonutil import json_default

from support.three_kernels import known

NONE = "sends no answer"
REFUSED = "refuses it"


ODD = "type('Odd', (Exception,), {'__str__': lambda self: '\\ud83d bad'})"
RENDERED = "def _render_traceback_(self): return ['\\udcff bad']"


@known(stock=NONE)
@pytest.mark.parametrize(
    "code",
    [
        pytest.param(r"raise ValueError('\udcff bad')", id="message"),
        pytest.param(
            f"raise {ODD}",
            marks=known(ipykernel="leaves out the traceback"),
            id="text of its own",
        ),
        pytest.param(r"exec(compile('1 / 0 # bad', '\udcff', 'exec'))", id="file name"),
        pytest.param(
            f"class Bad(Exception):\n    {RENDERED}\nraise Bad('bad')",
            id="rendering of its own",
        ),
    ],
)
def test_an_error_is_answered_and_shown(own_kernel, code: str) -> None:
    cell = own_kernel.run(code)

    assert cell.status == "error"
    assert "bad" in "".join(cell.answer["traceback"])
    assert "error" in cell.kinds
    assert own_kernel.run("2").status == "ok"


@known(stock=REFUSED)
@pytest.mark.parametrize(
    "code",
    [
        r"print('\udcff shown')",
        r"from IPython.display import HTML; HTML('\udcff shown')",
        r"from IPython.display import HTML; display(HTML('\udcff shown'))",
        r"type('Odd', (), {'__repr__': lambda self: '\udcff shown'})()",
        r"display({'text/plain': '\udcff shown'}, raw=True)",
        r"display({'text/plain': 'shown'}, raw=True, metadata={'a': '\udcff'})",
        r"display({'application/json': {'\udcff': ['shown']}}, raw=True)",
    ],
    ids=["print", "result", "display", "repr", "raw", "metadata", "key"],
)
def test_what_a_cell_shows_is_shown(any_kernel, code: str) -> None:
    cell = any_kernel.run(code)

    assert cell.status == "ok"
    assert cell.error is None
    assert "shown" in str([message["content"] for message in cell.sent])
    assert any_kernel.run("2").status == "ok"


def test_an_expression_is_answered(any_kernel) -> None:
    cell = any_kernel.run("1", user_expressions={"a": r"'\udcff'", "b": "2"})

    assert cell.answer["user_expressions"]["b"]["data"]["text/plain"] == "2"


def test_a_name_in_a_namespace_is_completed(any_kernel) -> None:
    any_kernel.run(r"names = {'\udcff bad': 1, 'bad': 2}")

    answer = any_kernel.answer(any_kernel.client.complete("names['"))

    assert answer["status"] == "ok"
    assert any("bad" in match for match in answer["matches"])


@pytest.mark.skipif("sys.platform != 'linux'", reason="file names are Unicode")
@known(stock=NONE)
def test_a_file_name_is_completed(any_kernel, tmp_path: Any) -> None:
    any_kernel.run(
        f"import os; os.chdir({str(tmp_path)!r})\n"
        "for name in (b'bad-\\xff', b'bad-b'): open(name, 'w').close()"
    )

    answer = any_kernel.answer(any_kernel.client.complete("open('bad"))

    assert any(match.endswith("bad-b") for match in answer["matches"])


@known(stock=NONE)
@pytest.mark.parametrize(
    "code",
    [r"x = '\udcff text'", r"def x(): '\udcff text'"],
    ids=["a string", "a function"],
)
def test_an_object_is_inspected(any_kernel, code: str) -> None:
    any_kernel.run(code)

    answer = any_kernel.answer(any_kernel.client.inspect("x"))

    assert "text" in answer["data"]["text/plain"]


@known(stock=NONE)
def test_a_prompt_is_asked(any_kernel) -> None:
    request = any_kernel.client.execute(r"input('\udcff how? ')", allow_stdin=True)

    asked = any_kernel.client.get_stdin_msg(timeout=any_kernel.patience)
    any_kernel.client.input("so")

    assert "how?" in asked["content"]["prompt"]
    assert any_kernel.answer(request)["status"] == "ok"


@known(stock=NONE)
def test_the_next_input_is_offered(any_kernel) -> None:
    cell = any_kernel.run(r"get_ipython().set_next_input('\udcff x = 1')")

    assert "x = 1" in cell.answer["payload"][0]["text"]


def escaped(content: Any) -> bytes:
    r"""Pack a message as a browser does: half an emoji is the six letters `\ud83d`."""
    return json.dumps(content, default=json_default).encode()


HALVES = {
    # As jupyter_client packs it: a byte that is not UTF-8.
    "a byte": (lambda session: session.pack, "s = '\udcff'"),
    # As a browser packs it.
    "escaped": (lambda _session: escaped, "s = 'half \ud83d emoji'"),
}


@known(stock="answers no request on the shell channel any more")
@pytest.mark.parametrize(("packer", "code"), HALVES.values(), ids=HALVES)
def test_a_cell_with_half_a_character_does_not_stop_the_kernel(
    own_kernel, packer: Any, code: str
) -> None:
    session = own_kernel.client.session
    session.pack = packer(session)
    own_kernel.client.execute(code)

    assert own_kernel.answer(own_kernel.client.execute("2"))["status"] == "ok"


@known(stock="answers no request on the shell channel any more")
def test_requests_with_half_an_emoji_do_not_stop_the_kernel(own_kernel) -> None:
    client = own_kernel.client
    client.session.pack = escaped
    for ask in (client.complete, client.inspect, client.is_complete):
        ask("'\ud83d'")

    assert own_kernel.answer(own_kernel.client.execute("2"))["status"] == "ok"
