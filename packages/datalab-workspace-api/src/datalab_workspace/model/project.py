"""The content of a project file: groups of objects, and sections of DataLab itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from datalab_workspace.model.notebooks import StoredNotebook
from datalab_workspace.model.record import Kind, PendingRecord, Record

if TYPE_CHECKING:
    from datalab_workspace.formats.baseline import Baseline

Item: TypeAlias = "Record | PendingRecord"


@dataclass
class Group:
    """A group of objects in one of DataLab's panels.

    Attributes:
        kind: The panel of the group, "signal" or "image".
        title: Title of the group. It may be empty, and need not be unique.
        items: The objects, in order.

    Example:
        >>> from datalab_workspace.formats import Group
        >>> Group("signal", "Monday", [workspace.record("peak")]).items[0].title
        'peak'
    """

    kind: Kind
    title: str
    items: list[Item] = field(default_factory=list)


@dataclass
class Project:
    """The content of a project file.

    Example:
        >>> from datalab_workspace.formats import Group, Project
        >>> len(Project([Group("image", "Frames")]).groups)
        1

    Attributes:
        groups: The groups of signals, then the groups of images, in order.
        foreign: The sections that only DataLab uses (macros, history). Each is the
            bytes of a small HDF5 file that contains nothing else. They are copied
            and never interpreted.
        notebooks: The notebooks of the project, in order.
        baseline: The content of the file that the objects come from, so that a save
            writes only what has changed; None if it is not known.
        history: The `HistoryWriter` for the histories of the objects; None to write
            none.
    """

    groups: list[Group] = field(default_factory=list)
    foreign: list[bytes] = field(default_factory=list)
    notebooks: list[StoredNotebook] = field(default_factory=list)
    baseline: Baseline | None = field(default=None, compare=False, repr=False)
    history: Any = field(default=None, compare=False, repr=False)

    def items(self) -> Iterator[Item]:
        """Yield every object in order.

        Example:
            >>> from datalab_workspace.formats import Group, Project
            >>> project = Project([Group("image", "", [workspace.record("spot")])])
            >>> [item.kind for item in project.items()]
            ['image']
        """
        for group in self.groups:
            yield from group.items
