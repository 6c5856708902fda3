"""A save leaves alone what has not changed: the file, its arrays, their compression."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace import open as open_project
from datalab_workspace.errors import StaleFileError
from datalab_workspace.formats import atomic, raw_io

DATA = Path(__file__).parents[1] / "data" / "datalab"
IMAGE = np.arange(40_000, dtype="u2").reshape(200, 200)
WIDE = np.arange(40_000, dtype="i8").reshape(200, 200)
DATASET = "DataLab_Ima/gi001: /i001: image/data"


@pytest.fixture
def path(tmp_path):
    workspace = Workspace()
    workspace.add("image", IMAGE)
    workspace.add("wide", WIDE)
    workspace.add("signal", (np.arange(20_000.0), np.ones(20_000)))
    return workspace.save(tmp_path / "project.h5")


@pytest.fixture
def packed(path):
    """The project as another tool compresses it, in chunks of its own choice."""
    with h5py.File(path, "r+") as file:
        del file[DATASET], file["datalab_workspace"], file.attrs["datalab_workspace"]
        file.create_dataset(
            DATASET,
            data=IMAGE,
            chunks=(64, 50),
            compression="gzip",
            compression_opts=7,
            fletcher32=True,
        )
    return path


def loaded(path):
    workspace = Workspace()
    workspace.load(path)
    return workspace


def state(path):
    status = path.stat()
    return status.st_ino, status.st_mtime_ns, path.read_bytes()


OPENERS = pytest.mark.parametrize(
    "opener", [loaded, open_project], ids=["read", "lazy"]
)


# -- nothing has changed --------------------------------------------------------------


@OPENERS
@pytest.mark.parametrize("name", [None, "full.h5", "history.h5"])
def test_save_without_a_change_writes_nothing(name, opener, path):
    if name is not None:
        shutil.copy(DATA / name, path)
    before = state(path)
    workspace = opener(path)
    assert workspace.save() == path
    assert workspace.save(path) == path
    assert state(path) == before


def test_second_save_writes_nothing_and_still_says_saved(tmp_path):
    workspace = Workspace()
    workspace.add("image", IMAGE)
    path = workspace.save(tmp_path / "a.h5", compression="gzip")
    before = state(path)
    seen = []
    workspace.on_change(lambda event: seen.append((event.kind, event.path)))
    workspace.save()
    workspace.save(path, compression="gzip")
    assert seen == [("saved", path)] * 2
    assert state(path) == before


@OPENERS
def test_reading_and_undoing_change_nothing(opener, path):
    before = state(path)
    workspace = opener(path)
    workspace.get("image")
    workspace.describe()
    workspace.rename("image", "other")
    workspace.undo()
    workspace.save()
    assert state(path) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda ws: ws.rename("image", "other"),
        lambda ws: ws.edit("image", xlabel="x"),
        lambda ws: ws.edit("image", metadata={"a": 1}),
        lambda ws: ws.remove("image"),
        lambda ws: ws.add("new", IMAGE),
        lambda ws: ws.add("image", IMAGE + 1, overwrite=True),
        lambda ws: ws.move("image", "elsewhere"),
        lambda ws: ws.rename_group("", "group", kind="image"),
        lambda ws: ws.load(DATA / "history.h5"),
        lambda ws: ws.clear(),
    ],
)
@OPENERS
def test_every_change_is_saved(change, opener, path):
    workspace = opener(path)
    change(workspace)
    workspace.save(path)
    reread = loaded(path)
    assert reread.groups() == workspace.groups()
    assert reread.list() == workspace.list()
    for name in workspace.list():
        one, other = workspace.record(name), reread.record(name)
        assert one.fields == other.fields
        for key in one.arrays:
            np.testing.assert_array_equal(one.array(key), other.array(key))


def test_file_that_was_removed_is_written_again(path):
    workspace = loaded(path)
    path.unlink()
    workspace.save()
    assert_same(workspace, loaded(path))


# -- arrays go from file to file ------------------------------------------------------


def kernel_copies(monkeypatch):
    """Count the bytes that the kernel copies."""
    copied = []
    copy = os.copy_file_range

    def count(source, target, size, *offsets):
        copied.append(copy(source, target, size, *offsets))
        return copied[-1]

    monkeypatch.setattr(raw_io.os, "copy_file_range", count)
    return copied


@pytest.mark.skipif(not hasattr(os, "copy_file_range"), reason="only Linux has it")
@OPENERS
def test_arrays_are_copied_by_the_kernel(opener, path, tmp_path, monkeypatch):
    workspace = opener(path)
    workspace.rename("image", "other")
    copied = kernel_copies(monkeypatch)
    workspace.save(tmp_path / "copy.h5")
    assert sum(copied) >= IMAGE.nbytes + WIDE.nbytes // 4 + 2 * 20_000 * 8
    assert_same(workspace, loaded(tmp_path / "copy.h5"))


def assert_same(workspace, other):
    assert workspace.list() == other.list()
    for name in workspace.list():
        one, two = workspace.record(name), other.record(name)
        assert one.dtype == two.dtype
        np.testing.assert_array_equal(one.array(_key(one)), two.array(_key(two)))


def _key(record):
    return "data" if record.kind == "image" else "xydata"


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.EXDEV, None])
@OPENERS
def test_arrays_are_copied_where_the_kernel_cannot(
    code, opener, path, tmp_path, monkeypatch
):
    def refuse(*args):
        if code is None:
            return 0
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(raw_io.os, "copy_file_range", refuse, raising=False)
    workspace = opener(path)
    workspace.add("new", IMAGE)
    workspace.save(tmp_path / "copy.h5")
    assert_same(workspace, loaded(tmp_path / "copy.h5"))


@OPENERS
def test_array_in_memory_needs_no_file(opener, path):
    """What was read survives when its file is gone; what was not read is refused."""
    workspace = opener(path)
    path.unlink()
    if opener is loaded:
        workspace.rename("image", "other")
        workspace.save()
        assert_same(workspace, loaded(path))
    else:
        with pytest.raises(StaleFileError, match="removed"):
            workspace.save()


# -- compression ----------------------------------------------------------------------


def filters(path, where=DATASET):
    with h5py.File(path) as file:
        data = file[where]
        return data.chunks, data.compression, data.compression_opts, data.fletcher32


@OPENERS
@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_chunks_of_another_tool_stay_as_they_are(opener, where, packed, monkeypatch):
    before = filters(packed)
    assert before == ((64, 50), "gzip", 7, True)
    with h5py.File(packed) as file:
        stored = file[DATASET].id.read_direct_chunk((64, 50))
    workspace = opener(packed)
    workspace.edit("image", xlabel="x")
    workspace.rename("wide", "broad")
    new = workspace.save(packed if where == "here" else packed.with_name("b.h5"))
    assert filters(new) == before
    assert filters(new, "DataLab_Ima/gi001: /i002: broad/data")[0] is None
    with h5py.File(new) as file:
        assert file[DATASET].id.read_direct_chunk((64, 50)) == stored
    assert_same(workspace, loaded(new))


@OPENERS
def test_save_remembers_the_compression_of_the_project(opener, path):
    small = loaded(path).save(path, compression="gzip").stat().st_size
    workspace = opener(path)
    workspace.rename("image", "other")
    workspace.add("more", IMAGE)
    workspace.save()
    assert filters(path, "DataLab_Ima/gi001: /i003: more/data")[1:3] == ("gzip", 1)
    assert path.stat().st_size < 2 * small
    workspace.save(path, compression="lzf")
    for dataset in ("i001: other", "i003: more"):
        assert filters(path, f"DataLab_Ima/gi001: /{dataset}/data")[1] == "lzf"
    workspace.save(path, compression="none")
    assert filters(path, "DataLab_Ima/gi001: /i001: other/data")[0] is None
    assert_same(workspace, loaded(path))


def test_file_without_our_manifest_is_compressed_if_all_of_it_is(tmp_path):
    workspace = Workspace()
    workspace.add("image", IMAGE)
    path = workspace.save(tmp_path / "a.h5", compression=("gzip", 3))
    with h5py.File(path, "r+") as file:
        del file["datalab_workspace"], file.attrs["datalab_workspace"]
    workspace = open_project(path)
    workspace.add("more", IMAGE)
    workspace.save()
    assert filters(path, "DataLab_Ima/gi001: /i002: more/data")[1:3] == ("gzip", 3)


def test_unknown_compression_is_refused(path):
    workspace = open_project(path)
    with pytest.raises(ValueError, match=r'expected "none", "lzf", "gzip"'):
        workspace.save(compression="zip")


def test_file_replaced_under_a_loaded_workspace_costs_no_array(path, monkeypatch):
    """Arrays in memory are not taken from a file that changed in the last moment."""
    workspace = loaded(path)
    workspace.rename("image", "other")
    other = path.with_name("other.h5")
    replacement = Workspace()
    replacement.add("image", IMAGE + 1)
    replacement.save(other)
    create = atomic._create

    def replace_before(*args):
        other.replace(path)
        monkeypatch.undo()
        return create(*args)

    monkeypatch.setattr(atomic, "_create", replace_before)
    new = workspace.save(path.with_name("new.h5"))
    assert_same(workspace, loaded(new))
