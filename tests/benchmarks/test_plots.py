"""Pictures of very large data, beside bare Matplotlib."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from measuring import Peak, compare, report
from sigima.objects import create_image, create_signal

from datalab_kernel_core import Plotter
from datalab_workspace import Workspace

SIGNAL_SECONDS, IMAGE_SECONDS = 0.5, 1.0
SIGNAL_BYTES, IMAGE_BYTES = 300e3, 1e6
IMAGE_MEMORY = 300 << 20


@pytest.fixture(scope="module")
def plotter() -> Plotter:
    return Plotter(Workspace)


@pytest.fixture(scope="module")
def signal() -> Any:
    x = np.linspace(0, 1, 10_000_000)
    noise = np.random.default_rng(1).standard_normal(x.size)
    return create_signal("noise", x, np.sin(40 * x) + 0.1 * noise)


@pytest.fixture(scope="module")
def image() -> Any:
    y, x = np.mgrid[:8192, :8192].astype(np.uint16)
    return create_image("rings", (x * x + y * y) >> 3)


def bare(draw: Callable[[Any], Any]) -> bytes:
    """Draw on a figure as large as ours, and return the PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.8), dpi=100)
    draw(figure.add_subplot())
    file = BytesIO()
    FigureCanvasAgg(figure).print_figure(file, format="png", dpi=100)
    return file.getvalue()


def test_a_signal_of_ten_million_points(plotter: Plotter, signal: Any) -> None:
    def ours() -> bytes:
        return plotter.plot(signal)._repr_png_()

    what = "picture of 10 million points, beside bare Matplotlib"
    compared = compare(
        what, ours, lambda: bare(lambda axes: axes.plot(signal.x, signal.y)), rounds=5
    )
    with Peak() as peak:
        kept = len(b64encode(ours()))
    report(f"memory {peak.peak >> 20} MiB, in the notebook {kept / 1e3:.0f} kB")
    assert min(compared.ours) <= SIGNAL_SECONDS
    assert kept <= SIGNAL_BYTES
    assert peak.peak <= signal.xydata.nbytes


def test_an_image_of_64_million_pixels(plotter: Plotter, image: Any) -> None:
    def ours() -> bytes:
        return plotter.plot(image)._repr_png_()

    what = "picture of 8192 × 8192 uint16, beside bare Matplotlib"
    compared = compare(
        what, ours, lambda: bare(lambda axes: axes.imshow(image.data)), rounds=5
    )
    with Peak() as peak:
        kept = len(b64encode(ours()))
    report(f"memory {peak.peak >> 20} MiB, in the notebook {kept / 1e3:.0f} kB")
    assert min(compared.ours) <= IMAGE_SECONDS
    assert kept <= IMAGE_BYTES
    assert peak.peak <= IMAGE_MEMORY
