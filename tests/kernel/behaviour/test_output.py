"""Results, displays and printed output."""

from __future__ import annotations

from support.three_kernels import known


def test_a_result_and_what_is_displayed_come_in_order(any_kernel) -> None:
    code = (
        "import sys\nwrite = sys.stdout.write\nn = write('a')\n"
        "shown = display('b', display_id=True)\nshown.update('c')\nn = write('d')\n1"
    )

    assert any_kernel.run(code).kinds == [
        "stream",
        "display_data",
        "update_display_data",
        "stream",
        "execute_result",
    ]


def test_output_is_cleared_when_asked(any_kernel) -> None:
    code = "from IPython.display import clear_output; clear_output(wait=True)"

    assert any_kernel.run(code).sent[0]["content"] == {"wait": True}


@known(stock="sends the text and the end of the line apart")
def test_one_print_is_one_message(any_kernel) -> None:
    assert any_kernel.run("print('a', 1)").kinds == ["stream"]


@known(stock="sends two messages a line, and with more of them drops thousands")
def test_many_lines_arrive_in_few_messages(any_kernel) -> None:
    sent = any_kernel.run("for number in range(2_000): print(number)").sent

    lines = "".join(message["content"]["text"] for message in sent).split()
    assert lines == [str(number) for number in range(2_000)]
    assert len(sent) < 50


@known(stock="sends it for no cell, and front ends drop it")
def test_what_a_thread_prints_is_shown(any_kernel) -> None:
    code = (
        "import threading\nthread = threading.Thread(target=print, args=['x'])\n"
        "thread.start()\nthread.join()"
    )

    assert "stream" in any_kernel.run(code).kinds


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

    assert any_kernel.run(code).status == "ok"


def test_a_figure_is_shown_at_the_end_of_its_cell(any_kernel) -> None:
    sent = any_kernel.run(
        "import matplotlib.pyplot as p; lines = p.plot([1, 2]); 3"
    ).sent

    assert [message["msg_type"] for message in sent] == [
        "execute_result",
        "display_data",
    ]
    assert "image/png" in sent[1]["content"]["data"]


def test_the_output_of_a_command_is_shown_alone(any_kernel) -> None:
    cell = any_kernel.run("!echo text")

    assert cell.stdout.split() == ["text"]
    assert cell.result is None
