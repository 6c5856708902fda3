"""What a first cell needs is imported while the user still reads."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

# Waits until everything is there; the loop goes on meanwhile, so that the kernel idles.
WAIT = """
import threading, sys
def warming():
    return [t for t in threading.enumerate() if "_import_all" in t.name]
"""
LOADED = "'sigima' in sys.modules"


def wait_until_warm(kernel) -> None:
    """Ask again until the thread has ended; each question lets the kernel idle."""
    while kernel.value("warming()") != "[]":
        pass


def test_what_is_needed_is_imported_while_no_cell_runs(start: Callable) -> None:
    kernel = start()
    kernel.run(WAIT)

    wait_until_warm(kernel)

    modules = "'sigima.proc.image', 'datalab_workspace.workspace', 'matplotlib.figure'"
    assert kernel.value(f"[m in sys.modules for m in [{modules}]]") == str([True] * 3)
    assert kernel.value("'matplotlib.pyplot' in sys.modules") == "False"
    assert kernel.value("get_ipython().run_line_magic('who_ls', '')") == (
        "['sys', 'threading', 'warming']"
    )


@pytest.mark.parametrize("value", ["0", "false", "No", " off "])
def test_the_warm_up_can_be_switched_off(start: Callable, value: str) -> None:
    kernel = start(DATALAB_KERNEL_WARMUP=value)
    kernel.run(WAIT)

    assert kernel.value("warming()") == "[]"
    assert kernel.value(LOADED) == "False"


def test_nothing_more_is_imported_while_a_cell_runs(start: Callable) -> None:
    kernel = start()

    cell = kernel.run(
        WAIT + "import time\n"
        "begin = time.monotonic()\n"
        "while 'numpy' not in sys.modules and time.monotonic() < begin + 1: pass\n"
        "while time.monotonic() < begin + 2: pass\n"
        f"print({LOADED})"
    )

    assert cell.stdout == "False\n"
    wait_until_warm(kernel)
    assert kernel.value(LOADED) == "True"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_process_forked_meanwhile_can_import_the_same(start: Callable) -> None:
    """It must not find a module half made, by a thread that it does not have."""
    kernel = start()
    kernel.run(WAIT)
    forks = (
        "import os, signal, warnings\n"
        "warnings.simplefilter('ignore', DeprecationWarning)\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    signal.alarm(20)\n"
        "    import sigima.proc.image\n"
        "    os._exit(0)\n"
        "os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])"
    )
    while kernel.value(LOADED) == "False":
        assert kernel.value(forks) == "0"


def test_an_interrupt_meanwhile_harms_nothing(start: Callable) -> None:
    kernel = start()
    kernel.run(WAIT)

    while kernel.value("warming()") != "[]":
        kernel.interrupt()

    assert kernel.value(LOADED) == "True"
    assert kernel.shut_down() == 0
