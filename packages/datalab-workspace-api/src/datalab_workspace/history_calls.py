"""The calls of a workspace about how its objects were made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalab_workspace.session import Session
from datalab_workspace.validation import suggest_on_typo

if TYPE_CHECKING:
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
