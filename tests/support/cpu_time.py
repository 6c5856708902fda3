"""The CPU time of processes, which does not depend on what else a machine does."""

from __future__ import annotations

import contextlib

import psutil


def of_children() -> float:
    """Return the CPU time of all processes that this one started, in seconds."""
    return sum(map(of_process, psutil.Process().children(recursive=True)))


def of_process(process: psutil.Process) -> float:
    """Return the CPU time of a process, in seconds; 0 if it has ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return times.user + times.system
    return 0.0
