"""Objects that nearly all features accept, and parameters without a default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from datalab_workspace.model.record import Kind

#: Parameters without a default in sigima, by feature.
REQUIRED: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "addition_constant": {"value": 2.0},
        "difference_constant": {"value": 2.0},
        "division_constant": {"value": 2.0},
        "hough_circle_peaks": {"min_radius": 2, "max_radius": 6, "min_distance": 3},
        "log10_z_plus_n": {"n": 1.0},
        "product_constant": {"value": 2.0},
    }
)
#: Two regions of the images.
REGIONS: Sequence[Mapping[str, float]] = (
    {"x0": 1.0, "y0": 2.0, "dx": 5.0, "dy": 4.0},
    {"x0": 3.0, "y0": 5.0, "dx": 6.0, "dy": 4.0},
)


def sources(kind: Kind) -> dict[str, Any]:
    """Return two new objects that nearly all features accept.

    Args:
        kind: "signal" or "image".
    """
    from sigima.objects import create_image, create_signal

    if kind == "signal":
        x = np.linspace(-3.0, 3.0, 100)
        peak = create_signal("peak", x, np.exp(-(x**2)) + 0.1, units=("s", "V"))
        wave = create_signal("wave", x, np.cos(x) + 2.0, metadata={"gain": 2.5})
        return {"peak": peak, "wave": wave}
    y, x = np.mgrid[:24, :32]
    # Some filters accept only numbers from -1 to 1.
    glow = 0.9 * np.exp(-((x - 12) ** 2 + (y - 9) ** 2) / 20)
    spot = create_image("spot", glow + 0.05)
    slope = create_image("slope", x + 2.0 * y + 1.0, units=("mm", "mm", "counts"))
    return {"spot": spot, "slope": slope}
