"""The calls of a workspace that attach it to a running DataLab, and detach it."""

from __future__ import annotations

from typing import Literal

from datalab_workspace import deprecated
from datalab_workspace.live import token_prompt
from datalab_workspace.live.attach import running_datalabs
from datalab_workspace.live.transport.token import Token
from datalab_workspace.model.description import Status, WorkspaceMode
from datalab_workspace.operations import attachment, listing
from datalab_workspace.operations.merge import OnConflict
from datalab_workspace.session import Session
from datalab_workspace.validation import suggest_on_typo


class ConnectionCalls:
    """The calls of a workspace that concern its connection to a running DataLab."""

    _session: Session

    def status(self) -> Status:
        """Return the mode, the counts, the project file, and the running DataLabs.

        A standalone workspace looks for running DataLabs, for at most 2 s, and lists
        them in the notes. An attached one finds out whether its DataLab answers; if it
        does not, that takes at most 2 s. The token is never part of the status.

        Example:
            >>> workspace.status().signals
            2
        """
        alone = self._session.backend.location is None
        notes = (*self._session.notes, *running_datalabs()) if alone else ()
        notes = tuple(dict.fromkeys(notes))  # both may give the same reason
        return listing.status(self._session, notes)

    @property
    def mode(self) -> WorkspaceMode:
        """The place of the objects, "standalone" (this process) or "live" (DataLab)."""
        return self._session.backend.mode

    @suggest_on_typo
    def connect(
        self,
        url: str | None = None,
        token: Token | str | None = None,
        *,
        on_conflict: OnConflict = "error",
    ) -> Literal[True]:
        """Move to a running DataLab with all objects, or with none if that fails.

        An object that is already there and equal is not a conflict. A workspace that is
        attached to this DataLab already only checks that it answers.

        Args:
            url: URL of its Web API, as DataLab shows it under File > Web API; by
                default that of the DataLab that is found, even by its default port.
            token: The token that DataLab shows with the URL; by default the one that
                `ask_token` asked for, or that the environment or DataLab's own file
                gives for this URL. A token in a cell is saved with the notebook.
            on_conflict: What to do with an object whose name a different object in
                DataLab has: "error", "replace" the object there, "rename" the one here,
                or "skip" it, which leaves it behind.

        Returns:
            True; if the workspace cannot be attached, an error is raised.

        Raises:
            LiveError: DataLab cannot be reached, does not answer, or refuses the token
                (a `ConnectionError`), or the workspace is attached to another one. The
                workspace stays as it was.
            NameConflictError: Different objects there use some of the names; all of
                them are listed.
            ValueError: `url` is not a URL, or `on_conflict` is not one of these.

        Example:
            >>> workspace.connect("http://127.0.0.1:9", "0a1b2c3d")
            Traceback (most recent call last):
            ...
            datalab_workspace.errors.UnreachableError: ...
        """
        secret = Token.of(token)
        del token  # a traceback may show the variables of this frame
        attachment.connect(self._session, url, secret, on_conflict)
        return True

    @suggest_on_typo
    def ask_token(self, url: str) -> None:
        """Ask for the token of a DataLab, for the calls of `connect` that come later.

        A terminal and a Jupyter kernel wait for the token, and do not show it. In a
        page, a password field appears below the cell: type the token there, and call
        `connect` in the next cell. The token is kept in the memory of this process,
        for this URL alone. It is in no cell, output, message or file.

        Args:
            url: URL of DataLab's Web API, as DataLab shows it under File > Web API.

        Raises:
            ValueError: `url` is not a URL, or the token is empty or has characters that
                no token has.
            RuntimeError: There is no terminal, or in a page, the extension
                `datalab_kernel` is not loaded.

        Example:
            >>> workspace.ask_token("127.0.0.1")
            Traceback (most recent call last):
            ...
            ValueError: '127.0.0.1' is not a URL like 'http://127.0.0.1:18080'
        """
        token_prompt.ask(url)

    @suggest_on_typo
    def disconnect(self, keep: attachment.Keep = True) -> None:
        """Leave DataLab as it is and go on in memory.

        Args:
            keep: True keeps the objects that were added or fetched here; "all" keeps
                every object in DataLab, False none.

        Warns:
            UserWarning: DataLab is gone. The objects that are remembered here are kept,
                and those that are lost are named.

        Example:
            >>> workspace.disconnect()
        """
        attachment.disconnect(self._session, keep)

    @suggest_on_typo
    def resync(self, *, restore: bool = True) -> bool:
        """Find DataLab again, even on another port, and the objects it holds now.

        If DataLab was restarted, the objects that this workspace added or got, and that
        were there when it looked last, are put back with their names and groups, as
        far as they are remembered: the most recent ones, up to 256 MiB. If the same
        DataLab still runs, nothing is put back.

        For a standalone workspace, this is an old and deprecated way to call `connect`.

        Args:
            restore: Put objects back; otherwise report them only. A later call can put
                them back.

        Returns:
            True; False if the workspace is standalone and there is no running DataLab.

        Raises:
            LiveError: DataLab is not found (a `ConnectionError`); the message names
                your other DataLabs that run. Later calls still look for it where it
                was.

        Warns:
            UserWarning: DataLab was restarted. The objects that were put back, and
                those that are lost, are named.

        Example:
            >>> if workspace.mode == "live":
            ...     workspace.resync()
        """
        if self._session.backend.location is None:
            return deprecated.go_live(self)
        attachment.resync(self._session, restore=restore)
        return True
