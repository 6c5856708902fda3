"""Widgets: a reloaded page gets them back, and what they do answers its message."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpecManager

from datalab_kernel.kernelspec import KERNEL_NAME

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WIDGETS = "jupyter.widget"
SLIDER = """
import ipywidgets
slider = ipywidgets.IntSlider(value=7)
seen = []
slider.observe(lambda change: seen.append(change.new), "value")
closed = ipywidgets.IntSlider()
closed_id = closed.model_id
closed.close()
"""


def send(kernel, kind: str, content: dict, **options: Any) -> str:
    """Send a message as a front end does; return its id."""
    message = kernel.client.session.msg(kind, content, **options)
    kernel.client.shell_channel.send(message)
    return str(message["header"]["msg_id"])


def answers(kernel, request: str) -> list[dict]:
    """Return what the kernel publishes for a message until it is done with it."""
    published: list[dict] = []
    while True:
        message = kernel.client.get_iopub_msg(timeout=30)
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["msg_type"] != "status":
            published.append(message)
        elif message["content"]["execution_state"] == "idle":
            return published


def tell(kernel, comm_id: str, data: dict) -> list[dict]:
    """Send a message to a comm; return what the kernel publishes for it."""
    content = {"comm_id": comm_id, "data": data}
    return answers(kernel, send(kernel, "comm_msg", content))


def listed(kernel, target: str = WIDGETS) -> list[str]:
    """Return the ids of the comms that the kernel says are open."""
    request = send(kernel, "comm_info_request", {"target_name": target})
    while True:
        reply = kernel.client.get_shell_msg(timeout=30)
        if reply["parent_header"].get("msg_id") == request:
            return list(reply["content"]["comms"])


def reload(kernel) -> dict[str, dict]:
    """Ask for all widgets as JupyterLab does after a reload; return their states.

    A page takes the answer on the comm that it opens. Where the kernel closes that,
    it asks each widget, and takes what answers just that question.
    """
    content = {"comm_id": "0" * 32, "target_name": "jupyter.widget.control"}
    opening = send(
        kernel, "comm_open", {**content, "data": {}}, metadata={"version": "1.0.0"}
    )
    kinds = [message["msg_type"] for message in answers(kernel, opening)]
    for message in tell(kernel, content["comm_id"], {"method": "request_states"}):
        states = message["content"]["data"]["states"]
        return {comm_id: state["state"] for comm_id, state in states.items()}
    assert kinds == ["comm_close"], "the page waits for an answer"
    return {comm_id: state(kernel, comm_id) for comm_id in listed(kernel)}


def state(kernel, comm_id: str) -> dict:
    """Ask a widget for its state as a page does; return it."""
    [message] = tell(kernel, comm_id, {"method": "request_state"})
    data = message["content"]["data"]
    assert data["method"] == "update"
    return dict(data["state"])


def text(kernel, expression: str) -> str:
    return str(kernel.value(expression)).strip("'")


def update(**values: Any) -> dict:
    return {"method": "update", "state": values, "buffer_paths": []}


CLICK = {"method": "custom", "content": {"event": "click"}}


def button(kernel, body: str) -> str:
    """Make a button that runs some code when it is clicked; return its comm's id."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    cell = kernel.run(
        "import ipywidgets\nbutton = ipywidgets.Button()\n"
        f"@button.on_click\ndef clicked(_button):\n{lines}"
    )
    assert cell.error is None, cell.error
    return text(kernel, "button.comm.comm_id")


@pytest.fixture(params=[KERNEL_NAME, "python3"], ids=["ours", "ipykernel"])
def either(request: pytest.FixtureRequest, start: Callable) -> Any:
    """Our kernel, and the one that shows what is expected of it."""
    return start(request.param)


# What xeus-python gets wrong


def test_the_stock_kernel_still_ignores_a_comm_that_the_page_opens(
    start: Callable,
) -> None:
    """The defect that `repairs.comms` cures; when this fails, drop it."""
    kernel = start("xpython")
    kernel.run("import ipywidgets")

    with pytest.raises(AssertionError, match="the page waits for an answer"):
        reload(kernel)


def test_the_stock_kernel_still_answers_a_widget_s_message_for_the_last_cell(
    start: Callable,
) -> None:
    """The defect that `repairs.comms` cures; when this fails, drop it."""
    kernel = start("xpython")
    kernel.run("import ipywidgets; slider = ipywidgets.IntSlider()")

    assert tell(kernel, listed(kernel)[0], {"method": "request_state"}) == []


def test_the_stock_kernel_still_lists_a_comm_that_was_closed(start: Callable) -> None:
    """The defect that `repairs.comms` cures; when this fails, drop it."""
    kernel = start("xpython")
    kernel.run("import comm; comm.create_comm('mine').close()")

    assert len(listed(kernel, "mine")) == 1


# A reload


def test_a_reloaded_page_gets_the_widgets_back(either) -> None:
    either.run(SLIDER)
    slider = text(either, "slider.comm.comm_id")
    tell(either, slider, update(value=42))

    states = reload(either)

    assert states[slider]["_model_name"] == "IntSliderModel"
    assert states[slider]["value"] == 42
    assert states.keys() >= {
        states[slider]["layout"].removeprefix("IPY_MODEL_"),
        states[slider]["style"].removeprefix("IPY_MODEL_"),
    }
    assert text(either, "closed_id") not in states


def test_the_widgets_of_a_reloaded_page_reach_the_kernel(either) -> None:
    either.run(SLIDER)
    slider = text(either, "slider.comm.comm_id")
    reload(either)

    tell(either, slider, update(value=8))
    either.run("slider.value = 9")

    assert either.value("seen") == "[8, 9]"
    assert state(either, slider)["value"] == 9


def test_many_widgets_come_back(either) -> None:
    either.run(
        "import ipywidgets\n"
        "box = ipywidgets.VBox([ipywidgets.IntSlider(i) for i in range(50)])\n"
        "ids = [slider.model_id for slider in box.children]"
    )

    states = reload(either)

    assert [states[i]["value"] for i in eval(either.value("ids"))] == [*range(50)]


def test_widgets_come_back_over_unix_sockets(jupyter_data: Path) -> None:
    specs = KernelSpecManager()
    specs.kernel_dirs = [str(jupyter_data / "kernels")]
    manager = KernelManager(
        kernel_name=KERNEL_NAME, kernel_spec_manager=specs, transport="ipc"
    )
    manager.start_kernel()
    try:
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=30)
        client.execute_interactive(
            "import comm\nchannel = comm.create_comm('mine')\n"
            "channel.on_msg(lambda _message: channel.send({'got': True}))\n"
            "print(channel.comm_id)",
            timeout=30,
        )
        kernel = type("Kernel", (), {"client": client})()

        [answer] = tell(kernel, listed(kernel, "mine")[0], {})
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.context.destroy(linger=0)

    assert answer["content"]["data"] == {"got": True}


# What is published for a message


def test_what_a_callback_prints_and_shows_belongs_to_the_click(either) -> None:
    clicked = button(either, "print('printed')\ndisplay('shown')\nprint('more')")

    kinds = [message["msg_type"] for message in tell(either, clicked, CLICK)]

    assert kinds == ["stream", "display_data", "stream"]


OUTPUT = "import ipywidgets\nout = ipywidgets.Output()"


def captured(messages: list[dict], msg_id: str) -> list[tuple[bool, str]]:
    """Tell what was sent in order, and whether an output widget captures it."""
    capturing, found = False, []
    for message in messages:
        content = message["content"]
        if message["msg_type"] == "comm_msg":
            changed = content["data"]["state"].get("msg_id")
            capturing = capturing if changed is None else changed == msg_id
        elif message["msg_type"] in {"stream", "display_data", "error"}:
            shown = content.get("data", {}).get("text/plain")
            error = content.get("evalue")
            found.append((capturing, content.get("text") or shown or error))
    return found


INSIDE = """
print('before')
with out:
    print('printed')
    display('shown')
print('after')
"""
AS_SHOWN = [
    (False, "before\n"),
    (True, "printed\n"),
    (True, "'shown'"),
    (False, "after\n"),
]


def test_an_output_widget_captures_what_a_cell_prints_and_shows(either) -> None:
    either.run(OUTPUT)

    request = either.client.execute(INSIDE)

    assert captured(answers(either, request), request) == AS_SHOWN


def test_an_output_widget_captures_what_a_callback_prints_and_shows(either) -> None:
    either.run(OUTPUT)
    clicked = button(either, INSIDE)

    request = send(either, "comm_msg", {"comm_id": clicked, "data": CLICK})

    assert captured(answers(either, request), request) == AS_SHOWN


def test_an_output_widget_captures_what_a_thread_prints_and_shows(either) -> None:
    either.run(OUTPUT)

    request = either.client.execute(
        "import threading\n"
        f"thread = threading.Thread(target=exec, args=({INSIDE!r}, globals()))\n"
        "thread.start()\nthread.join()"
    )

    assert captured(answers(either, request), request) == AS_SHOWN


def test_an_output_widget_misses_nothing_of_many_short_outputs(either) -> None:
    either.run(OUTPUT)

    request = either.client.execute(
        "for number in range(200):\n    with out: print(number)"
    )

    outputs = captured(answers(either, request), request)
    # A text and its line's end may come apart, where a flush falls between the two.
    assert all(inside for inside, _ in outputs)
    texts = "".join(text for _, text in outputs)
    assert texts == "".join(f"{number}\n" for number in range(200))


def test_an_error_in_an_output_widget_is_shown_there_and_the_cell_goes_on(
    either,
) -> None:
    either.run(OUTPUT)

    request = either.client.execute("with out:\n    1 / 0\nprint('goes on')")
    (inside, error), after = captured(answers(either, request), request)

    assert inside
    assert "division by zero" in error
    assert after == (False, "goes on\n")
    assert either.value("1 + 1") == "2"


# The order, and what goes wrong


def test_messages_that_come_fast_are_handled_in_their_order(kernel) -> None:
    kernel.run(SLIDER)
    slider = text(kernel, "slider.comm.comm_id")

    for value in range(10, 60):
        send(kernel, "comm_msg", {"comm_id": slider, "data": update(value=value)})

    assert kernel.value("seen == [*range(10, 60)]") == "True"


@pytest.mark.parametrize("number", [2, 5, 12])
def test_each_of_many_messages_is_answered_before_its_idle(either, number: int) -> None:
    """A page listens no more to a message that the kernel has done with."""
    either.run("import ipywidgets\nbuttons = []")
    for each in range(number):
        either.run(
            "buttons.append(ipywidgets.Button())\n"
            f"buttons[-1].on_click(lambda _button: print({each}))"
        )
    ids = [text(either, f"buttons[{each}].comm.comm_id") for each in range(number)]

    requests = [
        send(either, "comm_msg", {"comm_id": comm, "data": CLICK}) for comm in ids
    ]

    done, printed = set(), {}
    while len(done) < number:
        message = either.client.get_iopub_msg(timeout=30)
        parent, content = message["parent_header"].get("msg_id"), message["content"]
        if message["msg_type"] == "stream" and parent not in done:
            printed[parent] = content["text"]
        elif content.get("execution_state") == "idle" and parent in requests:
            done.add(parent)
    assert [printed.get(request) for request in requests] == [
        f"{each}\n" for each in range(number)
    ]


def test_a_cell_finds_what_a_message_before_it_has_changed(kernel) -> None:
    kernel.run(SLIDER)
    slider = text(kernel, "slider.comm.comm_id")

    for value in range(10, 20):
        send(kernel, "comm_msg", {"comm_id": slider, "data": update(value=value)})
        assert kernel.value("slider.value") == str(value)


def test_a_message_is_handled_while_a_cell_waits(kernel) -> None:
    kernel.run(SLIDER)
    slider = text(kernel, "slider.comm.comm_id")
    cell = kernel.begin(
        "import asyncio\nprint('waits')\n"
        "while slider.value != 5: await asyncio.sleep(0.01)\nprint('saw it')",
        until="waits",
    )

    send(kernel, "comm_msg", {"comm_id": slider, "data": update(value=5)})

    assert kernel.finish(cell).stdout == "waits\nsaw it\n"


def test_a_callback_that_fails_says_so_and_the_next_one_runs(kernel) -> None:
    kernel.run("calls = []")
    clicked = button(kernel, "calls.append(1)\n1 / 0")

    for _ in range(2):
        [message] = tell(kernel, clicked, CLICK)
        assert message["content"]["name"] == "stderr"
        assert "ZeroDivisionError" in message["content"]["text"]

    assert kernel.value("calls") == "[1, 1]"


def test_what_a_failed_callback_leaves_can_be_freed_anywhere(kernel) -> None:
    """The collector may run in a frame without an `__import__`: a named tuple's."""
    clicked = button(kernel, "1 / 0")
    tell(kernel, clicked, CLICK)
    freed = "eval('free()', {'__builtins__': {}, 'free': __import__('gc').collect})"

    for _ in range(2):  # what the last error was is kept until the next
        assert kernel.run(freed).error is None
        kernel.run("1 / 0")

    assert kernel.value("1 + 1") == "2"


def test_a_comm_whose_function_fails_says_so(kernel) -> None:
    kernel.run(
        "import comm\nbad = comm.create_comm('mine')\nbad.on_msg(lambda _: 1 / 0)"
    )

    [message] = tell(kernel, text(kernel, "bad.comm_id"), {})

    assert message["content"]["name"] == "stderr"
    assert "ZeroDivisionError: division by zero" in message["content"]["text"]


def test_an_interrupt_stops_a_callback_and_nothing_else(kernel) -> None:
    clicked = button(
        kernel, "import time\nprint('runs', flush=True)\nwhile True: time.sleep(0.01)"
    )
    request = send(kernel, "comm_msg", {"comm_id": clicked, "data": CLICK})
    kernel.printed("runs")

    kernel.interrupt()

    assert "interrupted" in answers(kernel, request)[-1]["content"]["text"]
    assert kernel.value("1 + 1") == "2"


def test_a_callback_cannot_ask_for_input(kernel) -> None:
    clicked = button(kernel, "input()")

    [message] = tell(kernel, clicked, CLICK)

    assert "does not support input" in message["content"]["text"]


# Closing


def test_a_comm_that_is_closed_is_not_listed_any_more(kernel) -> None:
    """Whatever closes it; xeus-python crashes if it keeps one whose object is gone."""
    kernel.run(
        "import comm\nchannels = [comm.create_comm('many') for _ in range(300)]\n"
        "for channel in channels[1:]: channel.close()\n"
        "left = channels[0].comm_id\ndel channel, channels"
    )

    assert listed(kernel, "many") == [text(kernel, "left")]


def test_a_widget_may_close_itself_when_it_is_clicked(kernel) -> None:
    clicked = button(kernel, "_button.close()")

    [message] = tell(kernel, clicked, CLICK)

    assert message["msg_type"] == "comm_close"
    assert clicked not in listed(kernel)


def test_a_comm_learns_that_the_page_closes_it(kernel) -> None:
    kernel.run(
        "import comm\nchannel = comm.create_comm('mine')\n"
        "channel.on_close(lambda message: print(message['content']['data']))"
    )
    comm_id = text(kernel, "channel.comm_id")

    request = send(kernel, "comm_close", {"comm_id": comm_id, "data": {"why": 1}})

    assert answers(kernel, request)[0]["content"]["text"] == "{'why': 1}\n"
    assert comm_id not in listed(kernel, "mine")
    assert kernel.run("channel.send({}); channel.close()").error is None


def test_a_forked_process_closes_nothing_of_the_kernel_s(kernel) -> None:
    # Python 3.12 and later warn of any fork beside threads, which every kernel has.
    kernel.run(
        "import comm, os, warnings\nwarnings.simplefilter('ignore')\n"
        "channel = comm.create_comm('forked')\ncomm.create_comm('forked').close()\n"
        "child = os.fork()\n"
        "if not child:\n    channel.close()\n    os._exit(0)\n"
        "ended = os.waitpid(child, 0)"
    )

    assert listed(kernel, "forked") == [text(kernel, "channel.comm_id")]


# What can be sent


def test_numpy_values_dates_and_buffers_are_sent(kernel) -> None:
    request = kernel.client.execute(
        "import comm, datetime\nimport numpy as np\n"
        "channel = comm.create_comm('mine', {'opened': np.int64(3)})\n"
        "channel.send({'a': np.arange(2), 'd': datetime.date(2020, 1, 2), 's': {4}},\n"
        "    buffers=[bytearray(b'a\\0b'), np.arange(2, dtype='u1')])"
    )

    opened, sent = [m for m in answers(kernel, request) if "comm" in m["msg_type"]]

    assert opened["content"]["data"] == {"opened": 3}
    assert sent["content"]["data"] == {"a": [0, 1], "d": "2020-01-02", "s": [4]}
    assert [bytes(buffer) for buffer in sent["buffers"]] == [b"a\0b", b"\0\1"]


def test_buffers_arrive_whole(kernel) -> None:
    kernel.run(
        "import comm\nchannel = comm.create_comm('mine')\n"
        "channel.on_msg(lambda m: print([bytes(b) for b in m['buffers']]))"
    )
    content = {"comm_id": text(kernel, "channel.comm_id"), "data": {}}
    message = kernel.client.session.msg("comm_msg", content)
    kernel.client.session.send(
        kernel.client.shell_channel.socket, message, buffers=[b"a\0b", b""]
    )

    [printed] = answers(kernel, message["header"]["msg_id"])

    assert printed["content"]["text"] == "[b'a\\x00b', b'']\n"


def test_what_cannot_be_sent_is_refused_and_leaves_nothing(kernel) -> None:
    cell = kernel.run("import comm; comm.create_comm('refused', {'a': object()})")

    assert cell.error is not None
    assert cell.error.startswith("TypeError: ")
    assert listed(kernel, "refused") == []
    assert kernel.value("'refused' in str(comm.get_comm_manager().comms)") == "False"


PLAIN = {
    "float('nan')": "nan",
    "[float('inf'), -float('inf')]": ["inf", "-inf"],
    "2 ** 70": 2**70,
    "b'bytes'": "Ynl0ZXM=",
    "(1, 2)": [1, 2],
    "{1: 2}": {"1": 2},
    "None": None,
}


@pytest.mark.parametrize("value", PLAIN)
def test_values_that_json_lacks_arrive_as_from_ipykernel(either, value: str) -> None:
    request = either.client.execute(
        f"import comm\nchannel = comm.create_comm('mine', {{'opened': {value}}})\n"
        f"channel.send({{'sent': {value}}}, {{'metadata': {value}}})"
    )

    opened, sent = [m for m in answers(either, request) if "comm" in m["msg_type"]]

    assert opened["content"]["data"] == {"opened": PLAIN[value]}
    assert sent["content"]["data"] == {"sent": PLAIN[value]}
    assert sent["metadata"]["metadata"] == PLAIN[value]


def test_half_of_a_surrogate_pair_arrives_as_u_fffd(kernel) -> None:
    request = kernel.client.execute(
        "import comm\n"
        "channel = comm.create_comm('mine', {'\\udcff': 'half \\ud83d'})\n"
        "channel.send({'both': '\\ud83d\\ude00'})"
    )

    opened, sent = [m for m in answers(kernel, request) if "comm" in m["msg_type"]]

    assert opened["content"]["data"] == {"\ufffd": "half \ufffd"}
    assert sent["content"]["data"] == {"both": "\U0001f600"}


# The packages comm and ipykernel


def published(kernel, code: str) -> list[dict]:
    """Run a cell that must succeed; return the messages of its comms."""
    messages = answers(kernel, kernel.client.execute(code))
    failed = [m["content"]["evalue"] for m in messages if m["msg_type"] == "error"]
    assert failed == []
    return [m for m in messages if m["msg_type"].startswith("comm_")]


def test_the_stock_kernel_still_replaces_the_package_comm(start: Callable) -> None:
    """The defect that `repairs.comms` cures; when this fails, drop it."""
    kernel = start("xpython")

    cell = kernel.run("from comm.base_comm import BaseComm")

    assert cell.error is not None
    assert "'comm' is not a package" in cell.error


def test_the_stock_kernel_still_ignores_the_id_of_a_comm(start: Callable) -> None:
    """The defect that `repairs.comms` cures; when this fails, drop it."""
    kernel = start("xpython")

    [opened] = published(kernel, "import comm; comm.create_comm('a', comm_id='b')")

    assert opened["content"]["comm_id"] != "b"


def test_the_package_comm_is_the_installed_one(either) -> None:
    kinds = (
        "isinstance(comm.create_comm('mine'), BaseComm)"
        " and isinstance(comm.get_comm_manager(), CommManager)"
    )
    either.run("import comm\nfrom comm.base_comm import BaseComm, CommManager")

    assert either.value(kinds) == "True"
    assert either.value("comm.__version__ and comm.__spec__.origin[-11:]") == (
        "'__init__.py'"
    )


def test_a_comm_is_opened_used_and_closed(either) -> None:
    opened, sent, closed = published(
        either,
        "import comm\nchannel = comm.create_comm(target_name='mine', data={'a': 1},\n"
        "    metadata={'b': 2}, buffers=[b'c'], comm_id='chosen')\n"
        "states = [channel._closed]\n"
        "channel.send({'d': 3}, {'e': 4}, [memoryview(b'f')])\n"
        "channel.close({'g': 5})\nchannel.close()\nstates.append(channel._closed)",
    )

    assert opened["msg_type"] == "comm_open"
    assert (
        opened["content"].items()
        >= {
            "comm_id": "chosen",
            "target_name": "mine",
        }.items()
    )
    assert opened["content"]["data"] == {"a": 1}
    assert opened["metadata"].items() >= {"b": 2}.items()
    assert [bytes(buffer) for buffer in opened["buffers"]] == [b"c"]
    assert sent["msg_type"] == "comm_msg"
    assert sent["content"] == {"comm_id": "chosen", "data": {"d": 3}}
    assert sent["metadata"].items() >= {"e": 4}.items()
    assert [bytes(buffer) for buffer in sent["buffers"]] == [b"f"]
    assert closed["msg_type"] == "comm_close"
    assert closed["content"] == {"comm_id": "chosen", "data": {"g": 5}}
    assert either.value("states") == "[False, True]"
    assert either.value(
        "(channel.comm_id, channel.primary, channel.target_name, channel.topic)"
    ) == ("('chosen', True, 'mine', b'comm-chosen')")


def test_a_comm_that_the_kernel_did_not_open_cannot_send(kernel) -> None:
    cell = kernel.run("import comm; comm.create_comm('a', primary=False).send({})")

    assert cell.error is not None
    assert "create it with primary=True" in cell.error


SUBCLASS = """
import comm
class Mine(type(comm.create_comm("first"))):
    def __init__(self, **options):
        super().__init__(target_name="subclass", **options)
        self.on_msg(self.answer)
    def answer(self, message):
        self.send({"answer": message["content"]["data"]["question"]})
mine = Mine(comm_id="of-a-subclass")
"""


def test_a_subclass_of_the_kernel_s_comm_receives_and_sends(either) -> None:
    either.run(SUBCLASS)

    [answer] = tell(either, "of-a-subclass", {"question": 1})

    assert answer["content"]["data"] == {"answer": 1}


def test_a_subclass_of_basecomm_is_registered_while_it_is_open(either) -> None:
    either.run(
        "import comm\nfrom comm.base_comm import BaseComm\nsent = []\n"
        "class Mine(BaseComm):\n"
        "    def publish_msg(self, msg_type, **rest): sent.append(msg_type)\n"
        "mine = Mine(comm_id='mine')\nmanager = comm.get_comm_manager()\n"
        "found = [manager.get_comm('mine') is mine]\n"
        "mine.send({})\nmine.close()\nfound.append(manager.get_comm('mine'))"
    )

    assert either.value("(sent, found)") == (
        "(['comm_open', 'comm_msg', 'comm_close'], [True, None])"
    )


def test_a_target_is_registered_and_removed(either) -> None:
    either.run(
        "import comm\nmanager = comm.get_comm_manager()\n"
        "manager.register_target('mine', print)\n"
        "manager.register_target('imported', 'os.path.join')"
    )

    assert either.value("manager.targets['mine'] is print") == "True"
    assert either.value("manager.targets['imported'].__name__") == "'join'"
    assert either.value("manager.unregister_target('mine', print) is print") == "True"
    assert either.value("'mine' in manager.targets") == "False"


REOPENED = """
import comm
channel = comm.create_comm("mine", comm_id="again")
channel.on_msg(lambda message: channel.send({"got": message["content"]["data"]}))
channel.close()
channel.open()
"""
REPLACED = """
import comm
first = comm.create_comm("mine", comm_id="again")
channel = comm.create_comm("mine", comm_id="again")
channel.on_msg(lambda message: channel.send({"got": message["content"]["data"]}))
"""


@pytest.mark.parametrize("code", [REOPENED, REPLACED], ids=["reopened", "replaced"])
def test_an_id_is_used_again(either, code: str) -> None:
    either.run(code)

    for number in range(3):
        [answer] = tell(either, "again", {"number": number})
        assert answer["content"]["data"] == {"got": {"number": number}}

    assert listed(either, "mine") == ["again"]
    either.run("channel.close()")
    assert listed(either, "mine") == []


def test_a_widget_is_closed_and_opened_again(either) -> None:
    either.run(SLIDER)
    slider = text(either, "slider.comm.comm_id")

    either.run("slider.close(); slider.open()")
    tell(either, slider, update(value=8))

    assert text(either, "slider.comm.comm_id") == slider
    assert either.value("slider.value") == "8"


def test_a_comm_that_nothing_holds_is_closed(either) -> None:
    kinds = [
        message["msg_type"]
        for message in published(
            either,
            "import comm\nchannel = comm.create_comm('mine')\n"
            "comm.get_comm_manager().unregister_comm(channel)\ndel channel",
        )
    ]

    assert kinds == ["comm_open", "comm_close"]


def test_where_the_id_cannot_be_chosen_the_comm_gets_one(start: Callable) -> None:
    """Another version of xeus-python may find the ID elsewhere, or not at all."""
    kernel = start()
    kernel.run(
        "from datalab_kernel.repairs.comms import native\nnative._Options = dict\n"
        "import comm\nchannel = comm.create_comm('mine', comm_id='chosen')\n"
        "channel.on_msg(lambda message: channel.send({'got': True}))"
    )
    comm_id = text(kernel, "channel.comm_id")

    [answer] = tell(kernel, comm_id, {})

    assert comm_id != "chosen"
    assert answer["content"] == {"comm_id": comm_id, "data": {"got": True}}
    assert kernel.value("list(comm.get_comm_manager().comms)") == f"['{comm_id}']"


def test_ipykernel_finds_the_connection_file(either) -> None:
    expected = either.manager.connection_file
    either.run(
        "import ipykernel\nfrom ipykernel.connect import get_connection_info\n"
        "info = get_connection_info(unpack=True)"
    )

    assert text(either, "ipykernel.get_connection_file()") == expected
    assert either.value("info['shell_port']") == str(either.manager.shell_port)
    assert either.value("info['key']") == repr(either.manager.session.key)


def test_ipykernel_s_application_describes_the_kernel(either) -> None:
    either.run(
        "from ipykernel.kernelapp import IPKernelApp\napp = IPKernelApp.instance()"
    )

    assert either.value("IPKernelApp.initialized()") == "True"
    assert either.value("isinstance(app, IPKernelApp)") == "True"
    assert either.value("app.shell is get_ipython()") == "True"
    assert either.value("app.kernel is get_ipython().kernel") == "True"
    assert either.value("app.iopub_port") == str(either.manager.iopub_port)


@pytest.mark.parametrize("module", ["ipkernel", "kernelapp", "inprocess"])
def test_widgets_work_after_an_import_of_ipykernel_s_kernel(
    either, module: str
) -> None:
    """Its module makes the package `comm` create comms of its own."""
    either.run(f"import ipykernel.{module}\n{SLIDER}")
    slider = text(either, "slider.comm.comm_id")

    tell(either, slider, update(value=8))
    either.run(f"import importlib; importlib.reload(ipykernel.{module})")
    sent = published(either, "slider.value = 9; other = ipywidgets.IntSlider()")

    assert either.value("seen") == "[8, 9]"
    assert [message["msg_type"] for message in sent] == [
        "comm_msg",
        *["comm_open"] * 3,
    ]


OLD_COMM = """
import warnings
warnings.simplefilter("ignore")
import comm
from ipykernel.comm import Comm, CommManager
old = Comm("mine", {"opened": 1}, comm_id="old")
old.on_msg(lambda message: old.send({"got": message["content"]["data"]}))
"""


def test_a_comm_of_ipykernel_works(either) -> None:
    [opened] = published(either, OLD_COMM)

    [answer] = tell(either, "old", {"question": 1})
    [closed] = published(either, "old.close()")

    assert opened["content"]["data"] == {"opened": 1}
    assert opened["content"]["target_name"] == "mine"
    assert answer["content"]["data"] == {"got": {"question": 1}}
    assert closed["msg_type"] == "comm_close"
    assert listed(either, "mine") == []


# What a callback has to do with cells


def test_a_figure_that_a_callback_draws_is_shown(either) -> None:
    either.run("%matplotlib inline\nimport matplotlib.pyplot as plt")
    clicked = button(either, "plt.plot([1, 2])")

    [shown] = tell(either, clicked, CLICK)

    assert shown["msg_type"] == "display_data"
    assert "image/png" in shown["content"]["data"]


def test_ipython_s_events_come_before_and_after_a_message(either) -> None:
    clicked = button(either, "seen.append('clicked')")
    either.run(
        "seen = []\nip = get_ipython()\n"
        "ip.events.register('pre_execute', lambda: seen.append('before'))\n"
        "ip.events.register('post_execute', lambda: seen.append('after'))"
    )
    either.run("seen.clear()")

    tell(either, clicked, CLICK)

    assert either.value("seen[-4:-1]") == "['before', 'clicked', 'after']"


def test_a_figure_of_a_callback_that_fails_is_shown(kernel) -> None:
    kernel.run("%matplotlib inline\nimport matplotlib.pyplot as plt")
    clicked = button(kernel, "plt.plot([1, 2])\n1 / 0")

    kinds = [message["msg_type"] for message in tell(kernel, clicked, CLICK)]

    assert sorted(kinds) == ["display_data", "stream"]


# Libraries


ANYWIDGET = """
import anywidget, traitlets
class Counter(anywidget.AnyWidget):
    _esm = "export default { render() {} }"
    value = traitlets.Int(0).tag(sync=True)
counter = Counter()
"""


def test_anywidget_works(either) -> None:
    either.run(ANYWIDGET)
    counter = text(either, "counter.model_id")

    tell(either, counter, update(value=3))
    [sent] = published(either, "counter.value = 4")

    assert state(either, counter)["value"] == 4
    assert sent["content"]["data"]["state"] == {"value": 4}


def test_a_figure_of_ipympl_answers_its_page(either) -> None:
    either.run(
        "%matplotlib widget\nimport matplotlib.pyplot as plt\n"
        "figure, axes = plt.subplots()\ncanvas = figure.canvas"
    )
    canvas = text(either, "canvas.model_id")
    draw = {"method": "custom", "content": {"type": "draw"}}

    sent = tell(either, canvas, draw)

    assert any(message["buffers"] for message in sent)
    assert {message["msg_type"] for message in sent} == {"comm_msg"}


# Without the kernel's way to itself


def test_where_the_kernel_cannot_reach_itself_messages_are_still_handled(
    start: Callable,
) -> None:
    kernel = start()
    kernel.run(
        "import pathlib\nfrom datalab_kernel.repairs import comms\n"
        "from datalab_kernel.xeus import registry\n"
        "loopback = comms.get_comm_manager()._inbox._loopback\n"
        "loopback._connection_file = pathlib.Path('no-such-file')"
    )
    kernel.run(SLIDER)
    slider = text(kernel, "slider.comm.comm_id")

    for value in (5, 6):
        tell(kernel, slider, update(value=value))

    assert kernel.value("slider.value") == "6"
    assert "FileNotFoundError" in kernel.value("registry.report()['comms']")


def test_a_message_to_a_widget_costs_little(kernel) -> None:
    """A slider that is moved, and a figure under the mouse, send hundreds a second."""
    kernel.run(SLIDER)
    slider = text(kernel, "slider.comm.comm_id")
    began = time.monotonic()

    for value in range(100):
        tell(kernel, slider, update(value=value))

    assert time.monotonic() - began < 5


def test_a_kernel_with_widgets_ends_with_code_0(start: Callable) -> None:
    kernel = start()
    kernel.run(
        SLIDER + "import atexit\natexit.register(slider.close)\n"
        "box = ipywidgets.VBox([slider, ipywidgets.Output()])\nbox"
    )
    reload(kernel)

    assert kernel.shut_down() == 0
