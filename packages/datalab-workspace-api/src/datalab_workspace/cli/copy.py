"""Where objects are, as a shell names it, and how they get from there to elsewhere."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.errors import WorkspaceError
from datalab_workspace.factories import connect, open_project
from datalab_workspace.operations.merge import OnConflict
from datalab_workspace.workspace import Workspace

#: How the running DataLab is named; a file of that name is ``./live``.
LIVE = "live"


class SamePlaceError(WorkspaceError, ValueError):
    """Something is to be copied to where it is."""


def workspace_at(where: str, url: str | None) -> Workspace:
    """Return the workspace of a project file, or of the running DataLab.

    Args:
        where: Path of the file, or `LIVE`.
        url: URL of DataLab's Web API; by default, DataLab is looked for.

    Raises:
        LiveError: DataLab can't be reached (a `ConnectionError`).
        FileNotFoundError: There is no such file.
        NotAProjectError: The file is no project (a `ValueError`).
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
    """Copy objects from a file or the running DataLab to another: all, or none.

    Args:
        source: Path of a project file, or `LIVE`.
        target: Path of a project file, which is made if there is none, or `LIVE`.
        names: Names in the source; by default, all.
        on_conflict: As in `Workspace.load`.
        url: URL of the Web API of the DataLab of `LIVE`.

    Returns:
        Their names in the target.

    Raises:
        SamePlaceError: Source and target are the same.
        KeyError: The source has no object of one of the names.
        NameConflictError: Names are in use in the target by different objects.
    """
    if _are_same(source, target):
        raise SamePlaceError(f"{source!r} and {target!r} are the same; nothing to copy")
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
