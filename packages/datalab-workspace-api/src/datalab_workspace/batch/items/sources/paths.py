"""The items that paths stand for: measured files, and the objects of projects."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

from datalab_workspace.batch import file_names
from datalab_workspace.batch.items.sources.base import ItemSource
from datalab_workspace.batch.items.sources.files import MeasuredFiles
from datalab_workspace.batch.items.sources.held_objects import HeldObjects
from datalab_workspace.error_messages import list_names
from datalab_workspace.errors import NotAProjectError
from datalab_workspace.formats import registry
from datalab_workspace.measured_files import formats, paths
from datalab_workspace.measured_files.file_list import FileList
from datalab_workspace.measured_files.options import ReadOptions
from datalab_workspace.measured_files.selection import select
from datalab_workspace.model.naming import assign_names
from datalab_workspace.model.record import Kind
from datalab_workspace.validation import warn_caller


def sources_of_paths(
    given: paths.Paths, options: ReadOptions, kind: Kind | None
) -> Iterator[ItemSource]:
    """Yield the items that paths stand for, in order.

    Raises:
        FileNotFoundError: A path stands for no file, or a folder has no measured file.
        ValueError: An option concerns none of the files.

    Warns:
        UserWarning: A folder has measured files that no reader takes.
    """
    search = paths.search(given)
    for problem in search.missing.values():
        raise problem
    found = _without_runs(search.files)
    selection = select(found, options)
    if selection.refused:
        _warn_of_refused([file.path for file in selection.refused])
    files = selection.files
    projects = _Projects(files)
    for are_projects, some in itertools.groupby(range(len(files)), projects.has):
        if not are_projects:
            yield MeasuredFiles(files.take(some), options)
            continue
        for index in some:
            yield project_objects(Path(files.path(index)), kind)


def project_objects(path: Path, kind: Kind | None) -> HeldObjects:
    """Return the objects of a project as items; their data stays in the file.

    Raises:
        OSError: The file is damaged or cannot be opened.
    """
    project = registry.read(path, lazy=True).project
    placed = [
        (item, group.title)
        for group in project.groups
        if kind in (None, group.kind)
        for item in group.items
    ]
    held = [item for item, _ in placed]
    names = list(assign_names(held, {}).values())
    return HeldObjects(held, names, [title for _, title in placed], path)


class _Projects:
    """Find out which files are projects; only files that may be one are opened."""

    def __init__(self, files: FileList) -> None:
        self._files = files
        self._measured: dict[str, bool] = {}

    def has(self, index: int) -> bool:
        """Return whether a file is a project."""
        suffix = self._files.suffix(index)
        if suffix not in self._measured:
            self._measured[suffix] = suffix in formats.SIGIMAS | formats.MORE_TABLES
        if self._measured[suffix]:
            return False
        try:
            registry.identify(Path(self._files.path(index)))
        except NotAProjectError:
            return False
        return True


def _without_runs(files: FileList) -> FileList:
    """Return files without those that runs have written.

    These are the files in the folders of runs, the tables, and of a folder the projects
    with results, which would only cause a warning.
    """
    runs: dict[str, list[Path] | None] = {}
    kept = []
    for index in range(len(files)):
        folder = files.folder(index)
        if folder not in runs:
            runs[folder] = _outputs_in(Path(folder))
        outputs = runs[folder]
        if outputs is None:
            continue
        if outputs and _is_written(files.name(index), outputs, files.named(index)):
            continue
        kept.append(index)
    return files if len(kept) == len(files) else files.take(kept)


def _outputs_in(folder: Path) -> list[Path] | None:
    """Return the outputs of the runs in a folder; None if it belongs to a run."""
    if any(map(_output_of_run, (folder, *folder.parents))):
        return None
    with os.scandir(folder) as entries:
        outputs = [_output_of_run(Path(entry.path)) for entry in entries]
    return [output for output in outputs if output is not None]


def _output_of_run(folder: Path) -> Path | None:
    """Return the output of the run that has a folder; None without one."""
    output = file_names.output_of(folder)
    if output is None or not (folder / file_names.PROPERTIES).exists():
        return None
    return output


def _is_written(name: str, outputs: list[Path], is_named: bool) -> bool:
    """Return whether a run with one of the outputs has written a file."""
    for output in outputs:
        if name == file_names.csv_name(output):
            return True
        if not is_named and (
            name == output.name or file_names.is_further_file(output, name)
        ):
            return True
    return False


def _warn_of_refused(refused: list[Path]) -> None:
    reason = formats.refusal(refused[0])
    if len(refused) == 1:
        warn_caller(f"a file of the folder is not an item: {reason}", UserWarning)
        return
    names = list_names([path.name for path in refused], 5)
    warn_caller(
        f"{len(refused)} files of the folder are not items, because no reader takes "
        f"them: {names} (the first: {reason})",
        UserWarning,
    )
