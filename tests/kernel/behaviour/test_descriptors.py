"""What is written to the file descriptors 1 and 2 behind Python's back."""

from __future__ import annotations

import sys

import pytest

from support.three_kernels import known

LOST = "loses it"
CHILD = "import subprocess, sys\nchild = [sys.executable, '-c', {!r}]\n"
WRITING = {
    "os.write": "import os; n = os.write(1, b'written\\n')",
    "os.system": "import os; n = os.system('echo written')",
    "a child": CHILD.format("print('written')") + "done = subprocess.run(child)",
    "sys.__stdout__": "import sys; print('written', file=sys.__stdout__, flush=True)",
    "another descriptor": (
        "import os\nwith os.fdopen(os.dup(1), 'w') as file: n = file.write('written')"
    ),
}
POSIX = {
    "C": (
        "import ctypes; libc = ctypes.CDLL(None)\n"
        "n = libc.puts(b'written'); n = libc.fflush(None)"
    ),
    "a fork": (
        "import os, sys\nchild = os.fork()\nif not child:\n"
        "    os.write(1, b'written\\n'); os._exit(0)\ndone = os.waitpid(child, 0)"
    ),
    "a printing fork": (
        "import multiprocessing\n"
        "child = multiprocessing.get_context('fork').Process("
        "target=print, args=['written'])\nchild.start(); child.join()"
    ),
}
if sys.platform != "win32":
    WRITING |= POSIX
each_way = pytest.mark.parametrize("code", WRITING.values(), ids=WRITING)


@known(stock=LOST)
@each_way
def test_what_is_written_is_shown_by_its_cell(any_kernel, code: str) -> None:
    cell = any_kernel.submit(code)

    any_kernel.wait_for_output(cell, "written")

    assert any_kernel.finish(cell).status == "ok"
    assert cell.stdout.count("written") == 1


@known(stock=LOST)
@pytest.mark.parametrize(
    "code",
    [
        "import os; n = os.write(2, b'written\\n')",
        CHILD.format("import sys; sys.exit('written')") + "d = subprocess.run(child)",
    ],
    ids=["os.write", "a child"],
)
def test_errors_are_written_to_the_other_stream(any_kernel, code: str) -> None:
    cell = any_kernel.submit(code)

    any_kernel.wait_for_output(cell, "written", stream="stderr")

    any_kernel.finish(cell)
    assert cell.stdout == ""


@known(stock=LOST)
def test_a_process_pool_prints(any_kernel) -> None:
    cell = any_kernel.submit(
        "import multiprocessing\n"
        "with multiprocessing.get_context('fork').Pool(1) as pool:\n"
        "    done = pool.map(print, ['written'] * 4); pool.close(); pool.join()"
    )

    any_kernel.wait_for_output(cell, "written\n" * 4)

    assert any_kernel.finish(cell).status == "ok"


@known(stock=LOST)
def test_a_worker_that_cannot_start_says_why(any_kernel) -> None:
    cell = any_kernel.submit(
        "import concurrent.futures, multiprocessing\ndef work(): pass\n"
        "spawn = multiprocessing.get_context('spawn')\n"
        "with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as pool:\n"
        "    try: pool.submit(work).result()\n"
        "    except concurrent.futures.process.BrokenProcessPool: pass"
    )

    any_kernel.wait_for_output(cell, "Can't get attribute 'work'", stream="stderr")

    any_kernel.finish(cell)


@known(stock=LOST, ipykernel="hangs")
def test_much_output_of_c_code_that_keeps_the_gil_does_not_hang(own_kernel) -> None:
    """`PyDLL` keeps the GIL during the call."""
    own_kernel.run("import ctypes; libc = ctypes.PyDLL(None); line = b'x' * 1023")

    cell = own_kernel.run(
        "for _ in range(10):\n"
        "    n = libc.write(1, (line + b'\\n') * 1024, 2 ** 20)\nprint('done')"
    )

    assert cell.status == "ok"
    own_kernel.wait_for_output(cell, "done")
    own_kernel.wait_for_output(cell, "x\n")


@known(stock=LOST)
def test_the_output_of_a_later_cell_is_that_cells(any_kernel) -> None:
    first = any_kernel.submit("import os; n = os.write(1, b'first\\n')")
    any_kernel.wait_for_output(first, "first")
    any_kernel.finish(first)

    second = any_kernel.submit("n = os.write(1, b'second\\n')")
    any_kernel.wait_for_output(second, "second")
    any_kernel.finish(second)

    assert "second" not in first.stdout
    assert "first" not in second.stdout


@pytest.mark.skipif("sys.platform == 'win32'", reason="`sh` may not be there")
def test_a_shell_command_shows_both_its_streams(any_kernel) -> None:
    cell = any_kernel.run("!echo out; echo err >&2")

    assert "out" in cell.stdout
    assert "err" in cell.stdout + cell.stderr
