"""The project file of a workspace: its path, its state, and its other content."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datalab_workspace.events import ChangeKind
from datalab_workspace.history.recording.library import Library
from datalab_workspace.model.notebooks import StoredNotebook, joined

if TYPE_CHECKING:
    from datalab_workspace.formats.atomic import FileStamp
    from datalab_workspace.formats.baseline import Baseline
    from datalab_workspace.history.storage.writer import HistoryMode
    from datalab_workspace.model.project import Project


class ProjectFile:
    """The files that a workspace loaded and saved.

    Attributes:
        path: The file that `Workspace.save` writes when it is given no path.
        modified: True if something changed since that file was loaded or saved.
        stamps: The state of each file when it was loaded or saved.
        foreign: The macros and the history of DataLab that the files hold; they are
            kept without being interpreted.
        notebooks: The notebooks that the workspace carries.
        baseline: The content of that file when it was loaded or saved; None if it is
            not known.
        histories: The histories of the objects that the files hold.
        modes: The choice of `Workspace.save` for the histories in each file.
        mentioned_texts: Whether a line has said that files hold the text of cells.
    """

    def __init__(self) -> None:
        self.forget()

    def copy(self) -> ProjectFile:
        """Return a copy that shares no state with this one."""
        copied = copy.copy(self)
        copied.stamps = dict(self.stamps)
        copied.foreign = list(self.foreign)
        copied.notebooks = list(self.notebooks)
        copied.modes = dict(self.modes)
        return copied

    def forget(self) -> None:
        """Forget all files, and the macros, history and notebooks that they held."""
        self.path: Path | None = None
        self.modified = False
        self.stamps: dict[Path, FileStamp] = {}
        self.foreign: list[bytes] = []
        self.notebooks: list[StoredNotebook] = []
        self.baseline: Baseline | None = None
        self.histories = Library()
        self.modes: dict[Path, HistoryMode | None] = {}
        self.mentioned_texts = False

    # A copy in another process writes everything again at its first save.

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "baseline": None}

    def follow(self, kind: ChangeKind) -> None:
        """Note an event of the workspace, unless it is about the file itself."""
        if kind == "cleared":
            self.forget()
        elif kind not in ("saved", "loaded", "attached", "detached", "selected"):
            self.modified = True

    def saved(
        self,
        path: Path,
        stamp: FileStamp | None,
        baseline: Baseline | None,
        *,
        whole: bool,
    ) -> None:
        """Note that objects were saved: all of them, or only some.

        Args:
            path: The file.
            stamp: The state of the file; None if it cannot hold a whole project.
            baseline: The content of the file, if the format knows it.
            whole: All objects were saved.
        """
        if stamp is None:
            return
        self.stamps[path] = stamp
        if whole:
            self.path, self.modified, self.baseline = path, False, baseline

    def loaded(
        self,
        path: Path,
        stamp: FileStamp | None,
        project: Project,
        *,
        is_whole: bool,
        modified: bool,
    ) -> None:
        """Note that objects were loaded.

        Args:
            path: The file.
            stamp: The state of the file; None if `save` cannot write to it.
            project: The content of the file.
            is_whole: The workspace holds every object of the file, so that saving to
                it would lose nothing.
            modified: The workspace holds, or held before, something else.
        """
        self.foreign += [part for part in project.foreign if part not in self.foreign]
        self.notebooks = joined(self.notebooks, project.notebooks)
        self.histories.add(project.items())
        if stamp is not None:
            self.stamps[path] = stamp
        if stamp is not None and is_whole:
            self.path = path
            self.modified = modified or self.notebooks != project.notebooks
            self.baseline = project.baseline
        else:
            self.modified |= modified

    def detached(self, *, modified: bool) -> None:
        """Note that the objects are in memory again, without those left in DataLab."""
        self.modified = modified
