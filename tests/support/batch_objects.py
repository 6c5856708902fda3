"""Many signals and images in files, to compute with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sigima.objects import create_image, create_signal

from datalab_workspace import Workspace
from datalab_workspace.backends.memory import MemoryBackend

POINTS, SIDE = 10_000, 2048


def signals(path: Path, count: int, *, points: int = POINTS) -> Path:
    """Write a project of noisy peaks."""
    workspace = Workspace(backend=MemoryBackend())
    random = np.random.default_rng(19)
    x = np.linspace(0.0, 1.0, points)
    peak = np.exp(-((x - 0.5) ** 2) / 0.02)
    for number in range(count):
        noise = 0.01 * random.normal(size=points)
        workspace.add(f"signal {number}", create_signal("signal", x, peak + noise))
    return workspace.save(path)


def images(path: Path, count: int) -> Path:
    """Write a project of images of 8 MiB."""
    workspace = Workspace(backend=MemoryBackend())
    pixels = np.random.default_rng(19).integers(0, 60_000, (SIDE, SIDE), np.uint16)
    for number in range(count):
        # The same pixels in memory, and a copy for each image in the file.
        image = create_image("image", pixels)
        workspace.add(f"image {number}", image, copy=False)
    return workspace.save(path)


def image_files(folder: Path, count: int) -> Path:
    """Write files of images of 8 MiB that take no space: they are holes."""
    folder.mkdir()
    for number in range(count):
        path = folder / f"image_{number:05}.npy"
        shape = (SIDE, SIDE)
        np.lib.format.open_memmap(path, mode="w+", dtype=np.uint16, shape=shape)
    return folder
