"""The names of the files that a run writes, and the object that each file holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from datalab_workspace.batch.item_results import ItemResults
from datalab_workspace.batch.messages import ResultObject, Row

#: The number of objects that a project holds at most: DataLab opens more too slowly.
MOST_OBJECTS = 200


class Placed(NamedTuple):
    """An object of a run.

    Attributes:
        object: The object.
        part: The name of the part that its receipt states.
    """

    object: ResultObject
    part: str | None


def csv_name(out: Path) -> str:
    """Return the name of the CSV file next to a summary project."""
    return f"{out.stem}.csv"


def objects_name(out: Path, number: int) -> str:
    """Return the name of a project of objects; `number` counts from 1."""
    return f"{out.stem}-objects-{number:03d}{out.suffix}"


def is_objects_name(out: Path, name: str) -> bool:
    """Return whether a file may be a project of objects of a run."""
    pattern = re.escape(f"{out.stem}-objects-") + r"\d{3,}" + re.escape(out.suffix)
    return re.fullmatch(pattern, name) is not None


def projects_of(results: ItemResults) -> Iterator[list[Placed]]:
    """Yield the objects of each project, at most `MOST_OBJECTS`, in items' order.

    The objects of an item are in one project, unless they are too many.
    """
    project: list[Placed] = []
    for result in results:
        rows = result.receipt.rows
        made = [Placed(each, result.part) for row in rows for each in row.objects]
        if project and len(project) + len(made) > MOST_OBJECTS:
            yield project
            project = []
        project += made
        while len(project) > MOST_OBJECTS:
            yield project[:MOST_OBJECTS]
            project = project[MOST_OBJECTS:]
    if project:
        yield project


class ProjectNames:
    """The name of the project that holds the objects of each row.

    Args:
        out: The summary project.
        results: The results of the items.
    """

    def __init__(self, out: Path, results: ItemResults) -> None:
        projects = projects_of(results)
        first = next(projects, [])
        second = next(projects, None)
        self._single = out.name if second is None else None
        counted = projects if second is None else chain([second], projects)
        self._names = (
            objects_name(out, number)
            for number, project in enumerate(chain([first], counted), 1)
            for _ in project
        )

    def name_of(self, row: Row) -> str | None:
        """Return the name for the next row; None if it kept no object.

        If its objects are in several projects, it is that of the first.
        """
        if not row.objects:
            return None
        if self._single is not None:
            return self._single
        names = [next(self._names) for _ in row.objects]
        return names[0]
