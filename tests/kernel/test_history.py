"""The history of objects in real kernels: ours and ipykernel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from datalab_kernel.kernelspec import KERNEL_NAME

LOADED = "%load_ext datalab_kernel_core"
CURRENT = (
    "from datalab_workspace.history.cells.running_cell import current\n"
    "def number(): return current() and current().number"
)


@pytest.fixture(
    scope="module", params=[KERNEL_NAME, "python3"], ids=["ours", "ipykernel"]
)
def kernel(
    request: pytest.FixtureRequest,
    running: Callable[..., AbstractContextManager[Any]],
) -> Iterator[Any]:
    """A kernel of each kind, with the extension."""
    with running(request.param) as kernel:
        if request.param != KERNEL_NAME:
            kernel.run(LOADED)
        kernel.run(CURRENT)
        yield kernel


def shown(kernel: Any, text: str) -> tuple[int, str]:
    """Run a cell; return its number as it is shown, and its result."""
    execution = kernel.run(text)
    assert execution.error is None, execution.error
    return execution.shown["execution_count"], execution.result


@pytest.mark.parametrize(
    "text",
    [
        "number()",
        "import asyncio\nawait asyncio.sleep(0)\nnumber()",
        "await asyncio.create_task(asyncio.to_thread(number))",
        "get_ipython().run_cell('x = 1')\nnumber()",
    ],
)
def test_a_cell_knows_the_number_that_is_shown(kernel: Any, text: str) -> None:
    number, result = shown(kernel, text)

    assert str(number) == result


def test_hidden_and_failed_cells_do_not_disturb_the_count(kernel: Any) -> None:
    kernel.run("hidden = 1", store_history=False)
    kernel.run("1 / 0")
    number, result = shown(kernel, "number()")

    assert str(number) == result


def test_code_after_a_cell_belongs_to_none(kernel: Any) -> None:
    kernel.run(
        "import asyncio\nfound = []\n"
        "async def later():\n"
        "    await asyncio.sleep(0.05)\n"
        "    found.append(number())\n"
        "task = asyncio.create_task(later())"
    )
    number, _ = shown(kernel, "await task; 1")

    # The cell that waits for it runs by then.
    assert kernel.value("found") == f"[{number}]"


def test_a_chain_is_recorded_and_made_again(kernel: Any) -> None:
    kernel.run("workspace['raw'] = np.sin(np.arange(500.0))")
    kernel.run("import sigima.proc.signal as sps")
    called, _ = shown(kernel, "n = sps.derivative(workspace['raw']); 1")
    changed, _ = shown(kernel, "n.y[7] = 0.5; 1")
    kernel.run("workspace['final'] = n")

    steps = kernel.value("[(s.what, s.cell) for s in workspace.history('final').steps]")
    assert steps == f"[('derivative', {called}), ('code', {changed})]"
    verdict = "str(workspace.replay('final', code=True).verdict)"
    assert kernel.value(verdict) == "'identical'"
    assert kernel.value("workspace.list()") == "['raw', 'final']"
