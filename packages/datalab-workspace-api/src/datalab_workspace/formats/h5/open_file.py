"""Open a project file, and explain why a file cannot be read."""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

import h5py

from datalab_workspace.errors import DamagedFileError, NotAProjectError, WorkspaceError
from datalab_workspace.formats.atomic import FileStamp
from datalab_workspace.formats.h5 import layout
from datalab_workspace.formats.h5.guard import Guard, Limits
from datalab_workspace.formats.h5.heaps import Heaps
from datalab_workspace.formats.h5.signature import SIGNATURE, has_signature
from datalab_workspace.formats.raw_io import naming, open_regular
from datalab_workspace.progress import Count

#: Errors of the system, which say nothing about the content of a file.
_OF_THE_SYSTEM = frozenset(
    getattr(errno, name)
    for name in (
        *("EACCES", "EPERM", "ENOENT", "EMFILE", "ENFILE", "ENOMEM", "ENOBUFS"),
        *("EIO", "ENODEV", "ENXIO", "EINTR", "ESTALE", "EREMOTEIO", "ENOTCONN"),
        *("ETIMEDOUT", "EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN", "ENETUNREACH"),
        *("ECONNRESET", "ECONNREFUSED", "ECONNABORTED", "ELOOP", "EBUSY"),
    )
    if hasattr(errno, name)
)
#: HDF5 puts the number of an error of the system into its own message.
_NUMBER = re.compile(r"errno = (\d+)")
#: Errors of h5py, and of decoding what h5py returns, for a damaged file.
BROKEN = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


@dataclass
class OpenProject:
    """A project file that is being read.

    Attributes:
        path: The path that the caller passed.
        stamp: The stamp of the file when it was opened.
        raw: The file itself, unbuffered.
        root: The low-level HDF5 root group.
        guard: The checks for reading the file.
        at: The path in the file of the object that is being read, for errors.
    """

    path: Path
    stamp: FileStamp
    raw: FileIO
    root: Any
    guard: Guard
    at: str = "/"


@contextlib.contextmanager
def opened(
    path: Path, limits: Limits, *, is_project: bool = True
) -> Iterator[OpenProject]:
    """Open a project file for reading and close it when the block ends.

    Args:
        path: The file.
        limits: Limits on how far the content of the file may expand.
        is_project: Check that the file is a DataLab project and not another HDF5 file.

    Yields:
        The open file. An error of HDF5 in the block becomes a `DamagedFileError`.

    Raises:
        FileNotFoundError: There is no such file.
        IsADirectoryError: `path` is a folder.
        PermissionError: The file is not readable.
        BlockingIOError: Another program is writing the file.
        NotAProjectError: The file is not a DataLab project.
        DamagedFileError: The file is truncated or corrupt.
    """
    with naming(path), open_regular(path) as raw:
        stamp = FileStamp.of(raw.fileno())
        _check_signature(path, raw, stamp.size)
        counted = Count(f"opening {path.name!r}", "parts")
        with _hdf5(path) as file, counted as count:
            heaps = Heaps(raw, stamp.size, file.id, count.advance)
            guard = Guard(str(path), stamp.size, limits, heaps.check, count.advance)
            project = OpenProject(path, stamp, raw, file.id, guard)
            with report_damage(path, project):
                if is_project:
                    _check_project(path, file)
                yield project


def is_other_hdf5(path: Path) -> bool:
    """Return True for an HDF5 file that can be opened and is not a DataLab project."""
    try:
        with _hdf5(path) as file:
            return not file.id.links.exists(layout.VERSION.encode())
    except BROKEN:
        return False


@contextlib.contextmanager
def report_damage(path: Path, project: OpenProject) -> Iterator[None]:
    """Turn the errors that a damaged file causes into a `DamagedFileError`."""
    try:
        yield
    except WorkspaceError:
        raise
    except BROKEN as error:
        _raise_if_of_the_system(error, path)
        reason = str(error) or type(error).__name__
        raise DamagedFileError(
            f"{str(path)!r} is damaged at {project.at}: {reason}"
        ) from error


def _raise_if_of_the_system(error: Exception, path: Path) -> None:
    """Raise an error with the name of the file if the system could not read it."""
    if getattr(error, "filename", None) is not None:
        raise error
    number = getattr(error, "errno", None)
    if number is None and (match := _NUMBER.search(str(error))):
        number = int(match[1])
    if number is not None and number in _OF_THE_SYSTEM:
        raise OSError(number, os.strerror(number), str(path)) from error


def _check_signature(path: Path, raw: FileIO, size: int) -> None:
    begin = raw.read(len(SIGNATURE)) or b""
    if not begin:
        raise NotAProjectError(f"{str(path)!r} is not a DataLab project: it is empty")
    if begin == SIGNATURE:
        return
    if SIGNATURE.startswith(begin):
        raise DamagedFileError(f"{str(path)!r} is truncated: it has {size} bytes")
    if not has_signature(path):
        raise NotAProjectError(
            f"{str(path)!r} is not a DataLab project: it is not an HDF5 file "
            f"(it begins with {begin!r})"
        )


@contextlib.contextmanager
def _hdf5(path: Path) -> Iterator[h5py.File]:
    try:
        # Some network file systems have no locks; the file is then read without one.
        file = h5py.File(path, "r", locking="best-effort")
    except OSError as error:
        if isinstance(error, BlockingIOError) or error.errno == errno.EAGAIN:
            raise BlockingIOError(
                errno.EAGAIN, "another program is writing the file", str(path)
            ) from error
        _raise_if_of_the_system(error, path)
        raise DamagedFileError(
            f"{str(path)!r} is truncated or damaged: {error}"
        ) from error
    with file:
        yield file


def _check_project(path: Path, file: h5py.File) -> None:
    if file.id.links.exists(layout.VERSION.encode()):
        return
    names: list[str] = []
    file.id.links.iterate(lambda name: names.append(name.decode(errors="replace")))
    shown = ", ".join(map(repr, names[:5])) + ("…" if len(names) > 5 else "")
    raise NotAProjectError(
        f"{str(path)!r} is not a DataLab project: it is an HDF5 file that holds "
        f"{shown or 'nothing'}, not {layout.VERSION!r}"
    )
