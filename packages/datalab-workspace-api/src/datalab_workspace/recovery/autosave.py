"""Save a project by itself, in the background, when something has changed."""

from __future__ import annotations

import os
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from datalab_workspace.operations import files
from datalab_workspace.validation import warn_caller

if TYPE_CHECKING:
    from datalab_workspace.session import Session


class Autosave:
    """The saving of a workspace in the background, until `stop`.

    It is a context manager, too, which saves a last time at its end.

    Args:
        session: The session of the workspace. It is not kept alive.
        path: The project file; None in a browser if only the copy is kept that
            `Workspace.recover` restores.
        every: Seconds between two saves.

    Example:
        >>> saving = workspace.autosave("analysis.h5", every=60)
        >>> workspace.add("more", np.zeros(3))
        'more'
        >>> saving.stop()
        >>> workspace.modified
        False
    """

    def __init__(self, session: Session, path: Path | None, every: float) -> None:
        self.path = path
        self.every = every
        self._session = weakref.ref(session)
        self._stopped = threading.Event()
        self._error: Exception | None = None
        self._process = os.getpid()
        self._begin()
        # After the recorder of a page, which must note a change before it writes it.
        self._subscription = session.subscribers.add(self._on_change, own_only=True)

    def _begin(self) -> None:
        self._thread = threading.Thread(
            target=self._run, name="datalab-workspace-autosave", daemon=True
        )
        self._thread.start()

    @property
    def active(self) -> bool:
        """Whether the workspace is still saved by itself.

        Example:
            >>> workspace.autosave("analysis.h5").active
            True
        """
        return not self._stopped.is_set() and os.getpid() == self._process

    def stop(self, *, save: bool = True) -> None:
        """End the saving; a second call does nothing.

        Args:
            save: Save a last time if something has changed.

        Raises:
            OSError: The file cannot be written.
            FileChangedError: Another program changed the file.

        Example:
            >>> workspace.autosave("analysis.h5").stop(save=False)
        """
        if not self.active:
            return
        self._stopped.set()
        self._subscription.cancel()
        if save:
            self._save()

    def __enter__(self) -> Autosave:  # noqa: PYI034 (Self needs Python 3.11)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        while not self._stopped.wait(self.every):
            if self._session() is None:
                return
            try:
                self._save()
            except Exception as error:  # noqa: BLE001  reported by the next call
                self._error = error

    def _save(self) -> None:
        """Save if something has changed, between two calls of the workspace."""
        session = self._session()
        if session is None or self.path is None:
            return
        with session.transaction(None):
            project = session.project
            if project.modified or project.path != self.path:
                files.save(session, self.path, None, None, overwrite=False)

    def _on_change(self, _event: object) -> None:
        """Report the error of a background save, in the thread of the user's call."""
        error, self._error = self._error, None
        if error is not None:
            warn_caller(
                f"autosave failed: {error}; it is tried again in {self.every:g} s",
                UserWarning,
            )
