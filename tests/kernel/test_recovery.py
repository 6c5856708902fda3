"""Kernels that die, and what the next one says and restores."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ADD = "workspace.add('a', np.arange(5.0)); workspace.add('b', np.ones((2, 3)))"
#: Ends when everything has been written.
WRITTEN = """
from datalab_workspace.recovery import start
for recorder in start._recorders.values():
    recorder.flush()
"""
NOTEBOOK = {"JPY_SESSION_NAME": "/home/ada/analysis.ipynb"}
LINE = " of analysis.ipynb ("


@pytest.fixture
def folder(tmp_path: Path) -> dict[str, str]:
    """The variables of kernels that share a recovery folder."""
    return {"DATALAB_KERNEL_RECOVERY": str(tmp_path / "recovery"), **NOTEBOOK}


def left(folder: dict[str, str]) -> list[Path]:
    """The recovery folders of kernels, running and dead."""
    parent = Path(folder["DATALAB_KERNEL_RECOVERY"])
    return sorted(parent.iterdir()) if parent.exists() else []


def used(start, folder, name="datalab-kernel", setup=""):
    """A kernel whose workspace has two objects, which have been written."""
    kernel = start(name, **folder)
    for cell in filter(None, (setup, ADD, WRITTEN)):
        assert kernel.run(cell).error is None
    return kernel


@pytest.mark.parametrize(
    "end",
    [
        "os.kill(os.getpid(), signal.SIGKILL)",  # as the kernel of Linux does it
        "import ctypes; ctypes.string_at(0)",
        "os.abort()",
        "os._exit(1)",
    ],
)
def test_the_next_kernel_offers_what_a_crash_has_left(start, folder, end) -> None:
    dead = used(start, folder)
    dead.client.execute(f"import os, signal\n{end}")
    dead.process.wait()

    kernel = start(**folder)
    first = kernel.run("1")

    assert first.stdout.startswith("2 objects of analysis.ipynb (")
    assert first.stdout.endswith(") can be recovered: workspace.recover()\n")
    assert first.stdout.count("\n") == 1
    assert kernel.run("2").stdout == ""
    assert kernel.value("len(workspace)") == "0"
    assert kernel.value("workspace.recover('analysis.ipynb')") == "['a', 'b']"
    assert kernel.value("workspace['a'].y.tolist()") == "[0.0, 1.0, 2.0, 3.0, 4.0]"
    assert start(**folder).run("1").stdout == "", "it has been restored"


def test_the_table_is_shown(start, folder) -> None:
    dead = used(start, folder)
    dead.process.kill()
    dead.process.wait()

    shown = start(**folder).run("workspace.recover()").shown["data"]

    assert "analysis.ipynb" in shown["text/plain"]
    assert "2 objects: a, b" in shown["text/html"]


@pytest.mark.parametrize("end", ["shut_down", "restart"])
def test_a_clean_end_leaves_nothing(start, folder, end) -> None:
    kernel = used(start, folder)
    assert len(left(folder)) == 1
    getattr(kernel, end)()
    assert left(folder) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_a_kernel_that_a_signal_ends_leaves_its_objects(start, folder) -> None:
    kernel = used(start, folder)
    kernel.process.send_signal(signal.SIGTERM)
    kernel.process.wait()
    assert LINE in start(**folder).run("1").stdout


def test_a_running_kernel_is_not_mistaken_for_a_dead_one(start, folder) -> None:
    first = used(start, folder)
    second = start(**folder)
    assert second.run("1").stdout == ""
    assert second.run("print(workspace.recover())").stdout == "nothing to recover\n"
    assert first.value("len(workspace)") == "2"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_worker_that_outlives_the_kernel_does_not_look_like_it(start, folder) -> None:
    kernel = used(start, folder)
    worker = kernel.run(
        "import os, time\n"
        "pid = os.fork()\n"
        "if not pid:\n"
        "    workspace.add('mine', np.zeros(3))\n"
        "    time.sleep(60)\n"
        "    os._exit(0)\n"
        "print(pid)"
    )
    try:
        kernel.process.kill()
        kernel.process.wait()
        assert LINE in start(**folder).run("1").stdout
        assert len(left(folder)) == 1
    finally:
        os.kill(int(worker.stdout), signal.SIGKILL)


@pytest.mark.parametrize("name", ["python3"])
def test_the_stock_kernel_with_our_extension_records_too(start, folder, name) -> None:
    dead = used(start, folder, name, setup="%load_ext datalab_kernel_core")
    dead.process.kill()
    dead.process.wait()
    assert LINE in start(**folder).run("1").stdout


def test_it_can_be_turned_off(start, tmp_path) -> None:
    state = tmp_path / "state"
    kernel = start(DATALAB_KERNEL_RECOVERY="off", XDG_STATE_HOME=str(state))
    assert kernel.run(ADD).error is None
    assert kernel.value("workspace.recover()") == "nothing to recover"
    assert not state.exists()


SCRIPT = "import datalab_workspace as w, numpy; w.Workspace().add('a', numpy.ones(3))"


@pytest.mark.parametrize(
    "command",
    [
        ("-c", SCRIPT),
        ("-m", "IPython", "--ext=datalab_kernel_core", "-c", ADD),
    ],
    ids=["script", "terminal"],
)
def test_scripts_and_terminals_record_nothing(folder, command) -> None:
    env = {**os.environ, **folder, "DATALAB_KERNEL_MODE": "standalone"}
    subprocess.run([sys.executable, *command], env=env, check=True)
    assert not Path(folder["DATALAB_KERNEL_RECOVERY"]).exists()
