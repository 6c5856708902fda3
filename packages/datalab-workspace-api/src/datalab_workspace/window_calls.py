"""The calls of a workspace that concern the window of an attached DataLab."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from datalab_workspace import deprecated
from datalab_workspace.model.name_lists import NamesOf
from datalab_workspace.model.record import Kind
from datalab_workspace.operations import attachment
from datalab_workspace.operations.mapping import Names
from datalab_workspace.processing import selection
from datalab_workspace.processing.selection import Selection
from datalab_workspace.session import Session
from datalab_workspace.validation import suggest_on_typo

if TYPE_CHECKING:
    from datalab_workspace.backends.base import Backend


class WindowCalls:
    """The calls of a workspace that concern DataLab's window and its user.

    Without a running DataLab, `select`, `selection`, `show` and `quiet` work all the
    same; the other calls raise `LiveUnavailableError`. They need the companion, which
    runs in every DataLab that has datalab-kernel; without it, they raise
    `NotSupportedByProtocolError`.
    """

    _session: Session

    @property
    def backend(self) -> Backend:
        """The place where the objects are kept."""
        return self._session.backend

    @suggest_on_typo
    def select(self, names: NamesOf) -> None:
        """Choose the objects that `calc` uses if it is called without `on`.

        In a running DataLab, they are selected in the window, too. If the user selects
        other objects there afterwards, `calc` uses those. Adding and showing objects
        does not change the choice.

        Args:
            names: One name, UUID or short id, for which `calc` then returns one result;
                or a list of these, for which it returns a list. An empty list chooses
                none.

        Raises:
            KeyError: There is no such object; the choice stays as it was.

        Example:
            >>> workspace.select("peak")
        """
        selection.select(self._session, names)

    @property
    def selection(self) -> Selection:
        """Names of the selected objects, which `calc` without `on` uses.

        In a running DataLab, they are those that are selected in the panel that its
        window shows; in memory, those that `select` chose last and that still exist.

        Returns:
            A list. Its attributes `signals` and `images` are the selections of both
            panels, and `shown` is the panel that is shown; they are None if they are
            not known.

        Raises:
            NotSupportedByProtocolError: DataLab's XML-RPC server, which alone reports
                the selection, is not available (a `NotImplementedError`).

        Example:
            >>> workspace.select(["peak", "spot"])
            >>> workspace.selection.images
            ['spot']
        """
        return selection.selection(self._session)

    @suggest_on_typo
    def select_objects(
        self, names: str | Iterable[str], panel: Kind | None = None
    ) -> tuple[Names, Kind]:
        """Choose objects of one panel; deprecated, use `select`.

        Returns:
            The names and the panel, "signal" or "image".
        """
        selected = deprecated.in_one_panel(self._session, names, panel)
        self.select(names if isinstance(names, str) else selected[0])
        return selected

    @suggest_on_typo
    def show(self, name: str) -> None:
        """Show an object in DataLab's window; in memory, this does nothing.

        It does not change the choice of `select`.

        Args:
            name: Its name, UUID or short id.

        Raises:
            KeyError: There is no such object.

        Example:
            >>> workspace.show("peak")
        """
        attachment.show(self._session, name)

    @suggest_on_typo
    def wait_for_selection(
        self, *, kind: Kind | None = None, timeout: float | None = None
    ) -> Names:
        """Wait until DataLab's user selects objects, and return their names.

        An interrupt of the kernel ends the wait.

        Args:
            kind: "signal" or "image", to wait for objects of this kind.
            timeout: Seconds to wait; by default as long as it takes.

        Raises:
            TimeoutError: The user has selected nothing in time.
            LiveUnavailableError: The workspace is not attached to a running DataLab (a
                `ConnectionError`).
            NotSupportedByProtocolError: DataLab has no companion.

        Example:
            >>> workspace.wait_for_selection(timeout=60)
            Traceback (most recent call last):
            ...
            datalab_workspace.errors.LiveUnavailableError: waiting for a selection ...
        """
        from datalab_workspace.operations import window

        return window.wait_for_selection(self._session, kind, timeout)

    @suggest_on_typo
    def ask_roi(
        self, name: str, *, message: str = "", timeout: float | None = None
    ) -> Any:
        """Let DataLab's user edit the regions of interest of an object.

        The editor opens in DataLab's window. The call returns when the user is done. An
        interrupt of the kernel ends the wait and closes the editor.

        Args:
            name: Its name, UUID or short id.
            message: A message to the user.
            timeout: Seconds to wait for the user; by default as long as it takes. A
                dialog that is already open is waited for first.

        Returns:
            The `sigima.objects.SignalROI` or `ImageROI` that the object has now, None
            if it has no regions, or if the user has closed the editor without accepting
            them.

        Raises:
            KeyError: There is no such object.
            TimeoutError: The user is not done in time; the editor is closed.
            LiveUnavailableError: The workspace is not attached to a running DataLab (a
                `ConnectionError`).
            NotSupportedByProtocolError: DataLab has no companion.

        Example:
            >>> workspace.ask_roi("spot", timeout=60)
            Traceback (most recent call last):
            ...
            datalab_workspace.errors.LiveUnavailableError: a question to the user of ...
        """
        from datalab_workspace.operations import window

        return window.ask_roi(self._session, name, message, timeout)

    @suggest_on_typo
    def macros(self) -> Names:
        """Return the titles of DataLab's macros.

        Raises:
            LiveUnavailableError: The workspace is not attached to a running DataLab (a
                `ConnectionError`).
            NotSupportedByProtocolError: DataLab has no companion.

        Example:
            >>> workspace.macros()
            Traceback (most recent call last):
            ...
            datalab_workspace.errors.LiveUnavailableError: macros need a running ...
        """
        from datalab_workspace.operations import window

        return window.macros(self._session)

    @suggest_on_typo
    def run_macro(self, title: str, *, timeout: float | None = None) -> str:
        """Run a macro of DataLab to its end, and return its output.

        Args:
            title: Its title.
            timeout: Seconds to wait; by default as long as it takes.

        Raises:
            DataLabError: The macro has failed (a `ConnectionError`).
            KeyError: There is no such macro.
            TimeoutError: It has not ended in time, and continues to run.
            LiveUnavailableError: The workspace is not attached to a running DataLab (a
                `ConnectionError`).
            NotSupportedByProtocolError: DataLab has no companion.

        Example:
            >>> workspace.run_macro("Average all")
            Traceback (most recent call last):
            ...
            datalab_workspace.errors.LiveUnavailableError: macros need a running ...
        """
        from datalab_workspace.operations import window

        return window.run_macro(self._session, title, timeout)

    def quiet(self) -> AbstractContextManager[None]:
        """Return a context in which DataLab's window draws no change.

        It draws everything once at the end. In memory, this does nothing.

        Raises:
            NotSupportedByProtocolError: DataLab has no companion.

        Example:
            >>> with workspace.quiet():
            ...     for number in range(3):
            ...         _ = workspace.add(f"step {number}", np.zeros(5))
        """
        from datalab_workspace.operations import window

        return window.quiet(self._session)
