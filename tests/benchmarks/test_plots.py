"""Pictures of large data: how soon, how large in a notebook, in how much memory.

Beside bare Matplotlib, which draws all of it, and plotly, which sends all of it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from datalab_kernel import kernelspec
from datalab_kernel_core import Plot, Plotter
from datalab_kernel_core.plotter.formats import Formats
from datalab_workspace import Workspace
from support.measurement import compare, measure, report
from support.ready_kernel import ready, run

HERE = Path(__file__).parent
POINTS, SIDE = 10_000_000, 8192
MIB, KB, MB = 2**20, 1000, 1000**2
SECONDS = {"signal": 0.5, "image": 1.0}
BYTES = {"signal": 300 * KB, "image": MB}
#: Of a signal no more than its y.
MEMORY = {"signal": 8 * POINTS, "image": 300 * MIB}
FIRST_BOUND = 1.3
KINDS = pytest.mark.parametrize("kind", ["signal", "image"])


def large_signal() -> np.ndarray:
    """A sine with noise, and a spike of one sample."""
    y = np.sin(np.linspace(0, 60, POINTS))
    y += np.random.default_rng(0).normal(0, 0.1, POINTS)
    y[POINTS // 3] = 5.0
    return y


def large_image() -> np.ndarray:
    """A spot with noise, and a few saturated pixels."""
    rows, columns = (np.linspace(-1, 1, SIDE, dtype="f4") for _ in "xy")
    spot = 20_000 * np.exp(-4 * (rows[:, None] ** 2 + columns**2))
    spot += np.random.default_rng(0).normal(1000, 300, (SIDE, SIDE)).astype("f4")
    image = spot.clip(0, 65535).astype("u2")
    image[100:103, 200:203] = 65535
    return image


@pytest.fixture(scope="module")
def data() -> dict[str, np.ndarray]:
    return {"signal": large_signal(), "image": large_image()}


@pytest.fixture(scope="module")
def plotter(data: dict[str, np.ndarray]) -> Plotter:
    """A plotter of a workspace that holds both."""
    workspace = Workspace()
    for name, values in data.items():
        workspace.add(name, values, copy=False)
    return Plotter(lambda: workspace)


def shown(plot: Plot) -> dict[str, Any]:
    """What a notebook gets of a picture."""
    return plot._repr_mimebundle_()[0]


def in_notebook(bundle: dict[str, Any]) -> int:
    """How many bytes that takes in the notebook's file."""
    png = b64encode(bundle["image/png"]).decode()
    return len(json.dumps({**bundle, "image/png": png}))


def bare_matplotlib(kind: str, values: np.ndarray) -> bytes:
    figure = Figure(figsize=(6.4, 4.8), dpi=100, layout="constrained")
    axes = figure.add_subplot()
    if kind == "signal":
        axes.plot(values)
    else:
        figure.colorbar(axes.imshow(values))
    file = BytesIO()
    FigureCanvasAgg(figure).print_png(file)
    return file.getvalue()


@KINDS
def test_large_data_is_shown_soon(plotter: Plotter, kind: str) -> None:
    taken = measure(f"plot a large {kind}", lambda: shown(plotter.plot(kind)))

    assert taken <= SECONDS[kind]


@KINDS
@pytest.mark.parametrize("retina", [False, True], ids=["normal", "retina"])
def test_a_picture_of_large_data_is_small(
    plotter: Plotter, kind: str, retina: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    formats = Formats(2 if retina else 1)
    module = "datalab_kernel_core.plotter.plot.wanted_formats"
    monkeypatch.setattr(module, lambda: formats)

    size = in_notebook(shown(plotter.plot(kind)))

    report(f"a large {kind} in a notebook{' (retina)' * retina}: {size / KB:.0f} kB")
    assert size <= BYTES[kind] * (3 if retina else 1)


@KINDS
def test_large_data_is_shown_sooner_than_by_bare_matplotlib(
    plotter: Plotter, data: dict[str, np.ndarray], kind: str
) -> None:
    comparison = compare(
        f"plot a large {kind}, beside bare Matplotlib",
        lambda: shown(plotter.plot(kind)),
        lambda: bare_matplotlib(kind, data[kind]),
        rounds=3,
    )
    sizes = (
        in_notebook(shown(plotter.plot(kind))),
        in_notebook({"image/png": bare_matplotlib(kind, data[kind])}),
    )
    report(
        "in a notebook {:.0f} kB, of bare Matplotlib {:.0f} kB".format(
            *(size / KB for size in sizes)
        )
    )

    assert comparison.ratio <= 1


@KINDS
def test_large_data_is_shown_sooner_than_by_plotly(
    plotter: Plotter,
    data: dict[str, np.ndarray],
    kind: str,
    python_of: Callable[[Path], Path],
    tmp_path: Path,
) -> None:
    python = python_of(HERE / "plots.txt")
    np.save(tmp_path / "data.npy", data[kind])
    command = [python, HERE / "with_plotly.py", kind, tmp_path / "data.npy"]
    sizes = []

    def by_plotly() -> float:
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds, size = done.stdout.split()
        sizes.append(int(size))
        return float(seconds)

    comparison = compare(
        f"plot a large {kind}, beside plotly",
        lambda: shown(plotter.plot(kind)),
        by_plotly,
        rounds=3,
    )
    ours = in_notebook(shown(plotter.plot(kind)))
    report(f"in a notebook {ours / KB:.0f} kB, of plotly {sizes[0] / KB:.0f} kB")

    assert comparison.ratio <= 1
    assert ours < sizes[0]


PEAK = """
import sys
import numpy as np
from datalab_kernel_core import Plotter
from datalab_workspace import Workspace

def kilobytes(line):
    with open("/proc/self/status") as status:
        return next(int(row.split()[1]) for row in status if row.startswith(line))

workspace = Workspace()
workspace.add("small", np.eye(3))
plotter = Plotter(lambda: workspace)
plotter.plot("small")._repr_mimebundle_()
workspace.add("large", np.load(sys.argv[1]), copy=False)
before = kilobytes("VmRSS")
open("/proc/self/clear_refs", "w").write("5")  # the peak is that from here on
plotter.plot("large")._repr_mimebundle_()
sys.stdout.write(str(kilobytes("VmHWM") - before))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/status")
@KINDS
def test_large_data_takes_little_more_memory(
    data: dict[str, np.ndarray], kind: str, tmp_path: Path
) -> None:
    np.save(tmp_path / "data.npy", data[kind])
    command = [sys.executable, "-c", PEAK, str(tmp_path / "data.npy")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    grown = int(done.stdout) * 1024
    report(f"memory beyond that of a large {kind}: {grown / MIB:.0f} MiB")

    assert grown <= MEMORY[kind]


OURS = "plotter.plot(np.arange(1000.0))"
BARE = "import matplotlib.pyplot as plt\nplt.plot(np.arange(1000.0)); plt.show()"


def test_a_first_plot_costs_little_more_than_bare_matplotlibs(
    specs: KernelSpecManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATALAB_KERNEL_WARMUP", "0")

    def first(cell: str) -> float:
        with ready(kernelspec.KERNEL_NAME, specs) as kernel:
            run(kernel.client, "np.pi")
            return run(kernel.client, cell)

    comparison = compare(
        "first plot in a fresh kernel, beside bare Matplotlib",
        lambda: first(OURS),
        lambda: first(BARE),
    )

    assert comparison.ratio <= FIRST_BOUND
