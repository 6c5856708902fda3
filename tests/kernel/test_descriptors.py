"""What C code and other processes write to the file descriptors reaches the cell."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from datalab_kernel import kernelspec
from datalab_kernel.xeus import descriptors
from support.environments import SOURCES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REQUIREMENTS = Path(__file__).with_name("output.txt")
WITH_LIBRARIES = "with-output-libraries"

pytestmark = pytest.mark.skipif(
    not descriptors.SUPPORTED, reason="this system has no way to capture descriptors"
)
ON_LINUX = pytest.mark.skipif(
    sys.platform != "linux", reason="the file is in memory, and has holes, there only"
)

SHELL = "import os, subprocess, sys\n"
C = "import ctypes\nc = ctypes.CDLL(None)\n"
CHILD = f"{SHELL}run = lambda code: subprocess.run([sys.executable, '-c', code])\n"
FORK = "import multiprocessing\nfork = multiprocessing.get_context('fork')\n"
SILENT = "import warnings\nwarnings.simplefilter('ignore', DeprecationWarning)\n"


@pytest.mark.parametrize(
    ("code", "stdout", "stderr"),
    [
        pytest.param(
            SHELL + "os.write(1, b'a'); os.write(2, b'b');", "a", "b", id="os"
        ),
        pytest.param(C + "c.printf(b'a'); c.fflush(None);", "a", "", id="printf"),
        pytest.param(SHELL + "os.system('echo a; echo b >&2');", "a\n", "b\n", id="sh"),
        pytest.param(CHILD + "run('print(1)');", "1\n", "", id="subprocess"),
        pytest.param(
            SHELL + "subprocess.run(['echo', 'a'], stdout=sys.stdout);",
            "a\n",
            "",
            id="stdout of a child",
        ),
        pytest.param(
            SHELL + "subprocess.run(['echo', 'a'], stderr=2, stdout=sys.stderr);",
            "",
            "a\n",
            id="stderr of a child",
        ),
        pytest.param(
            SHELL + "print('a', file=sys.__stdout__)\nprint('b', file=sys.__stderr__)",
            "a\n",
            "b\n",
            id="the streams of the process",
        ),
        pytest.param(
            f"{SILENT}{FORK}p = fork.Process(target=print, args=['a', 'b'])\n"
            "p.start(); p.join()",
            "a b\n",
            "",
            id="fork",
        ),
        pytest.param(
            f"{SILENT}{FORK}with fork.Pool(1) as pool: pool.map(print, 'ab');",
            "a\nb\n",
            "",
            id="pool",
        ),
        pytest.param(
            "import multiprocessing\nc = multiprocessing.get_context('spawn')\n"
            "p = c.Process(target=print, args=['a']); p.start(); p.join()",
            "a\n",
            "",
            id="spawn",
        ),
        pytest.param(
            "import multiprocessing\nc = multiprocessing.get_context('forkserver')\n"
            "p = c.Process(target=print, args=['a']); p.start(); p.join()",
            "a\n",
            "",
            id="forkserver",
        ),
        pytest.param(
            "import multiprocessing, concurrent.futures as f\n"
            "c = multiprocessing.get_context('spawn')\n"
            "with f.ProcessPoolExecutor(1, c) as e: e.submit(print, 'a').result()",
            "a\n",
            "",
            id="executor",
        ),
    ],
)
def test_what_is_written_to_descriptors_belongs_to_the_cell(
    kernel, code: str, stdout: str, stderr: str
) -> None:
    cell = kernel.run(code)

    assert (cell.status, cell.stdout, cell.stderr) == ("ok", stdout, stderr)


def test_a_worker_that_fails_shows_its_traceback(kernel) -> None:
    cell = kernel.run(
        "import multiprocessing\nc = multiprocessing.get_context('spawn')\n"
        "p = c.Process(target=int, args=['x']); p.start(); p.join()"
    )

    assert "Traceback" in cell.stderr
    assert "ValueError: invalid literal" in cell.stderr


def test_it_keeps_its_order_with_what_python_prints(kernel) -> None:
    cell = kernel.run(
        "import os\n"
        "for n in range(50):\n"
        "    print('a', n)\n    os.write(1, b'b %d\\n' % n)\n"
        "    os.system(f'echo c {n}') if n % 10 == 0 else None\n"
    )

    expected = "".join(
        f"a {n}\nb {n}\n" + (f"c {n}\n" if n % 10 == 0 else "") for n in range(50)
    )
    assert cell.stdout == expected


def test_ours_alone_survives_c_code_that_keeps_the_lock_and_writes_much(
    kernel,
) -> None:
    """With ipykernel it waits forever, as the reader of its pipe needs the lock."""
    cell = kernel.run(
        "import ctypes\ndata = b'x' * (10 << 20)\n"
        "ctypes.PyDLL(None).write(1, data, len(data))"
    )

    assert (cell.result, len(cell.stdout)) == (str(10 << 20), 10 << 20)


LINE = "0123456789" * 8


@ON_LINUX
def test_a_hundred_megabytes_arrive_and_are_released(kernel) -> None:
    size = 100 << 20
    before = kernel.value("__import__('os').fstat(1).st_blocks")
    cell = kernel.run(f"{SHELL}os.system('yes {LINE} | head -c {size}')")

    assert len(cell.stdout) == size
    assert set(cell.stdout.split("\n")[:-1]) == {LINE}
    assert int(kernel.value("os.fstat(1).st_blocks")) <= int(before) + 8


def test_of_what_nobody_could_read_in_time_the_end_is_kept(start: Callable) -> None:
    kernel = start()
    size, limit = 10 << 20, 1 << 20

    cell = kernel.run(
        "import ctypes\nfrom datalab_kernel.xeus import descriptors\n"
        f"descriptors.LIMIT = {limit}\ndata = b'x' * {size} + b'end'\n"
        "ctypes.PyDLL(None).write(1, data, len(data));"
    )

    discarded = size + len("end") - limit
    assert f"[{discarded} bytes of output were discarded" in cell.stdout
    assert cell.stdout.endswith("x" * (limit - len("end")) + "end")


def test_bytes_that_are_no_text_are_replaced_and_characters_may_be_split(
    kernel,
) -> None:
    cell = kernel.run(
        "import os, time\nos.write(1, 'é'.encode()[:1])\nprint(end='', flush=True)\n"
        "os.write(1, 'é'.encode()[1:] + b'\\xff|')\nos.write(1, b'\\xc3')"
    )

    assert cell.stdout == "é\ufffd|\ufffd"


@ON_LINUX
@pytest.mark.parametrize(
    ("command", "stdout", "stderr"),
    [
        ("echo a >/dev/stdout", "a\n", ""),
        ("echo a | tee /dev/stderr", "a\n", "a\n"),
        ("echo a >>/dev/stdout; echo b", "a\nb\n", ""),
        ("printf abc | dd of=/dev/stdout conv=notrunc status=none", "abc", ""),
    ],
)
def test_a_child_may_open_or_truncate_its_output(
    kernel, command: str, stdout: str, stderr: str
) -> None:
    for _ in range(3):
        cell = kernel.run(f"{SHELL}os.system({command!r});")

        assert (cell.stdout, cell.stderr) == (stdout, stderr)


def test_the_streams_are_no_terminal_and_know_their_descriptors(kernel) -> None:
    assert kernel.value("import sys; (sys.stdout.fileno(), sys.stderr.fileno())") == (
        "(1, 2)"
    )
    assert kernel.value("import os; os.isatty(1), sys.stdout.isatty()") == (
        "(False, False)"
    )


def test_a_background_process_writes_for_the_last_cell_or_the_one_that_runs(
    kernel,
) -> None:
    code = "import sys; [print(line, end='', flush=True) for line in sys.stdin]"
    first = kernel.run(
        f"{SHELL}child = subprocess.Popen([sys.executable, '-c', {code!r}], text=True, "
        "stdin=subprocess.PIPE)\n"
        "import threading; go = threading.Event()\n"
        "def late():\n    go.wait(); print('late', file=child.stdin, flush=True)\n"
        "threading.Thread(target=late).start()\n"
        "go.set()"
    )
    kernel.wait_for_output(first, "late\n")

    second = kernel.begin(
        "print('now', file=child.stdin, flush=True)\nchild.stdin.close()\n"
        "child.wait();",
        until="now\n",
    )

    assert kernel.finish(second).stdout == "now\n"


def test_output_is_noticed_long_after_the_last_cell(kernel) -> None:
    seconds = 7  # the descriptors are read less often after 5
    cell = kernel.run(
        f"{SHELL}p = subprocess.Popen('sleep {seconds}; echo a', shell=1)"
    )

    kernel.wait_for_output(cell, "a\n")

    kernel.run("p.wait()")


def test_handlers_of_before_the_first_cell_log_to_the_server(
    start: Callable, ipython_folder: Path
) -> None:
    (ipython_folder / "startup" / "log.py").write_text(
        "import logging, sys\nearly = logging.getLogger('early')\n"
        "early.addHandler(logging.StreamHandler(sys.__stderr__))\n",
        "utf-8",
    )
    kernel = start()

    cell = kernel.run("early.error('a')\nlogging.getLogger('late').error('b')")

    assert cell.stderr == "b\n"


def test_a_forked_child_leaves_nothing_behind_of_its_parent(kernel) -> None:
    cell = kernel.run(
        f"{SILENT}import os, sys\nsys.__stdout__.write('parent')\n"
        "child = os.fork()\n"
        "if not child:\n    print('child')\n    sys.stdout.flush()\n    os._exit(0)\n"
        "os.waitpid(child, 0);"
    )

    assert cell.stdout == "parentchild\n"


def test_the_environment_switches_it_off(start: Callable) -> None:
    kernel = start(DATALAB_KERNEL_CAPTURE_OUTPUT="0")

    cell = kernel.run("import os\nos.write(1, b'a')\nprint('b')")

    assert cell.stdout == "b\n"


@pytest.mark.parametrize("end", ["os.abort()", "os.kill(os.getpid(), 9)"])
@ON_LINUX
def test_what_a_dying_kernel_wrote_last_reaches_the_log(
    jupyter_data: Path, tmp_path: Path, end: str
) -> None:
    log = run_with_log(
        jupyter_data, tmp_path, f"import os\nos.write(2, b'last words\\n')\n{end}"
    )

    assert "last words\n" in log
    assert ("Fatal Python error: Aborted" in log) == ("abort" in end)


def test_what_is_printed_at_exit_reaches_the_log(
    jupyter_data: Path, tmp_path: Path
) -> None:
    log = run_with_log(
        jupyter_data,
        tmp_path,
        "import atexit, os\natexit.register(print, 'printed at exit')\n"
        "atexit.register(os.write, 1, b'written at exit\\n')\n"
        "os.kill(os.getpid(), 15)",
    )

    assert "printed at exit\n" in log
    assert "written at exit\n" in log


def test_what_was_not_sent_at_the_end_reaches_the_log(
    jupyter_data: Path, tmp_path: Path
) -> None:
    log = run_with_log(
        jupyter_data,
        tmp_path,
        "import os, sys, threading\nfrom datalab_kernel.repairs import streams\n"
        "disconnect = streams.finish\n"
        "def finish():\n"
        "    print('printed late')\n    os.write(1, b'written late\\n')\n"
        "    disconnect()\n"
        "streams.finish = finish\nos.kill(os.getpid(), 15)",
    )

    assert "printed late\n" in log
    assert "written late\n" in log


def run_with_log(jupyter: Path, folder: Path, code: str) -> str:
    """Run a cell that ends its kernel; return what the kernel wrote to its server."""
    path = folder / "log"
    program = (
        "import sys\nfrom jupyter_client import KernelManager\n"
        "from jupyter_client.kernelspec import KernelSpecManager\n"
        "specs = KernelSpecManager()\nspecs.kernel_dirs = [sys.argv[1]]\n"
        "m = KernelManager(kernel_name='datalab-kernel', kernel_spec_manager=specs)\n"
        "m.start_kernel()\nclient = m.client()\nclient.start_channels()\n"
        "client.wait_for_ready(timeout=30)\nclient.execute(sys.argv[2])\n"
        "m.provisioner.process.wait(timeout=30)\n"
    )
    environment = {n: v for n, v in os.environ.items() if n != "PYTEST_CURRENT_TEST"}
    command = [sys.executable, "-c", program, str(jupyter / "kernels"), code]
    # A pipe: it ends when the last process that may write to it has ended.
    output = subprocess.run(
        command,
        env=environment,
        check=True,
        timeout=90,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ).stdout
    path.write_bytes(output)
    return output.decode()


def test_no_process_is_left_and_none_is_a_child_of_the_kernel(start: Callable) -> None:
    kernel = start()
    kernel.run("1")

    assert psutil.Process(kernel.process.pid).children() == []


def test_an_idle_kernel_does_not_wake_more_often_than_once_a_second(
    start: Callable,
) -> None:
    """Context switches of its process, which each waking up of a thread costs."""
    kernel = start(DATALAB_KERNEL_WARMUP="0")
    kernel.run("print('a')")
    process = psutil.Process(kernel.process.pid)
    deadline = time.monotonic() + 30

    def switches() -> int:
        before = process.num_ctx_switches().voluntary
        time.sleep(5)
        return process.num_ctx_switches().voluntary - before

    while (count := switches()) > 5 * 2:
        assert time.monotonic() < deadline, f"{count} in 5 s"


@pytest.fixture(scope="module")
def with_libraries(
    python_of: Callable[[Path], Path], jupyter_data: Path, running: Callable
) -> Iterator:
    """One kernel with libraries that draw progress bars and start workers."""
    python = python_of(REQUIREMENTS)
    spec = kernelspec.kernel_dict(env={"PYTHONPATH": SOURCES}) | {
        "argv": kernelspec.make_kernel_cmd(str(python))
    }
    kernelspec.write(jupyter_data / "kernels" / WITH_LIBRARIES, spec)
    with running(WITH_LIBRARIES) as kernel:
        yield kernel


@pytest.mark.timeout(600)  # it may have to make the environment
@pytest.mark.parametrize("backend", ["loky", "multiprocessing", "threading"])
def test_joblib_shows_its_own_lines_and_those_of_its_workers(
    with_libraries, backend: str
) -> None:
    cell = with_libraries.run(
        f"{SILENT}import joblib\n"
        f"with joblib.parallel_config({backend!r}, n_jobs=2):\n"
        "    joblib.Parallel(verbose=10)(joblib.delayed(print)(n) for n in range(4));"
    )

    output = cell.stdout + cell.stderr
    # print() writes the number and the end of its line one after the other, so two
    # threads may share a line: the numbers are counted, not the lines.
    printed = re.sub(r"\[Parallel.*", "", output)
    assert sorted(re.findall(r"\d", printed)) == ["0", "1", "2", "3"]
    assert output.count("[Parallel(n_jobs=2)]: Done") >= 2
    assert "4 out of   4" in output


BARS = {
    "tqdm": "import time, tqdm\nfor n in tqdm.tqdm(range(8), mininterval=0): {step}",
    "rich": "import time, rich.progress\n"
    "for n in rich.progress.track(range(8), refresh_per_second=20): {step}",
}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("library", BARS)
def test_progress_bars_are_drawn_while_the_cell_runs(
    with_libraries, library: str
) -> None:
    kernel = with_libraries
    request = kernel.client.execute(BARS[library].format(step="time.sleep(0.2)"))
    arrivals = []
    state = None
    while state != "idle":
        message = kernel.client.get_iopub_msg(timeout=30)
        if message["parent_header"].get("msg_id") == request:
            state = message["content"].get("execution_state", state)
            if message["msg_type"] in {"stream", "display_data", "update_display_data"}:
                arrivals.append(time.monotonic())
    kernel.client.get_shell_msg(timeout=30)

    assert len(arrivals) >= 8
