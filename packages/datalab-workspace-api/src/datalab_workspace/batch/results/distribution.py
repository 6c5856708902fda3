"""The distribution of the objects of a run among projects of a moderate size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from datalab_workspace.batch.file_names import objects_name
from datalab_workspace.batch.item_results import ItemResult
from datalab_workspace.batch.messages import ResultObject

#: The number of objects that a project holds at most. The time that DataLab takes to
#: open a project grows with the square of it.
MOST_OBJECTS = 200


class Placed(NamedTuple):
    """An object of a run.

    Attributes:
        object: The object.
        part: The name of the part that its receipt states.
    """

    object: ResultObject
    part: str | None


class Distribution:
    """The projects of a run, which are filled in the order of the items.

    All objects of an item are in one project, unless they are more than fit into one.

    Attributes:
        number: The number of the project that is being filled, from 1; 0 before the
            first object.
        latest: For each row of the item that was added last, the number of the project
            that holds its first object; 0 for a row without an object.
    """

    def __init__(self) -> None:
        self.number = 0
        self.latest: list[int] = []
        self._filling: list[Placed] = []

    def add(self, result: ItemResult) -> Iterator[list[Placed]]:
        """Add the objects of an item; yield each project that is full now."""
        rows = result.receipt.rows
        count = sum(len(row.objects) for row in rows)
        self.latest = []
        if self._filling and len(self._filling) + count > MOST_OBJECTS:
            yield self._full()
        for row in rows:
            self.latest.append(0)
            for each in row.objects:
                if len(self._filling) == MOST_OBJECTS:
                    yield self._full()
                if not self._filling:
                    self.number += 1
                self._filling.append(Placed(each, result.part))
                self.latest[-1] = self.latest[-1] or self.number

    def last(self) -> list[Placed]:
        """Return the objects of the last project, after the last item."""
        return self._filling

    def _full(self) -> list[Placed]:
        full, self._filling = self._filling, []
        return full


def project_names(out: Path, count: int) -> Callable[[int], str | None]:
    """Return a function that returns the name of a project from its number.

    Args:
        out: The summary project. It holds the objects of a single project.
        count: The number of projects.

    Returns:
        The function; it returns None for 0.
    """
    names: list[str | None] = [None, out.name]
    if count > 1:
        names[1:] = [objects_name(out, number) for number in range(1, count + 1)]
    return names.__getitem__
