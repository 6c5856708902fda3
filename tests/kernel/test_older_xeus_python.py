"""xeus-python 0.17 runs cells as calls, not as tasks: the kernel is as dependable."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from datalab_kernel import kernelspec
from support.environments import SOURCES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REQUIREMENTS = Path(__file__).with_name("xeus_python_0_17.txt")
NAME = "on-xeus-python-0.17"

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
        "['eventloop', 'comms']"
    )


def test_the_canonical_cell_runs(older) -> None:
    older.run("workspace.add('i042', np.random.default_rng(0).random((64, 64)))")

    cell = older.run(
        "img = workspace.get('i042')\n"
        "filtered = sigima.proc.image.butterworth(img, cut_off=0.2)\n"
        "workspace.add('filtered_i042', filtered, overwrite=True)\n"
        "plotter.plot('filtered_i042')"
    )

    assert cell.error is None
    assert older.value("list(workspace)") == "['i042', 'filtered_i042']"


BUSY = "print('running', flush=True)\nwhile True: pass"
AWAITING = "import asyncio\nprint('running')\nawait asyncio.sleep(600)"


@pytest.mark.parametrize("code", [BUSY, AWAITING] * 5)
def test_an_interrupt_stops_the_cell_and_keeps_the_workspace(older, code: str) -> None:
    older.run("workspace.add('kept', np.arange(3.0), overwrite=True)")

    cell = older.begin(code, until="running")
    older.interrupt()

    assert older.finish(cell).status == "error"
    assert older.value("'kept' in workspace") == "True"


def test_an_idle_kernel_ignores_interrupts(older) -> None:
    for _ in range(5):
        older.interrupt()

    assert older.value("40 + 2") == "42"


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


def test_an_error_has_the_name_of_its_class(older) -> None:
    assert older.run("1 / 0").error == "ZeroDivisionError: division by zero"


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
