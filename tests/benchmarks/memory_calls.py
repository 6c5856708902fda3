"""Measure calls of a workspace in memory: one figure for each line read from stdin."""

import sys
import time
from collections.abc import Callable

import numpy as np
from sigima.objects import create_signal

from datalab_workspace import Workspace
from datalab_workspace.backends.memory import MemoryBackend

X = np.linspace(0.0, 1.0, 1000)
SIGNAL = create_signal("signal", X, np.sin(X))
CALLS = 100


def add(workspace: Workspace) -> None:
    for number in range(CALLS):
        workspace.add(f"n{number}", SIGNAL)


def get(workspace: Workspace) -> None:
    for _ in range(CALLS):
        workspace.get("signal")


def calc(workspace: Workspace) -> None:
    for number in range(CALLS // 10):
        workspace.calc("moving_average", on="signal", n=number + 2)


def seconds(call: Callable[[Workspace], None]) -> float:
    """Return the CPU time of one call, in seconds."""
    workspace = Workspace(backend=MemoryBackend())
    workspace.add("signal", SIGNAL)
    begun = time.process_time()
    call(workspace)
    return (time.process_time() - begun) / (CALLS // 10 if call is calc else CALLS)


for line in sys.stdin:
    sys.stdout.write(f"{seconds(globals()[line.strip()])}\n")
    sys.stdout.flush()
