"""What a user expects of any Python kernel, tried on ours, the stock one and ipykernel.

What one of the others is known to get wrong is marked: a mark that no longer holds is a
failure, and means that a repair can go, or that ours has been overtaken.
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from datalab_kernel.kernelspec import KERNEL_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: What Jupyter knows them by, and what the marks call them.
NAMES = {KERNEL_NAME: "ours", "xpython": "stock", "python3": "ipykernel"}


def known(**defects: str) -> pytest.MarkDecorator:
    """Mark a test that `stock` or `ipykernel` fails, each with what it does."""
    return pytest.mark.known_defects(**defects)


@pytest.fixture(scope="module")
def shared(running: Callable) -> Iterator[Callable[[str], Any]]:
    """One kernel of each name, for what leaves it as it was."""
    with ExitStack() as stack:
        kernels: dict[str, Any] = {}

        def get(name: str) -> Any:
            if name not in kernels:
                kernels[name] = stack.enter_context(running(name))
            return kernels[name]

        yield get


@pytest.fixture(params=NAMES, ids=NAMES.get)
def name(request: pytest.FixtureRequest) -> str:
    """The kernel's name; the test is expected to fail where a defect is known."""
    mark = request.node.get_closest_marker("known_defects")
    defect = mark and mark.kwargs.get(NAMES[request.param])
    if defect:
        request.applymarker(pytest.mark.xfail(reason=defect, strict=True))
    return str(request.param)


@pytest.fixture
def any_kernel(
    request: pytest.FixtureRequest, name: str, shared: Callable, start: Callable
) -> Any:
    """Each of the kernels; one of its own for a test that it is known to fail."""
    doomed = request.node.get_closest_marker("known_defects") is not None
    return start(name) if doomed else shared(name)


def reply(kernel, code: str, **options: Any) -> dict:
    """Run a cell; return what it was answered."""
    return kernel.client.execute_interactive(
        code, timeout=30, output_hook=lambda _message: None, **options
    )["content"]


def published(kernel, code: str) -> list[dict]:
    """Run a cell; return the messages that it sent between `busy` and `idle`."""
    sent: list[dict] = []
    kernel.client.execute_interactive(code, timeout=30, output_hook=sent.append)
    return [m for m in sent if m["msg_type"] not in {"status", "execute_input"}]


def kinds(kernel, code: str) -> list[str]:
    return [message["msg_type"] for message in published(kernel, code)]


def answer(kernel, request: str) -> dict:
    """Return the answer to a request on the shell channel."""
    while True:
        message = kernel.client.get_shell_msg(timeout=30)
        if message["parent_header"]["msg_id"] == request:
            return message["content"]


# Results and what is shown


def test_a_result_and_what_is_displayed_come_in_order(any_kernel) -> None:
    code = (
        "import sys\nwrite = sys.stdout.write\nn = write('a')\n"
        "shown = display('b', display_id=True)\nshown.update('c')\nn = write('d')\n1"
    )

    assert kinds(any_kernel, code) == [
        "stream",
        "display_data",
        "update_display_data",
        "stream",
        "execute_result",
    ]


def test_output_is_cleared_when_asked(any_kernel) -> None:
    code = "from IPython.display import clear_output; clear_output(wait=True)"

    assert published(any_kernel, code)[0]["content"] == {"wait": True}


@known(stock="sends the text and the end of the line apart")
def test_one_print_is_one_message(any_kernel) -> None:
    assert kinds(any_kernel, "print('a', 1)") == ["stream"]


@known(stock="sends two messages a line, and with more of them drops thousands")
def test_many_lines_arrive_in_few_messages(any_kernel) -> None:
    sent = published(any_kernel, "for number in range(2_000): print(number)")

    lines = "".join(message["content"]["text"] for message in sent).split()
    assert lines == [str(number) for number in range(2_000)]
    assert len(sent) < 50


@known(stock="sends it for no cell, and front ends drop it")
def test_what_a_thread_prints_is_shown(any_kernel) -> None:
    code = (
        "import threading\nthread = threading.Thread(target=print, args=['x'])\n"
        "thread.start()\nthread.join()"
    )

    assert "stream" in kinds(any_kernel, code)


@known(stock="lacks it", ipykernel="lacks it")
def test_the_streams_have_a_buffer(any_kernel) -> None:
    code = "import sys; n = sys.stdout.buffer.write(b'x')"

    assert any_kernel.run(code).stdout == "x"


@known(stock="its streams lack much of what a file has")
def test_the_streams_are_good_enough_for_other_libraries(any_kernel) -> None:
    code = (
        "import sys, subprocess, faulthandler\n"
        "faulthandler.enable(); faulthandler.disable()\n"
        "subprocess.run([sys.executable, '-c', ''], stdout=sys.stdout, check=True)\n"
        "[sys.stdout.encoding, sys.stdout.closed, sys.stdout.errors is None]"
    )

    assert reply(any_kernel, code)["status"] == "ok"


def test_a_figure_is_shown_at_the_end_of_its_cell(any_kernel) -> None:
    sent = published(
        any_kernel, "import matplotlib.pyplot as p; lines = p.plot([1, 2]); 3"
    )

    assert [message["msg_type"] for message in sent] == [
        "execute_result",
        "display_data",
    ]
    assert "image/png" in sent[1]["content"]["data"]


def test_the_output_of_a_command_is_shown_alone(any_kernel) -> None:
    cell = any_kernel.run("!echo text")

    assert cell.stdout.split() == ["text"]
    assert cell.result is None


# Asking the kernel


def test_names_are_completed(any_kernel) -> None:
    any_kernel.run("import json")

    found = answer(any_kernel, any_kernel.client.complete("json.dum"))

    ends = [match.rpartition(".")[2] for match in found["matches"]]
    assert ends == ["dump", "dumps"]


def test_an_object_is_inspected(any_kernel) -> None:
    found = answer(any_kernel, any_kernel.client.inspect("zip"))

    assert found["found"]
    assert "iterables" in found["data"]["text/plain"]


@pytest.mark.parametrize(
    ("code", "status"),
    [("1", "complete"), ("for x in y:", "incomplete"), ("a = = 1", "invalid")],
)
def test_a_cell_is_told_complete_or_not(any_kernel, code: str, status: str) -> None:
    assert answer(any_kernel, any_kernel.client.is_complete(code))["status"] == status


def test_expressions_are_evaluated_with_a_cell(any_kernel) -> None:
    content = reply(any_kernel, "x = 6", user_expressions={"a": "x * 7", "b": "1 / 0"})

    assert content["user_expressions"]["a"]["data"]["text/plain"] == "42"
    assert content["user_expressions"]["b"]["status"] == "error"


def test_help_is_given_to_the_pager(any_kernel) -> None:
    assert reply(any_kernel, "zip?")["payload"][0]["source"] == "page"


@pytest.mark.parametrize("function", ["input", "__import__('getpass').getpass"])
def test_input_is_asked_for(any_kernel, function: str) -> None:
    client = any_kernel.client
    request = client.execute(f"answer = {function}('how? ')", allow_stdin=True)

    asked = client.get_stdin_msg(timeout=30)["content"]
    client.input("so")

    assert asked == {"prompt": "how? ", "password": "getpass" in function}
    assert answer(any_kernel, request)["status"] == "ok"
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


# Awaiting


def test_a_cell_awaits(any_kernel) -> None:
    code = "import asyncio\nawait asyncio.sleep(0.01, result=42)"

    assert any_kernel.value(code) == "42"


def test_a_task_goes_on_beside_the_cells(any_kernel) -> None:
    any_kernel.run(
        "import asyncio\nasync def later():\n    await asyncio.sleep(0.05)\n"
        "    return 42\ntask = asyncio.get_running_loop().create_task(later())"
    )

    assert any_kernel.value("await task") == "42"


# Errors and interrupts


def test_an_error_is_told_with_its_traceback(any_kernel) -> None:
    content = reply(any_kernel, "def fails(): 1 / 0\nfails()")

    assert content["status"] == "error"
    assert content["evalue"] == "division by zero"
    plain = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(content["traceback"]))
    assert "fails()" in plain
    assert "ZeroDivisionError" in plain


@known(stock="says <class 'ZeroDivisionError'>")
def test_an_error_is_named_by_its_class(any_kernel) -> None:
    assert reply(any_kernel, "1 / 0")["ename"] == "ZeroDivisionError"


@known(stock="runs them, and blames them for an error that is not theirs")
def test_cells_behind_an_error_are_not_run(any_kernel) -> None:
    any_kernel.run("ran = 0")
    requests = [
        any_kernel.client.execute(code)
        for code in ("import time; time.sleep(0.3); 1 / 0", "ran = 1", "ran = 2")
    ]
    statuses = [answer(any_kernel, request)["status"] for request in requests]

    assert statuses[0] == "error"
    assert {"ok"} & {*statuses} == set()
    # A kernel may refuse what comes in the moment after.
    while answer(any_kernel, any_kernel.client.execute("pass"))["status"] != "ok":
        pass
    assert any_kernel.value("ran") == "0"


BUSY = "print('running', flush=True)\nwhile True: pass"
# A line that is printed shows that the interrupt did not reach the awaiting cell.
AWAITING = """
import asyncio
loop = asyncio.get_running_loop()
loop.call_soon(print, 'running')
late = loop.call_later(2, print, 'late')
await asyncio.sleep(3)
"""


@known(stock="exits, and all data with it")
def test_twenty_interrupts_stop_twenty_cells(any_kernel) -> None:
    any_kernel.run("kept = 42")

    for _ in range(20):
        cell = any_kernel.begin(BUSY, until="running")
        any_kernel.interrupt()
        assert any_kernel.finish(cell).error == "KeyboardInterrupt: "

    assert any_kernel.value("kept") == "42"


@known(stock="exits", ipykernel="goes on awaiting")
def test_an_interrupt_stops_what_a_cell_awaits(any_kernel) -> None:
    cell = any_kernel.begin(AWAITING, until="running")

    any_kernel.interrupt()

    assert any_kernel.finish(cell).status == "error"
    assert "late" not in cell.stdout
    assert any_kernel.run("late.cancel()").status == "ok"


@known(stock="exits")
def test_an_idle_kernel_is_not_harmed_by_interrupts(any_kernel) -> None:
    for _ in range(5):
        any_kernel.interrupt()

    assert any_kernel.value("40 + 2") == "42"


def test_sys_exit_is_an_error_of_the_cell(any_kernel) -> None:
    assert reply(any_kernel, "import sys; sys.exit(3)")["ename"].count("SystemExit")
    assert any_kernel.value("40 + 2") == "42"


# Widgets

WIDGET = """
from ipywidgets import IntSlider
slider = IntSlider(3)
slider.comm.comm_id
"""


def test_a_widget_is_known_and_follows_the_front_end(any_kernel) -> None:
    comm = any_kernel.value(WIDGET).strip("'")
    client = any_kernel.client

    assert comm in answer(any_kernel, client.comm_info())["comms"]
    data = {"method": "update", "state": {"value": 7}, "buffer_paths": []}
    client.shell_channel.send(
        client.session.msg("comm_msg", {"comm_id": comm, "data": data})
    )

    assert any_kernel.value("slider.value") == "7"


# The end


@known(stock="lacks what they call")
def test_leaving_is_asked_of_the_front_end(any_kernel) -> None:
    assert reply(any_kernel, "exit()")["payload"][0]["source"] == "ask_exit"


@known(stock="exits at the interrupt that comes before each shutdown")
def test_exit_handlers_run_when_the_kernel_is_shut_down(
    any_kernel, tmp_path: Any
) -> None:
    left = tmp_path / "left"
    any_kernel.run(
        f"import atexit, pathlib\natexit.register(pathlib.Path({str(left)!r}).touch)"
    )

    assert any_kernel.shut_down() == 0
    assert left.exists()


def test_a_restarted_kernel_is_empty(start: Callable, name: str) -> None:
    kernel = start(name)
    kernel.run("mine = 1")

    kernel.restart()

    assert kernel.run("mine").status == "error"


@pytest.mark.skipif("os.name == 'nt'", reason="parents are not replaced there")
@known(stock="stays for ever")
def test_a_kernel_ends_with_the_server_that_started_it(
    name: str, orphan: Callable
) -> None:
    with orphan(name, "print('left')") as kernel:
        kernel.wait(timeout=10 if name == KERNEL_NAME else 4)
