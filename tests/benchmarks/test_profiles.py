"""The profile along a line of a large image, next to that of scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.measure import profile_line

from datalab_kernel_core.explore.line_profile import LineProfile
from datalab_workspace.model.sigima_objects import to_record
from support.measurement import compare

SIDE = 8192
BOUND = 1.0
#: x and y of both ends.
LINES = {
    "along a row": (0.0, 4000.0, SIDE - 1.0, 4000.0),
    "sloping": (10.5, 20.25, 8000.0, 7000.75),
}


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 4096, (SIDE, SIDE), np.uint16)


@pytest.mark.parametrize("line", LINES)
def test_a_profile_is_read_at_once(image: np.ndarray, line: str) -> None:
    profile = LineProfile(to_record(image, copy=False))
    x0, y0, x1, y1 = LINES[line]

    found = compare(
        f"profile of {SIDE} × {SIDE} pixels, {line}",
        lambda: profile.along((x0, y0, x1, y1)),
        lambda: profile_line(image, (y0, x0), (y1, x1), order=1),
        rounds=9,
    )

    assert found.ratio <= BOUND
