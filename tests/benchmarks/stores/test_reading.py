"""Many measured files: what reading them into a workspace adds to sigima's time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import sigima.io
import tifffile

from datalab_workspace import Workspace
from datalab_workspace.backends.memory import MemoryBackend
from support.measurement import compare

pytestmark = pytest.mark.timeout(1800)
FILES = 200
POINTS = 2000
SHAPE = (512, 512)
#: The work of the workspace is at most a tenth of that of sigima's readers.
BOUND = 1.10


@pytest.fixture(scope="module")
def tables(memory: Path) -> list[Path]:
    """Tables of an oscilloscope, with a header."""
    x = np.linspace(0, 1, POINTS)
    paths = []
    for number in range(FILES):
        rows = "".join(
            f"{a:.6f},{b:.6f}\n" for a, b in zip(x, np.sin(x * number), strict=True)
        )
        paths.append(memory / f"run{number}.csv")
        paths[-1].write_text(f"Time (s),Voltage (V)\n{rows}")
    return paths


@pytest.fixture(scope="module")
def pictures(memory: Path) -> list[Path]:
    """Images of a camera."""
    random = np.random.default_rng(0)
    paths = []
    for number in range(FILES):
        paths.append(memory / f"frame{number}.tif")
        tifffile.imwrite(paths[-1], random.integers(0, 4000, SHAPE, dtype=np.uint16))
    return paths


def share(what: str, paths: list[Path], read: Callable[[str], object]) -> float:
    """Return the time of `Workspace.read`, over that of a loop with sigima's reader."""

    def ours() -> None:
        Workspace(backend=MemoryBackend()).read(paths)

    def reference() -> None:
        kept = [read(str(path)) for path in paths]
        assert len(kept) == FILES

    return compare(f"read {FILES} {what}", ours, reference, rounds=5).ratio


def test_tables(tables: list[Path]) -> None:
    assert share("CSV files", tables, sigima.io.read_signals) <= BOUND


def test_pictures(pictures: list[Path]) -> None:
    assert share("TIFF files", pictures, sigima.io.read_images) <= BOUND
