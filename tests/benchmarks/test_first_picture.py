"""How soon a new kernel shows a first picture, beside ipykernel with Matplotlib."""

from __future__ import annotations

import pytest
from jupyter_client.kernelspec import KernelSpecManager

from datalab_kernel import kernelspec
from support.measurement import compare
from support.ready_kernel import ready, run

REFERENCE = "python3"
BOUND = 1.2
ROUNDS = 7
WITH_MATPLOTLIB = (
    "import numpy as np\nimport matplotlib.pyplot as plt\n"
    "plt.plot(np.arange(10.0) ** 2);"
)
IMAGE_WITH_MATPLOTLIB = WITH_MATPLOTLIB.replace(
    "plot(np.arange(10.0) ** 2)", "imshow(np.eye(64))\nplt.colorbar()"
)
# The first cell of a notebook, and the same picture with Matplotlib.
FIRST_CELLS = {
    "array": ("plotter.plot(np.arange(10.0) ** 2)", WITH_MATPLOTLIB),
    "signal": (
        "workspace.add('parabola', np.arange(10.0) ** 2)\nplotter.plot('parabola')",
        WITH_MATPLOTLIB,
    ),
    "image": ("plotter.plot(np.eye(64))", IMAGE_WITH_MATPLOTLIB),
}


def seconds_until_shown(name: str, specs: KernelSpecManager, code: str) -> float:
    """Start a kernel, and return the seconds that its first cell takes."""
    with ready(name, specs) as kernel:
        shown: list[str] = []

        def collect(message: dict) -> None:
            shown.extend(message["content"].get("data", ()))

        seconds = run(kernel.client, code, collect)
    assert "image/png" in shown
    return seconds


@pytest.mark.parametrize("what", FIRST_CELLS)
def test_a_first_picture_is_shown_soon(specs: KernelSpecManager, what: str) -> None:
    ours, reference = FIRST_CELLS[what]
    comparison = compare(
        f"first picture of {what}, beside {REFERENCE} with Matplotlib",
        lambda: seconds_until_shown(kernelspec.KERNEL_NAME, specs, ours),
        lambda: seconds_until_shown(REFERENCE, specs, reference),
        rounds=ROUNDS,
    )

    assert comparison.ratio <= BOUND
