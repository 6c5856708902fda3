"""Widgets: a reloaded page gets them back, and what they do answers its message."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpecManager

from datalab_kernel.kernelspec import KERNEL_NAME
from support.comms import (
    CLICK,
    SLIDER,
    answers,
    button,
    listed,
    reload,
    send,
    state,
    tell,
    text,
    update,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


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


def test_a_forked_process_opens_no_comm(start: Callable) -> None:
    """Not even if it is the first to need the manager of comms."""
    kernel = start()

    request = kernel.client.execute(
        "import os, warnings\nwarnings.simplefilter('ignore')\nchild = os.fork()\n"
        "if not child:\n    import comm\n    comm.create_comm('forked').send({})\n"
        "    os._exit(3)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )

    [printed] = [
        m for m in answers(kernel, request) if m["msg_type"] != "execute_input"
    ]
    assert printed["content"]["text"] == "3\n"
    assert listed(kernel, "forked") == []


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
