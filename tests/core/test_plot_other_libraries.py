"""`plotter.plot` takes the objects that `add` takes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from datalab_kernel_core import Plotter
from datalab_workspace import Workspace
from datalab_workspace.backends import MemoryBackend

X, Y = np.arange(4.0), np.array([1.0, 3.0, 2.0, 4.0])


@pytest.fixture
def plotter() -> Plotter:
    return Plotter(Workspace(backend=MemoryBackend()))


@pytest.mark.parametrize(
    ("what", "labels"),
    [
        (
            pd.Series(Y, pd.Index(X, name="Time (s)"), name="U (V)"),
            ("Time (s)", "U (V)"),
        ),
        (pd.DataFrame({"a": X, "b": Y}), ("a", "b")),
        (xr.DataArray(Y, {"x": X}, "x", attrs={"units": "K"}), ("", "(K)")),
        ((X, Y, Y / 10), ("", "")),
        ([1, 3, 2, 4], ("", "")),
    ],
    ids=["series", "frame", "array", "uncertainties", "list"],
)
def test_a_signal_of_another_kind_is_drawn(
    plotter: Plotter, what: object, labels: tuple[str, str]
) -> None:
    (axes,) = plotter.plot(what).axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == labels
    line = axes.get_lines()[0]
    np.testing.assert_array_equal(line.get_ydata(), Y)


def test_images_and_lists_of_objects_are_drawn(plotter: Plotter) -> None:
    array = xr.DataArray(np.eye(3), dims=("y", "x"), name="map")
    assert len(plotter.plot([array, [[1, 2], [3, 4]]]).axes) >= 2
    assert plotter.plot(array).axes[0].get_title() == "map"


@pytest.mark.parametrize(
    "x",
    [
        np.datetime64("2025-06-19", "s") + np.arange(4),
        pd.date_range("2025-06-19", periods=4),
    ],
    ids=["numpy", "pandas"],
)
def test_dates_are_drawn(plotter: Plotter, x: object) -> None:
    axes = plotter.plot((x, Y)).axes[0]
    assert "Date" in type(axes.xaxis.get_major_locator()).__mro__[1].__name__
