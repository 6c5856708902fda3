"""The files of datalab-kernel 0.2: every object comes back, under its name."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from datalab_workspace.errors import (
    DamagedFileError,
    NotAProjectError,
    UnsafeFileError,
)
from datalab_workspace.formats.legacy.reader import TITLE_KEY, is_legacy, read_legacy

DATA = Path(__file__).parents[1] / "data" / "legacy"
STANDALONE = DATA / "standalone-0.2.11.h5"
X = np.linspace(0, 1, 50)


@pytest.fixture(scope="module")
def objects():
    return {record.title: record for record in read_legacy(STANDALONE).items()}


@pytest.fixture
def copy(tmp_path):
    target = tmp_path / "legacy.h5"
    target.write_bytes(STANDALONE.read_bytes())
    return target


def test_objects_bear_the_names_that_they_had(objects):
    assert list(objects) == [
        "complex", "damped", "errors", "only dy", "run/1 α", "i042", "offset",
    ]  # fmt: skip


def test_signal_keeps_data_labels_and_units(objects):
    damped = objects["damped"]
    with h5py.File(STANDALONE) as file:
        rows = [file["damped/x"][:], file["damped/y"][:]]
    np.testing.assert_array_equal(damped.data, rows)
    # The last bit of exp and cos depends on the processor that the file was made on.
    np.testing.assert_allclose(rows, [X, np.exp(-3 * X) * np.cos(40 * X)], rtol=1e-14)
    texts = [damped.fields[n] for n in ("xlabel", "xunit", "ylabel", "yunit")]
    assert texts == ["Time", "s", "Voltage", "V"]


def test_title_that_was_not_the_name_is_kept_in_the_metadata(objects):
    assert objects["damped"].metadata == {TITLE_KEY: "Damped oscillation"}
    assert objects["errors"].metadata == {}


def test_uncertainties_are_rows_and_missing_ones_nan(objects):
    dx, dy = objects["errors"].data[2:]
    np.testing.assert_array_equal(dx, np.full(50, 0.01))
    np.testing.assert_array_equal(dy, np.linspace(0.1, 0.2, 50))
    dx, dy = objects["only dy"].data[2:]
    assert np.isnan(dx).all()
    np.testing.assert_array_equal(dy, np.linspace(0.1, 0.2, 50))


def test_complex_signal_stays_complex(objects):
    data = objects["complex"].data
    assert data.dtype == np.complex128
    np.testing.assert_allclose(data[1], np.exp(2j * np.pi * X), rtol=1e-14)


def test_name_with_slash_is_found_again(objects):
    np.testing.assert_array_equal(objects["run/1 α"].data[1], np.sqrt(X))


def test_image_keeps_dtype_texts_and_pixel_size(objects):
    spot = objects["i042"]
    assert spot.dtype == np.uint16
    assert spot.shape == (48, 64)
    assert spot.data[47, 63] == 48 * 64 - 1
    assert [spot.fields[f"{axis}unit"] for axis in "xyz"] == ["µm", "µm", "lsb"]
    offset = objects["offset"].fields
    assert [offset[n] for n in ("x0", "y0", "dx", "dy")] == [-1.0, 2.5, 0.5, 0.25]


def test_empty_file_is_an_empty_project():
    assert list(read_legacy(DATA / "empty-0.2.11.h5").items()) == []


@pytest.mark.parametrize("path", sorted(DATA.glob("*.h5")), ids=lambda path: path.stem)
def test_its_files_are_recognised(path):
    assert is_legacy(path)


def test_other_files_are_not_taken_for_its_files(tmp_path):
    (tmp_path / "text.h5").write_text("no HDF5")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file.attrs["format_version"] = "1.0"
    with h5py.File(tmp_path / "project.h5", "w") as file:
        file.attrs["datalab_kernel_version"] = "0.1.0"
        file["DataLab_Version"] = "1.3.0"
    for path in (tmp_path, tmp_path / "missing.h5", *tmp_path.glob("*.h5")):
        assert not is_legacy(path)


def test_unknown_version_is_refused(copy):
    with h5py.File(copy, "r+") as file:
        file.attrs["format_version"] = "2.0"
    with pytest.raises(NotAProjectError, match=r"version '2\.0'; only version '1\.0'"):
        read_legacy(copy)


def test_object_without_its_data_is_reported_by_name(copy):
    with h5py.File(copy, "r+") as file:
        del file["i042/data"]
    with pytest.raises(DamagedFileError, match="damaged at /i042"):
        read_legacy(copy)


def test_link_to_another_file_is_refused(copy, tmp_path):
    with h5py.File(copy, "r+") as file:
        del file["damped/y"]
        file["damped/y"] = h5py.ExternalLink(tmp_path / "secret.h5", "/y")
    with pytest.raises(UnsafeFileError, match="/damped/y is an external link"):
        read_legacy(copy)
