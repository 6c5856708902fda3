"""Replace a file atomically: its path holds the old content or the new one.

The new content goes into a temporary file in the same folder. That file takes the place
of the old one when it is complete and on the disk.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import NoReturn

from datalab_workspace.errors import FileChangedError
from datalab_workspace.formats.raw_io import write_all

_FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))
_LONGEST_NAME = 200


@dataclass(frozen=True)
class FileStamp:
    """The properties of a file that differ after another program wrote or replaced it.

    Attributes:
        mtime_ns: Time of the last change, in ns.
        size: Size in bytes.
        inode: Inode number.
        device: Device number.

    Example:
        >>> from datalab_workspace.formats import FileStamp
        >>> path = workspace.save("analysis.h5")
        >>> FileStamp.of(path) == FileStamp.of(path)
        True
    """

    mtime_ns: int
    size: int
    inode: int
    device: int

    @classmethod
    def of(cls, file: Path | int) -> FileStamp:
        """Return the stamp of a file.

        Args:
            file: The path or an open file descriptor.

        Raises:
            FileNotFoundError: There is no such file.

        Example:
            >>> from datalab_workspace.formats import FileStamp
            >>> FileStamp.of(workspace.save("analysis.h5")).size > 1000
            True
        """
        status = os.stat(file)  # noqa: PTH116 (Path.stat takes no descriptor)
        return cls(status.st_mtime_ns, status.st_size, status.st_ino, status.st_dev)


class Replacement:
    """A new file that is going to replace another one.

    Attributes:
        target: The file to be replaced.
        temporary: The path of the new file until then.
        file: The new file, unbuffered, open for reading and writing.
        mtime_ns: The modification time that the new file will have, in ns.
        stamp: The stamp of the new file; None until it is in place.
    """

    def __init__(self, target: Path, temporary: Path, file: FileIO) -> None:
        self.target = target
        self.temporary = temporary
        self.file = file
        # Whole microseconds: every current file system keeps those.
        self.mtime_ns = time.time_ns() // 1000 * 1000
        self.stamp: FileStamp | None = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write bytes at the current position of the new file.

        Raises:
            OSError: The disk is full, or another write error.
        """
        write_all(self.file, memoryview(data).cast("B"))

    def commit(self, expected: FileStamp | None) -> None:
        """Flush the new file to the disk and let it replace the target.

        Raises:
            FileChangedError: The stamp of the target is not `expected`.
            PermissionError: Another program has the target open.
        """
        os.fsync(self.file.fileno())
        self.file.close()
        # After closing: Windows sets the modification time when it closes a file.
        os.utime(self.temporary, ns=(self.mtime_ns, self.mtime_ns))
        _check_unchanged(self.target, expected)
        try:
            self.temporary.replace(self.target)
        except PermissionError as error:
            raise PermissionError(
                error.errno,
                "cannot replace the file; another program (DataLab, an HDF5 viewer) "
                "has it open, close it there and save again",
                str(self.target),
            ) from error
        self.stamp = FileStamp.of(self.target)
        _sync_folder(self.target.parent)


@contextlib.contextmanager
def replacing(
    path: Path, *, expected: FileStamp | None = None, size: int = 0
) -> Iterator[Replacement]:
    """Open a new file that replaces `path` if the block ends without an error.

    Args:
        path: The file to be replaced or created. If it is a symbolic link, the file
            that the link points to is replaced. An existing file keeps its mode.
        expected: The stamp that an existing file must have; None for any.
        size: Approximate size of the new content in bytes, for the error message on a
            full disk.

    Yields:
        The new file. Its `stamp` is set when the block has ended.

    Raises:
        FileChangedError: The stamp of the existing file is not `expected`.
        FileNotFoundError: The folder does not exist.
        IsADirectoryError: `path` is a folder.
        PermissionError: The folder or the existing file is not writable.
        OSError: The disk is full, or `path` is a device. The old file is unchanged.

    Example:
        >>> from pathlib import Path
        >>> from datalab_workspace.formats import replacing
        >>> with replacing(Path("notes.txt")) as new:
        ...     new.write(b"hello")
        >>> new.stamp.size
        5
    """
    target = Path(os.path.realpath(path))
    mode = _check_target(target)
    _check_unchanged(target, expected)
    temporary = _temporary(target)
    with _explain_errors(path, target.parent, size):
        file = _create(temporary, mode)
        replacement = Replacement(target, temporary, file)
        try:
            with file:
                yield replacement
                replacement.commit(expected)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _check_target(target: Path) -> int | None:
    """Return the mode of the file to be replaced, or None if it does not exist."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        mode = None
    if mode is None:
        if not target.parent.is_dir():
            raise FileNotFoundError(
                errno.ENOENT, "there is no such folder", str(target.parent)
            )
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(
            errno.EISDIR, "cannot save a project over a folder", str(target)
        )
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "cannot save a project to a device", str(target))
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "the file is read-only", str(target))
    return stat.S_IMODE(mode)


def _check_unchanged(target: Path, expected: FileStamp | None) -> None:
    if expected is None:
        return
    try:
        found = FileStamp.of(target)
    except FileNotFoundError:
        return  # no content can be lost
    if found != expected:
        raise FileChangedError(
            errno.EEXIST,
            "another program changed the file since it was last loaded or saved here; "
            "save to another path, or pass overwrite=True to discard its content",
            str(target),
        )


def _temporary(target: Path) -> Path:
    name = target.name.encode()[:_LONGEST_NAME].decode(errors="ignore")
    suffix = f"{os.getpid()}-{secrets.token_hex(4)}.tmp"
    return target.with_name(f".{name}.{suffix}")


def _create(temporary: Path, mode: int | None) -> FileIO:
    def opener(name: str, flags: int) -> int:
        # The new file is never readable by more users than the old one.
        return os.open(name, flags, 0o666 if mode is None else mode & 0o666)

    file = FileIO(str(temporary), "x+", opener=opener)
    if mode is not None and sys.platform != "win32":
        os.fchmod(file.fileno(), mode)
    return file


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:
        pass  # some network file systems refuse; the file itself is on the disk
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _explain_errors(path: Path, folder: Path, size: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            _raise_full(path, folder, size, error)
        if isinstance(error, PermissionError) and _names_temporary(error, folder):
            raise PermissionError(
                error.errno, "no file can be created in this folder", str(folder)
            ) from error
        raise


def _names_temporary(error: OSError, folder: Path) -> bool:
    name = str(error.filename or "")
    return name.endswith(".tmp") and Path(name).parent == folder


def _raise_full(path: Path, folder: Path, size: int, error: OSError) -> NoReturn:
    free = shutil.disk_usage(folder).free
    raise OSError(
        error.errno,
        f"{os.strerror(error.errno or 0)}: the project needs about {size / 1e6:.1f} MB "
        f"and {free / 1e6:.1f} MB are free; the old file is unchanged",
        str(path),
    ) from error
