"""The memory of the driver and of the workers of a run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support import batch_objects
from support.measurement import report

pytestmark = pytest.mark.timeout(1800)
IMAGES, MILLION = 2000, 10**6
#: The most memory of the driver, in bytes.
OF_IMAGES, OF_A_MILLION = 100e6, 300e6
PROGRAM = Path(__file__).with_name("a_million_items.py")


@pytest.mark.parametrize("engine", ["processes", "dask"])
def test_the_driver_holds_no_images(
    program: Callable[..., object], tmp_path: Path, engine: str
) -> None:
    """Not even if their small results are kept."""
    folder = batch_objects.image_files(tmp_path / "images", IMAGES)
    ours = program("with_product.py", folder, "small_image", "objects", engine)
    figures = ours.answer()
    report(
        f"driver of {IMAGES} images of 8 MiB, {engine}: peak "
        f"{figures['peak'] / 1e6:.0f} MB; {figures['wall']:.1f} s by the clock"
    )
    assert (figures["done"], figures["failed"]) == (IMAGES, 0)
    assert not figures["sigima"]
    if engine == "processes":
        assert figures["peak"] <= OF_IMAGES


def test_a_million_items_need_little_memory(memory: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(memory), str(MILLION)],
        env={**os.environ, "PYTHONPATH": str(PROGRAM.parents[2])},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    peak, before, first, again = map(float, done.stdout.split())
    report(
        f"{MILLION:,} items: peak {peak / 1e6:.0f} MB ({before / 1e6:.0f} before), "
        f"the run {first:.1f} s of CPU, the same call again {again:.1f} s"
    )
    assert peak <= OF_A_MILLION
