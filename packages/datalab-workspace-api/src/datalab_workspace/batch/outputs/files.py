"""Write the files of a finished run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from datalab_workspace.batch.file_names import ARCHIVE, csv_name, objects_name
from datalab_workspace.batch.folder.parts import KeptObjects, project_of
from datalab_workspace.batch.item_results import ItemResults
from datalab_workspace.batch.messages import Keep
from datalab_workspace.batch.outputs import staging
from datalab_workspace.batch.outputs.csv_file import csv_blocks
from datalab_workspace.batch.outputs.summary import GROUP, summary_records
from datalab_workspace.batch.results.columns import Columns
from datalab_workspace.batch.results.distribution import Distribution, Placed
from datalab_workspace.batch.results.table import add_rows
from datalab_workspace.formats import registry
from datalab_workspace.formats.atomic import replacing
from datalab_workspace.history.storage.writer import HistoryWriter
from datalab_workspace.model.project import Group, Project


def write_outputs(
    results: ItemResults,
    out: Path,
    *,
    keep: Keep,
    advance: Callable[[int], object] = lambda _: None,
) -> list[Path]:
    """Write the files of a run and remove its parts.

    The files appear when all of them are whole, `out` last. If the call is killed, the
    former files stay, or `staging.finish_outputs` completes the move.

    Args:
        results: The results of all items.
        out: The summary project.
        keep: "table" to write no objects.
        advance: Called with the number of objects that were written.

    Returns:
        The paths of the files; `out` is the last one.

    Raises:
        StaleFileError: The objects of an earlier call are missing.
        OSError: A file cannot be written; the former files are unchanged.
    """
    folder = results.folder
    staging.finish_outputs(folder, out)
    stage = staging.new_stage(folder)
    try:
        names = _Writer(results, out, stage, advance).write(keep)
        staging.complete_stage(folder, names)
    except BaseException:
        staging.discard_stage(folder)
        raise
    staging.finish_outputs(folder, out)
    return [out.parent / name for name in names]


def kept_objects(folder: Path, out: Path) -> KeptObjects:
    """Return the objects of a run, whether it is finished or not."""
    projects = [p for p in staging.outputs_of(folder, out) if p.suffix != ".csv"]
    return KeptObjects(folder, projects)


class _Writer:
    """The writer of the files of a run, which reads the results once."""

    def __init__(
        self,
        results: ItemResults,
        out: Path,
        stage: Path,
        advance: Callable[[int], object],
    ) -> None:
        self._results = results
        self._out = out
        self._stage = stage
        self._advance = advance
        self._kept = kept_objects(results.folder, out)
        self._columns = Columns(results.units)
        self._distribution = Distribution()
        self._names: list[str] = []

    def write(self, keep: Keep) -> list[str]:
        """Write all files; return their names."""
        summary = Project()
        held: list[Placed] = []  # until it is known whether there are others
        for placed in self._projects():
            if keep == "table":
                continue
            if held:
                self._write_objects(held)
            held = placed
        count = 0 if keep == "table" else self._distribution.number
        if count > 1:
            self._write_objects(held)
        self._write_csv(count)
        projects = self._names[:count] if count > 1 else []
        records = summary_records(self._columns, projects, alone=count != 1)
        if records:
            summary.groups.append(Group("signal", GROUP, list(records)))
        if count == 1:
            summary.groups += self._project(held).groups
            summary.history = HistoryWriter(items=summary.items())
        self._write_project(self._out.name, summary)
        return self._names

    def _projects(self) -> Iterator[list[Placed]]:
        """Yield the objects of each project, and fill the columns."""
        for result in self._results:
            yield from self._distribution.add(result)
            add_rows(self._columns, result, self._distribution)
        self._columns.finish()
        if last := self._distribution.last():
            yield last

    def _write_objects(self, placed: list[Placed]) -> None:
        name = objects_name(self._out, len(self._names) + 1)
        self._write_project(name, self._project(placed))
        self._advance(len(placed))

    def _write_csv(self, count: int) -> None:
        name = csv_name(self._out)
        with replacing(self._stage / name) as new:
            for block in csv_blocks(self._columns, self._out, count):
                new.write(block)
        self._names.append(name)

    def _write_project(self, name: str, project: Project) -> None:
        path = self._stage / name
        if path.suffix.lower() == ARCHIVE:
            registry.write(path, project)
        else:
            from datalab_workspace.formats.h5.writer import write_project

            write_project(path, project, reproducible=True)
        self._names.append(name)

    def _project(self, placed: list[Placed]) -> Project:
        found = (self._kept.find(each.part, each.object.uuid) for each in placed)
        return project_of(found, whole=self._out.suffix.lower() == ARCHIVE)
