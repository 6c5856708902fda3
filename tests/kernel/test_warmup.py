"""What a first cell needs is imported while the user still reads."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

import pytest

from datalab_kernel.warmup import MODULES, WITH_FONTS, WarmUp

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("warm_up")

LAST = MODULES[-1]
MISSING = f"[m for m in {MODULES!r} if m not in __import__('sys').modules]"
# A timer of the kernel's own tells when all is there, without a cell that holds it up.
TELL = f"""
import asyncio, sys
def tell():
    if {LAST!r} in sys.modules:
        print("warm")
    else:
        asyncio.get_running_loop().call_later(0.05, tell)
tell()
"""


@pytest.fixture(scope="module", autouse=True)
def fonts() -> None:
    """Matplotlib knows the fonts, as it does from its first use on."""
    subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], check=True)


def test_what_is_needed_is_imported_while_no_cell_runs(start: Callable) -> None:
    kernel = start()
    kernel.begin(TELL, until="warm")

    assert kernel.value(MISSING) == "[]"
    assert kernel.value("'matplotlib.pyplot' in sys.modules") == "False"
    unused = "type(get_ipython().user_ns[name]).__name__"
    assert kernel.value(f"[{unused} for name in ('workspace', 'sigima', 'np')]") == (
        "['Workspace', 'LazyModule', 'LazyModule']"
    )
    assert kernel.value("workspace.__class__") == (
        "datalab_workspace.workspace.Workspace"
    )
    assert kernel.value("%who_ls") == "['asyncio', 'sys', 'tell']"


def test_an_interrupt_meanwhile_harms_nothing(start: Callable) -> None:
    kernel = start()
    telling = kernel.submit(TELL)
    for _ in range(20):
        kernel.interrupt()
        kernel.client.kernel_info()

    kernel.wait_for_output(telling, "warm")

    assert kernel.value(MISSING) == "[]"
    assert kernel.shut_down() == 0


def test_fonts_are_not_looked_for_before_they_are_needed(
    start: Callable, tmp_path: Path
) -> None:
    """On some systems that takes longer than all the rest."""
    kernel = start(MPLCONFIGDIR=str(tmp_path))

    kernel.begin(TELL, until="warm")

    assert kernel.value(f"{MISSING} == {[*WITH_FONTS]!r}") == "True"
    assert kernel.run("plotter.plot(np.arange(9.0))").error is None


def test_the_completion_of_code_is_prepared(start: Callable) -> None:
    """The stubs of Python's own types have been read."""
    kernel = start()
    parsed = "'parso' in sys.modules and sys.modules['parso'].cache.parser_cache"
    kernel.begin(TELL.replace(f"{LAST!r} in sys.modules", parsed), until="warm")

    def files() -> str:
        known = "sys.modules['parso'].cache.parser_cache.values()"
        return kernel.value(
            f"sorted(file.name for one in {known} for file in one if file)"
        )

    before = files()
    assert "builtins.pyi" in before
    reply = kernel.client.complete("str.spl", reply=True, timeout=30)["content"]
    assert reply["matches"] == ["split", "splitlines"]
    assert files() == before


def test_a_step_that_fails_ends_nothing() -> None:
    done = []

    def fail() -> None:
        raise ImportError

    loop = asyncio.new_event_loop()
    warm_up = WarmUp(iter([fail, partial(done.append, "next"), loop.stop]))
    loop.call_soon(warm_up.begin, loop)
    loop.run_forever()
    loop.close()

    assert done == ["next"]


def test_no_step_comes_between_a_cell_and_its_request() -> None:
    """A cell begins some turns of the loop after its request has been read."""
    loop = asyncio.new_event_loop()
    order = []

    def request(turns: int = 5) -> None:
        if turns:
            loop.call_soon(request, turns - 1)
        else:
            warm_up.pause()
            order.append("cell")
            loop.call_later(0.01, loop.stop)

    def step(name: str) -> None:
        order.append(name)
        if name == "first":
            loop.call_soon(request)

    warm_up = WarmUp(partial(step, name) for name in ("first", "second"))
    loop.call_soon(warm_up.begin, loop)
    loop.run_forever()
    loop.close()

    assert order == ["first", "cell"]


@pytest.mark.parametrize("value", ["0", "false", "No", " off "])
def test_the_warm_up_can_be_switched_off(start: Callable, value: str) -> None:
    kernel = start(DATALAB_KERNEL_WARMUP=value)
    kernel.run("import asyncio\nasync def idle(): await asyncio.sleep(0.5)")

    assert (
        kernel.run("task = asyncio.get_running_loop().create_task(idle())").error
        is None
    )
    kernel.begin("task.add_done_callback(lambda task: print('idled'))", until="idled")

    assert kernel.value(f"len({MISSING})") == str(len(MODULES))


def test_nothing_is_imported_while_a_cell_awaits(start: Callable) -> None:
    kernel = start()

    cell = kernel.run(
        f"import asyncio\nbefore = {MISSING}\nawait asyncio.sleep(1)\n"
        f"print({MISSING} == before)"
    )

    assert cell.stdout == "True\n"
    kernel.begin(TELL, until="warm")


def test_nothing_is_imported_that_would_not_be_needed() -> None:
    """What is listed so that no import takes long is what the others import."""
    code = (
        "import sys, sigima.proc.signal, sigima.proc.image\n"
        "import datalab_workspace.model.sigima_objects\n"
        f"import datalab_workspace.workspace\n"
        "import numpy\n"
        "from datalab_kernel_core import Plotter\n"
        "plotter = Plotter(datalab_workspace.workspace.Workspace())\n"
        "plotter.plot(numpy.eye(3)).figure\n"
        "import jedi  # as IPython does to complete code\n"
        f"print([m for m in {MODULES!r} if m not in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert run.stdout == "[]\n"
