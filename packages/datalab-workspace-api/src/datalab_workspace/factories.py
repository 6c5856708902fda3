"""The ways to a workspace that is somewhere in particular."""

from __future__ import annotations

import os

from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.live.transport.token import Token
from datalab_workspace.workspace import Workspace


def open_project(path: str | os.PathLike[str]) -> Workspace:
    """Return a workspace on a project file, of which no array is read until needed.

    Args:
        path: The file. ``~`` is understood.

    Returns:
        A standalone workspace; its `save()` goes back to the file.

    Raises:
        FileNotFoundError: There is no such file.
        NotAProjectError: The file is no project (a `ValueError`).
        DamagedFileError: The file is truncated or corrupt (an `OSError`).
    """
    workspace = Workspace(backend=MemoryBackend())
    workspace.load(path, lazy=True)
    return workspace


def connect(url: str | None = None, token: Token | str | None = None) -> Workspace:
    """Return a workspace in a running DataLab.

    Args:
        url: URL of its Web API; see `Workspace.connect`.
        token: Its token.

    Raises:
        LiveError: It cannot be reached, does not answer, or wants another token (a
            `ConnectionError`).
    """
    secret = Token.of(token)
    del token  # a traceback may show the variables of this frame
    workspace = Workspace(backend=MemoryBackend())
    workspace.connect(url, secret)
    return workspace
