"""The calls of a workspace about how its objects were made, and making them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalab_workspace.session import Session
from datalab_workspace.validation import suggest_on_typo

if TYPE_CHECKING:
    from datalab_workspace.history.verdict import Replay
    from datalab_workspace.history.view import History


class HistoryCalls:
    """The calls of a workspace about how its objects were made."""

    _session: Session

    @suggest_on_typo
    def history(self, name: str) -> History:
        """Return the history of an object: its inputs, steps, cells and versions.

        Every call of `calc`, every call of sigima with objects of the workspace, the
        code of cells, edits and the files that were read are steps. What is not known
        is listed, too. This does not need sigima.

        Args:
            name: Its name, UUID or short id.

        Returns:
            The history. Its `export` writes a script, a notebook, an RO-Crate or text.

        Raises:
            KeyError: There is no such object.

        Example:
            >>> name = workspace.calc("normalize", on="peak")
            >>> [step.what for step in workspace.history(name).steps]
            ['normalize']
        """
        from datalab_workspace.operations.history import history

        return history(self._session, name)

    @suggest_on_typo
    def replay(self, name: str, *, code: bool = False) -> Replay:
        """Make an object again from its inputs, and compare it with the stored one.

        Nothing in the workspace changes. The steps of the object's history are computed
        from the objects that nothing computed. If one of these has changed or was
        removed, they are computed from the first later object that is still there.

        In the environment in which the object was made, the same bits must result. In
        another one, sigima states for each feature the difference that is allowed.

        Args:
            name: Name, UUID or short id of the object.
            code: Also run the code of cells, in a workspace of its own. Look at
                ``history(name).cells`` first if the object comes from somebody else's
                file: this is the only call that runs code from a file.

        Returns:
            The verdict, which is true if the object is the same. See `Replay`.

        Raises:
            KeyError: There is no such object.
            ImportError: sigima is not installed.

        Example:
            >>> name = workspace.calc("normalize", on="peak")
            >>> workspace.replay(name).verdict
            <Verdict.IDENTICAL: 'identical'>
        """
        from datalab_workspace.history import replay

        return replay.replay(self._session, name, code=code)
