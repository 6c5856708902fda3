"""Move the files of a run to their places together, also after a kill.

All files are written into a folder in the folder of the run. A list of them is written
last. If it is there, all files are whole, and `finish_outputs` moves those that are
still there.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from datalab_workspace.batch.file_names import is_further_file
from datalab_workspace.batch.folder.parts import PARTS
from datalab_workspace.formats.atomic import replacing

#: The folder in which the files are written.
_STAGED = "outputs"
#: The names of all files.
_LIST = "outputs.json"


def new_stage(folder: Path) -> Path:
    """Return an empty folder for the files of the run in a folder."""
    staged = folder / _STAGED
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir()
    return staged


def complete_stage(folder: Path, names: Sequence[str]) -> None:
    """Note that all files are whole."""
    with replacing(folder / _STAGED / _LIST) as new:
        new.write(json.dumps(names).encode())


def discard_stage(folder: Path) -> None:
    """Remove the files that were not moved."""
    shutil.rmtree(folder / _STAGED, ignore_errors=True)


def finish_outputs(folder: Path, out: Path) -> None:
    """Move the files of a run next to its summary project, if all are whole.

    Files that an earlier call wrote and that are no longer part of the result are
    removed, and so are the parts.

    Args:
        folder: The folder of the run.
        out: The summary project. It is the last file that is moved.

    Raises:
        OSError: A file cannot be moved. The next call moves it.
    """
    staged = folder / _STAGED
    names = _listed(staged, out)
    if not names:
        return
    for name in set(_listed(folder, out)).difference(names):
        (out.parent / name).unlink(missing_ok=True)
    for name in names:
        if (staged / name).exists():
            (staged / name).replace(out.parent / name)
    shutil.rmtree(folder / PARTS, ignore_errors=True)
    (staged / _LIST).replace(folder / _LIST)
    staged.rmdir()


def outputs_of(folder: Path, out: Path) -> list[Path]:
    """Return the files that the run in a folder has written; `out` is the last one."""
    return [out.parent / name for name in _listed(folder, out)]


def files_of_others(folder: Path, out: Path) -> list[Path]:
    """Return the files that the run in a folder would replace and has not written.

    Args:
        folder: The folder of the run; there may be no run.
        out: The summary project, which is not among the files.
    """
    own = {*_listed(folder, out), *_listed(folder / _STAGED, out)}
    return [
        path
        for path in out.parent.iterdir()
        if path.name not in own and is_further_file(out, path.name)
    ]


def _listed(folder: Path, out: Path) -> list[str]:
    """Return the names in the list of a folder; none if the list is damaged.

    Other files than those of a run are left out: the folder may come from elsewhere.
    """
    try:
        names = json.loads((folder / _LIST).read_bytes())
    except (FileNotFoundError, ValueError, RecursionError):
        return []
    found = (
        [name for name in names if isinstance(name, str)]
        if isinstance(names, list)
        else []
    )
    return [name for name in found if name == out.name or is_further_file(out, name)]
