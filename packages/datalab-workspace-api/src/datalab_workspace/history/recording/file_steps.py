"""The steps for objects that come from files."""

from __future__ import annotations

import zlib
from pathlib import Path, PurePath, PureWindowsPath

from datalab_workspace.history.steps import FileRead

#: The size of the largest file whose checksum is computed when it is read.
_LARGEST = 1 << 26


def file_read(path: Path) -> FileRead:
    """Return the action for a measured file that the workspace has read."""
    size = checksum = None
    if path.is_file():
        size = path.stat().st_size
        if size <= _LARGEST:
            checksum = zlib.crc32(path.read_bytes())
    return FileRead(path.name, "read", size, checksum, str(path))


def file_of_source(source: object) -> FileRead:
    """Return the action for a file that sigima has read.

    Args:
        source: The path that sigima notes in the metadata of the object.
    """
    path = str(source)
    pure = PureWindowsPath(path) if "\\" in path else PurePath(path)
    return FileRead(pure.name, "sigima", path=path)
