"""The recovery folder of each kernel: its place, its owner, and its end.

A kernel locks its folder. The lock ends with the process, so that the folder of a
kernel that has died is recognised whatever its process number is. Folders that another
user owns, or can write to, are never read.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from datalab_workspace.formats.raw_io import WITHOUT_WAITING
from datalab_workspace.recovery.lock import FileLock, acquire
from datalab_workspace.runtime import IN_BROWSER

#: Another folder for recovery; "0" turns recovery off.
VARIABLE = "DATALAB_KERNEL_RECOVERY"
_OFF = ("0", "off", "no", "false")
#: The folder of a site's files in JupyterLite; all others end with the page.
DRIVE = Path("/drive")
#: Days after which the folder of a kernel that has died is removed, and after which it
#: is removed if its objects have been restored.
KEPT_DAYS = 14
RESTORED_DAYS = 1
#: Bytes that the folders of dead kernels may have together; the oldest go first.
KEPT_BYTES = 2 << 30
#: Number of these folders in a browser, where it takes long to look up their sizes: to
#: list a folder, JupyterLite reads the contents of all files.
KEPT_IN_BROWSER = 8
#: The permissions of the folders. With others, JupyterLite would create a file.
_MODE = 0o777 if IN_BROWSER else 0o700
#: The file that describes and locks a folder, and the one that marks it as restored.
_OWNER = "kernel.json"
_RESTORED = "restored"
_LARGEST_OWNER = 1 << 16
#: Seconds for which a kernel on another machine counts as running after its last sign.
_SILENCE = 300.0
_DAY = 86400.0


@dataclass(frozen=True)
class Owner:
    """The process that writes to a recovery folder.

    Attributes:
        notebook: Path of its notebook; "" if it is not known.
        folder: Its working directory.
        pid: Its process number.
        host: Name of its machine.
        started: The time at which it started to record, in seconds since 1970.
    """

    notebook: str
    folder: str
    pid: int
    host: str
    started: float

    @classmethod
    def this(cls, notebook: str = "") -> Owner:
        """Return a description of this process."""
        try:
            folder = "" if Path.cwd() == DRIVE else str(Path.cwd())
        except OSError:  # it has been removed
            folder = ""
        return cls(notebook, folder, os.getpid(), _host(), time.time())


def _host() -> str:
    import socket  # imported here: the first cell of a kernel imports this module

    return socket.gethostname()


def root() -> Path | None:
    """Return the folder that holds the folders of all kernels.

    None if recovery is off, or if no file of a browser outlives the page.
    """
    chosen = os.environ.get(VARIABLE, "").strip()
    if chosen.lower() in _OFF:
        return None
    if chosen and chosen != "1":
        return Path(chosen).expanduser().absolute()
    if IN_BROWSER:
        return DRIVE / ".datalab-kernel" / "recovery" if _has_drive() else None
    return _state_directory() / "datalab-kernel" / "recovery"


@cache
def _has_drive() -> bool:
    """Return whether files outlive the page; JupyterLite takes long to say so."""
    return DRIVE.is_dir()


def _state_directory() -> Path:
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local) if local else Path.home() / "AppData" / "Local"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    configured = os.environ.get("XDG_STATE_HOME", "")
    if configured.startswith("/"):  # a relative path has no meaning
        return Path(configured)
    return Path.home() / ".local" / "state"


class OwnFolder:
    """The folder of this process, which it has locked.

    Attributes:
        path: The folder.
        owner: The description of this process.
    """

    def __init__(self, parent: Path, owner: Owner) -> None:
        """Create and lock the folder.

        Raises:
            OSError: It cannot be created, is not private, or cannot be locked.
        """
        parent.mkdir(mode=_MODE, parents=True, exist_ok=True)
        if not is_private(parent):
            raise PermissionError(f"other users can write to {str(parent)!r}")
        self.owner = owner
        self.path = parent / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.urandom(6).hex()}"
        self.path.mkdir(mode=_MODE)
        self._lock: FileLock | None = None
        try:
            self._lock = acquire(self.path / _OWNER, create=True)
            assert self._lock is not None  # no other process knows it yet
            # The content comes after the lock: a file without it is not looked at.
            self._lock.write(json.dumps(asdict(owner)).encode())
        except BaseException:
            self.remove()
            raise

    def touch(self) -> None:
        """Show kernels on other machines that this one runs."""
        if self._lock is not None:
            os.utime(self.path / _OWNER)

    def is_kept(self) -> bool:
        """Return whether the folder is still there; it counts as not restored again.

        A browser has no locks, so the kernel of another page may have restored the
        objects of this one, or removed the folder.
        """
        with suppress(FileNotFoundError):
            (self.path / _RESTORED).unlink()
        return self.path.is_dir()

    def leave(self) -> None:
        """Close the lock file, for example in a forked child; keep the content."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def remove(self) -> None:
        """Remove the folder with everything in it."""
        _remove(self.path, self._lock)
        self._lock = None


@dataclass(frozen=True)
class LeftFolder:
    """The folder of a kernel that has died.

    Attributes:
        path: The folder.
        owner: The process that wrote to it.
        written: The time of the last sign of that process, in seconds since 1970; in
            a browser, the time at which it started.
        restored: Whether its objects have been restored.
    """

    path: Path
    owner: Owner
    written: float
    restored: bool

    def mark_restored(self) -> None:
        """Note that the objects have been restored; they are not announced again."""
        flags = os.O_CREAT | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0)
        os.close(os.open(self.path / _RESTORED, flags, 0o600))

    def discard(self) -> bool:
        """Remove the folder; return False if another process is using it."""
        lock = acquire(self.path / _OWNER)
        if lock is None:
            return False
        _remove(self.path, lock)
        return True

    @property
    def size(self) -> int:
        """Bytes of the files in the folder."""
        return sum(_size(entry) for entry in _entries(self.path))


def left_folders(parent: Path) -> list[LeftFolder]:
    """Return the folders of the kernels that have died, the last one first.

    Nothing is followed or opened that another user could have put there.
    """
    found = []
    for entry in _entries(parent):
        try:
            left = _left(Path(entry.path))
        except (OSError, ValueError):
            continue  # being created or removed by its owner, or not ours
        if left is not None:
            found.append(left)
    return sorted(found, key=lambda left: left.written, reverse=True)


def expire(parent: Path) -> None:
    """Remove the folders that are too old, and the oldest ones of too many bytes.

    The last one is kept whatever its size is: there was no chance to restore it yet.
    """
    total, now = 0, time.time()
    for number, left in enumerate(left_folders(parent)):
        days = RESTORED_DAYS if left.restored else KEPT_DAYS
        if IN_BROWSER:
            is_too_much = number >= KEPT_IN_BROWSER
        else:
            total += left.size
            is_too_much = number > 0 and total > KEPT_BYTES
        if now - left.written > days * _DAY or is_too_much:
            with suppress(OSError):  # it is in use, or the next kernel removes it
                left.discard()


def total_size(parent: Path) -> int:
    """Return the bytes of all files below the folder of all kernels."""
    return sum(
        _size(entry)
        for folder in _entries(parent)
        if folder.is_dir(follow_symlinks=False)
        for entry in _entries(Path(folder.path))
    )


def is_private(path: Path) -> bool:
    """Return whether a folder belongs to this user, who alone can write to it."""
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode):
        return False
    if sys.platform == "win32" or IN_BROWSER:
        return True  # the user's profile, or the site's files, are closed to others
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def open_private(path: Path) -> int:
    """Open a file of a recovery folder for reading; return its descriptor.

    Raises:
        OSError: It is a link, not a regular file, or belongs to another user.
    """
    flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    flags |= getattr(os, "O_NOFOLLOW", 0) | WITHOUT_WAITING
    descriptor = os.open(path, flags)
    status = os.fstat(descriptor)
    mine = sys.platform == "win32" or IN_BROWSER or status.st_uid == os.getuid()
    if not stat.S_ISREG(status.st_mode) or not mine:
        os.close(descriptor)
        raise PermissionError(f"{str(path)!r} is not a file of this user")
    return descriptor


def _left(path: Path) -> LeftFolder | None:
    """Return a folder if its kernel has died; None if that kernel runs.

    Raises:
        OSError or ValueError: It is not a folder of this user, or not complete.
    """
    if not is_private(path):
        return None
    with os.fdopen(open_private(path / _OWNER), "rb") as file:
        written = os.fstat(file.fileno()).st_mtime
        owner = _owner(file.read(_LARGEST_OWNER))
    # A file system may not pass on the locks of other machines.
    if owner.host != _host() and time.time() - written < _SILENCE:
        return None
    lock = acquire(path / _OWNER, shared=True)
    if lock is None:
        return None
    lock.close()
    times = [] if IN_BROWSER else [_written(entry) for entry in _entries(path)]
    restored = (path / _RESTORED).exists()
    return LeftFolder(path, owner, max([written, *times]), restored)


def _written(entry: os.DirEntry[str]) -> float:
    return entry.stat(follow_symlinks=False).st_mtime


def _owner(content: bytes) -> Owner:
    # A kernel that starts looks for folders, and rarely finds one.
    from datalab_workspace.encoding import shallow_json

    data = shallow_json.loads(content)
    if not isinstance(data, dict):
        data = {}
    started, pid = data.get("started"), data.get("pid")
    texts = [data.get(name) for name in ("notebook", "folder", "host")]
    if not isinstance(started, float) or not isinstance(pid, int):
        raise ValueError("it does not describe a process")  # noqa: TRY004  the content of a file is wrong, not an argument
    notebook, folder, host = map(str, texts)
    return Owner(notebook, folder, pid, host, started)


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    with suppress(OSError), os.scandir(folder) as entries:
        yield from entries


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_size
    except OSError:  # just removed
        return 0


def _remove(path: Path, lock: FileLock | None) -> None:
    """Remove a folder; the lock is held until its files are gone."""
    if sys.platform == "win32" and lock is not None:
        lock.close()  # an open file cannot be removed there
    shutil.rmtree(path, ignore_errors=True)
    if lock is not None:
        lock.close()
