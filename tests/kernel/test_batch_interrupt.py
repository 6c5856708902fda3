"""An interrupt of a notebook ends a run within a second, and the next call works."""

from __future__ import annotations

import time

import pytest

from support.three_kernels import EITHER

RUN = """
import datalab_workspace as dlw
import numpy as np
from datalab_workspace import batch
from pathlib import Path

def endless(signal):
    Path("begun").touch()
    while True:
        pass

ws = dlw.Workspace()
ws.add("one", np.arange(10.0))
"""
WAIT = """
import threading, time
def report():
    while not Path("begun").exists():
        time.sleep(0.01)
    print("begun", flush=True)
threading.Thread(target=report).start()
"""


@pytest.mark.parametrize("kernel", EITHER, indirect=True)
def test_the_interrupt_ends_a_run_in_processes(kernel, tmp_path) -> None:
    kernel.patience = 90.0
    assert kernel.run(f"import os\nos.chdir({str(tmp_path)!r})\n{RUN}").error is None
    cell = kernel.begin(f"{WAIT}\nbatch.map(endless, ws, on=1)", until="begun")

    began = time.monotonic()
    kernel.interrupt()
    kernel.finish(cell)
    took = time.monotonic() - began

    assert "KeyboardInterrupt" in cell.error
    assert took < 10  # a second on an idle computer
    assert kernel.value("batch.map(lambda s: {'n': s.y.size}, ws, on=1).done") == "1"
