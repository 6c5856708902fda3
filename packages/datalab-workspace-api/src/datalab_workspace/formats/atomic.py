"""Replace a file atomically: its path holds the old content or the new one.

The new content goes into a temporary file in the same folder. That file takes the place
of the old one when it is complete and on the disk.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from datalab_workspace.errors import FileChangedError
from datalab_workspace.formats import locks, temporary
from datalab_workspace.formats.inheritance import inherit
from datalab_workspace.formats.raw_io import kind_of, open_regular, write_all
from datalab_workspace.formats.save_errors import (
    not_replaced,
    raise_if_full,
    tolerated,
)
from datalab_workspace.runtime import IN_BROWSER

_ON_WINDOWS = sys.platform == "win32"


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

    def as_seen_here(self, path: Path) -> FileStamp:
        """Return the stamp that this computer has for a file that another one stamped.

        The numbers of inode and device of a shared folder differ between computers.

        Args:
            path: The file.

        Returns:
            The present stamp if time and size are those of this stamp; otherwise this
            stamp, because the file is missing or was changed.

        Example:
            >>> from datalab_workspace.formats import FileStamp
            >>> path = workspace.save("analysis.h5")
            >>> stamp = FileStamp.of(path)
            >>> stamp.as_seen_here(path) == stamp
            True
        """
        try:
            here = FileStamp.of(path)
        except OSError:
            return self  # the reader of the file explains it
        same = (here.mtime_ns, here.size) == (self.mtime_ns, self.size)
        return here if same else self


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
            BlockingIOError: Another program has the target open for writing.
            PermissionError: Another program has the target open, on Windows.

        Warns:
            UserWarning: The file system refuses a step that is not essential.
        """
        with tolerated("flush the content", self.target):
            os.fsync(self.file.fileno())
        with _still_locked(self.file):
            self.file.close()
            # After closing: Windows sets the modification time when it closes a file.
            with tolerated("set the modification time", self.target):
                os.utime(self.temporary, ns=(self.mtime_ns, self.mtime_ns))
            with _without_writers(self.target):
                _check_unchanged(self.target, expected)
                try:
                    self.temporary.replace(self.target)
                except OSError as error:
                    raise not_replaced(
                        error, self.target, on_windows=_ON_WINDOWS
                    ) from error
        self.stamp = FileStamp.of(self.target)
        _sync_folder(self.target.parent)

    def discard(self) -> int:
        """Remove the new file; return the number of bytes that it had."""
        # The next save removes what cannot be removed now.
        with contextlib.suppress(OSError):
            written = self.temporary.stat().st_size
            self.temporary.unlink()
            return written
        return 0


@contextlib.contextmanager
def replacing(
    path: Path, *, expected: FileStamp | None = None, size: int = 0
) -> Iterator[Replacement]:
    """Open a new file that replaces `path` if the block ends without an error.

    What killed processes left of earlier saves to this path is removed.

    Args:
        path: The file to be replaced or created. If it is a symbolic link, the file
            that the link points to is replaced. An existing file keeps its mode, and
            its owner, group and extended attributes where the system allows it. Other
            hard links to it keep the old content.
        expected: The stamp that an existing file must have; None for any.
        size: Approximate size of the new content in bytes, for the error message on a
            full disk; 0 if not known.

    Yields:
        The new file. Its `stamp` is set when the block has ended.

    Raises:
        FileChangedError: The stamp of the existing file is not `expected`.
        FileNotFoundError: The folder does not exist.
        IsADirectoryError: `path` is a folder.
        PermissionError: The folder or the existing file is not writable.
        BlockingIOError: Another program has the file open for writing.
        OSError: The disk is full, or `path` is a device. The old file is unchanged.

    Warns:
        UserWarning: The file system refuses to keep the permissions, to set the
            modification time, or to flush the file.

    Example:
        >>> from pathlib import Path
        >>> from datalab_workspace.formats import replacing
        >>> with replacing(Path("notes.txt")) as new:
        ...     new.write(b"hello")
        >>> new.stamp.size
        5
    """
    target = Path(os.path.realpath(path))
    old = _check_target(target)
    _check_unchanged(target, expected)
    with _without_writers(target):
        pass  # known before the work begins
    temporary.remove_abandoned(target)
    written = 0
    try:
        new = _create(target, old)
        try:
            with new.file:
                if old is not None:
                    inherit(new.file.fileno(), target, old)
                yield new
                new.commit(expected)
        except BaseException:
            written = new.discard()
            raise
    except OSError as error:
        raise_if_full(error, path, target.parent, size, written)
        raise


def _check_target(target: Path) -> os.stat_result | None:
    """Return the status of the file to be replaced, or None if it does not exist."""
    try:
        status = target.stat()
    except FileNotFoundError:
        if not target.parent.is_dir():
            raise FileNotFoundError(
                errno.ENOENT, "there is no such folder", str(target.parent)
            ) from None
        return None
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(
            errno.EISDIR, "cannot save a project over a folder", str(target)
        )
    if not stat.S_ISREG(status.st_mode):
        raise OSError(
            errno.EINVAL,
            f"cannot save a project to {kind_of(status.st_mode)}",
            str(target),
        )
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "the file is read-only", str(target))
    return status


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


def _create(target: Path, old: os.stat_result | None) -> Replacement:
    # The new file is never readable by more users than the old one.
    permissions = 0o666 if old is None else old.st_mode & 0o666
    try:
        return Replacement(target, *temporary.create(target, permissions))
    except PermissionError as error:
        raise PermissionError(
            error.errno, "no file can be created in this folder", str(target.parent)
        ) from error


@contextlib.contextmanager
def _still_locked(file: FileIO) -> Iterator[None]:
    """Keep the lock on a file that is closed in the block."""
    if not locks.AVAILABLE:
        yield
        return
    descriptor = os.dup(file.fileno())
    try:
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _without_writers(target: Path) -> Iterator[None]:
    """Check that no program has the file open for writing, and keep others from it.

    What a program writes to a file that is replaced would be lost.

    Raises:
        BlockingIOError: A program has the file open for writing.
    """
    if not locks.AVAILABLE:
        yield
        return
    try:
        file = open_regular(target)
    except OSError:  # there is no file, or it cannot be read
        yield
        return
    with file:
        if locks.lock(file.fileno(), shared=True) is False:
            raise BlockingIOError(
                errno.EAGAIN,
                "a program has the file open for writing, and would lose its changes; "
                "close it there and save again",
                str(target),
            )
        yield


def _sync_folder(folder: Path) -> None:
    if _ON_WINDOWS or IN_BROWSER:
        return
    with tolerated("flush the entries", folder):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
