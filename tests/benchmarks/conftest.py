"""Benchmarks: run alone, by `hatch run bench`; each prints what it measured."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager

from datalab_kernel import kernelspec


@pytest.fixture(scope="session", autouse=True)
def no_warm_up() -> None:
    """Let kernels warm up, as those of users do."""


@pytest.fixture
def specs(tmp_path: Path) -> KernelSpecManager:
    """What Jupyter finds: this kernel, and the others of this environment."""
    kernelspec.install(prefix=tmp_path)
    found = KernelSpecManager()
    found.kernel_dirs = [
        str(Path(prefix) / "share" / "jupyter" / "kernels")
        for prefix in (tmp_path, sys.prefix)
    ]
    return found


@pytest.fixture(scope="session")
def memory() -> Iterator[Path]:
    """A folder in memory, so that no disk is measured."""
    if not Path("/dev/shm").is_dir():
        pytest.skip("needs a file system in memory at /dev/shm")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)
