"""Limits of a worker process: memory, and the time of an item."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from datalab_workspace.batch.worker.process_limits import memory_limit, time_limit

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="limits need Linux")
HANGS = """
import sys, time
from pathlib import Path
from datalab_workspace.batch.worker.process_limits import time_limit
def hang():
    time.sleep(60)
with time_limit(0.2, Path(sys.argv[1])):
    hang()
"""
ALLOCATES = """
import sys
import numpy as np
from datalab_workspace.batch.worker.process_limits import memory_limit
with memory_limit(400_000_000):
    try:
        np.empty(60_000_000)
    except MemoryError:
        print("refused")
    print(len(np.ones(10_000_000)))
print(len(np.empty(60_000_000)))
"""


def test_a_process_that_hangs_is_ended_and_says_where(tmp_path) -> None:
    report = tmp_path / "report"

    run = subprocess.run([sys.executable, "-c", HANGS, report], timeout=50, check=False)

    assert run.returncode == 1
    assert "in hang" in report.read_text()


@pytest.mark.parametrize("seconds", [None, 50.0])
def test_a_process_in_time_leaves_no_report(tmp_path, seconds) -> None:
    report = tmp_path / "report"

    with time_limit(seconds, report):
        assert report.exists() is (seconds is not None)
    assert not report.exists()

    with pytest.raises(KeyError), time_limit(seconds, report):
        raise KeyError
    assert not report.exists()


@on_linux
def test_more_memory_than_allowed_is_an_error_and_the_limit_ends() -> None:
    run = subprocess.run(
        [sys.executable, "-c", ALLOCATES],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )

    assert run.stdout.split() == ["refused", "10000000", "60000000"]


@on_linux
def test_a_limit_below_what_a_process_uses_is_refused() -> None:
    with pytest.raises(ValueError, match="memory_limit=1000 is too low: a worker uses"):
        memory_limit(1000)


def test_no_limit_changes_nothing() -> None:
    with memory_limit(None):
        assert len(np.ones(1000)) == 1000
