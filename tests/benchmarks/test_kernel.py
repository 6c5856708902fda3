"""How soon a kernel is ready, what it holds then, and how soon it obeys."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import psutil
import pytest
from jupyter_client.kernelspec import KernelSpecManager

from datalab_kernel import kernelspec
from datalab_kernel.warmup import DELAY, MODULES
from support.measurement import compare, measure, report
from support.ready_kernel import PATIENCE, ready, run

STOCK, IPYKERNEL = "xpython", "python3"
READY_BOUNDS = {STOCK: 1.15, IPYKERNEL: 0.6}
MEMORY_BOUND = 1.2
FIRST_CALL_BOUND = 0.05
READING = 3.0
INTERRUPT_BOUND = 0.5
ROUNDS = 11


def seconds_until_ready(name: str, specs: KernelSpecManager) -> float:
    with ready(name, specs) as kernel:
        return kernel.seconds


def memory_when_ready(name: str, specs: KernelSpecManager) -> float:
    with ready(name, specs) as kernel:
        return kernel.memory


def memory_when_warm(name: str, specs: KernelSpecManager) -> float:
    """Return what a kernel holds once the warm-up's modules are imported, in MiB."""
    imports = f"for module in {MODULES!r}: __import__(module)"
    with ready(name, specs) as kernel:
        if name != kernelspec.KERNEL_NAME:
            run(kernel.client, imports)
        time.sleep(10)  # in which ours imports them by itself
        process = psutil.Process(kernel.manager.provisioner.process.pid)
        memory = float(process.memory_info().rss) / 2**20
        run(kernel.client, f"import sys; assert {{*{MODULES!r}}} <= {{*sys.modules}}")
        return memory


@pytest.mark.parametrize(("reference", "bound"), READY_BOUNDS.items())
def test_a_kernel_is_ready_soon(
    specs: KernelSpecManager, reference: str, bound: float
) -> None:
    comparison = compare(
        f"kernel ready, beside {reference}",
        lambda: seconds_until_ready(kernelspec.KERNEL_NAME, specs),
        lambda: seconds_until_ready(reference, specs),
        rounds=ROUNDS,
    )

    assert comparison.ratio_of_medians <= bound


@pytest.mark.timeout(600)  # each round waits for two kernels to warm up
@pytest.mark.parametrize(
    ("memory", "when"),
    [(memory_when_ready, "ready"), (memory_when_warm, "warm")],
    ids=["ready", "warm"],
)
def test_a_kernel_holds_little_memory(
    specs: KernelSpecManager, memory: Callable[..., float], when: str
) -> None:
    # The fonts are looked for before, as they are by a user's first figure.
    subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], check=True)
    rows = [
        [memory(name, specs) for name in (kernelspec.KERNEL_NAME, STOCK)]
        for _ in range(5)
    ]
    ours, stock = (min(column) for column in zip(*rows, strict=True))
    report(f"resident memory when {when}: {ours:.1f} MiB, stock {stock:.1f} MiB")

    assert ours <= MEMORY_BOUND * stock


def seconds_of_warm_up() -> float:
    """Do the work of the warm-up in a plain Python; return the seconds it takes."""
    code = (
        "import time, IPython.core.interactiveshell\n"
        "from importlib import import_module\n"
        f"names = {MODULES!r}\n"
        "start = time.perf_counter()\n"
        "for name in names: import_module(name)\n"
        "import jedi\n"
        "jedi.Interpreter('str.', [{}]).complete()\n"
        "print(time.perf_counter() - start)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


@pytest.mark.timeout(600)  # each round imports all of it twice
@pytest.mark.parametrize(
    "call",
    [
        "sigima.proc.image.butterworth(create_image('x', np.eye(64)), cut_off=0.2)",
        "sigima.proc.signal.fft(create_signal('x', np.arange(9.), np.arange(9.)))",
    ],
)
def test_a_first_call_after_some_reading_costs_no_import(
    specs: KernelSpecManager, call: str
) -> None:
    """The user reads for 3 s, or longer if the computer is slower.

    The warm-up takes as long as the same work in a plain Python; a tenth is added for
    what else the kernel does in that time.
    """
    times = []

    def first_call() -> float:
        reading = max(READING, DELAY + 1.1 * seconds_of_warm_up())
        times.append(reading)
        with ready(kernelspec.KERNEL_NAME, specs) as kernel:
            time.sleep(reading)
            return run(kernel.client, f"result = {call}")

    took = measure(
        f"first {call.partition('(')[0]} after reading", first_call, rounds=3
    )
    report(f"the user read for {min(times):.2f} to {max(times):.2f} s")

    assert took <= FIRST_CALL_BOUND


RUNNING = {
    "computing": "print('on')\nwhile True: pass",
    "sleeping": "import time\nprint('on')\nwhile True: time.sleep(9)",
    "awaiting": "import asyncio\nprint('on')\nawait asyncio.sleep(99)",
}


@pytest.mark.parametrize("doing", RUNNING)
def test_an_interrupt_is_obeyed_at_once(specs: KernelSpecManager, doing: str) -> None:
    with ready(kernelspec.KERNEL_NAME, specs) as (manager, client, *_):
        run(client, "1")

        def interrupt() -> float:
            # Else what comes just behind an error may be taken for a part of Run All.
            request = client.execute(RUNNING[doing], stop_on_error=False)
            said = None
            while said != ("stream", request):
                message = client.get_iopub_msg(timeout=PATIENCE)
                said = message["msg_type"], message["parent_header"].get("msg_id")
            start = time.perf_counter()
            manager.interrupt_kernel()
            answer = client.get_shell_msg(timeout=PATIENCE)
            assert answer["parent_header"]["msg_id"] == request
            return time.perf_counter() - start

        taken = [interrupt() for _ in range(20)]
        slowest = f"slowest of 20: {max(taken) * 1e3:.0f} ms"
        took = measure(f"interrupted while {doing} ({slowest})", interrupt, rounds=5)

    assert max(*taken, took) <= INTERRUPT_BOUND
