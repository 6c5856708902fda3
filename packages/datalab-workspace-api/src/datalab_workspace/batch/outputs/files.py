"""Write the files of a finished run, so that they appear together or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

from datalab_workspace.batch.item_results import ItemResults
from datalab_workspace.batch.messages import Keep
from datalab_workspace.batch.outputs.csv_file import csv_text
from datalab_workspace.batch.outputs.summary import GROUP, summary_records
from datalab_workspace.batch.outputs.targets import (
    Placed,
    csv_name,
    objects_name,
    projects_of,
)
from datalab_workspace.batch.parts import PARTS, KeptObjects, project_of
from datalab_workspace.batch.table import columns_of
from datalab_workspace.formats.atomic import replacing
from datalab_workspace.model.project import Group, Project
from datalab_workspace.runtime import require

#: The folder in which the files are written before they are moved next to `out`.
_STAGED = "outputs"
#: The names of all files, in the folder of the run. While it is in `_STAGED`, the files
#: are complete and not all of them have been moved.
_LIST = "outputs.json"


def write_outputs(results: ItemResults, out: Path, *, keep: Keep) -> list[Path]:
    """Write the files of a run and remove its parts.

    First, all files are written into the folder of the run. Then they are moved to
    their places, `out` last. A call that is killed leaves the former files, or
    `finish_outputs` completes the moves.

    Args:
        results: The results of all items.
        out: The summary project.
        keep: "table" to write no objects.

    Returns:
        The paths of the files; `out` is the last one.

    Raises:
        StaleFileError: The objects of an earlier call are missing.
        OSError: A file cannot be written; the former files are unchanged.
    """
    folder = results.folder
    finish_outputs(folder, out)
    staged = folder / _STAGED
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir()
    names = _write_all(results, out, staged, keep)
    with replacing(staged / _LIST) as new:
        new.write(json.dumps(names).encode())
    finish_outputs(folder, out)
    return [out.parent / name for name in names]


def finish_outputs(folder: Path, out: Path) -> None:
    """Move the files of a run to their places, if they are complete.

    Args:
        folder: The folder of the run.
        out: The summary project.
    """
    staged = folder / _STAGED
    names = _listed(staged)
    if not names:
        return
    for name in _listed(folder):
        if name not in names:
            (out.parent / name).unlink(missing_ok=True)
    for name in names:
        if (staged / name).exists():
            (staged / name).replace(out.parent / name)
    shutil.rmtree(folder / PARTS, ignore_errors=True)
    (staged / _LIST).replace(folder / _LIST)
    staged.rmdir()


def outputs_of(folder: Path, out: Path) -> list[Path]:
    """Return the files that the run in a folder has written; `out` is the last one."""
    return [out.parent / name for name in _listed(folder)]


def kept_objects(folder: Path, out: Path) -> KeptObjects:
    """Return the objects of a run, finished or not."""
    projects = [path for path in outputs_of(folder, out) if path.suffix != ".csv"]
    return KeptObjects(folder, projects)


def _listed(folder: Path) -> list[str]:
    try:
        names = json.loads((folder / _LIST).read_bytes())
    except FileNotFoundError:
        return []
    return [os.path.basename(name) for name in names]  # noqa: PTH119 (a string)


def _write_all(results: ItemResults, out: Path, staged: Path, keep: Keep) -> list[str]:
    objects = keep == "objects"
    projects = list(projects_of(results)) if objects else []
    columns = columns_of(results, out if objects else None)
    text = csv_text(columns).encode()
    records = summary_records(columns, hashlib.sha256(text).hexdigest())
    summary = Project([Group("signal", GROUP, list(records))] if records else [])
    known = kept_objects(results.folder, out)
    names = []
    if len(projects) == 1:
        summary.groups += _project(known, projects[0]).groups
    else:
        for number, placed in enumerate(projects, 1):
            names.append(objects_name(out, number))
            _write(staged / names[-1], _project(known, placed))
    names.append(csv_name(out))
    with replacing(staged / names[-1]) as new:
        new.write(text)
    names.append(out.name)
    _write(staged / out.name, summary)
    return names


def _project(known: KeptObjects, placed: list[Placed]) -> Project:
    return project_of(known.find(each.part, each.object.uuid) for each in placed)


def _write(path: Path, project: Project) -> None:
    require("h5py", "the result of a run")
    from datalab_workspace.formats.h5.writer import write_project

    write_project(path, project, reproducible=True)
