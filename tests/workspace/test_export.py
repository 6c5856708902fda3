"""Objects go into files of other programs unchanged, or are refused."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import numpy as np
import pandas as pd
import pytest
import scipy.io
import sigima.io
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from sigima.io.image.base import ImageIORegistry
from sigima.io.signal.base import SignalIORegistry

from datalab_workspace import ExportError, Workspace
from datalab_workspace.backends import MemoryBackend
from datalab_workspace.export_formats.file_names import file_names
from datalab_workspace.export_formats.formats import suffixes
from datalab_workspace.formats import atomic
from datalab_workspace.testing.samples.images import image, spot
from datalab_workspace.testing.samples.signals import gaussian

X = np.array([0.0, 0.1, 1 / 3, 2.0, 1e300])
Y = np.array([1 / 7, np.nan, np.inf, -np.pi, 5e-324])
DTYPES = [
    *("b1", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"),
    *("f2", "f4", "f8", "c8", "c16"),
]
TEXTS = (".csv", ".txt", ".asc")
SHAPES = [(5, 7), (3, 4), (4, 3), (1, 5), (5, 1), (6, 2)]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    return Workspace(backend=MemoryBackend())


def pixels(dtype: str, shape: tuple[int, int] = (5, 7)) -> np.ndarray:
    random = np.random.default_rng(0).random(shape)
    if dtype[0] in "iu":
        limits = np.iinfo(dtype)
        values = (random * (float(limits.max) - limits.min) + limits.min).astype(dtype)
        values.flat[:2] = limits.min, limits.max
        return values
    if dtype[0] == "c":
        random = random + 1j * random[::-1]
    return (random * 2).astype(dtype)


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize(
    ("kind", "registry"), [("signal", SignalIORegistry), ("image", ImageIORegistry)]
)
def test_every_format_that_sigima_writes_is_there(kind: Any, registry: Any) -> None:
    written = {
        f".{suffix}"
        for one in registry.get_formats()
        if one.info.writeable
        for suffix in one.extlist
    }
    assert set(suffixes(kind)) == written


# -- data goes through, and is read by sigima and by others ---------------------------


@pytest.mark.parametrize("rows", [2, 4])
@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("suffix", suffixes("signal"))
def test_a_signal_is_read_back(
    workspace: Workspace, suffix: str, is_complex: bool, rows: int
) -> None:
    y = Y * (1 + 2j) if is_complex else Y
    workspace.add("s", (X, y) if rows == 2 else (X, y, X / 9, X / 7))
    data = workspace.record("s").array("xydata")
    path = workspace.export("s", f"s{suffix}")
    if suffix in (".csv", ".txt"):
        columns = [
            *X[None],
            *((y.real, y.imag) if is_complex else (y,)),
            *data[2:].real,
        ]
        frame = pd.read_csv(path, float_precision="round_trip")
        np.testing.assert_array_equal(frame.to_numpy().T, columns)
        read = sigima.io.read_signals(str(path))
        assert len(read) == len(columns) - 1
        np.testing.assert_allclose(read[0].y, columns[1], rtol=1e-13)
    elif suffix == ".npy":
        np.testing.assert_array_equal(np.load(path), data.T)
    elif suffix == ".mat":
        np.testing.assert_array_equal(scipy.io.loadmat(path)["sig"], data.T)
    if suffix in (".npy", ".mat"):
        read = sigima.io.read_signals(str(path))
        np.testing.assert_array_equal(read[0].y, y)
        assert len(read) == rows - 1
    if suffix == ".h5sig":
        (read,) = sigima.io.read_signals(str(path))
        np.testing.assert_array_equal(read.xydata, data)


def can_be_written(suffix: str, data: np.ndarray) -> bool:
    if suffix in (".jpg", ".jpeg"):
        return False
    if suffix in (".png", ".jp2", ".bmp"):
        most = 255 if suffix == ".bmp" else 65535
        integers = data.dtype.kind in "biu"
        return integers and data.min() >= 0 and data.max() <= most
    return True


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("suffix", suffixes("image"))
def test_an_image_is_read_back_or_refused(
    workspace: Workspace, suffix: str, dtype: str
) -> None:
    for shape in SHAPES:
        data = pixels(dtype, shape)
        workspace.add("i", data, overwrite=True)
        if not can_be_written(suffix, data):
            with pytest.raises(ExportError, match=r"'i'.*lossy=True"):
                workspace.export("i", f"i{suffix}")
            assert files(Path()) == []
            continue
        path = workspace.export("i", f"i{suffix}", overwrite=True)
        (read,) = sigima.io.read_images(str(path))
        is_text = suffix in TEXTS
        if suffix == ".npy":
            loaded = np.load(path)
            assert loaded.dtype == data.dtype
            np.testing.assert_array_equal(loaded, data)
        elif not is_text:
            np.testing.assert_array_equal(read.data, data)
        elif min(shape) > 1:  # pandas parses fast, not exactly
            np.testing.assert_allclose(read.data, data, rtol=1e-13)
        if suffix in (".tif", ".tiff"):
            assert tifffile.imread(path).dtype == data.dtype
        if is_text and dtype[0] != "c":
            delimiter = "," if suffix == ".csv" else " "
            table = np.loadtxt(path, delimiter=delimiter, dtype=str, ndmin=2)
            np.testing.assert_array_equal(
                table.astype(data.dtype if dtype[0] in "iu" else float), data
            )
        path.unlink()


@pytest.mark.parametrize("suffix", TEXTS)
@pytest.mark.parametrize("dtype", ["f8", "i2", "c16"])
def test_coordinates_of_an_image_are_kept_in_text(
    workspace: Workspace, suffix: str, dtype: str
) -> None:
    obj = image(pixels(dtype, (3, 4)))
    obj.set_coords(np.array([0.0, 1.0, 4.0, 9.0]), np.array([-1.0, 0.5, 7.0]))
    obj.xunit, obj.zunit = "mm", "V"
    workspace.add("i", obj)
    path = workspace.export("i", f"i{suffix}")
    (read,) = sigima.io.read_images(str(path))
    np.testing.assert_allclose(read.data, obj.data, rtol=1e-13)
    table = np.loadtxt(path).T
    values = obj.data.ravel()
    parts = [values.real, values.imag] if dtype == "c16" else [values]
    np.testing.assert_array_equal(table[2:], parts)
    np.testing.assert_array_equal(read.xcoords, obj.xcoords)
    np.testing.assert_array_equal(read.ycoords, obj.ycoords)
    assert (read.xunit, read.zunit) == ("mm", "V")


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_tiff_files_carry_the_pixel_size_for_imagej(
    workspace: Workspace, dtype: str
) -> None:
    workspace.add("i", pixels(dtype))
    workspace.edit("i", dx=0.25, dy=0.5, x0=3.0, xunit="µm", yunit="µm")
    path = workspace.export("i", "i.tif")  # without a warning
    with tifffile.TiffFile(path) as tiff:
        tags, found = tiff.pages[0].tags, tiff.imagej_metadata
        assert tags["XResolution"].value == (4, 1)
        assert tags["YResolution"].value == (2, 1)
        assert found["xorigin"] == -12.0
        assert found["unit"] == "\\u00B5m"


def test_units_and_labels_are_in_the_names_of_csv_columns(workspace: Workspace) -> None:
    workspace.add("s", (X, Y, X))
    workspace.edit("s", xlabel="Time, long", xunit="s", ylabel="Voltage", yunit="mV")
    path = workspace.export("s", "s.csv")
    assert list(pd.read_csv(path).columns) == [
        *("Time, long (s)", "Voltage (mV)", "dy (mV)"),
    ]
    read = sigima.io.read_signals(str(path))[0]
    assert (read.xlabel, read.xunit) == ("Time, long", "s")
    assert (read.ylabel, read.yunit) == ("Voltage", "mV")


def test_several_signals_become_columns(workspace: Workspace) -> None:
    workspace.update({"a": (X, Y), "b": (X, X), "y": (X, X * 1j)})
    (path,) = workspace.export(["a", "b", "y"], "all.csv")
    frame = pd.read_csv(path, float_precision="round_trip")
    assert list(frame.columns) == ["x", "a", "b", "y real", "y imaginary"]
    np.testing.assert_array_equal(frame["b"], X)
    workspace.add("other", (X + 1, Y))
    with pytest.raises(ExportError, match=r"x of 'other' differs .*\{name\}\.csv"):
        workspace.export(["a", "other"], "two.csv")
    with pytest.raises(ExportError, match="holds one object"):
        workspace.export(["a", "b"], "two.npy")


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_dates_are_written_with_their_resolution(
    workspace: Workspace, unit: str
) -> None:
    x = np.arange(5) + np.datetime64("2025-06-19T12:00:00", unit)
    workspace.add("d", (x, [1.0, 2.0, 3.0, 5.0, 4.0]))
    path = workspace.export("d", "d.csv")
    frame = pd.read_csv(path, parse_dates=["Time"])
    np.testing.assert_array_equal(frame["Time"].to_numpy(), x)
    if unit == "s":
        (read,) = sigima.io.read_signals(str(path))
        assert read.is_x_datetime()
        np.testing.assert_array_equal(read.x, workspace.get("d").x)
    with pytest.warns(UserWarning, match="dates"):
        workspace.export("d", "d.npy")


# -- what a format cannot hold --------------------------------------------------------


def test_a_mask_is_refused(workspace: Workspace) -> None:
    workspace.add("m", np.ma.masked_greater(np.arange(6.0).reshape(2, 3), 4))
    workspace.add("s", (X, np.ma.masked_invalid(Y)))
    for suffix in suffixes("image"):
        with pytest.raises(ExportError, match=r"'m': (it has a mask|JPEG)"):
            workspace.export("m", f"m{suffix}")
    for suffix in suffixes("signal"):
        with pytest.raises(ExportError, match="'s': it has a mask"):
            workspace.export("s", f"s{suffix}")
    assert files(Path()) == []
    path = workspace.export("m", "m.npy", lossy=True)
    np.testing.assert_array_equal(np.load(path), [[0, 1, 2], [3, 4, np.nan]])


def test_lossy_pictures_are_scaled(workspace: Workspace) -> None:
    workspace.add("f", np.array([[-1.0, 0.0], [1.0, np.nan]]))
    for suffix, most in ((".png", 65535), (".bmp", 255)):
        path = workspace.export("f", f"f{suffix}", lossy=True)
        half = round(most / 2)
        np.testing.assert_array_equal(iio.imread(path), [[0, half], [most, 0]])
    workspace.edit("f", zscalemin=0.0, zscalemax=0.5)
    path = workspace.export("f", "f.bmp", lossy=True, overwrite=True)
    np.testing.assert_array_equal(iio.imread(path), [[0, 0], [255, 0]])
    path = workspace.export("f", "f.jpg", lossy=True)
    assert iio.imread(path).shape == (2, 2)


def test_one_warning_lists_what_is_left_out_before_anything_is_written(
    workspace: Workspace,
) -> None:
    obj = spot()
    obj.metadata["operator"], obj.xunit = "Ada", "mm"
    obj.roi = sigima.create_image_roi("rectangle", [1, 1, 2, 2])
    workspace.add("a", obj)
    workspace.add("b", obj)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning) as warned:
            workspace.export(["a", "b"], "out", format="npy")
    message = str(warned.value)
    for part in ("units", "regions of interest", "metadata"):
        assert f"{part} of 'a', 'b'" in message
    assert files(Path()) == []


def test_the_path_of_the_source_is_not_missed(workspace: Workspace) -> None:
    obj = gaussian()
    obj.metadata["source"] = "run.csv"
    workspace.add("s", obj)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        workspace.export(workspace.calc("sqrt", on="s"), "s.csv")


def test_metadata_that_sigima_cannot_write_is_left_out(workspace: Workspace) -> None:
    obj = gaussian()
    obj.metadata |= {"plain": 1.5, "none": None, "pair": (1, 2)}
    workspace.add("s", obj)
    with pytest.warns(UserWarning, match="metadata of 's'"):
        path = workspace.export("s", "s.h5sig")
    (read,) = sigima.io.read_signals(str(path))
    assert read.metadata["plain"] == 1.5


# -- paths ----------------------------------------------------------------------------


def test_folders_and_templates(workspace: Workspace, tmp_path: Path) -> None:
    workspace.update({"a/b": X, "A:B": X, "c": np.eye(3)})
    assert workspace.export("c", "new/", format=".CSV") == tmp_path / "new" / "c.csv"
    assert workspace.export("c", "new", format="npy") == tmp_path / "new" / "c.npy"
    made = workspace.export(["a/b", "s002", "c"], "out", format="npy")
    assert [path.name for path in made] == ["a_b.npy", "A_B (2).npy", "c.npy"]
    made = workspace.export(["c", "i001"], "out/x-{name}.TIF")
    assert [path.name for path in made] == ["x-c.TIF"]


@pytest.mark.parametrize(
    ("path", "options", "words"),
    [
        ("a.h5", {}, r"workspace\.save\('name\.h5'"),
        ("a.npz", {}, r"workspace\.save\('name\.npz'"),
        ("a.cvs", {}, "did you mean '.csv'"),
        ("a", {}, "an empty suffix"),
        ("a.csv", {"format": "npy"}, "leave out format"),
        ("a.tif", {}, "only .csv"),
        ("folder/", {}, "format='csv'"),
        ("folder", {"format": "h5"}, "project"),
    ],
)
def test_a_path_that_names_no_format_is_refused(
    workspace: Workspace, path: str, options: dict[str, Any], words: str
) -> None:
    workspace.add("a", X)
    with pytest.raises(ExportError, match=words):
        workspace.export("a", path, **options)
    with pytest.raises(ExportError, match="nothing to export"):
        workspace.export([], "a.csv")
    with pytest.raises(KeyError, match="'b'"):
        workspace.export(["a", "b"], "a.csv")
    assert files(Path()) == []


def test_nothing_is_replaced_unless_asked(workspace: Workspace, tmp_path: Path) -> None:
    workspace.update({"a": X, "b": Y})
    (tmp_path / "b.csv").write_text("mine")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        workspace.export(["a", "b"], "{name}.csv")
    assert files(tmp_path) == ["b.csv"]
    workspace.export(["a", "b"], "{name}.csv", overwrite=True)
    assert (tmp_path / "b.csv").read_text() != "mine"
    (tmp_path / "a.npy").mkdir()
    with pytest.raises(IsADirectoryError):
        workspace.export(["a", "b"], "{name}.npy", overwrite=True)
    with pytest.raises(FileNotFoundError, match="missing"):
        workspace.export("a", "missing/too/a.csv")


def test_a_failure_leaves_nothing_behind(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.update({"a": X, "b": Y})
    commit = atomic.Replacement.commit

    def fail(self: atomic.Replacement, expected: Any) -> None:
        if self.target.name == "b.csv":
            raise OSError("the disk broke")
        commit(self, expected)

    monkeypatch.setattr(atomic.Replacement, "commit", fail)
    with pytest.raises(OSError, match="the disk broke"):
        workspace.export(["a", "b"], "out", format="csv")
    assert files(tmp_path) == []
    (tmp_path / "a.csv").touch()
    with pytest.raises(OSError, match="the disk broke") as raised:
        workspace.export(["a", "b"], "{name}.csv", overwrite=True)
    assert "a.csv" in "".join(raised.value.__notes__)
    assert files(tmp_path) == ["a.csv"]


NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1)


@given(st.lists(NAMES, min_size=1, max_size=8, unique=True))
def test_file_names_are_allowed_and_different(names: list[str]) -> None:
    made = file_names(names)
    assert len({name.casefold() for name in made}) == len(names)
    for name in made:
        assert not set(name) & set('<>:"/\\|?*')
        assert name.strip(" ") == name
        assert not name.endswith(".")
        assert not name.startswith(".")
        assert len(name.encode()) <= 150


@pytest.mark.parametrize(
    ("names", "made"),
    [
        (["con", "LPT1.x", "nul "], ["_con", "_LPT1.x", "_nul"]),
        (["a/b", "a_b", "A_B"], ["a_b (2)", "a_b", "A_B (3)"]),
        ([".", "..", " "], ["_", "_ (2)", "_ (3)"]),
        (["x" * 500], ["x" * 150]),
        (["é", "é"], ["é", "é (2)"]),
    ],
)
def test_names_that_file_systems_refuse(names: list[str], made: list[str]) -> None:
    assert file_names(names) == made
