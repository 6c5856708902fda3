"""Explain why a file cannot be saved, and tolerate what a file system lacks."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from datalab_workspace.validation import warn_caller

_FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))
#: Errors by which a file system says that it lacks an operation. It may also lack the
#: right to it: FAT and some network file systems have one owner for all files.
_LACKING = frozenset(
    {
        errno.EPERM,
        errno.EACCES,
        errno.EINVAL,
        errno.ENOSYS,
        errno.ENOTSUP,
        errno.EOPNOTSUPP,
        getattr(errno, "ENOTTY", errno.ENOSYS),
    }
)


@contextlib.contextmanager
def tolerated(step: str, path: Path) -> Iterator[None]:
    """Warn if the file system lacks an operation; name the file in any other error.

    Args:
        step: The operation, such as "keep the permissions".
        path: The file or folder.

    Raises:
        OSError: The operation failed for another reason, such as a broken disk.

    Warns:
        UserWarning: The file system lacks the operation.
    """
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        if error.errno not in _LACKING:
            raise OSError(error.errno, f"cannot {step}: {reason}", str(path)) from error
        warn_caller(
            f"the file system refuses to {step} of {str(path)!r} ({reason}); the save "
            "continues without that",
            UserWarning,
        )


def raise_if_full(
    error: OSError, path: Path, folder: Path, size: int, written: int
) -> None:
    """Raise an error with the sizes if the disk is full, or the file too large.

    Args:
        error: The error that occurred.
        path: The path that the user passed.
        folder: The folder of the new file, which has been removed.
        size: Approximate size of the new content in bytes; 0 if not known.
        written: Number of bytes that the new file had.
    """
    if error.errno not in _FULL:
        return
    # The size of compressed data is known only when all of it is written.
    is_known = size > written
    needed = f"about {_megabytes(size)}" if is_known else f"over {_megabytes(written)}"
    room = f"the project needs {needed}"
    if error.errno == errno.ENOSPC and not _can_hold_another_file(folder):
        room = "the file system has no room for another file, however small"
    elif error.errno == errno.ENOSPC:
        room += f" and {_megabytes(shutil.disk_usage(folder).free)} are free"
    if path.exists():
        room += "; the old file is unchanged"
    raise OSError(
        error.errno, f"{os.strerror(error.errno or 0)}: {room}", str(path)
    ) from error


def _can_hold_another_file(folder: Path) -> bool:
    """Return False if a file system has a table of its files, which is full."""
    if not hasattr(os, "statvfs"):
        return True
    status = os.statvfs(folder)
    return not status.f_files or status.f_favail > 0


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def not_replaced(error: OSError, target: Path, *, on_windows: bool) -> OSError:
    """Return the error that says why the complete new file cannot take its place."""
    if error.errno == errno.EBUSY:
        reason = "the file is a mount point"
    elif on_windows:
        return PermissionError(
            error.errno,
            "cannot replace the file; another program (DataLab, an HDF5 viewer) has it "
            "open, close it there and save again",
            str(target),
        )
    elif _is_of_another_user(target):
        reason = (
            "it belongs to another user, and the folder lets only the owner replace a "
            "file (sticky bit)"
        )
    else:
        reason = os.strerror(error.errno or 0)
    return OSError(
        error.errno,
        f"cannot replace the file: {reason}; save to another path",
        str(target),
    )


def _is_of_another_user(target: Path) -> bool:
    sticky = target.parent.stat().st_mode & stat.S_ISVTX
    return bool(sticky) and target.exists() and target.stat().st_uid != os.geteuid()
