"""The content of a file when it was last loaded or saved.

A format that returns a baseline from `FileFormat.read` and `FileFormat.write` receives
it again in the project that is saved next.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datalab_workspace.formats.atomic import FileStamp
from datalab_workspace.model.record import Record

if TYPE_CHECKING:
    from datalab_workspace.history.storage.writer import HistoryWriter
    from datalab_workspace.model.project import Project


class Baseline(ABC):
    """The content of a file when it was last loaded or saved.

    Attributes:
        path: The file.
        stamp: The stamp of the file at that time.
        history: The writer of the histories in it; None if it is not known.
    """

    path: Path
    stamp: FileStamp
    history: HistoryWriter | None = None

    @abstractmethod
    def holds(self, project: Project, compression: Any) -> bool:
        """Return whether saving a project would write the content that the file has.

        Args:
            project: The project to be saved.
            compression: The value that the user passed to `Workspace.save`.
        """

    @abstractmethod
    def resolve(self, uuid: str) -> Callable[[], Record]:
        """Return a function that reads the record of an object of the file."""

    def is_current(self) -> bool:
        """Return whether no other program has changed or removed the file."""
        try:
            return FileStamp.of(self.path) == self.stamp
        except OSError:
            return False
