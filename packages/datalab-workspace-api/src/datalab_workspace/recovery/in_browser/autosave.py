"""The saving of a workspace in a browser, at the end of each cell."""

from __future__ import annotations

import time
import warnings
import weakref
from typing import TYPE_CHECKING

from datalab_workspace.history.cells import running_cell
from datalab_workspace.recovery.autosave import Autosave
from datalab_workspace.recovery.folder import root
from datalab_workspace.recovery.in_browser.recorder import PageRecorder

if TYPE_CHECKING:
    from datalab_workspace.history.steps import Cell
    from datalab_workspace.session import Session

#: The most of the time that may be spent on saving the project.
_SHARE = 0.05
#: The recorder of each session. Its copies do not end with an `Autosave`.
_recorders: weakref.WeakKeyDictionary[Session, PageRecorder] = (
    weakref.WeakKeyDictionary()
)


class PageAutosave(Autosave):
    """The saving of a workspace in a browser, until `stop`.

    The objects that changed are written to the recovery folder at the end of each cell.
    The project, if it has a path, is saved at the end of some cells.
    """

    def stop(self, *, save: bool = True) -> None:
        """See `Autosave.stop`. The copy for `recover` stays as it is."""
        if save and self.active:
            self._recorder.write()
        super().stop(save=save)

    def begin_cell(self, cell: Cell) -> None:
        """See `running_cell.Follower`."""

    def end_cell(self, cell: Cell) -> None:
        """Save what the cell has changed."""
        del cell
        if self.active:
            self._after_change()

    def _begin(self) -> None:
        session = self._session()
        assert session is not None  # the caller has it
        self._saved = time.monotonic()
        self._pause = self.every
        self._recorder = _recorder(session)
        running_cell.follow(self)
        if running_cell.current() is None:
            self._keep_copy()

    def _on_change(self, _event: object) -> None:
        if running_cell.current() is None:  # no cell will end
            self._after_change()

    def _keep_copy(self) -> None:
        self._recorder.write()
        for message in self._recorder.messages():
            _warn(message)

    def _after_change(self) -> None:
        self._keep_copy()
        started = time.monotonic()
        if self.path is None or started - self._saved < self._pause:
            return
        try:
            self._save()
        except Exception as error:  # noqa: BLE001  the user's cell has succeeded
            _warn(f"autosave failed: {error}")
        self._saved = time.monotonic()
        self._pause = max(self.every, (self._saved - started) / _SHARE)


def _warn(message: str) -> None:
    # The cell has ended, so no line of the user's code can be named.
    warnings.warn_explicit(message, UserWarning, "autosave", 1)


def _recorder(session: Session) -> PageRecorder:
    """Return the recorder of a session, which starts with the first call.

    Raises:
        NotImplementedError: No file outlives this page, or recovery is off.
    """
    if session not in _recorders:
        parent = root()
        if parent is None:
            raise NotImplementedError(
                "autosave() needs a folder that outlives this page, such as the files "
                "of JupyterLite; call save() and download the file"
            )
        _recorders[session] = PageRecorder(session, parent)
    return _recorders[session]
