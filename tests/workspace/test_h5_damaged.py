"""Files that are no project, or no longer one: a clear error, never a wrong array."""

from __future__ import annotations

import os
import random
import shutil
import struct

import h5py
import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace import open as open_project
from datalab_workspace.errors import (
    DamagedFileError,
    DamagedFileWarning,
    NotAProjectError,
)
from support.damage import DATALAB, REFUSALS
from support.project_files import drop_manifest

PIXELS = np.arange(300, dtype="u2").reshape(15, 20)
X = np.linspace(0, 1, 50)
METADATA = {"gain": 2.5, "when": (1, None), "curve": np.arange(5.0), "log": ["a", "b"]}


@pytest.fixture(scope="module")
def workspace():
    made = Workspace()
    made.add("signal", (X, np.sin(X)))
    made.add("image", PIXELS)
    made.edit("image", metadata=METADATA, xlabel="\u03bb")
    made.add("wide", PIXELS.astype("i8"))
    return made


@pytest.fixture(scope="module")
def saved(workspace, tmp_path_factory):
    """The bytes of a project as we write it, and its time of change."""
    path = workspace.save(tmp_path_factory.mktemp("saved") / "saved.h5")
    return path.read_bytes(), path.stat().st_mtime_ns


@pytest.fixture(scope="module")
def saved_by_datalab(workspace, tmp_path_factory):
    """The bytes of the same project without our index."""
    path = workspace.save(tmp_path_factory.mktemp("plain") / "saved.h5")
    drop_manifest(path)
    return path.read_bytes(), path.stat().st_mtime_ns


@pytest.fixture
def path(tmp_path):
    return tmp_path / "project.h5"


def refused(path):
    """Fail unless the file is refused, eagerly and lazily, by its name."""
    with pytest.raises(REFUSALS) as error:
        read_lazily(path)
    assert str(path) in str(error.value)
    workspace = Workspace()
    workspace.add("here", X)
    with pytest.raises(REFUSALS) as error:
        workspace.load(path)
    assert str(path) in str(error.value)
    assert workspace.list() == ["here"]
    assert workspace.path is None
    return error.value


def read_lazily(path):
    """Open a project and read every object, but not its data."""
    workspace = open_project(path)
    for name in workspace:
        workspace.record(name)


# -- no project -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b"x,y\n1,2\n", r"not an HDF5 file .*b'x,y"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "not an HDF5 file"),
        (b"\x89HDF\r\n\x1a\n", "truncated or damaged"),
        (b"\x89HD", "truncated: it has 3 bytes"),
        (b"\x89HDF\r\n\x1a\n" + bytes(5000), "truncated or damaged"),
    ],
    ids=["empty", "text", "picture", "signature", "half a signature", "zeros"],
)
def test_what_is_no_project_is_told(path, content, message):
    path.write_bytes(content)
    with pytest.raises((NotAProjectError, DamagedFileError), match=message):
        open_project(path)
    refused(path)


def test_other_hdf5_file_is_told_with_what_it_holds(path):
    with h5py.File(path, "w") as file:
        for name in "fabcdeg":
            file[name] = 1
    with pytest.raises(NotAProjectError, match="holds 'a', 'b', 'c', 'd', 'e'…, not"):
        open_project(path)
    refused(path)


def test_missing_file_and_folder_are_told(tmp_path):
    for lazy in (False, True):
        with pytest.raises(FileNotFoundError, match=r"missing\.h5"):
            Workspace().load(tmp_path / "missing.h5", lazy=lazy)
        with pytest.raises(IsADirectoryError):
            Workspace().load(tmp_path, lazy=lazy)


def test_file_that_another_program_is_writing_is_told(path, saved):
    fcntl = pytest.importorskip("fcntl", reason="HDF5 locks by flock() on POSIX")
    path.write_bytes(saved[0])
    with path.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(BlockingIOError, match="is writing"):
            Workspace().load(path)


def test_file_behind_a_user_block_is_read(path, saved):
    with h5py.File(path, "w", userblock_size=1024) as file:
        file["DataLab_Version"] = "1.3.0"
    assert open_project(path).list() == []


@pytest.mark.parametrize("bad", ["", None, 3, b"path"])
def test_what_is_no_path_is_refused(bad):
    with pytest.raises((TypeError, ValueError)):
        Workspace().load(bad)


# -- truncated ------------------------------------------------------------------------


@pytest.mark.parametrize("twentieth", range(20))
def test_truncated_file_is_refused(path, saved, twentieth):
    content, _ = saved
    path.write_bytes(content[: len(content) * twentieth // 20])
    refused(path)


@pytest.mark.parametrize("cut", [1, 8, 100])
def test_file_that_lacks_its_last_bytes_is_refused(path, saved, cut):
    path.write_bytes(saved[0][:-cut])
    refused(path)


# -- flipped bits ---------------------------------------------------------------------


def same_as(workspace, loaded):
    """Fail unless everything that is loaded is what was saved."""
    assert loaded.list() == workspace.list()
    for name in workspace:
        stored, found = workspace.record(name), loaded.record(name)
        assert found.fields == stored.fields
        np.testing.assert_equal(found.metadata, stored.metadata)
        for array in stored.arrays:
            np.testing.assert_array_equal(found.array(array), stored.array(array))


@pytest.mark.filterwarnings(
    "ignore:.*left (out|aside)",
    "ignore:the sidecar",
    "ignore::datalab_workspace.errors.DamagedFileWarning",
)
@pytest.mark.parametrize("seed", range(8))
def test_file_full_of_flipped_bits_is_read_or_refused(path, saved_by_datalab, seed):
    content, _ = saved_by_datalab
    chance = random.Random(seed)
    for _ in range(40):
        damaged = bytearray(content)
        for _ in range(chance.choice([1, 3, 30, 300])):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        try:
            Workspace().load(path)
        except REFUSALS:
            continue


@pytest.mark.parametrize(
    ("number", "length"), [(0, 0), (0, 8), (0, 2**63), (1, 2**63), (1, 2**64 - 16)]
)
def test_heap_without_an_end_is_refused(path, saved_by_datalab, number, length):
    """HDF5 itself would go round in it for ever."""
    content = bytearray(saved_by_datalab[0])
    heap = content.index(b"GCOL")
    struct.pack_into("<H6xQ", content, heap + 16, number, length)
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match=f"heap at byte {heap} is corrupt"):
        Workspace().load(path)


def test_what_looks_like_a_heap_in_an_array_is_left_alone(path):
    looks = b"GCOL\1\0\0\0" + (4096).to_bytes(8, "little") + bytes(4080)
    workspace = Workspace()
    workspace.add("image", np.frombuffer(looks * (1 << 14), "u1").reshape(4096, -1))
    drop_manifest(workspace.save(path))
    assert open_project(path).list() == ["image"]


# -- the index ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["index", "details"])
@pytest.mark.parametrize("part", ["first", "middle", "all"])
def test_damaged_index_is_left_aside_with_a_warning(path, saved, workspace, name, part):
    content, mtime = bytearray(saved[0]), saved[1]
    path.write_bytes(content)
    with h5py.File(path) as file:
        dataset = file["datalab_workspace"][name]
        begin, size = dataset.id.get_offset(), dataset.size
    middle = begin + size // 3
    span = {
        "first": slice(begin, begin + 1),
        "middle": slice(middle, middle + 20),
        "all": slice(begin, begin + size),
    }[part]
    content[span] = bytes(span.stop - span.start)
    path.write_bytes(content)
    os.utime(path, ns=(mtime, mtime))
    loaded = Workspace()
    with pytest.warns(DamagedFileWarning, match="damaged: its manifest cannot be read"):
        loaded.load(path)
    same_as(workspace, loaded)


def test_index_of_a_later_version_is_left_aside(path, saved, workspace):
    path.write_bytes(saved[0])
    with h5py.File(path, "r+") as file:
        file["datalab_workspace"].attrs["version"] = 2
        file.attrs["datalab_workspace"] = file.attrs["datalab_workspace"] + [1, 0, 0]
    os.utime(path, ns=(saved[1], saved[1]))
    assert open_project(path).list() == workspace.list()


def test_what_datalab_changed_wins_over_the_index(path, saved):
    path.write_bytes(saved[0])
    with h5py.File(path, "r+") as file:
        image = file["DataLab_Ima/gi001: /i001: image"]
        image.attrs["xlabel"] = "changed"
        image["metadata"].attrs["gain"] = 9.5
    with pytest.warns(DamagedFileWarning, match="changed by another program"):
        loaded = open_project(path)
    assert loaded.record("image").fields["xlabel"] == "changed"
    found = loaded.record("image").metadata
    np.testing.assert_equal(found, METADATA | {"gain": 9.5})


# -- objects that are not as DataLab writes them --------------------------------------


IMAGE = "DataLab_Ima/gi001: /i001: image"


def _no_data(file):
    del file[IMAGE]["data"]


def _deep_data(file):
    _no_data(file)
    file[IMAGE]["data"] = np.zeros((2, 2, 2))


def _odd_rows(file):
    signal = file["DataLab_Sig/gs001: /s001: signal"]
    del signal["xydata"]
    signal["xydata"] = np.zeros((7, 3))


def _text_for_number(file):
    file[IMAGE].attrs["x0"] = "left"


def _listed_metadata(file):
    del file[IMAGE]["metadata"]
    file[IMAGE].create_group("metadata").attrs["__seq"] = 0


ODD = {
    "data of three dimensions": (_deep_data, r"i001: image/data.*shape \(2, 2, 2\)"),
    "a signal of seven rows": (_odd_rows, r"s001: signal/xydata.*shape \(7, 3\)"),
    "a text for a number": (_text_for_number, r"i001: image@x0.*a float .*got 'left'"),
    "metadata that is a list": (_listed_metadata, r"i001: image.*metadata is a list"),
}


@pytest.mark.parametrize(("spoil", "message"), ODD.values(), ids=ODD)
def test_odd_object_is_refused_by_its_place(path, saved_by_datalab, spoil, message):
    path.write_bytes(saved_by_datalab[0])
    with h5py.File(path, "r+") as file:
        spoil(file)
    assert isinstance(refused(path), DamagedFileError)
    with pytest.raises(DamagedFileError, match=message):
        read_lazily(path)


def test_object_without_data_is_an_empty_one(path, saved_by_datalab):
    path.write_bytes(saved_by_datalab[0])
    with h5py.File(path, "r+") as file:
        _no_data(file)
    assert open_project(path).record("image").data is None


def test_smallest_project_that_datalab_opens_is_read(path):
    with h5py.File(path, "w") as file:
        file["DataLab_Version"] = "99.9"
        group = file.create_group("DataLab_Sig/any name")
        group.attrs["title"] = "group"
        group.create_group("an object")["xydata"] = [X, X]
        group.create_group("another object")["xydata"] = [X, X]
    workspace = Workspace()
    workspace.load(path)
    assert workspace.list() == ["Untitled", "Untitled (2)"]
    assert workspace.groups()[0].title == "group"


def test_object_with_the_uuid_of_another_gets_one_of_its_own(path, saved_by_datalab):
    path.write_bytes(saved_by_datalab[0])
    with h5py.File(path, "r+") as file:
        images = file["DataLab_Ima/gi001: "]
        uuid = images["i001: image/metadata"].attrs["__uuid"]
        images["i002: wide/metadata"].attrs["__uuid"] = uuid
    workspace = open_project(path)
    uuids = [workspace.record(name).uuid for name in workspace]
    assert len(set(uuids)) == len(uuids) == 3
    workspace.save()
    assert open_project(path).list() == workspace.list()


@pytest.mark.filterwarnings("ignore:.*left out")
def test_macro_whose_attribute_has_no_type_is_refused(path):
    """HDF5 itself would copy it, and end the process."""
    shutil.copyfile(DATALAB / "full.h5", path)
    content = bytearray(path.read_bytes())
    # A string of variable length: class 9, version 1; then the kind, 1 for a string.
    kind = content.index(b"contents\0" + bytes(7) + b"\x19") + 17
    assert content[kind] == 1
    content[kind] = 5
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match="a type that DataLab never writes"):
        Workspace().load(path)
