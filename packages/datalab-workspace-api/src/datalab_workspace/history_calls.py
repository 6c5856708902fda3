"""The calls of a workspace that concern the histories of its objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalab_workspace.session import Session
from datalab_workspace.validation import suggest_on_typo

if TYPE_CHECKING:
    from datalab_workspace.history.replay.verdict import Replay
    from datalab_workspace.history.view.history import History


class HistoryCalls:
    """The calls of a workspace about histories, replays and objects out of date."""

    _session: Session

    @suggest_on_typo
    def history(self, name: str) -> History:
        """Return the history of an object: its inputs, steps, cells and versions.

        Every call of `calc`, every call of sigima with objects of the workspace, the
        code of cells, edits and the files that were read are steps. Missing knowledge
        is listed, too. This does not need sigima.

        Args:
            name: Its name, UUID or short id.

        Returns:
            The history. Its `export` writes a script, a notebook, an RO-Crate or text.

        Raises:
            KeyError: There is no such object.

        Example:
            >>> name = workspace.calc("normalize", on="noisy")
            >>> [step.what for step in workspace.history(name).steps]
            ['normalize']
        """
        from datalab_workspace.operations.history import history

        return history(self._session, name)

    @suggest_on_typo
    def replay(self, name: str, *, code: bool = False) -> Replay:
        """Make an object again from its inputs, and compare it with the stored one.

        The workspace does not change. The steps of the object's history are computed
        from its inputs, which no step computed. If an input has changed or was removed,
        they are computed from the first later object that still exists.

        In the environment in which the object was made, every bit must be the same. For
        another one, sigima states the difference that is allowed for each feature.

        Args:
            name: Name, UUID or short id of the object.
            code: Also run the code of cells, in a workspace of its own. Look at
                ``history(name).cells`` first if the object comes from another person's
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
        from datalab_workspace.history.replay import replay

        return replay.replay(self._session, name, code=code)

    @suggest_on_typo
    def stale(self) -> dict[str, list[str]]:
        """Return the objects that are out of date, and why.

        An object is out of date if one that it was made from has changed since or was
        removed, or is out of date itself. Nothing is computed, and nothing changes;
        `recompute` brings an object up to date.

        Returns:
            The reasons by name, in the order of the objects; empty if nothing is out
            of date.

        Example:
            >>> name = workspace.calc("normalize", on="peak")
            >>> workspace["peak"] = np.arange(5.0)
            >>> workspace.stale()
            {'normalize(s001)|ref=maximum': ["'peak' has changed"]}
        """
        from datalab_workspace.history.replay.staleness import stale

        return stale(self._session)

    @suggest_on_typo
    def recompute(self, name: str) -> list[str]:
        """Bring an object up to date: compute it again from its present inputs.

        If its inputs are out of date, too, they are computed first. All objects keep
        their UUIDs, names, groups, positions and your metadata. Results of analyses are
        removed, because they describe the old data. One `undo` takes the call back.
        Nothing is recomputed without this call.

        Args:
            name: Name, UUID or short id of the object.

        Returns:
            The names of the objects that were computed, in this order; empty if the
            object is up to date.

        Raises:
            KeyError: There is no such object.
            NotReplayableError: Python code made one of the objects, or an input was
                removed (a `ValueError`). Nothing is changed.
            ConcurrentChangeError: Others changed one of the objects during the
                computation (a `ConnectionError`). Nothing is changed.
            ImportError: sigima is not installed.

        Example:
            >>> name = workspace.calc("normalize", on="peak")
            >>> workspace["peak"] = np.arange(5.0)
            >>> workspace.recompute(name)
            ['normalize(s001)|ref=maximum']
            >>> float(workspace.get(name).y[-1])
            1.0
        """
        from datalab_workspace.history.replay.recompute import recompute

        return recompute(self._session, name)
