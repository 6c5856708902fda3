"""The parts of a run: the files that workers write, one for each task."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, TypeAlias

from datalab_workspace.batch.file_names import ARCHIVE
from datalab_workspace.batch.folder.part_file import (
    InPart,
    KeptObject,
    PartFile,
    read_part,
)
from datalab_workspace.errors import StaleFileError
from datalab_workspace.formats import registry
from datalab_workspace.formats.raw_io import naming
from datalab_workspace.history.storage.writer import HistoryWriter
from datalab_workspace.model.project import Group, Item, Project
from datalab_workspace.model.record import Kind

#: The folder of the parts in the folder of a run.
PARTS = "parts"
#: The number of parts whose objects are known at once.
_KNOWN = 32
#: The same if an archive is among them, which is read as a whole.
_KNOWN_ARCHIVES = 2
#: The suffix of a part.
SUFFIX = ".part"


class InProject(NamedTuple):
    """An object in a project of an earlier call.

    Attributes:
        group: Title of its group.
        item: The object.
    """

    group: str
    item: Item

    def to_write(self) -> Item:
        """Return the object as a project takes it."""
        return self.item

    def record(self) -> Item:
        """Return the object itself, which may be unread."""
        return self.item


Found: TypeAlias = "InProject | InPart"


class Part:
    """The part of a task, as a context manager. After an error there is none.

    Args:
        folder: The folder of the run.
        task_id: The id of the task.
    """

    def __init__(self, folder: Path, task_id: str) -> None:
        self._path = folder / PARTS / f"{task_id}{SUFFIX}"
        self._file: FileIO | None = None
        self._part: PartFile | None = None

    @property
    def name(self) -> str | None:
        """The name of the part; None as long as it has no object."""
        return None if self._part is None else self._path.name

    def add(self, kept: Sequence[KeptObject]) -> None:
        """Write the objects of an item; see `PartFile.add` for the errors."""
        if not kept:
            return
        with naming(self._path):
            if self._part is None:
                self._path.parent.mkdir(exist_ok=True)
                self._file = FileIO(str(self._path), "w")
                self._part = PartFile(self._file)
            self._part.add(kept)

    def __enter__(self) -> Part:  # noqa: PYI034 (Self is of Python 3.11)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file is None or self._part is None:
            return
        try:
            with naming(self._path), self._file:
                if error is None:
                    self._part.finish()
                    # The journal will say that the objects are there.
                    os.fsync(self._file.fileno())
        except BaseException:
            self._remove()
            raise
        if error is not None:
            self._remove()

    def _remove(self) -> None:
        with suppress(OSError):
            self._path.unlink()


def groups_of(items: Iterable[tuple[str, Item]]) -> list[Group]:
    """Return objects in their groups, which are in order of appearance.

    Args:
        items: The title of the group of each object, and the object.
    """
    groups: dict[tuple[Kind, str], Group] = {}
    for title, item in items:
        key = item.kind, title
        groups.setdefault(key, Group(*key)).items.append(item)
    return list(groups.values())


def project_of(found: Iterable[Found], *, whole: bool = False) -> Project:
    """Return a project of objects, with their groups in order of appearance.

    Args:
        found: The objects.
        whole: Whether the project needs the objects themselves, not their plain form.
    """
    items = (
        (each.group, each.record() if whole else each.to_write()) for each in found
    )
    project = Project(groups_of(items))
    project.history = HistoryWriter(items=project.items())
    return project


def remove_damaged(folder: Path) -> None:
    """Remove the parts that are not as a worker wrote them.

    One that a killed driver left may be cut off, if the computer was switched off, or
    replaced.

    Args:
        folder: The folder of the parts.
    """
    for part in folder.glob(f"*{SUFFIX}"):
        if not _is_whole(part):
            with suppress(OSError):
                part.unlink()


def _is_whole(part: Path) -> bool:
    try:
        for found in read_part(part).values():
            found.verify()
    except (OSError, ValueError):
        return False
    return True


class KeptObjects:
    """The objects of a run, found in its parts and in projects of an earlier call.

    Args:
        folder: The folder of the run.
        projects: The projects that an earlier call finished.
    """

    def __init__(self, folder: Path, projects: Iterable[Path] = ()) -> None:
        self._folder = folder / PARTS
        self._projects = list(projects)
        self._known: OrderedDict[Path, Mapping[str, Found]] = OrderedDict()
        self._places: dict[str, Path] | None = None

    def find(self, part: str | None, uuid: str) -> Found:
        """Return an object, unread.

        Args:
            part: The name of the part that the receipt of the item states.
            uuid: UUID of the object.

        Raises:
            StaleFileError: Neither the part nor an earlier project has the object.
            DamagedFileError: The part is not a whole one.
        """
        path = self._path(part)
        if path is None:
            path = self._earlier().get(uuid)
        found = None if path is None else self._objects(path).get(uuid)
        if found is None:
            raise StaleFileError(
                f"the object {uuid} of this run is neither in {str(self._folder)!r} "
                "nor in a project of an earlier call; pass restart=True to compute all "
                "items again"
            )
        return found

    def find_in_part(self, part: str | None, uuid: str) -> InPart | None:
        """Return an object that is still in a part, or None; see `find`."""
        path = self._path(part)
        found = None if path is None else self._objects(path).get(uuid)
        return found if isinstance(found, InPart) else None

    def _path(self, part: str | None) -> Path | None:
        """Return the path of a part; None if there is no such part."""
        path = None if part is None else self._folder / Path(part).name
        return path if path is not None and path.is_file() else None

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

    def _objects(self, path: Path) -> Mapping[str, Found]:
        if path in self._known:
            self._known.move_to_end(path)
            return self._known[path]
        is_part = path.suffix == SUFFIX
        found = read_part(path) if is_part else _objects_of_project(path)
        self._known[path] = found
        if len(self._known) > (_KNOWN_ARCHIVES if path.suffix == ARCHIVE else _KNOWN):
            self._known.popitem(last=False)
        return found


def _objects_of_project(path: Path) -> Mapping[str, Found]:
    project, _ = registry.read(path, lazy=True)
    return {
        item.uuid: InProject(group.title, item)
        for group in project.groups
        for item in group.items
    }
