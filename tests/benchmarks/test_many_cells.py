"""How much more memory a kernel holds after two thousand cells."""

from __future__ import annotations

from contextlib import ExitStack

import psutil
import pytest
from jupyter_client.kernelspec import KernelSpecManager

from datalab_kernel import kernelspec
from support.measurement import report
from support.ready_kernel import Ready, ready

IPYKERNEL = "python3"
CELLS = [
    "for line in range(50): print('line', line)",
    "[*range(1000)]",
    "display({'text/html': '<b>shown</b>' * 100}, raw=True)",
    "figure, axes = plt.subplots(); lines = axes.plot(range(100))",
    "IntSlider(3)",
    "1 / 0",  # fails, as does the next
    "def deep(n): return deep(n - 1) if n else {}['missing']\ndeep(20)",
    "import asyncio; await asyncio.sleep(0.001, result='awaited')",
    "import sys; print('to the other stream', file=sys.stderr)",
    "handle = display('first', display_id=True); handle.update('second')",
]
FAILING = (5, 6)
#: What is imported and cached once is there after so many of them.
FIRST, ALL = 200, 2_000
#: What two runs of one kernel differ by, in MiB.
NOISE = 3.0


def resident(kernel: Ready) -> float:
    """Return the resident memory of a kernel in MiB."""
    process = psutil.Process(kernel.manager.provisioner.process.pid)
    return float(process.memory_info().rss) / 2**20


@pytest.mark.timeout(1800)
def test_two_thousand_cells_leave_no_more_than_under_ipykernel(
    specs: KernelSpecManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What ours imports ahead, between the cells, is measured elsewhere.
    monkeypatch.setenv("DATALAB_KERNEL_WARMUP", "0")
    before: dict[str, float] = {}
    with ExitStack() as stack:
        kernels = {
            name: stack.enter_context(ready(name, specs))
            for name in (kernelspec.KERNEL_NAME, IPYKERNEL)
        }
        for kernel in kernels.values():
            execute(
                kernel,
                "import matplotlib.pyplot as plt; from ipywidgets import *",
                "ok",
            )
        for number in range(ALL):
            turn = number % len(CELLS)
            status = "error" if turn in FAILING else "ok"
            for name, kernel in kernels.items():
                if number == FIRST:
                    before[name] = resident(kernel)
                execute(kernel, CELLS[turn], status)
        grown = {name: resident(k) - before[name] for name, k in kernels.items()}

    report(
        f"{ALL} cells: ours grows by {grown[kernelspec.KERNEL_NAME]:.1f} MiB, "
        f"ipykernel by {grown[IPYKERNEL]:.1f} MiB"
    )
    assert grown[kernelspec.KERNEL_NAME] <= grown[IPYKERNEL] + NOISE


def execute(kernel: Ready, code: str, status: str) -> None:
    """Run a cell, take all that it sends, and check how it ends."""
    answer = kernel.client.execute_interactive(
        code, stop_on_error=False, output_hook=lambda _message: None
    )
    assert answer["content"]["status"] == status, answer["content"]
