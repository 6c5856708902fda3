"""File formats: what `Workspace.load` reads and what `Workspace.save` writes.

A package adds a format by a subclass of `FileFormat` and an entry point of the group
``datalab_workspace.formats``, or for one process by `register`.

Public names are imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datalab_workspace.formats.atomic import FileStamp, replacing
    from datalab_workspace.formats.base import FileFormat, ReadResult, WriteResult
    from datalab_workspace.formats.registry import formats, register
    from datalab_workspace.model.array_reference import ArrayReference
    from datalab_workspace.model.notebooks import StoredNotebook
    from datalab_workspace.model.project import Group, Project

_HOME = {
    "ArrayReference": "model.array_reference",
    "FileFormat": "formats.base",
    "FileStamp": "formats.atomic",
    "Group": "model.project",
    "Project": "model.project",
    "ReadResult": "formats.base",
    "StoredNotebook": "model.notebooks",
    "WriteResult": "formats.base",
    "formats": "formats.registry",
    "register": "formats.registry",
    "replacing": "formats.atomic",
}

__all__ = [
    "ArrayReference",
    "FileFormat",
    "FileStamp",
    "Group",
    "Project",
    "ReadResult",
    "StoredNotebook",
    "WriteResult",
    "formats",
    "register",
    "replacing",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"datalab_workspace.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
