"""What cells, threads and executors print arrives, in order and with its cell."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

LINES = 20_000
NUMBERED = "".join(f"{number}\n" for number in range(LINES))


def messages(kernel, code: str) -> list[dict]:
    """Run a cell; return what it published, `idle` last."""
    request = kernel.client.execute(code)
    published = []
    while not published or published[-1]["content"].get("execution_state") != "idle":
        message = kernel.client.get_iopub_msg(timeout=30)
        if message["parent_header"].get("msg_id") == request:
            published.append(message)
    assert kernel.client.get_shell_msg(timeout=30)["msg_type"] == "execute_reply"
    return published


def outputs(kernel, code: str) -> list[str]:
    """Run a cell; return what it printed and showed, in order, as short texts."""
    found = []
    for message in messages(kernel, code):
        content = message["content"]
        if message["msg_type"] == "stream":
            found.append(f"{content['name']} {content['text']}")
        elif "data" in content:
            found.append(content["data"]["text/plain"])
        elif message["msg_type"] in {"clear_output", "error"}:
            found.append(message["msg_type"])
    return found


def test_the_stock_kernel_still_sends_two_messages_for_one_print(
    start: Callable,
) -> None:
    """The defect that `repairs.streams` cures; when this fails, drop it."""
    assert outputs(start("xpython"), "print('a')") == ["stdout a", "stdout \n"]


def test_the_stock_kernel_still_sends_what_a_thread_prints_for_no_cell(
    start: Callable,
) -> None:
    """The defect that `repairs.streams` cures; when this fails, drop it."""
    assert outputs(start("xpython"), in_thread("print('a')")) == []


def test_the_stock_kernel_still_shows_what_a_thread_displays_nowhere(
    start: Callable,
) -> None:
    """The defect that `repairs.streams` cures; when this fails, drop it."""
    assert outputs(start("xpython"), in_thread("display(1)")) == []


def in_thread(code: str) -> str:
    return (
        "import threading\n"
        f"thread = threading.Thread(target=exec, args=({code!r},))\n"
        "thread.start()\nthread.join()"
    )


def test_twenty_thousand_lines_all_arrive_in_a_handful_of_messages(kernel) -> None:
    found = outputs(kernel, f"for number in range({LINES}): print(number)")

    assert "".join(text.removeprefix("stdout ") for text in found) == NUMBERED
    assert len(found) < 50


def test_lines_that_are_each_flushed_all_arrive(kernel) -> None:
    code = f"for number in range({LINES}): print(number, flush=True)"

    found = outputs(kernel, code)

    assert "".join(text.removeprefix("stdout ") for text in found) == NUMBERED


def test_what_is_printed_keeps_its_place_among_what_is_shown(kernel) -> None:
    code = (
        "import sys\nprint('a')\ndisplay(1)\nprint('b')\nprint('c', file=sys.stderr)\n"
        "print('d')\nfrom IPython.display import clear_output\nclear_output()\n"
        "print('e')\n2"
    )

    assert outputs(kernel, code) == [
        "stdout a\n",
        "1",
        "stdout b\n",
        "stderr c\n",
        "stdout d\n",
        "clear_output",
        "stdout e\n",
        "2",
    ]


def test_what_a_cell_printed_arrives_whole_before_its_error(kernel) -> None:
    assert outputs(kernel, "print('before')\n1 / 0") == ["stdout before\n", "error"]


def test_a_line_arrives_while_the_cell_still_computes(kernel) -> None:
    cell = kernel.begin("print('line')\nwhile True: pass", until="line\n")

    kernel.interrupt()

    assert kernel.finish(cell).status == "error"


def test_a_slow_loop_shows_its_lines_as_they_come(kernel) -> None:
    """Both clocks are this machine's; the median leaves out a busy one's worst."""
    request = kernel.client.execute(
        "import time\nfor _ in range(9): print(time.time()); time.sleep(0.2)"
    )
    delays = []
    while len(delays) < 9:
        message = kernel.client.get_iopub_msg(timeout=30)
        if message["msg_type"] == "stream":
            assert message["parent_header"]["msg_id"] == request
            printed = message["content"]["text"].split()
            delays += [time.time() - float(moment) for moment in printed]
    kernel.client.get_shell_msg(timeout=30)

    assert statistics.median(delays) < 0.2


ASYNCIO = "import asyncio\nloop = asyncio.get_running_loop()\n"
EXECUTOR = "from concurrent.futures import ThreadPoolExecutor\n"


@pytest.mark.parametrize(
    "code",
    [
        in_thread("print('mine')"),
        EXECUTOR + "with ThreadPoolExecutor() as e: e.submit(print, 'mine').result()",
        "import asyncio; await asyncio.to_thread(print, 'mine')",
        ASYNCIO + "await loop.run_in_executor(None, print, 'mine')",
        in_thread(in_thread("print('mine')")),
    ],
)
def test_what_a_thread_prints_belongs_to_the_cell_that_started_it(
    kernel, code: str
) -> None:
    assert outputs(kernel, code) == ["stdout mine\n"]


def test_what_a_thread_displays_belongs_to_its_cell(kernel) -> None:
    code = in_thread("print('a')\ndisplay(1)\nprint('b')")

    assert outputs(kernel, code) == ["stdout a\n", "1", "stdout b\n"]


def test_a_thread_with_a_run_of_its_own_runs_it_and_is_freed(kernel) -> None:
    code = """
import gc, threading, weakref
class Own(threading.Thread):
    def run(self): print('mine')
gc.disable()
thread = Own()
thread.start()
thread.join()
reference = weakref.ref(thread)
del thread
gc.enable()
reference() is None
"""
    assert outputs(kernel, code) == ["stdout mine\n", "True"]


def test_a_thread_that_outlives_its_cell_still_prints_for_it(kernel) -> None:
    first = kernel.client.execute(
        "import threading\ngo = threading.Event()\n"
        "def late():\n    go.wait()\n    print('late')\n"
        "thread = threading.Thread(target=late)\nthread.start()"
    )
    second = kernel.client.execute("go.set()\nthread.join()\nprint('second')")

    owners = {}
    while len(owners) < 2:
        message = kernel.client.get_iopub_msg(timeout=30)
        if message["msg_type"] == "stream":
            owners[message["content"]["text"]] = message["parent_header"]["msg_id"]
    for _ in range(2):
        kernel.client.get_shell_msg(timeout=30)

    assert owners == {"late\n": first, "second\n": second}


def test_a_thread_pool_of_an_earlier_cell_prints_for_the_one_that_uses_it(
    kernel,
) -> None:
    kernel.run(EXECUTOR + "pool = ThreadPoolExecutor(1)\npool.submit(int).result()")

    assert outputs(kernel, "pool.submit(print, 'mine').result()") == ["stdout mine\n"]


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_the_streams_have_what_libraries_expect(kernel, stream: str) -> None:
    code = f"""
import io, sys, faulthandler, subprocess
stream = sys.{stream}
assert isinstance(stream, io.TextIOBase)
assert stream.encoding == "utf-8" and stream.errors
assert stream.writable() and not stream.readable() and not stream.seekable()
assert not stream.isatty() and not stream.closed
assert stream.name == "<{stream}>" and stream.mode == "w"
assert stream.fileno() == sys.__{stream}__.fileno()
assert stream.write("") == 0 and stream.write("é") == 1
stream.writelines(["a", "b"])
stream.close()
assert not stream.closed
faulthandler.enable(stream)
faulthandler.disable()
done = subprocess.run([sys.executable, "-c", "pass"], stdout=stream, check=True)
"""
    assert outputs(kernel, code) == [f"{stream} éab"]


def test_the_buffer_of_a_stream_takes_bytes_and_keeps_their_place(kernel) -> None:
    code = (
        "import sys\nprint('a', end='')\nhalves = 'é'.encode()\n"
        "n = [sys.stdout.buffer.write(part) for part in (halves[:1], halves[1:])]\n"
        "sys.stdout.buffer.flush()\nassert n == [1, 1]\n"
        "print('b')"
    )

    assert "".join(outputs(kernel, code)).replace("stdout ", "") == "aéb\n"


def test_bytes_are_refused(kernel) -> None:
    cell = kernel.run("import sys; sys.stdout.write(b'')")

    assert "write() argument must be str, not bytes" in cell.error


def test_text_that_no_message_can_hold_is_escaped(kernel) -> None:
    assert outputs(kernel, "print('\\ud800')") == ["stdout \\ud800\n"]


def test_a_forked_process_prints_for_the_cell_and_harms_nothing(kernel) -> None:
    # Python 3.12 and later warn of any fork beside threads, which every kernel has.
    code = (
        "import os, warnings\nwarnings.simplefilter('ignore', DeprecationWarning)\n"
        "print('parent')\nchild = os.fork()\n"
        "if not child:\n    print('child', flush=True)\n    os._exit(3)\n"
        "os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])"
    )

    assert outputs(kernel, code) == ["stdout parent\nchild\n", "3"]


def test_a_thread_that_python_does_not_know_prints_for_the_cell(kernel) -> None:
    code = (
        "import _thread\ndone = _thread.allocate_lock()\ndone.acquire()\n"
        "_thread.start_new_thread(lambda: (print('a'), done.release()), ())\n"
        "done.acquire();"
    )

    assert kernel.run(code).stdout == "a\n"


def test_what_was_printed_is_shown_before_input_is_asked_for(kernel) -> None:
    kernel.client.allow_stdin = True
    request = kernel.client.execute("print('question')\nanswer = input()")

    assert kernel.client.get_stdin_msg(timeout=30)["msg_type"] == "input_request"
    shown = kernel.client.get_iopub_msg(timeout=30)
    while shown["msg_type"] != "stream":
        shown = kernel.client.get_iopub_msg(timeout=30)
    kernel.client.input("42")

    assert shown["content"]["text"] == "question\n"
    reply = kernel.client.get_shell_msg(timeout=30)
    assert reply["parent_header"]["msg_id"] == request
    assert kernel.value("answer") == "'42'"
