"""The steps for objects that come from files."""

from __future__ import annotations

from pathlib import PurePath, PureWindowsPath

from datalab_workspace.history.steps import FileRead


def file_read(source: object) -> FileRead:
    """Return the action for a file that sigima has read.

    Args:
        source: What sigima notes in the metadata of the object: the path.
    """
    path = str(source)
    pure = PureWindowsPath(path) if "\\" in path else PurePath(path)
    return FileRead(pure.name, "sigima", path=path)
