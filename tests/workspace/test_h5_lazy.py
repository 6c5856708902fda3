"""Lazy loading: nothing is read until it is asked for, and never something else."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import h5py
import numpy as np
import psutil
import pytest

from datalab_workspace import Workspace
from datalab_workspace import open as open_project
from datalab_workspace.errors import DamagedFileError, StaleFileError
from datalab_workspace.formats.h5 import open_file
from datalab_workspace.formats.h5.lazy import FileArray
from support.project_files import drop_manifest

PIXELS = np.arange(600, dtype="u2").reshape(20, 30)
IMAGE = "/DataLab_Ima/gi001: /i001: image/data"


@pytest.fixture(params=[None, "gzip"], ids=["plain", "gzip"])
def path(tmp_path, request):
    """A project of a signal, an image, and an image of a dtype DataLab lacks."""
    workspace = Workspace()
    workspace.add("signal", np.linspace(0, 1, 1000))
    workspace.add("image", PIXELS)
    workspace.add("wide", PIXELS.astype("u8"))
    return workspace.save(tmp_path / "project.h5", compression=request.param)


@pytest.fixture
def count_reads(monkeypatch):
    """Count the arrays that are read from files."""
    read = []
    for name in ("_read_contiguous", "_read_dataset", "_blocks_of_project"):
        original = getattr(FileArray, name)

        def counted(self, *args, original=original, **options):
            read.append(self.name)
            return original(self, *args, **options)

        monkeypatch.setattr(FileArray, name, counted)
    return read


def open_files():
    return {Path(file.path) for file in psutil.Process().open_files()}


def data(workspace, name):
    return workspace.record(name).array("xydata" if name == "signal" else "data")


def test_listing_and_describing_read_no_array(path, count_reads):
    workspace = open_project(path)
    assert workspace.list() == ["signal", "image", "wide"]
    shapes = [(d.shape, str(d.dtype)) for d in workspace.describe()]
    assert shapes == [((1000,), "float64"), ((20, 30), "uint16"), ((20, 30), "uint64")]
    assert count_reads == []


def test_an_array_is_read_when_it_is_asked_for_and_no_other(path, count_reads):
    workspace = open_project(path)
    np.testing.assert_array_equal(data(workspace, "image"), PIXELS)
    assert set(count_reads) == {"data"}


def test_restored_dtype_and_values_come_with_the_array(path):
    wide = data(open_project(path), "wide")
    assert wide.dtype == np.uint64
    np.testing.assert_array_equal(wide, PIXELS)


def test_no_file_is_kept_open(path):
    workspace = open_project(path)
    assert path not in open_files()
    data(workspace, "image")
    assert path not in open_files()
    with h5py.File(path, "r+") as file:  # so that DataLab can save there
        assert IMAGE in file


def test_opening_writes_nothing(path):
    before = path.read_bytes(), path.stat().st_mtime_ns
    data(open_project(path), "signal")
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


# -- the file changes -----------------------------------------------------------------


def test_same_content_of_another_time_is_still_the_same(path):
    workspace = open_project(path)
    os.utime(path, (0, 0))
    np.testing.assert_array_equal(data(workspace, "image"), PIXELS)


def test_object_found_elsewhere_in_a_file_saved_by_datalab_is_still_the_same(path):
    workspace = open_project(path)
    drop_manifest(path)
    with h5py.File(path, "r+") as file:
        file.move(IMAGE.rpartition("/")[0], "/DataLab_Ima/gi002: b/i003: moved")
    np.testing.assert_array_equal(data(workspace, "image"), PIXELS)


def _other_pixels(path):
    with h5py.File(path, "r+") as file:
        file[IMAGE][3, 4] = 7


def _other_dtype(path):
    with h5py.File(path, "r+") as file:
        del file[IMAGE]
        file[IMAGE] = PIXELS.astype("f8")


def _object_gone(path):
    with h5py.File(path, "r+") as file:
        del file[IMAGE.rpartition("/")[0]]


def _data_gone(path):
    with h5py.File(path, "r+") as file:
        del file[IMAGE]


def _another_project(path):
    workspace = Workspace()
    workspace.add("other", np.zeros((2, 2)))
    workspace.save(path)


CHANGES = {
    "other pixels": _other_pixels,
    "other dtype": _other_dtype,
    "object gone": _object_gone,
    "data gone": _data_gone,
    "another project": _another_project,
    "no project": lambda path: path.write_text("no HDF5"),
    "truncated": lambda path: os.truncate(path, 1000),
    "empty": lambda path: os.truncate(path, 0),
    "gone": lambda path: path.unlink(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_array_that_another_program_changed_is_refused_by_name(path, change):
    workspace = open_project(path)
    change(path)
    with pytest.raises(StaleFileError, match=r"data of '.*i001: image'.*load the file"):
        data(workspace, "image")
    assert len(workspace) == 3  # the workspace itself is as it was


def test_what_was_not_changed_beside_it_is_still_there(path):
    workspace = open_project(path)
    _other_pixels(path)
    _, y = data(workspace, "signal")
    np.testing.assert_array_equal(y, np.linspace(0, 1, 1000))
    with pytest.raises(StaleFileError):
        data(workspace, "image")


def test_changed_array_cannot_be_saved_elsewhere_and_leaves_nothing(path, tmp_path):
    workspace = open_project(path)
    _other_pixels(path)
    with pytest.raises(StaleFileError, match="i001: image"):
        workspace.save(tmp_path / "copy.h5")
    assert [p.name for p in tmp_path.iterdir()] == ["project.h5"]


def test_bits_that_flipped_in_place_are_found(path):
    with h5py.File(path) as file:
        dataset = file[IMAGE]
        offset = dataset.id.get_offset() or dataset.id.get_chunk_info(0).byte_offset
    stamp = path.stat()
    content = bytearray(path.read_bytes())
    content[offset + 20] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(stamp.st_mtime_ns, stamp.st_mtime_ns))
    workspace = open_project(path)
    with pytest.raises(DamagedFileError, match="i001: image/data"):
        data(workspace, "image")
    with pytest.raises(DamagedFileError):
        Workspace().load(path)


# -- saving what was not read ---------------------------------------------------------


def test_unread_arrays_go_from_file_to_file(path, tmp_path):
    workspace = open_project(path)
    copy = workspace.save(tmp_path / "copy.h5")
    path.unlink()
    np.testing.assert_array_equal(data(workspace, "image"), PIXELS)
    np.testing.assert_array_equal(data(open_project(copy), "wide"), PIXELS)


def test_saving_to_the_same_path_points_unread_arrays_into_the_new_file(path):
    workspace = open_project(path)
    workspace.remove("signal")
    workspace.add("first", np.zeros((100, 100)))
    for _ in range(2):
        workspace.save()
        np.testing.assert_array_equal(data(workspace, "image"), PIXELS)
        np.testing.assert_array_equal(data(workspace, "wide"), PIXELS)
    assert open_project(path).list() == ["image", "wide", "first"]


def test_two_workspaces_on_one_file_do_not_mix_up_their_objects(path):
    one, other = open_project(path), open_project(path)
    one.add("image", PIXELS + 1, overwrite=True)
    one.save()
    with pytest.raises(StaleFileError):
        data(other, "image")
    np.testing.assert_array_equal(data(other, "wide"), PIXELS)


def test_copied_file_is_read_where_it_is(path, tmp_path):
    copy = shutil.copy(path, tmp_path / "copy.h5")  # another time: index not believed
    workspace = open_project(copy)
    path.unlink()
    np.testing.assert_array_equal(data(workspace, "image"), PIXELS)


def test_eager_load_opens_the_file_no_more_often_for_more_arrays(path, monkeypatch):
    opened = []
    monkeypatch.setattr(
        open_file,
        "_hdf5",
        lambda path, make=open_file._hdf5: opened.append(1) or make(path),
    )
    assert len(Workspace().load(path)) == 3
    assert len(opened) == 2  # to recognise the format, and to read


def test_names_load_only_what_they_name(path, count_reads):
    workspace = Workspace()
    assert workspace.load(path, names="image") == ["image"]
    assert set(count_reads) == {"data"}
    path.unlink()
    np.testing.assert_array_equal(data(workspace, "image"), PIXELS)
