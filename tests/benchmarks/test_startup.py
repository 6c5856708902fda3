"""How soon a kernel answers and a script can go on, beside what cannot be avoided."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpecManager
from measuring import compare

from datalab_kernel import kernelspec

KERNEL_BOUND = 1.2
IMPORT_BOUND = 1.3
ROUNDS = 11
PATIENCE = 60.0


@pytest.fixture
def specs(tmp_path: Path) -> KernelSpecManager:
    """What Jupyter finds: this kernel, and the stock one of this environment."""
    kernelspec.install(prefix=tmp_path)
    found = KernelSpecManager()
    found.kernel_dirs = [
        str(Path(prefix) / "share" / "jupyter" / "kernels")
        for prefix in (tmp_path, sys.prefix)
    ]
    return found


def seconds_until_ready(name: str, specs: KernelSpecManager) -> float:
    """Return how long a new kernel takes to answer its first request."""
    manager = KernelManager(kernel_name=name, kernel_spec_manager=specs)
    start = time.perf_counter()
    manager.start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = manager.client()
    client.start_channels()
    try:
        client.kernel_info()
        client.get_shell_msg(timeout=PATIENCE)
        return time.perf_counter() - start
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.context.destroy(linger=0)


def test_a_kernel_is_ready_as_soon_as_the_stock_one(specs: KernelSpecManager) -> None:
    comparison = compare(
        "kernel ready, beside stock xeus-python",
        lambda: seconds_until_ready(kernelspec.KERNEL_NAME, specs),
        lambda: seconds_until_ready("xpython", specs),
        rounds=ROUNDS,
    )

    assert comparison.ratio <= KERNEL_BOUND


def run(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "code",
    [
        "import datalab_workspace",
        "import datalab_workspace; datalab_workspace.Workspace()",
    ],
)
def test_the_workspace_costs_little_more_than_numpy(code: str) -> None:
    comparison = compare(
        f"{code}, beside import numpy",
        lambda: run(code),
        lambda: run("import numpy"),
        rounds=ROUNDS,
    )

    assert comparison.ratio <= IMPORT_BOUND
