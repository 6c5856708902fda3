"""xeus-python 0.17 runs cells as calls, not as tasks: the kernel is as dependable."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from datalab_kernel import kernelspec
from support.comms import send
from support.environments import SOURCES
from support.kernel_rules import KernelRules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REQUIREMENTS = Path(__file__).with_name("xeus_python_0_17.txt")
NAME = "on-xeus-python-0.17"
STATES = "request_states"

# The first of them may have to make the environment.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def older(
    python_of: Callable[[Path], Path], jupyter_data: Path, running: Callable
) -> Iterator:
    """One kernel for the tests of this module."""
    python = python_of(REQUIREMENTS)
    spec = kernelspec.kernel_dict(env={"PYTHONPATH": SOURCES}) | {
        "argv": kernelspec.make_kernel_cmd(str(python))
    }
    kernelspec.write(jupyter_data / "kernels" / NAME, spec)
    with running(NAME) as kernel:
        yield kernel


def test_it_is_that_version(older) -> None:
    version = "__import__('importlib.metadata').metadata.version('xeus-python')"

    assert older.value(version) == "'0.17.6'"


def test_the_repairs_of_what_it_does_not_have_stand_aside(older) -> None:
    older.run("from datalab_kernel.xeus import registry")

    assert older.value("[n for n, why in registry.report().items() if why]") == (
        "['eventloop']"
    )


class TestOlder(KernelRules):
    """The rules of every kernel."""

    @pytest.fixture
    def ruled(self, older: Any) -> Any:
        return older


def test_twenty_thousand_lines_all_arrive(older) -> None:
    cell = older.run("for number in range(20_000): print(number)")

    assert cell.stdout == "".join(f"{number}\n" for number in range(20_000))


def test_what_a_thread_prints_belongs_to_its_cell(older) -> None:
    cell = older.run(
        "import threading\n"
        "thread = threading.Thread(target=print, args=['mine'])\n"
        "thread.start()\nthread.join()"
    )

    assert cell.stdout == "mine\n"


def published(kernel, kind: str, content: dict, **options: Any) -> list[dict]:
    """Send a message; return what is published until the kernel is done with it.

    With this version, what a comm sends answers the last cell.
    """
    request, messages = send(kernel, kind, content, **options), []
    while True:
        message = kernel.client.get_iopub_msg(timeout=30)
        if message["msg_type"] != "status":
            messages.append(message)
        elif (
            message["content"]["execution_state"] == "idle"
            and message["parent_header"].get("msg_id") == request
        ):
            return messages


def test_a_comm_has_the_id_that_it_is_given(older) -> None:
    older.run(
        "import comm\nfrom comm.base_comm import BaseComm\n"
        "channel = comm.create_comm('mine', comm_id='chosen')\n"
        "channel.on_msg(lambda message: channel.send({'got': message['content']}))"
    )

    content = {"comm_id": "chosen", "data": {"question": 1}}
    [answer] = published(older, "comm_msg", content)

    assert older.value("isinstance(channel, BaseComm)") == "True"
    assert answer["content"]["data"]["got"] == content


OPENED = """
import comm
def opened(channel, message):
    channel.send({"opened with": message["content"]["data"]})
    channel.on_msg(lambda message: channel.send({"got": message["content"]["data"]}))
    channel.on_close(lambda message: print("closed"))
comm.get_comm_manager().register_target("mine", opened)
"""


def test_the_front_end_opens_uses_and_closes_a_comm(older) -> None:
    older.run(OPENED)
    comm = {"comm_id": "of-the-page", "target_name": "mine"}

    [first] = published(older, "comm_open", {**comm, "data": {"a": 1}})
    [second] = published(older, "comm_msg", {**comm, "data": {"b": 2}})
    [third] = published(older, "comm_close", {**comm, "data": {}})

    assert first["content"]["comm_id"] == "of-the-page"
    assert first["content"]["data"] == {"opened with": {"a": 1}}
    assert second["content"]["data"] == {"got": {"b": 2}}
    assert third["content"]["text"] == "closed\n"
    assert older.value("'of-the-page' in comm.get_comm_manager().comms") == "False"


def test_a_comm_whose_target_fails_is_closed(older) -> None:
    older.run(
        "import comm\n"
        "comm.get_comm_manager().register_target('failing', lambda *_: 1 / 0)"
    )

    said, closed = published(
        older, "comm_open", {"comm_id": "a", "target_name": "failing", "data": {}}
    )

    assert "ZeroDivisionError" in said["content"]["text"]
    assert closed["msg_type"] == "comm_close"


def test_a_reloaded_page_gets_all_widgets_at_once(older) -> None:
    older.run("import ipywidgets\nslider = ipywidgets.IntSlider(value=7)")
    slider = older.value("slider.model_id").strip("'")
    comm = {"comm_id": "control", "target_name": "jupyter.widget.control"}

    published(older, "comm_open", {**comm, "data": {}}, metadata={"version": "1.0.0"})
    [answer] = published(older, "comm_msg", {**comm, "data": {"method": STATES}})

    assert answer["content"]["data"]["states"][slider]["state"]["value"] == 7


def test_ipykernel_s_comms_are_there_without_ipykernel(older) -> None:
    """Libraries that are older than `comm` import nothing else of it."""
    assert older.run("import ipykernel").error is not None
    older.run(
        "from ipykernel.comm import Comm, CommManager\n"
        "old = Comm('mine', comm_id='old')\n"
        "old.on_msg(lambda message: old.send({'got': True}))"
    )

    [answer] = published(older, "comm_msg", {"comm_id": "old", "data": {}})

    assert answer["content"]["data"] == {"got": True}


def test_cells_behind_an_error_are_not_run(older, tmp_path: Path) -> None:
    """By xeus-python itself, which also drops what comes in the moment after."""
    left = tmp_path / "left"
    for code in ("import time; time.sleep(0.3); 1 / 0", f"open({str(left)!r}, 'w')"):
        older.client.execute(code)
    replies = [older.client.get_shell_msg(timeout=30)["content"] for _ in range(2)]

    assert [reply["status"] for reply in replies] == ["error", "error"]
    assert not left.exists()


def test_it_ends_in_order(older) -> None:
    assert older.shut_down() == 0
