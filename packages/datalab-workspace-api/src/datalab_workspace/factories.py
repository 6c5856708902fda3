"""Create a workspace for a project file or for a running DataLab."""

from __future__ import annotations

import os

from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.live.transport.token import Token
from datalab_workspace.workspace import Workspace


def open_project(path: str | os.PathLike[str]) -> Workspace:
    """Open a project file as a workspace.

    Arrays are not read until they are needed.

    Args:
        path: The file. ``~`` stands for the home folder.

    Returns:
        A standalone workspace. ``save()`` without a path writes to the file.

    Raises:
        FileNotFoundError: The file does not exist.
        NotAProjectError: The file is not a DataLab project (a `ValueError`).
        DamagedFileError: The file is truncated or corrupt (an `OSError`).

    Example:
        >>> path = workspace.save("analysis.h5")
        >>> dlw.open(path).list()
        ['peak', 'noisy', 'spot']
    """
    workspace = Workspace(backend=MemoryBackend())
    workspace.load(path, lazy=True)
    return workspace


def connect(url: str | None = None, token: Token | str | None = None) -> Workspace:
    """Connect to a running DataLab and return its workspace.

    Args:
        url: URL of DataLab's Web API; see `Workspace.connect`.
        token: Token of the Web API.

    Returns:
        A live workspace.

    Raises:
        LiveError: DataLab cannot be reached, does not answer, or refuses the token (a
            `ConnectionError`).

    Example:
        >>> try:
        ...     workspace = dlw.connect("http://127.0.0.1:9", token="0a1b2c3d")
        ... except ConnectionError:
        ...     workspace = dlw.Workspace()
    """
    secret = Token.of(token)
    del token  # a traceback may show the variables of this frame
    workspace = Workspace(backend=MemoryBackend())
    workspace.connect(url, secret)
    return workspace
