"""Completion, inspection and the other requests, and cells that await."""

from __future__ import annotations

import pytest


def test_names_are_completed(any_kernel) -> None:
    any_kernel.run("import json")

    found = any_kernel.answer(any_kernel.client.complete("json.dum"))

    ends = [match.rpartition(".")[2] for match in found["matches"]]
    assert ends == ["dump", "dumps"]


def test_an_object_is_inspected(any_kernel) -> None:
    found = any_kernel.answer(any_kernel.client.inspect("zip"))

    assert found["found"]
    assert "iterables" in found["data"]["text/plain"]


@pytest.mark.parametrize(
    ("code", "status"),
    [("1", "complete"), ("for x in y:", "incomplete"), ("a = = 1", "invalid")],
)
def test_a_cell_is_told_complete_or_not(any_kernel, code: str, status: str) -> None:
    assert any_kernel.answer(any_kernel.client.is_complete(code))["status"] == status


def test_expressions_are_evaluated_with_a_cell(any_kernel) -> None:
    content = any_kernel.run(
        "x = 6", user_expressions={"a": "x * 7", "b": "1 / 0"}
    ).answer

    assert content["user_expressions"]["a"]["data"]["text/plain"] == "42"
    assert content["user_expressions"]["b"]["status"] == "error"


def test_help_is_given_to_the_pager(any_kernel) -> None:
    assert any_kernel.run("zip?").answer["payload"][0]["source"] == "page"


@pytest.mark.parametrize("function", ["input", "__import__('getpass').getpass"])
def test_input_is_asked_for(any_kernel, function: str) -> None:
    client = any_kernel.client
    request = client.execute(f"answer = {function}('how? ')", allow_stdin=True)

    asked = client.get_stdin_msg(timeout=30)["content"]
    client.input("so")

    assert asked == {"prompt": "how? ", "password": "getpass" in function}
    assert any_kernel.answer(request)["status"] == "ok"
    assert any_kernel.value("answer") == "'so'"


def test_a_busy_kernel_still_answers_on_the_control_channel(any_kernel) -> None:
    cell = any_kernel.begin(
        "print('busy')\nimport time\nuntil = time.monotonic() + 1\n"
        "while time.monotonic() < until: pass\nprint('done')",
        until="busy",
    )
    client = any_kernel.client
    client.control_channel.send(client.session.msg("kernel_info_request"))

    content = client.get_control_msg(timeout=30)["content"]

    assert content["status"] == "ok"
    assert "done" not in cell.stdout
    assert "done" in any_kernel.finish(cell).stdout


def test_a_cell_awaits(any_kernel) -> None:
    code = "import asyncio\nawait asyncio.sleep(0.01, result=42)"

    assert any_kernel.value(code) == "42"


def test_a_task_goes_on_beside_the_cells(any_kernel) -> None:
    any_kernel.run(
        "import asyncio\nasync def later():\n    await asyncio.sleep(0.05)\n"
        "    return 42\ntask = asyncio.get_running_loop().create_task(later())"
    )

    assert any_kernel.value("await task") == "42"
