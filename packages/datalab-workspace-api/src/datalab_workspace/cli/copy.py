"""Copy objects between project files and a running DataLab."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.errors import WorkspaceError
from datalab_workspace.factories import connect, open_project
from datalab_workspace.operations.merge import OnConflict
from datalab_workspace.workspace import Workspace

#: The argument for a running DataLab. A file with this name is ``./live``.
LIVE = "live"


class SamePlaceError(WorkspaceError, ValueError):
    """Source and target of a copy are the same; choose another target."""


def workspace_at(where: str, url: str | None) -> Workspace:
    """Return the workspace of a project file or of a running DataLab.

    Args:
        where: Path of the file, or `LIVE`.
        url: URL of DataLab's Web API. Without it, a running DataLab is searched for.

    Raises:
        LiveError: DataLab cannot be reached (a `ConnectionError`).
        FileNotFoundError: The file does not exist.
        NotAProjectError: The file is not a DataLab project (a `ValueError`).
        DamagedFileError: The file is truncated or corrupt (an `OSError`).
    """
    return connect(url) if where == LIVE else open_project(where)


def copy(
    source: str,
    target: str,
    names: Sequence[str] = (),
    *,
    on_conflict: OnConflict = "error",
    url: str | None = None,
) -> list[str]:
    """Copy objects between files and a running DataLab: all of them, or none.

    Args:
        source: Path of a project file, or `LIVE`.
        target: Path of a project file, which is created if it does not exist, or
            `LIVE`.
        names: Names in the source; all by default.
        on_conflict: See `Workspace.load`.
        url: URL of DataLab's Web API, for `LIVE`.

    Returns:
        The names of the copies in the target.

    Raises:
        SamePlaceError: Source and target are the same.
        KeyError: The source has no object with one of the names.
        NameConflictError: Different objects in the target have the same names.
    """
    if _are_same(source, target):
        raise SamePlaceError(
            f"{source!r} and {target!r} are the same; choose another target"
        )
    if source != LIVE:
        return _load(source, target, names, on_conflict, url)
    with tempfile.TemporaryDirectory() as folder:
        passing = Path(folder) / "live.h5"
        live = workspace_at(LIVE, url)
        live.save(passing, names=list(names) or None)
        return _load(str(passing), target, (), on_conflict, url)


def _load(
    source: str,
    target: str,
    names: Sequence[str],
    on_conflict: OnConflict,
    url: str | None,
) -> list[str]:
    chosen = list(names) or None
    if target == LIVE:
        return workspace_at(LIVE, url).load(
            source, names=chosen, on_conflict=on_conflict
        )
    there = Path(target).expanduser()
    workspace = (
        open_project(there) if there.exists() else Workspace(backend=MemoryBackend())
    )
    copied = workspace.load(source, names=chosen, on_conflict=on_conflict, lazy=True)
    workspace.save(there)
    return copied


def _are_same(source: str, target: str) -> bool:
    if LIVE in (source, target):
        return source == target
    one, other = Path(source).expanduser(), Path(target).expanduser()
    return one.exists() and other.exists() and one.samefile(other)
