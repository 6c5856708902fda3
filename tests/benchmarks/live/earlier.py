"""Adds an image to DataLab by the earlier package, for each line read."""

import sys
import time

import numpy as np
from sigima.objects import create_image

from datalab_kernel.workspace import Workspace

pixels = np.random.default_rng(1).integers(0, 4096, (4096, 8192), np.uint16)
workspace = Workspace()
assert str(workspace.mode).endswith(("live", "LIVE")), workspace.mode
sys.stdout.write("ready\n")
sys.stdout.flush()
for _ in sys.stdin:
    begun = time.perf_counter()
    workspace.add("earlier", create_image("earlier", pixels))
    took = time.perf_counter() - begun
    workspace.remove("earlier")
    sys.stdout.write(f"{took}\n")
    sys.stdout.flush()
