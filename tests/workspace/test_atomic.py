"""A save is whole or not at all: killed, out of space, or not allowed."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import h5py
import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace import open as open_project
from datalab_workspace.errors import FileChangedError, UnsupportedDtypeError
from datalab_workspace.formats import atomic
from datalab_workspace.formats.h5 import elements, staging, writer

OLD = np.arange(12.0).reshape(3, 4)
NEW = np.arange(1_000_000, dtype="u2").reshape(1000, 1000)


@pytest.fixture
def path(tmp_path):
    """The old project, in a folder of its own."""
    folder = tmp_path / "folder"
    folder.mkdir()
    workspace = Workspace()
    workspace.add("old", OLD)
    return workspace.save(folder / "project.h5")


@pytest.fixture
def new():
    workspace = Workspace()
    workspace.add("new", NEW)
    return workspace


def assert_old(path):
    """The old project is there, whole, and nothing beside it."""
    workspace = Workspace()
    workspace.load(path)
    assert workspace.list() == ["old"]
    np.testing.assert_array_equal(workspace.record("old").array("data"), OLD)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def assert_new(path):
    workspace = Workspace()
    workspace.load(path)
    np.testing.assert_array_equal(workspace.record("new").array("data"), NEW)


# -- killed ---------------------------------------------------------------------------

#: What a save does, in this order; a process is killed before each of them.
STEPS = {
    "HDF5 has its structure": "h5.writer:Manifest",
    "the structure is written": "h5.writer:Staging.finish",
    "an array is written": "h5.elements:write_blocks",
    "the index is written": "h5.manifest:Manifest.write",
    "it goes to the disk": "atomic:os.fsync",
    "it bears its time": "atomic:os.utime",
    "it takes its place": "atomic:Path.replace",
    "its name goes to the disk": "atomic:_sync_folder",
}
KILLED = """
import os, signal, sys
import numpy as np
import datalab_workspace.formats.h5.writer
from datalab_workspace import Workspace
path, step = sys.argv[1:]
module, _, attribute = step.partition(":")
owner = sys.modules["datalab_workspace.formats." + module]
*between, name = attribute.split(".")
for part in between:
    owner = getattr(owner, part)
setattr(owner, name, lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL))
workspace = Workspace()
workspace.add("new", np.arange(1_000_000, dtype="u2").reshape(1000, 1000))
workspace.save(path)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_process_killed_before_a_step_leaves_the_old_file_or_the_new(path, step):
    command = [sys.executable, "-c", KILLED, path, step]
    done = subprocess.run(command, check=False)
    assert done.returncode == -signal.SIGKILL
    if step.endswith("_sync_folder"):
        assert_new(path)
    else:
        assert open_project(path).list() == ["old"]
        np.testing.assert_array_equal(
            open_project(path).record("old").array("data"), OLD
        )
    # What a killed process leaves beside is hidden, and in nobody's way.
    left = [p.name for p in path.parent.iterdir() if p != path]
    assert all(name.startswith(".") and name.endswith(".tmp") for name in left)


#: What a save does that changes a copy of the old file.
STEPS_OF_A_COPY = {
    "the file is copied": "h5.patch:copy_file",
    "HDF5 opens the copy": "h5.patch:Staging",
    "HDF5 has changed it": "h5.patch:Manifest",
    "the changes are written": "h5.patch:Staging.finish",
    "an array is written": "h5.elements:write_blocks",
    "the index is written": "h5.manifest:Manifest.write",
    "it goes to the disk": "atomic:os.fsync",
    "it takes its place": "atomic:Path.replace",
    "its name goes to the disk": "atomic:_sync_folder",
}
KILLED_IN_A_COPY = KILLED.replace(
    "workspace = Workspace()",
    "workspace = Workspace()\nworkspace.load(path)\nworkspace.remove('old')",
)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("step", STEPS_OF_A_COPY.values(), ids=STEPS_OF_A_COPY)
def test_process_killed_while_it_changes_a_copy_leaves_the_old_file_or_the_new(
    path, step
):
    command = [sys.executable, "-c", KILLED_IN_A_COPY, path, step]
    done = subprocess.run(command, check=False)
    assert done.returncode == -signal.SIGKILL
    if step.endswith("_sync_folder"):
        assert_new(path)
        assert open_project(path).list() == ["new"]
    else:
        assert open_project(path).list() == ["old"]
        np.testing.assert_array_equal(
            open_project(path).record("old").array("data"), OLD
        )


def test_reader_sees_the_old_file_or_the_new_at_every_moment(path, new):
    seen, done = set(), threading.Event()

    def read():
        while not done.is_set():
            seen.add(tuple(open_project(path).list()))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(10):
            new.save(path)
    finally:
        done.set()
        reader.join()
    assert seen <= {("old",), ("new",)}


# -- interrupted, refused -------------------------------------------------------------


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, OSError])
@pytest.mark.parametrize(
    ("owner", "name"),
    [(writer, "Structure"), (staging.Staging, "finish"), (elements, "write_blocks")],
    ids=["structure", "finish", "arrays"],
)
def test_interrupted_save_leaves_the_old_file_alone(
    path, new, monkeypatch, owner, name, error
):
    def interrupt(*args):
        raise error

    monkeypatch.setattr(owner, name, interrupt)
    with pytest.raises(error):
        new.save(path)
    monkeypatch.undo()
    assert_old(path)
    assert new.path is None
    new.save(path)
    assert_new(path)


def test_data_that_cannot_be_kept_is_refused_before_the_file_is_touched(path):
    workspace = Workspace()
    workspace.add("fine", OLD)
    workspace.add("too long", np.full((2, 2), 2**63 - 1))
    with pytest.raises(UnsupportedDtypeError, match=r"'too long'.*int64"):
        workspace.save(path)
    assert_old(path)


# -- the disk is full -----------------------------------------------------------------


@pytest.fixture
def limited():
    """`limited(size)`: no file of this process may be larger than that."""
    resource = pytest.importorskip("resource", reason="needs limits of POSIX")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("compression", [None, "gzip"])
@pytest.mark.parametrize("size", [0, 1, 5000, 100_000, 1_000_000])
def test_full_disk_is_told_and_leaves_the_old_file_alone(
    path, limited, size, compression
):
    noise = np.random.default_rng(1).integers(0, 2**16, NEW.shape, "u2")
    workspace = Workspace()
    workspace.add("new", noise)
    limited(size)
    # The size of compressed data is not known before all of it is written.
    needed = r"over [01]\.\d MB" if compression else r"about 2\.0 MB"
    with pytest.raises(OSError, match=f"the project needs {needed}") as full:
        workspace.save(path, compression=compression)
    assert full.value.errno in (errno.ENOSPC, errno.EFBIG)
    assert_old(path)


# -- not allowed ----------------------------------------------------------------------


def test_folder_that_may_not_be_written_is_named(path, new, monkeypatch):
    def refuse(target, *args):
        if not str(target).endswith(".tmp"):
            return opened(target, *args)
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))

    opened = os.open
    path.parent.chmod(0o555)
    if os.access(path.parent, os.W_OK):  # root may write everywhere
        monkeypatch.setattr(atomic.os, "open", refuse)
    try:
        with pytest.raises(PermissionError, match="no file can be created") as refused:
            new.save(path)
    finally:
        monkeypatch.undo()
        path.parent.chmod(0o755)
    assert refused.value.filename == str(path.parent)
    assert_old(path)


def test_read_only_file_is_not_replaced(path, new, monkeypatch):
    path.chmod(0o444)
    monkeypatch.setattr(atomic.os, "access", lambda target, mode: False)  # as for all
    with pytest.raises(PermissionError, match="read-only") as refused:
        new.save(path)
    assert refused.value.filename == str(path)
    path.chmod(0o644)
    assert_old(path)


def test_file_that_another_program_has_open_on_windows_is_named(path, new, monkeypatch):
    def refuse(self, target):
        raise PermissionError(errno.EACCES, "in use", str(self))

    monkeypatch.setattr(Path, "replace", refuse)
    monkeypatch.setattr(atomic, "_ON_WINDOWS", True)
    with pytest.raises(PermissionError, match="close it there and save again"):
        new.save(path)
    monkeypatch.undo()
    assert_old(path)


def test_folder_is_not_replaced(path, new):
    with pytest.raises(IsADirectoryError, match="cannot save a project over a folder"):
        new.save(path.parent)
    assert_old(path)


def test_folder_that_does_not_exist_is_named(path, new):
    with pytest.raises(FileNotFoundError, match=r"there is no such folder.*nowhere"):
        new.save(path.parent / "nowhere" / "new.h5")
    assert_old(path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no /dev/null")
def test_device_is_not_replaced(new):
    with pytest.raises(OSError, match="cannot save a project to a device"):
        new.save(os.devnull)


@pytest.mark.parametrize("compression", ["zip", 4, ("gzip", 10), ("gzip",), True])
def test_unknown_compression_is_refused_before_anything_is_written(
    path, new, compression
):
    with pytest.raises(ValueError, match=r'compression is .*"gzip"'):
        new.save(path, compression=compression)
    assert_old(path)


# -- what stays -----------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_mode_of_the_file_stays(path, new, mode):
    path.chmod(mode)
    new.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.skipif(sys.platform == "win32", reason="umask of POSIX")
def test_new_file_has_the_mode_that_the_umask_leaves(tmp_path, new):
    before = os.umask(0o027)
    try:
        path = new.save(tmp_path / "new.h5")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
@pytest.mark.parametrize("exists", [True, False], ids=["existing", "dangling"])
def test_symbolic_link_stays_one(path, new, tmp_path, exists):
    link = tmp_path / "link.h5"
    link.symlink_to(path)
    if not exists:
        path.unlink()
    new.save(link)
    assert link.is_symlink()
    assert link.readlink() == path
    assert_new(path)
    new.save()  # it knows the file that it saved through the link
    assert new.path == link


def test_file_that_is_open_elsewhere_is_read_to_its_end(path, new):
    with h5py.File(path) as file:
        new.save(path)
        np.testing.assert_array_equal(file["DataLab_Ima/gi001: /i001: old/data"], OLD)
    assert_new(path)


@pytest.mark.parametrize("name", ["n" * 255, "\u00e9" * 127, "no suffix", ".hidden"])
def test_any_file_name_is_taken_as_it_is(tmp_path, new, name):
    new.save(tmp_path / name)
    assert [p.name for p in tmp_path.iterdir()] == [name]


# -- another program's changes --------------------------------------------------------


def change(path):
    with h5py.File(path, "r+") as file:
        file.attrs["other"] = 1


@pytest.mark.parametrize("known_by", ["load", "lazy", "save"])
def test_file_that_another_program_changed_is_not_replaced_unasked(path, known_by):
    workspace = Workspace()
    workspace.add("old", OLD)
    if known_by == "save":
        workspace.save(path)
    else:
        workspace.load(path, lazy=known_by == "lazy")
    change(path)
    content = path.read_bytes()
    with pytest.raises(FileChangedError, match=r"another program changed.*overwrite"):
        workspace.save(path)
    assert path.read_bytes() == content
    workspace.save(path, overwrite=True)
    workspace.save(path)
    assert_old(path)


def test_change_during_the_save_is_not_lost(path, monkeypatch):
    workspace = Workspace()
    workspace.load(path)
    workspace.add("more", OLD)
    sync = os.fsync

    def change_before(descriptor):
        change(path)
        monkeypatch.undo()
        sync(descriptor)

    monkeypatch.setattr(atomic.os, "fsync", change_before)
    with pytest.raises(FileChangedError):
        workspace.save()
    with h5py.File(path) as file:
        assert file.attrs["other"] == 1


def test_file_that_was_removed_is_made_again(path):
    workspace = Workspace()
    workspace.load(path)
    path.unlink()
    workspace.save()
    assert_old(path)
