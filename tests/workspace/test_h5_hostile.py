"""A stranger's file: it reaches nothing but itself, and exhausts nothing."""

from __future__ import annotations

import json
import os
import zlib

import h5py
import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace import open as open_project
from datalab_workspace.errors import (
    DamagedFileError,
    DamagedFileWarning,
    UnsafeFileError,
)
from datalab_workspace.formats.h5.guard import Limits
from datalab_workspace.formats.h5.reader import read_project
from support.project_files import drop_manifest

IMAGE = "DataLab_Ima/gi001: /i001: image"
SECRET = np.frombuffer(b"a secret" * 8, "u1").reshape(8, 8)


@pytest.fixture
def path(tmp_path):
    """A project that holds one image and none of our index."""
    workspace = Workspace()
    workspace.add("image", np.zeros((8, 8), "u1"))
    return drop_manifest(workspace.save(tmp_path / "project.h5"))


@pytest.fixture
def secret(tmp_path):
    """A file that holds what nobody should read."""
    path = tmp_path / "secret.h5"
    with h5py.File(path, "w") as file:
        file["data"] = SECRET
    return path


def refuse(path, message):
    """Fail unless the file is refused for this reason, eagerly and lazily."""
    for read in (Workspace().load, read_lazily):
        with pytest.raises(UnsafeFileError, match=message) as refused:
            read(path)
        assert str(path) in str(refused.value)


def read_lazily(path):
    """Open a project and read every object, but not its data."""
    workspace = open_project(path)
    for name in workspace:
        workspace.record(name)


def replace_data(path, make):
    with h5py.File(path, "r+") as file:
        del file[IMAGE]["data"]
        make(file[IMAGE])


# -- reaching beyond itself -----------------------------------------------------------


@pytest.mark.parametrize(
    "where",
    [
        "DataLab_Sig",
        "DataLab_Mac",
        "DataLab_Ima/gi002: ",
        "DataLab_Ima/gi001: /i002: ",
        f"{IMAGE}/data",
        f"{IMAGE}/xcoords",
        f"{IMAGE}/metadata/a",
        "DataLab_His/a",
    ],
)
@pytest.mark.parametrize("kind", ["external", "soft"])
def test_link_is_refused_wherever_it_is(path, secret, where, kind):
    links = {
        "external": h5py.ExternalLink(secret, "/data"),
        "soft": h5py.SoftLink("/DataLab_Ima"),
    }
    with h5py.File(path, "r+") as file:
        if where in file:
            del file[where]
        file[where] = links[kind]
    refuse(path, "link")


def test_link_in_the_place_of_the_index_is_refused(path, secret):
    with h5py.File(path, "r+") as file:
        file["datalab_workspace"] = h5py.ExternalLink(secret, "/")
    refuse(path, "datalab_workspace is a soft or external link")


def test_data_in_another_file_is_refused(path, secret):
    size = secret.stat().st_size
    replace_data(
        path,
        lambda image: image.create_dataset(
            "data", (1, size), "u1", external=[(str(secret), 0, size)]
        ),
    )
    refuse(path, "i001: image/data is stored in another file")


def test_view_of_another_file_is_refused(path, secret):
    view = h5py.VirtualLayout((8, 8), "u1")
    view[:] = h5py.VirtualSource(secret, "data", (8, 8))
    replace_data(path, lambda image: image.create_virtual_dataset("data", view))
    refuse(path, "i001: image/data is a view of other files")


def test_filter_that_loads_a_plugin_is_refused(path):
    def compress(image):
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((8, 8))
        plist.set_filter(32001, h5py.h5z.FLAG_OPTIONAL, (1,))
        space = h5py.h5s.create_simple((8, 8))
        h5py.h5d.create(image.id, b"data", h5py.h5t.NATIVE_UINT8, space, plist)

    replace_data(path, compress)
    refuse(path, "i001: image/data is compressed by a method that DataLab never uses")


@pytest.mark.parametrize(
    "dtype",
    [h5py.ref_dtype, h5py.regionref_dtype, h5py.string_dtype(), "S8", "V8",
     h5py.vlen_dtype("f8"), [("a", "f8"), ("b", "f8")]],
    ids=["reference", "region", "text", "bytes", "opaque", "ragged", "table"],
)  # fmt: skip
@pytest.mark.parametrize("where", ["data", "metadata/a"])
def test_data_that_is_no_numbers_is_refused(path, dtype, where):
    with h5py.File(path, "r+") as file:
        if where in file[IMAGE]:
            del file[IMAGE][where]
        file[IMAGE].create_dataset(where, (8, 8), dtype)
    refuse(path, f"i001: image/{where} holds .* and not numbers")


def test_attribute_that_is_a_reference_is_left_out_with_a_warning(path):
    with h5py.File(path, "r+") as file:
        file[IMAGE]["metadata"].attrs["r"] = file.ref
    with pytest.warns(UserWarning, match="i001: image/metadata@r.*left out"):
        assert open_project(path).record("image").metadata == {}


def test_text_that_names_a_function_stays_a_text(path):
    with h5py.File(path, "r+") as file:
        file[IMAGE]["metadata"].attrs["run"] = "#callable#os.system"
    metadata = open_project(path).record("image").metadata
    assert metadata == {"run": "#callable#os.system"}


# -- going round in circles -----------------------------------------------------------


def test_group_that_contains_itself_is_refused(path):
    with h5py.File(path, "r+") as file:
        metadata = file[IMAGE]["metadata"]
        metadata["self"] = metadata
    refuse(path, "metadata/self is in the file twice, or contains itself")


def test_object_that_is_there_twice_is_refused(path):
    with h5py.File(path, "r+") as file:
        file["DataLab_Ima/gi001: /i002: again"] = file[IMAGE]
    refuse(path, "i002: again is in the file twice")


@pytest.mark.parametrize("where", [f"{IMAGE}/metadata", "DataLab_His"])
def test_groups_below_groups_without_end_are_refused(path, where):
    with h5py.File(path, "r+") as file:
        group = file[where]
        for _ in range(3000):
            group = group.create_group("d")
    refuse(path, "is over 100 levels deep")


def test_metadata_nested_as_deep_as_a_workspace_takes_it_is_read(tmp_path):
    deep = "bottom"
    for level in range(63):
        deep = {"down": deep} if level % 2 else [deep]
    workspace = Workspace()
    workspace.add("image", np.zeros((2, 2)))
    workspace.edit("image", metadata={"deep": deep})
    path = drop_manifest(workspace.save(tmp_path / "deep.h5"))
    assert open_project(path).record("image").metadata == {"deep": deep}


# -- looking larger than it is --------------------------------------------------------


@pytest.mark.parametrize("how", ["contiguous", "chunked", "compressed"])
@pytest.mark.parametrize("where", ["data", "xcoords", "metadata/a"])
def test_array_declared_but_not_stored_is_refused(path, where, how):
    options = {
        "contiguous": {},
        "chunked": {"chunks": True},
        "compressed": {"compression": "gzip"},
    }[how]
    shape = (1 << 43,) if where == "xcoords" else (1 << 22, 1 << 21)
    with h5py.File(path, "r+") as file:
        if where in file[IMAGE]:
            del file[IMAGE][where]
        file[IMAGE].create_dataset(where, shape, "f8", **options)
    refuse(path, "declares 7.* bytes of data but stores 0")


def test_chunk_that_is_much_larger_than_its_array_is_not_decompressed(path):
    with h5py.File(path, "r+") as file:
        del file[f"{IMAGE}/data"]
        file[IMAGE].create_dataset(
            "data",
            data=np.zeros((8, 8), "u1"),
            chunks=(1 << 14, 1 << 13),
            maxshape=(None, None),
            compression="lzf",
        )
    refuse(path, "has chunks of 134217728 bytes for 64 bytes of data")


def test_array_that_expands_beyond_the_memory_is_refused(path):
    shape = (3000, 10_000)
    replace_data(
        path,
        lambda image: image.create_dataset(
            "data", shape, "u1", data=np.zeros(shape, "u1"), compression="gzip"
        ),
    )
    with pytest.raises(UnsafeFileError, match="expands to 30000000 bytes"):
        read_project(path, limits=Limits(expansion=20_000_000))
    project, _ = read_project(path, limits=Limits(expansion=31_000_000))
    assert not next(project.items()).data.any()


def test_arrays_that_expand_beyond_the_memory_together_are_refused(path):
    zeros = np.zeros((3000, 1000), "u1")
    with h5py.File(path, "r+") as file:
        for name in "abcdefg":
            file[IMAGE]["metadata"].create_dataset(name, data=zeros, compression="gzip")
    with pytest.raises(UnsafeFileError, match="metadata/g expands"):
        read_project(path, limits=Limits(expansion=20_000_000))


def forged(path, change):
    """Write our index with other columns, as one who knows the format could."""
    workspace = Workspace()
    for name in ("one", "two", "three"):
        workspace.add(name, np.zeros((100, 100)))
    workspace.save(path, overwrite=True)
    stamp = path.stat()
    with h5py.File(path) as file:
        dataset = file["datalab_workspace/index"]
        begin, size = dataset.id.get_offset(), dataset.size
    content = bytearray(path.read_bytes())
    columns = json.loads(content[begin + 9 : begin + size])
    change(columns)
    text = json.dumps(columns, separators=(",", ":")).encode().ljust(size - 9)
    assert len(text) == size - 9
    content[begin : begin + size] = b"%08x " % zlib.crc32(text) + text
    path.write_bytes(content)
    os.utime(path, ns=(stamp.st_mtime_ns, stamp.st_mtime_ns))


FORGERIES = {
    "outside": lambda c: c["offset"].__setitem__(0, stop(c)),
    "before": lambda c: c["offset"].__setitem__(0, -8),
    "huge": lambda c: c["forms"][0].__setitem__(2, [10**9] * 2),
    "negative": lambda c: c["forms"][0].__setitem__(2, [-1, -1]),
    "objects": lambda c: c["forms"][0].__setitem__(1, "|O"),
    "no form": lambda c: c["form"].__setitem__(0, 9),
    "no kind": lambda c: c["forms"][0].__setitem__(0, "other"),
    "one too many": lambda c: c["groups"][0].__setitem__(3, 4),
    "one missing": lambda c: c["groups"][0].__setitem__(3, 2),
    "number for a name": lambda c: c["uuid"].__setitem__(0, 5),
    "twice": lambda c: c["uuid"].__setitem__(0, c["uuid"][1]),
    "list": lambda c: c.__setitem__("title", 3),
}


def stop(columns):
    return columns["size"] - 8


@pytest.mark.parametrize("change", FORGERIES.values(), ids=FORGERIES)
def test_forged_index_is_left_aside(path, change):
    forged(path, change)
    workspace = Workspace()
    with pytest.warns(DamagedFileWarning, match="its manifest cannot be read"):
        workspace.load(path)
    assert workspace.list() == ["one", "two", "three"]
    assert not any(workspace.record(name).array("data").any() for name in workspace)


def test_objects_that_share_their_data_to_look_larger_are_not_read(path):
    def share(columns):
        columns["forms"][0][2] = [100, 350]
        columns["offset"] = columns["offset"][:1] * 3

    forged(path, share)
    with pytest.warns(DamagedFileWarning, match="its manifest cannot be read"):
        workspace = open_project(path)
    assert workspace.record("one").shape == (100, 100)


def test_compressed_array_that_only_the_index_declares_takes_no_memory(path):
    def declare(columns):
        columns["forms"][0][2] = [10**8] * 2
        columns["offset"] = [None, None, None]

    forged(path, declare)
    with pytest.raises(DamagedFileError, match="one/data"):
        open_project(path).record("one").array("data")
    with pytest.raises(DamagedFileError):
        Workspace().load(path)


def test_text_that_looks_like_many_is_refused(path):
    text = "x" * 1_000_000
    with h5py.File(path, "r+") as file:
        texts = [text, *"a" * 2999]
        file["DataLab_His"].create_group("session")
        file["DataLab_His"].attrs.create("IDs", texts, dtype=h5py.string_dtype())
    content = bytearray(path.read_bytes())
    # Length, place and number of the long text, as HDF5 refers to it.
    begin = content.index(len(text).to_bytes(4, "little"))
    assert content[begin + 16 : begin + 20] == b"\x01\0\0\0"
    content[begin : begin + 3000 * 16] = content[begin : begin + 16] * 3000
    path.write_bytes(content)
    with pytest.raises(UnsafeFileError, match="holds 3000 strings of unknown length"):
        read_project(path, limits=Limits(expansion=1 << 30))


def test_texts_of_a_long_history_are_read(path):
    with h5py.File(path, "r+") as file:
        texts = [f"{number:036d}" for number in range(1000)]
        file["DataLab_His"].attrs.create("IDs", texts, dtype=h5py.string_dtype())
        file["DataLab_His"].create_group(texts[0])
    project, _ = read_project(path, limits=Limits(expansion=1 << 30))
    assert len(project.foreign) == 1


def test_a_file_with_too_many_parts_is_refused(path):
    with h5py.File(path, "r+") as file:
        for number in range(100):
            file[f"DataLab_Ima/gi001: /i{number + 2:03}: image/metadata"] = number
    with pytest.raises(UnsafeFileError, match="over 100 parts"):
        read_project(path, limits=Limits(members=100))
    read_project(path, lazy=True)
