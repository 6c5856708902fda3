"""A save destroys nothing that the workspace does not know."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace import Workspace
from datalab_workspace.formats import locks
from datalab_workspace.formats.h5 import lazy
from support.saving import names_in, posix, start

LEGACY = Path(__file__).parents[2] / "data" / "legacy" / "standalone-0.2.11.h5"


# -- files of other programs ----------------------------------------------------------


def other_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["entry"] = 1


FOREIGN = {
    "table.csv": (lambda path: path.write_text("x,y\n1,2\n"), "begins with b'x,y"),
    "notes": (lambda path: path.write_text("to do"), "begins with b'to do'"),
    "picture.tif": (lambda path: path.write_bytes(b"II*\0" + bytes(99)), "II"),
    "zeros.h5": (lambda path: path.write_bytes(bytes(99)), "not an HDF5 file"),
    "other.h5": (other_hdf5, "holds 'entry'"),
    "array.npy": (lambda path: np.save(path, np.arange(3)), "NUMPY"),
    "arrays.npz": (lambda path: np.savez(path, a=np.arange(3)), "PK"),
    "old.h5": (
        lambda path: path.write_bytes(LEGACY.read_bytes()),
        "is a file of datalab-kernel 0.2, which cannot be written",
    ),
}


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("name", FOREIGN)
def test_a_file_of_another_program_is_not_replaced(
    workspace: Workspace, tmp_path: Path, name: str, overwrite: bool
) -> None:
    make, described = FOREIGN[name]
    path = tmp_path / name
    make(path)
    content = path.read_bytes()

    with pytest.raises(dlw.NotAProjectError, match=r"was not replaced") as refused:
        workspace.save(path, overwrite=overwrite)

    remedy = "export an object with" if "." in name else "remove the file first"
    if path.suffix in (".h5", ".npz"):
        remedy = "Save to another path, or remove the file first"
    assert remedy in str(refused.value)
    assert described in str(refused.value)
    assert str(path) in str(refused.value)
    assert path.read_bytes() == content
    assert names_in(tmp_path) == [name]
    path.unlink()
    if name.endswith(".h5"):
        workspace.save(path)


@pytest.mark.parametrize(
    ("name", "export"),
    [
        ("a.csv", "workspace.export(name, 'a.csv')"),
        ("a.TXT", "workspace.export(name, 'a.TXT')"),
        ("a.tif", "workspace.export(name, 'a.tif')"),
        ("a.npy", "workspace.export(name, 'a.npy')"),
        ("a.xlsx", "workspace.export(name, path), which writes .asc, .bmp, .csv"),
    ],
)
@pytest.mark.parametrize("exists", [False, True], ids=["new", "empty"])
def test_a_suffix_of_another_format_is_refused_with_the_way_to_export(
    workspace: Workspace, tmp_path: Path, name: str, export: str, exists: bool
) -> None:
    if exists:
        (tmp_path / name).touch()

    with pytest.raises(dlw.NotAProjectError, match=r"ends in \.h5") as refused:
        workspace.save(tmp_path / name, overwrite=True)

    assert export in str(refused.value)
    assert names_in(tmp_path) == [name] * exists


@pytest.mark.parametrize("name", ["run.2026-11-30", "project", "a.dlp", "b.v2"])
def test_a_suffix_without_a_meaning_is_accepted(
    workspace: Workspace, tmp_path: Path, name: str
) -> None:
    assert dlw.open(workspace.save(tmp_path / name)).list() == ["a"]


def test_an_empty_file_is_replaced(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "a.h5").touch()
    assert dlw.open(workspace.save(tmp_path / "a.h5")).list() == ["a"]


def test_a_project_keeps_a_suffix_of_another_format(path: Path) -> None:
    renamed = path.rename(path.with_suffix(".txt"))
    opened = dlw.open(renamed)
    opened.rename("old", "new")
    opened.save()
    assert dlw.open(renamed).list() == ["new"]


def test_a_damaged_project_is_replaced_only_on_demand(
    workspace: Workspace, path: Path
) -> None:
    os.truncate(path, path.stat().st_size // 2)
    content = path.read_bytes()
    with pytest.raises(dlw.DamagedFileError, match="pass overwrite=True"):
        workspace.save(path)
    assert path.read_bytes() == content
    workspace.save(path, overwrite=True)
    assert dlw.open(path).list() == ["a"]


@posix
def test_neither_a_named_pipe_nor_a_socket_is_read_or_replaced(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    os.mkfifo("pipe.h5")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.h5")
    for name, kind in (("pipe.h5", "a named pipe"), ("socket.h5", "a socket")):
        with pytest.raises(OSError, match=f"this is {kind}"):
            dlw.open(name)
        with pytest.raises(OSError, match=f"cannot save a project to {kind}"):
            workspace.save(name)
    with pytest.raises(OSError, match="this is a device"):
        dlw.open(os.devnull)


# -- files that other programs have open ----------------------------------------------

HOLD = """
import sys
import h5py
with h5py.File(sys.argv[1], sys.argv[2]) as file:
    print("open", flush=True)
    sys.stdin.readline()
"""


@posix
@pytest.mark.parametrize("known", [False, True], ids=["unknown", "known"])
def test_a_project_that_another_process_writes_is_not_replaced(
    path: Path, workspace: Workspace, known: bool
) -> None:
    if known:
        workspace.load(path)
    inode = path.stat().st_ino
    process = start(HOLD, str(path), "r+")
    with pytest.raises(BlockingIOError, match="close it there and save again"):
        workspace.save(path, overwrite=True)
    assert path.stat().st_ino == inode
    assert names_in(path.parent) == [path.name]
    process.communicate("close\n")
    workspace.save(path, overwrite=True)
    assert "a" in dlw.open(path).list()


@posix
def test_a_project_that_another_process_reads_is_replaced(
    path: Path, workspace: Workspace
) -> None:
    process = start(HOLD, str(path), "r")
    workspace.save(path)
    process.communicate("close\n")
    assert process.returncode == 0
    assert dlw.open(path).list() == ["a"]


@pytest.mark.skipif(sys.platform != "linux", reason="lists open files as Linux does")
def test_a_platform_without_locks_keeps_no_file_open(
    path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a browser, which stores a file when it is closed."""

    def replace(source: Path, target: Path) -> Path:
        still_open = {Path(os.path.realpath(entry)) for entry in listing.iterdir()}
        assert not {source, target} & still_open
        return moved(source, target)

    listing = Path("/proc/self/fd")
    moved = Path.replace
    monkeypatch.setattr(locks, "AVAILABLE", False)
    monkeypatch.setattr(Path, "replace", replace)
    workspace.save(path)
    assert dlw.open(path).list() == ["a"]
    assert names_in(path.parent) == [path.name]


@posix
def test_a_file_system_without_locks_does_not_hinder_a_save(
    path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(locks.fcntl, "flock", refuse)
    workspace.save(path)
    assert dlw.open(path).list() == ["a"]
    assert names_in(path.parent) == [path.name]


# -- names that are not UTF-8, and errors of the system -------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="names are Unicode elsewhere")
def test_a_name_that_is_not_utf_8_works_everywhere(
    tmp_path: Path, workspace: Workspace
) -> None:
    path = tmp_path / os.fsdecode(b"(a script)\xff.h5")
    workspace.save(path)
    opened = dlw.open(path)
    assert r"\udcff" in repr(opened)
    assert opened.list() == ["a"]
    opened.rename("a", "b")
    opened.save()
    os.truncate(path, 1000)
    with pytest.raises(dlw.DamagedFileError, match=r"\\udcff"):
        workspace.load(path)
    with pytest.raises(dlw.StaleFileError, match=r"\\udcff"):
        opened.get("b")
    workspace.save(path, overwrite=True)

    command = [sys.executable, "-m", "datalab_workspace", "check", str(path)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert rb"\udcff.h5" in done.stdout


@posix
def test_a_process_without_descriptors_does_not_call_a_file_damaged(
    path: Path,
) -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    held = [os.open(os.devnull, os.O_RDONLY)]
    # One descriptor is left: enough for the first look at the file, and no more.
    resource.setrlimit(resource.RLIMIT_NOFILE, (held[0] + 2, hard))
    try:
        with pytest.raises(OSError, match="Too many open files") as failed:
            dlw.open(path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        os.close(held[0])
    assert failed.value.errno == errno.EMFILE
    assert not isinstance(failed.value, dlw.DamagedFileError)
    assert failed.value.filename == str(path)


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.ENOMEM])
@pytest.mark.parametrize("has_number", [False, True], ids=["in the text", "errno"])
def test_an_error_of_the_system_does_not_call_a_file_damaged(
    path: Path, monkeypatch: pytest.MonkeyPatch, number: int, has_number: bool
) -> None:
    def fail(*args: object, **options: object) -> None:
        text = f"file read failed: errno = {number}, error message = '…'"
        raise OSError(number, text) if has_number else OSError(text)

    monkeypatch.setattr(h5py, "File", fail)
    with pytest.raises(OSError, match="project") as failed:
        dlw.open(path)
    assert failed.value.errno == number
    assert not isinstance(failed.value, dlw.DamagedFileError)


def test_an_error_of_the_disk_while_an_array_is_read_names_the_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    opened = dlw.open(path)
    monkeypatch.setattr(lazy, "read_into", fail)
    for read in (lambda: opened.get("old"), lambda: Workspace().load(path)):
        with pytest.raises(OSError, match="Input/output error") as failed:
            read()
        assert (failed.value.errno, failed.value.filename) == (errno.EIO, str(path))
