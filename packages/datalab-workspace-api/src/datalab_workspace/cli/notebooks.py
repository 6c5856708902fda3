"""List the notebooks of a project."""

from __future__ import annotations

import argparse
import fnmatch
from dataclasses import asdict, dataclass
from typing import Any

from datalab_workspace.result_text import cut
from datalab_workspace.workspace import Workspace

#: The kind of a notebook, in addition to those of objects.
NOTEBOOK = "notebook"
_LONGEST = 60


@dataclass(frozen=True)
class ListedNotebook:
    """A line of the list.

    Attributes:
        name: Name of the notebook.
        cells: Number of its cells; None if its content cannot be read.
    """

    name: str
    cells: int | None

    def __str__(self) -> str:
        if self.cells is None:
            count = "cannot be read"
        else:
            count = f"{self.cells} {'cell' if self.cells == 1 else 'cells'}"
        return f"notebook  {cut(self.name, _LONGEST)}  {count}"

    def as_json(self) -> dict[str, Any]:
        """Return the line as data for JSON."""
        return {"kind": NOTEBOOK, **asdict(self)}


def listed_notebooks(
    workspace: Workspace, options: argparse.Namespace
) -> list[ListedNotebook]:
    """Return the notebooks that the options of `ls` choose."""
    if options.kind not in (None, NOTEBOOK) or options.group is not None:
        return []
    names = list(workspace.notebooks)
    if options.pattern is not None:
        names = [name for name in names if fnmatch.fnmatchcase(name, options.pattern)]
    return [ListedNotebook(name, _cells(workspace, name)) for name in names]


def _cells(workspace: Workspace, name: str) -> int | None:
    try:
        return len(workspace.notebooks[name]["cells"])
    except ValueError:
        return None
