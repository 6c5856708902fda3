"""A save on a file system that lacks something, and next to what others left there."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace import Workspace
from datalab_workspace.formats import inheritance, temporary
from support.saving import names_in, posix, start

# -- file systems that lack something -------------------------------------------------

LACKING = [errno.EPERM, errno.EINVAL, errno.ENOTSUP]
STEPS = {
    "fchmod": "keep the permissions",
    "utime": "set the modification time",
    "fsync": "flush the content",
}


def refuse_step(monkeypatch: pytest.MonkeyPatch, step: str, number: int) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, step, refuse)


@posix
@pytest.mark.parametrize("number", LACKING)
@pytest.mark.parametrize("step", STEPS)
def test_what_a_file_system_lacks_costs_a_warning(
    path: Path,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    number: int,
) -> None:
    path.chmod(0o640)
    refuse_step(monkeypatch, step, number)
    monkeypatch.setattr(inheritance, "_keep_owner", lambda *args: False)

    with pytest.warns(UserWarning, match="the save continues") as caught:
        workspace.save(path)

    monkeypatch.undo()
    assert f"refuses to {STEPS[step]} of {str(path)!r}" in str(caught[0].message)
    assert names_in(path.parent) == [path.name]
    workspace.save()  # the stamp is known
    opened = dlw.open(path)
    assert opened.list() == ["a"]
    np.testing.assert_array_equal(opened.get("a").data, workspace.get("a").data)


@posix
@pytest.mark.parametrize("step", STEPS)
def test_a_broken_disk_fails_the_save_and_names_the_file(
    path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    content = path.read_bytes()
    path.chmod(0o640)
    refuse_step(monkeypatch, step, errno.EIO)
    monkeypatch.setattr(inheritance, "_keep_owner", lambda *args: False)

    with pytest.raises(OSError, match=f"cannot {STEPS[step]}") as failed:
        workspace.save(path)

    monkeypatch.undo()
    assert (failed.value.errno, failed.value.filename) == (errno.EIO, str(path))
    assert path.read_bytes() == content
    assert names_in(path.parent) == [path.name]


@posix
@pytest.mark.parametrize(
    ("number", "is_tolerated"), [(errno.EINVAL, True), (errno.EIO, False)]
)
def test_a_folder_that_cannot_be_flushed(
    path: Path,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    is_tolerated: bool,
) -> None:
    flush = os.fsync

    def refuse(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", refuse)
    if is_tolerated:
        with pytest.warns(UserWarning, match="refuses to flush the entries"):
            workspace.save(path)
    else:
        with pytest.raises(OSError, match="cannot flush the entries") as failed:
            workspace.save(path)
        assert failed.value.filename == str(path.parent)
    assert dlw.open(path).list() == ["a"]


@posix
@pytest.mark.parametrize(
    ("free", "said"),
    [(0, "no room for another file"), (9, r"the project needs .* MB are free")],
)
def test_a_full_table_of_files_is_not_taken_for_a_full_disk(
    path: Path,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    free: int,
    said: str,
) -> None:
    refuse_step(monkeypatch, "fsync", errno.ENOSPC)
    known = list(os.statvfs(path.parent))
    known[5:8] = [10, free, free]  # files in total, free ones, and those for this user
    monkeypatch.setattr(os, "statvfs", lambda folder: os.statvfs_result(known))
    with pytest.raises(OSError, match=said) as failed:
        workspace.save(path)
    assert (failed.value.errno, failed.value.filename) == (errno.ENOSPC, str(path))


# -- owner, group, attributes ---------------------------------------------------------


@posix
def test_owner_and_group_are_kept(path: Path, workspace: Workspace) -> None:
    if os.geteuid() == 0:
        os.chown(path, 12345, 23456)
    else:
        os.chown(path, -1, os.getgroups()[-1])
    path.chmod(0o664)
    before = path.stat()
    workspace.save(path)
    after = path.stat()
    assert before.st_ino != after.st_ino
    for part in ("st_uid", "st_gid", "st_mode"):
        assert getattr(after, part) == getattr(before, part)


@posix
@pytest.mark.parametrize(("mode", "left"), [(0o664, 0o644), (0o660, 0o600)])
def test_a_group_that_cannot_be_kept_gets_no_more_rights_than_everybody(
    path: Path,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    mode: int,
    left: int,
) -> None:
    path.chmod(mode)
    monkeypatch.setattr(inheritance, "_keep_owner", lambda *args: False)
    workspace.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == left


@posix
def test_extended_attributes_are_kept(path: Path, workspace: Workspace) -> None:
    try:
        os.setxattr(path, "user.sample", b"42")
    except (AttributeError, OSError):
        pytest.skip("this file system has no extended attributes")
    workspace.save(path)
    assert os.getxattr(path, "user.sample") == b"42"


@posix
def test_a_hard_link_keeps_the_old_content(path: Path, workspace: Workspace) -> None:
    link = path.with_name("link.h5")
    link.hardlink_to(path)
    workspace.save(path)
    assert (dlw.open(link).list(), dlw.open(path).list()) == (["old"], ["a"])


@posix
def test_the_sticky_bit_is_not_taken_for_a_program_that_has_the_file_open(
    path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(source))

    path.parent.chmod(0o1777)
    monkeypatch.setattr(Path, "replace", refuse)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(PermissionError, match=r"belongs to another user.*sticky"):
        workspace.save(path)
    assert names_in(path.parent) == [path.name]


# -- leftovers of killed saves --------------------------------------------------------

#: A process that stops in the middle of a save, until it is killed or gets a line.
STOPPED = """
import sys
import numpy as np
from datalab_workspace import Workspace
from datalab_workspace.formats.h5 import elements

def write_blocks(*args):
    print("writing", flush=True)
    sys.stdin.readline()
    return complete(*args)

complete, elements.write_blocks = elements.write_blocks, write_blocks
workspace = Workspace()
workspace.add("other", np.arange(1000.0))
workspace.save(sys.argv[1])
"""


@posix
@pytest.mark.parametrize(
    "name",
    ["project.h5", "p" * 255, os.fsdecode(b"\xff.h5")],
    ids=["short", "long", "not UTF-8"],
)
def test_the_leftover_of_a_killed_save_is_removed_by_the_next_one(
    tmp_path: Path, workspace: Workspace, name: str
) -> None:
    path = workspace.save(tmp_path / name)
    process = start(STOPPED, str(path))
    process.kill()
    process.communicate()
    (leftover,) = (left for left in names_in(tmp_path) if left != name)
    assert leftover.endswith(".tmp")

    workspace.save(tmp_path / "of another.h5")
    assert leftover in names_in(tmp_path)
    workspace.save(path)
    assert names_in(tmp_path) == sorted([name, "of another.h5"])


@posix
def test_the_temporary_file_of_a_save_that_goes_on_stays(
    path: Path, workspace: Workspace
) -> None:
    process = start(STOPPED, str(path))
    workspace.save(path)
    assert len(names_in(path.parent)) == 2
    process.communicate("go on\n")
    assert process.returncode == 0
    assert dlw.open(path).list() == ["other"]
    assert names_in(path.parent) == [path.name]


@posix
def test_without_locks_the_process_in_the_name_decides(
    path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    here = temporary._machine()
    dead = f".{path.name}.{ended.pid}-{here}-00000000.tmp"
    living = f".{path.name}.{os.getpid()}-{here}-00000000.tmp"
    elsewhere = f".{path.name}.{ended.pid}-00000000-00000000.tmp"
    for name in (dead, living, elsewhere):
        path.with_name(name).touch()
    monkeypatch.setattr(temporary, "lock", lambda *args, **options: None)

    workspace.save(path)

    assert names_in(path.parent) == sorted([path.name, living, elsewhere])


@posix
def test_files_that_only_look_like_leftovers_stay(
    path: Path, workspace: Workspace
) -> None:
    name = f".{path.name}.1-0123abcd-0123abcd.tmp"
    others = [f"{name}.bak", name[1:], name.replace("0123abcd", "0123ABCD")]
    for other in others:
        path.with_name(other).touch()
    path.with_name(name).mkdir()
    link = path.with_name(name.replace(".1-", ".2-"))
    link.symlink_to(path)

    workspace.save(path)

    assert names_in(path.parent) == sorted([path.name, name, link.name, *others])
