"""A kernel, and how it is when it becomes ready: the benchmarks' subject."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import psutil
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpecManager

PATIENCE = 60.0


class Ready(NamedTuple):
    """A running kernel, and what it was like when it had become ready."""

    manager: KernelManager
    client: Any
    seconds: float
    memory: float  # resident, in MiB


@contextmanager
def ready(name: str, specs: KernelSpecManager) -> Iterator[Ready]:
    """A kernel that has answered its first request."""
    manager = KernelManager(kernel_name=name, kernel_spec_manager=specs)
    start = time.perf_counter()
    manager.start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = manager.client()
    client.start_channels()
    try:
        client.kernel_info()
        client.get_shell_msg(timeout=PATIENCE)
        seconds = time.perf_counter() - start
        process = psutil.Process(manager.provisioner.process.pid)
        memory = process.memory_info().rss / 2**20
        client.wait_for_ready(timeout=PATIENCE)
        yield Ready(manager, client, seconds, memory)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.context.destroy(linger=0)


def run(
    client: Any, code: str, output: Callable[[dict[str, Any]], None] | None = None
) -> float:
    """Run a cell; return the seconds until it was answered and its output arrived.

    Args:
        client: A client of the kernel.
        code: The cell.
        output: Called with each message of the output.
    """
    start = time.perf_counter()
    hook = output or (lambda _message: None)
    answer = client.execute_interactive(code, output_hook=hook)
    assert answer["content"]["status"] == "ok", answer["content"]
    return time.perf_counter() - start
