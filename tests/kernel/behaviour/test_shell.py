"""The shell and the kernel as objects, and the callbacks of cells."""

from __future__ import annotations

import pytest

from support.three_kernels import known

FAILS = "fails the cell"
NO_CELL = "hides the metadata of the request, which holds it"
REGISTER = "def fails(*args): 1 / 0\nget_ipython().events.register({!r}, fails)"


@known(stock=FAILS)
@pytest.mark.parametrize(
    "event",
    ["pre_execute", "pre_run_cell", "post_execute", "post_run_cell"],
)
def test_a_callback_that_fails_does_not_fail_the_cell(own_kernel, event: str) -> None:
    own_kernel.run(REGISTER.format(event))

    cell = own_kernel.run("x = 42; x")

    assert cell.status == "ok"
    assert cell.result == "42"


def test_callbacks_know_the_cell_and_its_result(own_kernel) -> None:
    own_kernel.run(
        "seen = []\ndef before(info): seen.append(info.raw_cell)\n"
        "def after(result): seen.append((result.success, result.result))\n"
        "get_ipython().events.register('pre_run_cell', before)\n"
        "get_ipython().events.register('post_run_cell', after)"
    )
    own_kernel.run("6 * 7")
    own_kernel.run("1 / 0")

    seen = own_kernel.value("seen[-5:-1]")

    assert seen == "['6 * 7', (True, 42), '1 / 0', (False, None)]"


@known(stock=NO_CELL, ours=NO_CELL)
def test_callbacks_know_the_cell_of_the_front_end(own_kernel) -> None:
    own_kernel.run(
        "seen = []\nget_ipython().events.register("
        "'pre_run_cell', lambda info: seen.append(info.cell_id))"
    )
    client = own_kernel.client
    message = client.session.msg("execute_request", {"code": "1", "silent": False})
    message["metadata"]["cellId"] = "mine"
    client.shell_channel.send(message)
    own_kernel.answer(message["header"]["msg_id"])

    assert own_kernel.value("seen[0]") == "'mine'"


@known(stock=NO_CELL, ours=NO_CELL)
def test_the_cell_of_the_front_end_is_in_the_request(own_kernel) -> None:
    client = own_kernel.client
    code = "cell = get_ipython().get_parent()['metadata']['cellId']"
    message = client.session.msg("execute_request", {"code": code, "silent": False})
    message["metadata"]["cellId"] = "mine"
    client.shell_channel.send(message)

    assert own_kernel.answer(message["header"]["msg_id"])["status"] == "ok"
    assert own_kernel.value("cell") == "'mine'"


LACKS = known(stock="lacks it")


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param("get_ipython().get_parent()", marks=LACKS),
        pytest.param("get_ipython().parent_header", marks=LACKS),
        "get_ipython().kernel.get_parent()",
        pytest.param("get_ipython().kernel.get_parent('shell')", marks=LACKS),
    ],
)
def test_a_cell_knows_its_request(own_kernel, expression: str) -> None:
    seen = own_kernel.value(f"{expression}['header']['msg_type']")

    assert seen == "'execute_request'"


@known(stock="lacks it")
@pytest.mark.parametrize(
    "attribute",
    [
        *("shell", "session", "iopub_socket", "log", "set_parent", "io_loop"),
        *("execution_count", "implementation", "user_ns"),
    ],
)
def test_the_kernel_has_what_libraries_use(any_kernel, attribute: str) -> None:
    has = f"hasattr(get_ipython().kernel, {attribute!r})"

    assert any_kernel.value(has) == "True"


@known(stock="lacks it")
def test_the_kernel_knows_its_shell(any_kernel) -> None:
    same = "get_ipython().kernel.shell is get_ipython()"

    assert any_kernel.value(same) == "True"


@known(stock="lacks it")
def test_a_cell_moves_what_it_shows_to_another(own_kernel) -> None:
    first = own_kernel.run("parent = get_ipython().get_parent()")

    own_kernel.client.execute("get_ipython().set_parent(parent); print('moved')")
    own_kernel.wait_for_output(first, "moved")


def test_a_silent_cell_shows_no_result(any_kernel) -> None:
    before = any_kernel.run("1").answer["execution_count"]
    cell = any_kernel.run("silent = 42; silent", silent=True)

    assert cell.result is None
    assert any_kernel.run("silent").answer["execution_count"] == before + 1


@known(stock="counts it", ours="counts it: C++ does")
def test_a_cell_without_history_is_not_counted(any_kernel) -> None:
    before = any_kernel.run("1").answer["execution_count"]
    any_kernel.run("2", store_history=False)

    assert any_kernel.run("3").answer["execution_count"] == before + 1


def test_input_and_output_are_kept(own_kernel) -> None:
    first = own_kernel.run("6 * 7")
    count = first.answer["execution_count"]

    assert own_kernel.value(f"In[{count}], Out[{count}], _{count}") == (
        "('6 * 7', 42, 42)"
    )
