"""Starting, restarting and ending a kernel by its name."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING

import h5py
import psutil
import pytest

from datalab_kernel import kernelspec
from support.repetition import repeated

if TYPE_CHECKING:
    from collections.abc import Callable

NAMESPACE = (
    "workspace",
    "plotter",
    "sigima",
    "np",
    "plt",
    "create_signal",
    "create_image",
)


def test_the_kernel_introduces_itself_as_python(kernel) -> None:
    kernel.client.kernel_info()
    content = kernel.client.get_shell_msg(timeout=30)["content"]

    assert content["status"] == "ok"
    assert content["language_info"]["name"] == "python"
    assert content["implementation"] == "xeus-python"


def test_cells_print_compute_and_fail_as_they_should(kernel) -> None:
    assert kernel.run("print('é', 1)").stdout == "é 1\n"
    assert kernel.value("6 * 7") == "42"
    failed = kernel.run("1 / 0")
    assert failed.status == "error"
    assert "ZeroDivisionError" in failed.error


@pytest.mark.parametrize("name", NAMESPACE)
def test_the_namespace_is_there_from_the_first_cell(kernel, name: str) -> None:
    assert kernel.run(name).status == "ok"


def test_user_code_sees_no_trace_of_the_launcher_in_its_arguments(kernel) -> None:
    assert kernel.value("len(__import__('sys').argv)") == "1"
    assert kernel.value("__name__") == "'__main__'"


def test_loading_the_extension_again_keeps_the_workspace(kernel) -> None:
    kernel.run(
        "workspace.add('kept', np.arange(5.0), overwrite=True)\nbefore = workspace"
    )

    loaded = kernel.run("%load_ext datalab_kernel\n%reload_ext datalab_kernel")

    assert loaded.status == "ok"
    assert kernel.value("workspace is before") == "True"
    assert kernel.value("list(workspace)") == "['kept']"


def test_a_restart_begins_afresh(start: Callable) -> None:
    kernel = start()
    kernel.run("mine = 1")
    first = kernel.process.pid

    kernel.restart()

    assert kernel.process.pid != first
    assert kernel.run("mine").status == "error"
    assert kernel.run("workspace").status == "ok"


def test_the_stock_kernel_still_crashes_when_something_prints_at_exit(
    start: Callable,
) -> None:
    """The defect that `repairs.shutdown` cures; when this fails, drop it."""
    stock = start("xpython")
    stock.run("import atexit\natexit.register(print, 'ended')")

    stock.client.shutdown()

    assert stock.process.wait(timeout=30) != 0


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("", id="idle"),
        pytest.param("workspace; np.arange(3); plt.figure()", id="used"),
        pytest.param("1 / 0", id="after an error"),
        pytest.param("import atexit; atexit.register(print, 1)", id="prints"),
        pytest.param(
            "import threading, time; threading.Thread(target=time.sleep, args=[0.5])"
            ".start()",
            id="with a thread",
        ),
    ],
)
def test_an_idle_kernel_ends_in_order(
    start: Callable, tmp_path: Path, code: str
) -> None:
    kernel = start()
    kernel.run(leaves(tmp_path))
    kernel.run(code)

    assert kernel.shut_down() == 0
    assert left(tmp_path) == {"handler", "written"}


def test_a_busy_kernel_is_interrupted_and_ends_in_order(
    start: Callable, tmp_path: Path
) -> None:
    kernel = start()
    kernel.run(leaves(tmp_path))
    kernel.begin("print('running')\nwhile True: pass", until="running")

    assert kernel.shut_down() == 0
    assert left(tmp_path) == {"handler", "written"}


HDF5 = """
import h5py, sys
sys.kept = file = h5py.File({path!r}, "w")
sys.also_kept = data = file.create_dataset("x", data=[1, 2, 3])
"""


def test_open_hdf5_files_are_closed_after_the_users_handlers(
    start: Callable, tmp_path: Path
) -> None:
    path = str(tmp_path / "left.h5")
    kernel = start()
    kernel.run(HDF5.format(path=path))
    kernel.run("import atexit; atexit.register(file.create_dataset, 'late', data=[4])")

    assert kernel.shut_down() == 0
    with h5py.File(path) as file:
        assert file["x"][:].tolist() == [1, 2, 3]
        assert file["late"][:].tolist() == [4]


COMMS = """
from comm import create_comm
kept = []
for number in range(3):
    channel = create_comm(target_name="jupyter.widget", data={"state": {}})
    channel.on_msg(kept.append)
    channel.on_close(kept.append)
    channel.send({"method": "update", "state": {"value": number}})
    kept.append(channel)
"""


@repeated(3, usually=1)
def test_a_kernel_with_open_comms_as_of_widgets_ends_with_code_0(
    start: Callable, number: int
) -> None:
    """The stock kernel crashes in most runs, but not in each."""
    kernel = start()
    assert kernel.run(COMMS).error is None

    assert kernel.shut_down() == 0


ON_POSIX = pytest.mark.skipif(os.name == "nt", reason="parents are not replaced there")


@ON_POSIX
def test_the_stock_kernel_still_outlives_its_server(orphan: Callable) -> None:
    """The defect that `repairs.parent` cures; when this fails, drop it."""
    with (
        orphan("xpython", "print('left')") as stock,
        pytest.raises(psutil.TimeoutExpired),
    ):
        stock.wait(timeout=4)


@ON_POSIX
@pytest.mark.parametrize("then", ["", "while True: pass"], ids=["idle", "busy"])
def test_an_orphaned_kernel_closes_its_files_and_ends(
    orphan: Callable, tmp_path: Path, then: str
) -> None:
    path = str(tmp_path / "left.h5")
    code = f"{HDF5.format(path=path)}\nprint('left', flush=True)\n{then}"

    with orphan("datalab-kernel", code) as kernel:
        kernel.wait(timeout=30)

    with h5py.File(path) as file:
        assert file["x"][:].tolist() == [1, 2, 3]


def leaves(folder: Path) -> str:
    """Code that leaves a file at exit, and another that it never closes."""
    return (
        "import atexit, pathlib\n"
        f"folder = pathlib.Path({str(folder)!r})\n"
        "atexit.register((folder / 'handler').write_text, 'x')\n"
        "never_closed = open(folder / 'written', 'w')\n"
        "never_closed.write('x')\n"
    )


def left(folder: Path) -> set[str]:
    """The files in a folder that are not empty."""
    return {p.name for p in folder.iterdir() if p.is_file() and p.stat().st_size}


def test_the_stock_kernel_still_ends_without_its_handlers_on_a_signal(
    start: Callable, tmp_path: Path
) -> None:
    """The defect that `repairs.termination` repairs; when this fails, drop it."""
    stock = start("xpython")
    stock.run(leaves(tmp_path))

    stock.process.send_signal(signal.SIGTERM)
    stock.process.wait(timeout=30)

    assert left(tmp_path) == set()


WAITS = "print('running')\n"
BY_SIGNAL = [
    pytest.param("SIGTERM", "print('running')", id="idle"),
    pytest.param("SIGHUP", "print('running')", id="idle and SIGHUP"),
    pytest.param("SIGTERM", WAITS + "while True: pass", id="computing"),
    pytest.param("SIGTERM", WAITS + "import time; time.sleep(99)", id="sleeping"),
    pytest.param(
        "SIGHUP", WAITS + "import asyncio; await asyncio.sleep(99)", id="awaiting"
    ),
    pytest.param(
        "SIGTERM",
        WAITS + "import threading; threading.Event().wait()",
        id="waiting for a lock",
    ),
    pytest.param(
        "SIGTERM",
        WAITS + "import hashlib; hashlib.pbkdf2_hmac('sha256', b'', b'', 2_000_000)",
        id="computing in C",
    ),
]


@ON_POSIX
@pytest.mark.parametrize(("name", "code"), BY_SIGNAL)
def test_a_signal_ends_the_kernel_in_order(
    start: Callable, tmp_path: Path, name: str, code: str
) -> None:
    """The server sees that the signal ended it."""
    path = str(tmp_path / "left.h5")
    number = getattr(signal, name)
    kernel = start()
    kernel.run(leaves(tmp_path))
    kernel.run(HDF5.format(path=path))
    kernel.begin(code, until="running")

    kernel.process.send_signal(number)

    assert kernel.process.wait(timeout=30) == -number
    assert left(tmp_path) == {"handler", "written", "left.h5"}
    with h5py.File(path) as file:
        assert file["x"][:].tolist() == [1, 2, 3]


@ON_POSIX
@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_server_sees_that_a_signal_ended_ipykernel(
    start: Callable, name: str
) -> None:
    """What is expected of ours."""
    number = getattr(signal, name)
    peer = start("python3")

    peer.process.send_signal(number)

    assert peer.process.wait(timeout=30) == -number


@ON_POSIX
@pytest.mark.parametrize(
    "code",
    [
        pytest.param(
            "import hashlib\nhashlib.pbkdf2_hmac('sha256', b'', b'', 10**9)", id="C"
        ),
        pytest.param(
            "import time\n"
            "while True:\n"
            "    try: time.sleep(99)\n"
            "    except KeyboardInterrupt: pass",
            id="catches interrupts",
        ),
    ],
)
def test_a_cell_that_does_not_stop_is_given_ten_seconds(
    start: Callable, tmp_path: Path, code: str
) -> None:
    path = str(tmp_path / "left.h5")
    kernel = start()
    kernel.run(HDF5.format(path=path))
    kernel.begin(f"print('running')\n{code}", until="running")

    kernel.process.send_signal(signal.SIGTERM)

    assert kernel.process.wait(timeout=30) == 128 + signal.SIGTERM
    with h5py.File(path) as file:
        assert file["x"][:].tolist() == [1, 2, 3]


def answered(kernel) -> set[str]:
    """Return the requests that a kernel that has ended answered."""
    found = set()
    with suppress(Empty):
        while True:
            message = kernel.client.get_shell_msg(timeout=1)
            found.add(message["parent_header"]["msg_id"])
    return found


@ON_POSIX
def test_a_cell_that_a_signal_ends_with_its_kernel_is_not_answered(
    start: Callable,
) -> None:
    """A program that runs notebooks would take an answer for a success."""
    kernel = start()
    request = kernel.client.execute(
        "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"
    )

    kernel.process.wait(timeout=30)

    assert request not in answered(kernel)


@ON_POSIX
def test_a_second_signal_ends_the_kernel_at_once(start: Callable) -> None:
    kernel = start()
    # Without a second signal, the kernel would end after this time.
    kernel.run("from datalab_kernel.repairs import termination as t; t.TIMEOUT = 600")
    cell = kernel.begin(
        "import time\nprint('running')\n"
        "while True:\n"
        "    try: time.sleep(99)\n"
        "    except KeyboardInterrupt: print('goes on', flush=True)",
        until="running",
    )
    kernel.process.send_signal(signal.SIGTERM)
    kernel.wait_for_output(cell, "goes on")

    kernel.process.send_signal(signal.SIGTERM)

    # The code is the latter where the main thread cannot handle the signal.
    code = kernel.process.wait(timeout=30)
    assert code in {-signal.SIGTERM, 128 + signal.SIGTERM}


@ON_POSIX
def test_a_signal_that_was_ignored_stays_ignored(
    jupyter_data: Path, start: Callable
) -> None:
    """As under `nohup`, with which servers are started that outlive a terminal."""
    spec = kernelspec.kernel_dict()
    spec["argv"] = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *spec["argv"]]
    kernelspec.write(jupyter_data / "kernels" / "nohup", spec)
    kernel = start("nohup")

    kernel.process.send_signal(signal.SIGHUP)

    assert kernel.value("1") == "1"


@ON_POSIX
def test_a_signal_lets_a_handler_finish_that_a_shutdown_has_called(
    start: Callable, tmp_path: Path
) -> None:
    """Jupyter sends SIGTERM where a kernel takes longer than some seconds to end."""
    called = tmp_path / "called"
    kernel = start()
    kernel.run(
        "import atexit, time, pathlib\n"
        f"called = pathlib.Path({str(called)!r})\n"
        "def handler():\n"
        "    called.write_text('begun')\n"
        "    while called.exists(): time.sleep(0.01)\n"
        f"    pathlib.Path({str(tmp_path / 'finished')!r}).write_text('x')\n"
        "atexit.register(handler);"
    )
    kernel.client.shutdown()
    deadline = time.monotonic() + 30
    while not called.exists():
        assert time.monotonic() < deadline
    kernel.process.send_signal(signal.SIGTERM)
    # The handler runs on while the signal is handled.
    with pytest.raises(subprocess.TimeoutExpired):
        kernel.process.wait(timeout=1)

    called.unlink()

    assert kernel.process.wait(timeout=30) == -signal.SIGTERM
    assert left(tmp_path) == {"finished"}


POOL = """
import multiprocessing, time, warnings
warnings.simplefilter("ignore", DeprecationWarning)
fork = multiprocessing.get_context("fork")
with fork.Pool(2) as pool:  # whose end is SIGTERM to its workers
    pool.map_async(time.sleep, [99, 99])
child = fork.Process(target=time.sleep, args=[99])
child.start()
child.terminate()
child.join()
child.exitcode
"""


@ON_POSIX
def test_forked_processes_are_terminated_and_the_kernel_lives_on(kernel) -> None:
    for _ in range(3):
        assert kernel.value(POOL) == "-15"
    assert kernel.value("1") == "1"
