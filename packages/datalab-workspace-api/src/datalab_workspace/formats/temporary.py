"""The temporary files of saves, and the removal of those that killed processes left.

A process holds a shared lock on its temporary file until that file has taken the place
of the target. If an exclusive lock on the file is possible, the process has ended. On a
file system without locks, the process and the machine in the name of the file decide.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import socket
import stat
import zlib
from functools import cache
from io import FileIO
from pathlib import Path

from datalab_workspace.formats.locks import lock
from datalab_workspace.formats.raw_io import WITHOUT_WAITING
from datalab_workspace.live.processes import is_running
from datalab_workspace.runtime import IN_BROWSER

_LONGEST_NAME = 200  # bytes
_SUFFIX = re.compile(r"(\d+)-([0-9a-f]{8})-[0-9a-f]{8}\.tmp")
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | WITHOUT_WAITING


def create(target: Path, permissions: int) -> tuple[Path, FileIO]:
    """Create and lock a temporary file next to its target.

    Args:
        target: The file that is going to be replaced or created.
        permissions: The permissions of the new file, before the umask.

    Returns:
        The path of the new file, and the file, open for reading and writing.

    Raises:
        OSError: The file cannot be created.
    """
    while True:
        suffix = f"{os.getpid()}-{_machine()}-{secrets.token_hex(4)}.tmp"
        path = target.with_name(_prefix(target) + suffix)
        file = FileIO(
            str(path),
            "x+",
            opener=lambda name, flags: os.open(name, flags, permissions),
        )
        # Another save may have locked the file before this one did, to remove it.
        if lock(file.fileno(), shared=True) is not False and path.exists():
            return path, file
        file.close()
        path.unlink(missing_ok=True)


def remove_abandoned(target: Path) -> None:
    """Remove the temporary files of this target whose processes have ended.

    Only files of this user are removed. One that cannot be removed stays, because it
    does not hinder the save.
    """
    prefix = _prefix(target)
    with contextlib.suppress(OSError), os.scandir(target.parent) as entries:
        for entry in entries:
            if not entry.name.startswith(prefix):
                continue
            match = _SUFFIX.fullmatch(entry.name, len(prefix))
            if match:
                with contextlib.suppress(OSError):
                    _remove_if_abandoned(Path(entry.path), int(match[1]), match[2])


def _remove_if_abandoned(path: Path, pid: int, machine: str) -> None:
    descriptor = os.open(path, os.O_RDWR | _NO_FOLLOW)
    try:
        status = os.fstat(descriptor)
        is_ours = not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
        if not stat.S_ISREG(status.st_mode) or not is_ours:
            return
        locked = lock(descriptor, shared=False)
        if locked is None:
            locked = machine == _machine() and (IN_BROWSER or not is_running(pid))
        if locked:
            path.unlink()
    finally:
        os.close(descriptor)


def _prefix(target: Path) -> str:
    # The name need not be UTF-8. A character that is cut off is left out.
    name = os.fsencode(target.name)
    if len(name) > _LONGEST_NAME:
        name = name[:_LONGEST_NAME].decode(errors="ignore").encode()
    return f".{os.fsdecode(name)}."


@cache
def _machine() -> str:
    """Return eight digits that differ between machines, and between containers."""
    try:
        space = os.readlink("/proc/self/ns/pid")  # noqa: PTH115  it is not a path
    except OSError:
        space = ""
    return f"{zlib.crc32(f'{socket.gethostname()} {space}'.encode()):08x}"
