"""Files that other packages ship are read as other readers read them, and kept."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pydicom
import pydicom.data
import pytest
import scipy.io
import sigima
import sigima.io
import skimage
import tifffile

import datalab_workspace as dlw
from datalab_workspace.backends.memory import MemoryBackend

SIGIMA = Path(sigima.__file__).parent / "data" / "tests"
CURVES = SIGIMA / "curve_formats"
IMAGES = SIGIMA / "image_formats"
MATPLOTLIB = Path(mpl.get_data_path()) / "sample_data"
SKIMAGE = Path(skimage.__file__).parent / "data"
DICOM = Path(pydicom.data.__file__).parent / "test_files"
#: Bytes of the largest file that is read here.
LARGEST = 900_000


def read(path: Path, **options: Any) -> list[Any]:
    """Return the objects of a file, each of which survives a save."""
    workspace = dlw.Workspace(backend=MemoryBackend())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        names = workspace.read(path, **options)
    assert names == workspace.list()
    saved = workspace.save(Path.cwd() / "all.h5")
    again = dlw.open(saved)
    again.load(saved, names=names)  # a conflict would be an object that has changed
    assert workspace.load(saved) == names
    return [workspace.get(name) for name in names]


@pytest.fixture(autouse=True)
def _in_a_folder(folder: Path) -> None:
    """Each test writes its files to a folder of its own."""


# -- text -----------------------------------------------------------------------------

#: How pandas reads a file: the number of columns, and its options.
TABLES: dict[Path, dict[str, Any]] = {
    CURVES / "bandwidth.txt": {},
    CURVES / "dynamic_parameters.txt": {"sep": "\t", "header": None},
    CURVES / "fw1e2.txt": {},
    CURVES / "fwhm.csv": {},
    CURVES / "paracetamol_dx_dy.csv": {},
    CURVES / "paracetamol_dy.csv": {},
    CURVES / "simple.txt": {"sep": r"\s+", "header": None},
    CURVES / "whitespace_units.csv": {},
    MATPLOTLIB / "data_x_x2_x3.csv": {"sep": r"\s+", "header": None},
    SIGIMA / "curve_fitting" / "gaussian_fit.txt": {"sep": r"\s+", "header": None},
}


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.name)
@pytest.mark.parametrize("form", ["as it is", "German", "UTF-16", "with a preamble"])
def test_tables_are_read_as_pandas_reads_them(path: Path, form: str) -> None:
    options = TABLES[path]
    try:
        frame = pd.read_csv(path, comment="#", **options)
    except pd.errors.ParserError:
        frame = pd.read_csv(path, comment="#", sep=r"\s+", **options)
    if form != "as it is":
        buffer = io.StringIO()
        german = {"sep": ";", "decimal": ","} if form == "German" else {}
        header = options.get("header", 0) is not None
        frame.to_csv(buffer, index=False, header=header, **german)
        text = buffer.getvalue()
        if form == "with a preamble":
            text = "Operator: me\nDate: today\n\n" + text
        path = Path("file.csv")
        path.write_bytes(text.encode("utf-16" if form == "UTF-16" else "cp1252"))
    signals = read(path)
    assert len(signals) == frame.shape[1] - 1
    for column, one in enumerate(signals, 1):
        # Pandas' fast parser, which sigima uses, may miss the last digit.
        np.testing.assert_allclose(one.x, frame.iloc[:, 0], rtol=1e-14)
        np.testing.assert_allclose(one.y, frame.iloc[:, column], rtol=1e-14)


def test_dates(folder: Path) -> None:
    frame = pd.read_csv(MATPLOTLIB / "Stocks.csv", comment="#", skip_blank_lines=True)
    signals = read(MATPLOTLIB / "Stocks.csv")
    days = pd.to_datetime(frame.iloc[:, 0]).to_numpy().astype("datetime64[D]")
    assert len(signals) == frame.shape[1] - 1
    for one, name in zip(signals, frame.columns[1:], strict=True):
        assert np.array_equal(one.get_x_as_datetime().astype("datetime64[D]"), days)
        np.testing.assert_allclose(one.y, frame[name], rtol=1e-14)
        assert one.ylabel == name


def test_dates_with_names_of_months() -> None:
    frame = pd.read_csv(MATPLOTLIB / "msft.csv")
    signals = read(MATPLOTLIB / "msft.csv")
    days = pd.to_datetime(frame.iloc[:, 0], format="%d-%b-%y")
    for one, name in zip(signals, frame.columns[1:], strict=True):
        found = one.get_x_as_datetime().astype("datetime64[D]")
        assert np.array_equal(found, days.to_numpy().astype("datetime64[D]"))
        assert np.array_equal(one.y, frame[name])


@pytest.mark.parametrize(
    "path",
    sorted((IMAGES / "coordinated_text").glob("image*.txt")),
    ids=lambda p: p.name,
)
def test_images_with_coordinates(path: Path) -> None:
    (image,) = read(path)
    table = np.loadtxt(path, comments="#")
    assert image.data.size == len(table)
    found = np.sort(image.data.ravel())
    assert np.array_equal(found, np.sort(table[:, 2]), equal_nan=True)


def test_a_matrix_of_text() -> None:
    (image,) = read(IMAGES / "fiber.csv")
    assert np.array_equal(image.data, np.loadtxt(IMAGES / "fiber.csv", delimiter=","))


# -- arrays and cameras ---------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    sorted(
        path
        for folder in (SIGIMA, CURVES, IMAGES)
        for path in folder.glob("*.npy")
        if path.stat().st_size < LARGEST
    ),
    ids=lambda path: path.name,
)
def test_arrays_of_numpy(path: Path) -> None:
    (obj,) = read(path)
    data = np.load(path)
    held = obj.xydata.T if data.shape[1] == 2 else obj.data
    if data.dtype == bool:
        data = data * np.uint8(255)
    assert np.array_equal(held, data)


def test_variables_of_matlab() -> None:
    (image,) = read(IMAGES / "noised_gaussian.mat")
    variables = scipy.io.loadmat(IMAGES / "noised_gaussian.mat")
    assert np.array_equal(image.data, variables["img"])
    (one,) = read(CURVES / "noised_saw.mat")
    variables = scipy.io.loadmat(CURVES / "noised_saw.mat")
    assert np.array_equal(one.xydata.T, variables["sig"])


def test_files_of_cameras_and_detectors() -> None:
    frames = read(IMAGES / "sif_reader" / "nd_lum_image_no_glue.sif")
    assert [image.data.shape for image in frames] == [(101, 1024)] * 10
    (profile,) = read(next(IMAGES.glob("*.scor-data")))
    assert profile.data.shape == (1200, 1600)
    (counts,) = read(CURVES / "spectrum.mca")
    assert (len(counts.x), counts.metadata["LIVE_TIME"]) == (2048, 30.0)


def test_a_doubtful_calibration_of_a_spectrum_is_said(folder: Path) -> None:
    (spectrum,) = sigima.io.read_signals(str(CURVES / "spectrum.mca"))
    assert spectrum.x[0] == pytest.approx(-0.2814, abs=1e-4)  # sigima's reading
    workspace = dlw.Workspace(backend=MemoryBackend())
    with pytest.warns(UserWarning, match=r"channel 0 is at -0\.0\d+, not at -0\.2814"):
        workspace.read(CURVES / "spectrum.mca")


@pytest.mark.parametrize("points", [None, "1 0.5\n9 4.5", "1 0.5\n2 1.01\n9 4.5"])
def test_a_calibration_that_is_clear(points: str | None, folder: Path) -> None:
    section = f"<<CALIBRATION>>\nLABEL - Energy (keV)\n{points}\n"
    counts = "<<DATA>>\n" + "\n".join(map(str, range(10))) + "\n<<END>>\n"
    head = "<<PMCA SPECTRUM>>\nTAG - a\n"
    Path("a.mca").write_text(head + section * bool(points) + counts)
    workspace = dlw.Workspace(backend=MemoryBackend())
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        workspace.read("a.mca")
    last = workspace.get("a.mca").x[-1]
    assert last == pytest.approx(9 if points is None else 4.5)


def test_each_object_has_the_path_of_its_file(folder: Path) -> None:
    curve = sigima.create_signal("curve", np.arange(3.0), np.arange(3.0))
    sigima.io.write_signal("curve.h5sig", curve)
    curve.metadata["source"] = "elsewhere.csv"
    sigima.io.write_signal("copy.h5sig", curve)
    paths = [CURVES / "spectrum.mca", CURVES / "noised_saw.mat", folder / "curve.h5sig"]
    assert [read(p)[0].metadata["source"] for p in paths] == list(map(str, paths))
    assert read(folder / "copy.h5sig")[0].metadata["source"] == "elsewhere.csv"


def test_a_spectrum_of_andor_has_all_its_pixels() -> None:
    path = IMAGES / "sif_reader" / "raman1.sif"
    (spectrum,) = read(path)
    assert spectrum.title == "raman1.sif 00"
    content = path.read_bytes()
    end = content.index(b"0\n0\n0\n0\n<?xml")
    expected = np.frombuffer(content[end - 4 * 1024 : end], np.float32)
    assert np.array_equal(spectrum.data, expected[None])
    (other,) = sigima.io.read_images(str(path))
    assert np.array_equal(other.data, expected[None, :1005])  # sigima's reading
    workspace = dlw.Workspace(backend=MemoryBackend())
    with pytest.warns(UserWarning, match="1024 x 1 pixels; DataLab reads 1005 x 1"):
        workspace.read(path)


# -- pictures -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    sorted(
        path
        for folder in (IMAGES, SKIMAGE)
        for pattern in ("*.png", "*.jpg", "*.tif*")
        for path in folder.glob(pattern)
        if path.stat().st_size < 60_000
    ),
    ids=lambda path: path.name,
)
def test_pictures(path: Path) -> None:
    images = read(path)
    if path.suffix.startswith(".tif"):
        data = tifffile.imread(path)
        expected = data.mean(axis=data.shape.index(3)) if 3 in data.shape else data
        assert np.array_equal(
            np.stack([image.data for image in images]),
            expected.reshape(-1, *images[0].data.shape),
        )
        return
    (image,) = images
    data = skimage.io.imread(path)
    expected = np.round(data[..., :3].mean(axis=2)) if data.ndim == 3 else data
    assert np.array_equal(image.data, expected)


# -- DICOM ----------------------------------------------------------------------------

#: Files whose pixels pydicom decodes without another package.
DECODED = (
    "CT_small.dcm",
    "ExplVR_BigEnd.dcm",
    "MR_small.dcm",
    "MR_small_RLE.dcm",
    "MR_small_bigendian.dcm",
    "MR_small_jp2klossless.dcm",
    "SC_rgb_rle_16bit_2frame.dcm",
    "SC_rgb_small_odd.dcm",
    "rtdose.dcm",
    "rtdose_expb_1frame.dcm",
)
REFUSED = {
    "MR_truncated.dcm": "less than expected",
    "JPEGLSNearLossless_16.dcm": "pylibjpeg",
    "reportsi.dcm": "Pixel Data",
    "rtplan.dcm": "Pixel Data",
    "badVR.dcm": "cannot decode",
}


@pytest.mark.parametrize("name", DECODED)
def test_dicom(name: str) -> None:
    images = read(DICOM / name)
    dataset = pydicom.dcmread(DICOM / name)
    expected = dataset.pixel_array
    if dataset.SamplesPerPixel > 1:
        expected = np.round(expected.mean(axis=-1))
    found = np.stack([image.data for image in images])
    assert np.array_equal(found, expected.reshape(found.shape))


def test_dicom_from_before_transfer_syntaxes() -> None:
    (image,) = read(IMAGES / "mr-brain.dcm")
    assert image.data.shape == (512, 512)


@pytest.mark.parametrize("name", REFUSED)
def test_dicom_that_cannot_be_decoded_is_refused(name: str) -> None:
    with pytest.raises(dlw.UnreadableFileError, match=REFUSED[name]):
        read(DICOM / name)


def test_a_rescaled_image_is_said_to_be_raw() -> None:
    workspace = dlw.Workspace(backend=MemoryBackend())
    with pytest.warns(UserWarning, match="rescale slope"):
        workspace.read(DICOM / "CT_small.dcm")
