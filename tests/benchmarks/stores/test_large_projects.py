"""Projects larger than the memory that may be used: opened, sliced, renamed, saved."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from datalab_workspace import Workspace
from support.measurement import report

MIB = 1 << 20
BOUND = 1024  # MiB
WORK = """
import sys
import datalab_workspace

workspace = datalab_workspace.open(sys.argv[1])
name = workspace.list()[0]
region = workspace.record(name).arrays["data"][1000:1064, 2000:2064]
assert region.shape == (64, 64)
workspace.rename(name, "renamed")
workspace.save()
with open("/proc/self/status") as status:
    sys.stdout.write(next(row.split()[1] for row in status if row.startswith("VmHWM")))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/status")
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("count", "shape"), [(1, (1 << 16, 1 << 15)), (100, (1 << 13, 1 << 13))]
)
def test_large_projects_take_little_memory(
    count: int, shape: tuple[int, int], tmp_path: Path
) -> None:
    pixels = np.zeros(shape, "u2")
    if shutil.disk_usage(tmp_path).free < 2.2 * count * pixels.nbytes:
        pytest.skip("needs twice the room of the project on the disk")
    workspace = Workspace()
    for number in range(count):
        workspace.add(f"image {number}", pixels, copy=False)
    path = workspace.save(tmp_path / "large.h5")

    command = [sys.executable, "-c", WORK, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    peak = int(done.stdout) / 1024
    path.unlink()

    size = f"{count} x {pixels.nbytes / MIB:.0f} MiB"
    report(f"open, slice, rename and save {size}: at most {peak:.0f} MiB of memory")
    assert peak < BOUND
