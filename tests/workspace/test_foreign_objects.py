"""Objects of pandas, xarray, HyperSpy and Dask, lists and tuples: in and out."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datalab_workspace import Workspace
from datalab_workspace.backends import MemoryBackend
from datalab_workspace.model.axis_coordinates import uniform_step
from datalab_workspace.model.equality import equal
from datalab_workspace.testing.samples.images import image
from datalab_workspace.testing.samples.signals import signal

dask_array = pytest.importorskip("dask.array", reason="not installed here")
xr = pytest.importorskip("xarray", reason="not installed here")
X, Y = np.array([0.0, 0.5, 2.0]), np.array([1.0, np.nan, 3.0])


@pytest.fixture
def workspace() -> Workspace:
    return Workspace(backend=MemoryBackend())


def rows(workspace: Workspace, name: str) -> np.ndarray:
    return workspace.record(name).array("xydata")


def pixels(workspace: Workspace, name: str) -> np.ndarray:
    return workspace.record(name).array("data")


def test_recognising_a_type_imports_nothing() -> None:
    code = (
        "import sys\nfrom datalab_workspace import Workspace\n"
        "ws = Workspace(); before = set(sys.modules)\n"
        "for value in ([1, 2], (range(3), [1, 2, 3]), [[1, 2], [3, 4]]): \n"
        "    ws.add('x', value, overwrite=True)\n"
        "class Series: __module__ = 'notpandas'\n"
        "try: ws.add('y', Series())\n"
        "except TypeError: pass\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "assert not new & {'pandas', 'xarray', 'hyperspy', 'dask', 'sigima'}, new\n"
    )
    environment = {"DATALAB_KERNEL_MODE": "standalone", "PATH": ""}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_lists_and_tuples(workspace: Workspace) -> None:
    workspace.add("list", [1, 2.5, 3])
    np.testing.assert_array_equal(rows(workspace, "list"), [[0, 1, 2], [1, 2.5, 3]])
    workspace.add("range", range(3))
    workspace.add("nested", [[1, 2], [3, 4]])
    np.testing.assert_array_equal(pixels(workspace, "nested"), [[1, 2], [3, 4]])
    workspace.add("three", (X, Y, X))
    np.testing.assert_array_equal(workspace.get("three").dy, X)
    assert (
        workspace.get("three").dx is None or np.isnan(workspace.get("three").dx).all()
    )
    workspace.add("four", (X, Y, X, Y))
    np.testing.assert_array_equal(rows(workspace, "four"), [X, Y, X, Y])


def test_a_series(workspace: Workspace) -> None:
    index = pd.Index(X, name="Time [s]")
    assert workspace.add(pd.Series(Y, index, name="Voltage (mV)")) == "Voltage (mV)"
    obj = workspace.get("Voltage (mV)")
    assert (obj.xlabel, obj.xunit, obj.ylabel, obj.yunit) == (
        *("Time", "s"),
        *("Voltage", "mV"),
    )
    np.testing.assert_array_equal(obj.xydata, [X, Y])


@pytest.mark.parametrize("dtype", ["Int64", "Float32", "boolean"])
def test_missing_values_of_nullable_dtypes_are_nan(
    workspace: Workspace, dtype: str
) -> None:
    workspace.add("s", pd.Series([1, None, 0], dtype=dtype))
    np.testing.assert_array_equal(rows(workspace, "s")[1], [1, np.nan, 0])


def test_a_frame(workspace: Workspace) -> None:
    frame = pd.DataFrame({"x": X, "y": Y})
    workspace.add("two", frame)
    workspace.add("filtered", frame[frame.x > 0])
    workspace.add("one", frame.set_index("x"))
    workspace.add("errors", frame.assign(dy=0.1))
    for name in ("two", "one"):
        np.testing.assert_array_equal(rows(workspace, name), [X, Y])
    assert rows(workspace, "filtered").shape == (2, 2)
    np.testing.assert_array_equal(workspace.get("errors").dy, [0.1] * 3)
    assert workspace.update(frame) == ["x", "y"]
    pixels_ = pd.DataFrame(np.eye(3), index=X, columns=[1.0, 2.0, 3.0])
    workspace.add("image", pixels_)
    obj = workspace.get("image")
    assert not obj.is_uniform_coords
    np.testing.assert_array_equal(obj.ycoords, X)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: pd.DataFrame({"a": X, "b": X, "c": X}), r"df\['name'\]"),
        (lambda: pd.DataFrame(np.eye(3)), r"numbered, .* df\.to_numpy\(\) .* dy"),
        (lambda: pd.DataFrame({"a": X, "b": X}, index=X), "index"),
        (lambda: pd.Series(X, index=["a", "b", "c"]), "to_numeric"),
        (lambda: pd.Series(["a", "b"]), "to_numeric"),
        (lambda: pd.Series(["a", "b"], dtype="category"), "category"),
        (lambda: pd.Series(X).to_frame().set_index([[1, 2, 3], X]), "levels"),
        (lambda: pd.Series(X, pd.period_range("2025", periods=3)), "to_timestamp"),
        (lambda: pd.Series([2**60 + 1, None], dtype="Int64"), "rounded"),
        (lambda: pd.Index(X), "to_numpy"),
        (lambda: xr.DataArray(np.zeros((2, 2, 2))), "isel"),
        (lambda: xr.DataArray(X, {"x": ["a", "b", "c"]}, "x"), "assign_coords"),
        (lambda: xr.DataArray(X, {"a": ("x", X)}, "x"), "drop_vars"),
        (lambda: xr.Dataset({"a": ("x", X)}), r"dataset\['name'\]"),
        (lambda: xr.DataArray(np.array(["a"])), "numeric"),
    ],
)
def test_what_cannot_be_kept_is_refused(
    workspace: Workspace, make: object, words: str
) -> None:
    with pytest.raises(TypeError, match=words):
        workspace.add("x", make())
    assert len(workspace) == 0


def test_a_data_array(workspace: Workspace) -> None:
    array = xr.DataArray(
        np.arange(6, dtype=np.uint8).reshape(2, 3),
        {"lat": [5.0, 5.5], "lon": ("lon", X, {"units": "deg"}), "t": 7},
        ("lat", "lon"),
        name="map",
        attrs={"units": "K", "long_name": "temperature", "sensor": "a"},
    )
    assert workspace.add(array) == "map"
    obj = workspace.get("map")
    assert (obj.xlabel, obj.xunit, obj.ylabel) == ("lon", "deg", "lat")
    assert (obj.zlabel, obj.zunit) == ("temperature", "K")
    assert obj.metadata["sensor"] == "a"
    assert obj.metadata["t"] == 7
    assert obj.data.dtype == np.uint8
    np.testing.assert_array_equal(obj.xcoords, X)
    workspace.add("turned", xr.DataArray(np.zeros((2, 3)), dims=("x", "y")))
    assert workspace.get("turned").data.shape == (3, 2)
    lazy = xr.DataArray(dask_array.ones((2, 3)), dims=("y", "x"))
    workspace.add("lazy", lazy)
    workspace.add("dask", dask_array.ones((2, 3)))
    np.testing.assert_array_equal(pixels(workspace, "lazy"), pixels(workspace, "dask"))


FLOATS = st.floats(-1e6, 1e6, allow_subnormal=False)
STEPS = st.floats(1e-6, 1e6).flatmap(lambda step: st.sampled_from([step, -step]))
TEXTS = st.text(max_size=5)


@settings(max_examples=50)
@given(FLOATS, STEPS, FLOATS, STEPS, TEXTS, TEXTS, st.integers(1, 4))
def test_an_image_goes_through_xarray(
    x0: float, dx: float, y0: float, dy: float, label: str, unit: str, size: int
) -> None:
    obj = image(np.arange(3 * size, dtype=np.int16).reshape(3, size))
    obj.set_uniform_coords(dx, dy, x0, y0)
    obj.xlabel, obj.zunit, obj.metadata["sample"] = label, unit, label
    workspace = Workspace(backend=MemoryBackend())
    workspace.add("i", obj)
    workspace.add("again", workspace.to_xarray("i"))
    assert equal(workspace.record("i"), workspace.record("again"))


@settings(max_examples=50)
@given(st.integers(0, 5), st.sampled_from([2, 4]), TEXTS, st.booleans())
def test_a_signal_goes_through_xarray(
    size: int, count: int, label: str, is_complex: bool
) -> None:
    data = np.arange(1.0, 1.0 + count * size).reshape(count, size)
    obj = signal(data.astype(complex if is_complex else float))
    obj.xlabel, obj.yunit = label, label
    workspace = Workspace(backend=MemoryBackend())
    workspace.add("s", obj)
    workspace.add("again", workspace.to_xarray("s"))
    assert equal(workspace.record("s"), workspace.record("again"))


def test_pandas_and_back(workspace: Workspace) -> None:
    workspace.add("s", (X, Y, X, X))
    workspace.edit("s", xlabel="Time", xunit="s", ylabel="Voltage", yunit="V")
    frame = workspace.to_pandas("s")
    assert frame.index.name == "Time (s)"
    assert list(frame.columns) == ["Voltage (V)", "dx", "dy"]
    workspace.add("s", frame)  # equal: no conflict
    workspace.add("i", np.arange(6.0).reshape(2, 3))
    frame = workspace.to_pandas(["i"])["i"]
    assert (frame.index.name, frame.columns.name) == ("y", "x")
    workspace.add("again", frame)
    np.testing.assert_array_equal(pixels(workspace, "again"), pixels(workspace, "i"))
    assert (
        list(workspace.to_pandas()) == list(workspace.to_xarray()) == workspace.list()
    )


@pytest.mark.parametrize("label", ["dx", "dy", "y"])
def test_y_may_be_called_like_an_uncertainty(workspace: Workspace, label: str) -> None:
    for name, values in {"plain": (X, Y), "errors": (X, Y, X)}.items():
        workspace.add(name, values)
        workspace.edit(name, ylabel=label)
        workspace.add("again", workspace.to_pandas(name), overwrite=True)
        np.testing.assert_array_equal(rows(workspace, "again"), rows(workspace, name))


def test_masked_elements_are_nan(workspace: Workspace) -> None:
    workspace.add("m", np.ma.masked_greater(np.arange(4).reshape(2, 2), 2))
    expected = [[0, 1], [2, np.nan]]
    np.testing.assert_array_equal(workspace.to_xarray("m"), expected)
    np.testing.assert_array_equal(workspace.to_pandas("m"), expected)


def test_a_hyperspy_signal(workspace: Workspace) -> None:
    hs = pytest.importorskip("hyperspy.api", reason="needs HyperSpy")
    spectrum = hs.signals.Signal1D(np.arange(4.0))
    axis = spectrum.axes_manager[0]
    axis.name, axis.units, axis.scale, axis.offset = "Energy", "eV", 0.1, 5.4
    spectrum.metadata.General.title = "EELS"
    spectrum.metadata.Signal.quantity = "Intensity (counts)"
    assert workspace.add(spectrum) == "EELS"
    obj = workspace.get("EELS")
    assert (obj.xlabel, obj.xunit, obj.ylabel, obj.yunit) == (
        *("Energy", "eV"),
        *("Intensity", "counts"),
    )
    np.testing.assert_array_equal(obj.x, axis.axis)
    lazy = hs.signals.Signal2D(np.arange(6).reshape(2, 3)).as_lazy()
    lazy.axes_manager["sig"][0].scale = 0.25
    workspace.add("lazy", lazy)
    obj = workspace.get("lazy")
    assert (obj.dx, obj.dy, obj.data.shape) == (0.25, 1.0, (2, 3))
    with pytest.raises(TypeError, match="inav"):
        workspace.add("stack", hs.signals.Signal2D(np.zeros((2, 3, 4))))


@pytest.mark.parametrize("step", [0.1, 1 / 3, 1e-6, -2.5, 1e300])
def test_the_step_of_coordinates_is_found(step: float) -> None:
    found = uniform_step(1.7 + np.arange(100) * step)
    np.testing.assert_allclose(found, step, rtol=1e-6)
    assert uniform_step(np.arange(10) * step) == step
    assert uniform_step(np.array([0.0, step, 2.1 * step])) is None
    assert uniform_step(np.array([np.nan, 1.0])) is None
