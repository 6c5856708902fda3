"""The parts of a run: the projects that workers write, one for each task."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from datalab_workspace.errors import StaleFileError
from datalab_workspace.formats import registry
from datalab_workspace.history.storage.writer import HistoryWriter
from datalab_workspace.model.project import Group, Item, Project
from datalab_workspace.model.record import Kind, Record

#: The folder of the parts in the folder of a run.
PARTS = "parts"
#: The number of parts whose objects are known at once.
_KNOWN = 32


class KeptObject(NamedTuple):
    """An object that a worker keeps.

    Attributes:
        group: Title of its group; None for no group of its own.
        record: The object.
    """

    group: str | None
    record: Record


def write_part(folder: Path, task_id: str, kept: Iterable[KeptObject]) -> str | None:
    """Write the objects that a task keeps to a part.

    Args:
        folder: The folder of the run.
        task_id: The id of the task.
        kept: The objects, in the order of the items.

    Returns:
        The name of the part; None if there is no object.

    Raises:
        UnsupportedDtypeError: No dtype of DataLab holds the data of an object.
        UnsupportedMetadataError: Metadata of an object cannot be kept.
        OSError: The file cannot be written.
    """
    project = project_of(kept)
    if not project.groups:
        return None
    name = f"{task_id}.h5"
    path = folder / PARTS / name
    path.parent.mkdir(exist_ok=True)
    registry.write(path, project, overwrite=True)
    return name


def project_of(kept: Iterable[tuple[str | None, Item]]) -> Project:
    """Return a project of objects, with their groups in order of appearance."""
    groups: dict[tuple[Kind, str], Group] = {}
    for title, item in kept:
        key = item.kind, title or ""
        groups.setdefault(key, Group(*key)).items.append(item)
    project = Project(list(groups.values()))
    project.history = HistoryWriter(items=project.items())
    return project


def remove_damaged(folder: Path) -> None:
    """Remove the parts that are not as a worker wrote them.

    One that a killed driver left may be cut off, if the computer was switched off, or
    replaced.

    Args:
        folder: The folder of the parts.
    """
    from datalab_workspace.formats.h5.verify import verify

    for part in folder.glob("*.h5"):
        try:
            verdict = verify(part)
        except (OSError, ValueError):
            whole = False
        else:
            whole = verdict.covers_all and not verdict.problems
        if not whole:
            with contextlib.suppress(OSError):
                part.unlink()


class KeptObjects:
    """The objects of a run, found in its parts and in projects of an earlier call.

    Args:
        folder: The folder of the run.
        projects: The projects that an earlier call finished.
    """

    def __init__(self, folder: Path, projects: Iterable[Path] = ()) -> None:
        self._folder = folder / PARTS
        self._projects = list(projects)
        self._parts: OrderedDict[Path, dict[str, tuple[str, Item]]] = OrderedDict()
        self._places: dict[str, Path] | None = None

    def find(self, part: str | None, uuid: str) -> tuple[str, Item]:
        """Return the title of the group of an object, and the object, unread.

        Args:
            part: The name of the part that the receipt of the item states.
            uuid: UUID of the object.

        Raises:
            StaleFileError: Neither the part nor an earlier project has the object.
        """
        if part is not None and (path := self._folder / part).is_file():
            place: Path | None = path
        else:
            place = self._earlier().get(uuid)
        found = None if place is None else self._objects(place).get(uuid)
        if found is None:
            raise StaleFileError(
                f"the object {uuid} of this run is neither in {str(self._folder)!r} "
                "nor in a project of an earlier call; pass restart=True to compute all "
                "items again"
            )
        return found

    def _earlier(self) -> dict[str, Path]:
        """Return the project of each object of an earlier call, by UUID."""
        if self._places is None:
            self._places = {
                uuid: path
                for path in self._projects
                if path.is_file()
                for uuid in self._objects(path)
            }
        return self._places

    def _objects(self, path: Path) -> dict[str, tuple[str, Item]]:
        if path in self._parts:
            self._parts.move_to_end(path)
            return self._parts[path]
        project, _ = registry.read(path, lazy=True)
        found = {
            item.uuid: (group.title, item)
            for group in project.groups
            for item in group.items
        }
        self._parts[path] = found
        if len(self._parts) > _KNOWN:
            self._parts.popitem(last=False)
        return found
