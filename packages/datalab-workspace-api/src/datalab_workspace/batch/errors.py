"""The errors of runs over many objects."""

from __future__ import annotations

from typing import Any

from datalab_workspace.errors import WorkspaceError

__all__ = ["BatchStoppedError", "RunExistsError", "RunLockedError"]


class BatchStoppedError(WorkspaceError, RuntimeError):
    """A run stopped before all items were computed.

    Either the chain fails for each of the first items, the disk is full, or no worker
    can compute. What was computed is kept: the same call continues the run.

    Attributes:
        run: The run as far as it got; None if it did not begin.
    """

    run: Any = None


class RunExistsError(WorkspaceError, FileExistsError):
    """The file belongs to a run of another chain, or with other options.

    The message says what differs. ``restart=True`` replaces that run.
    """


class RunLockedError(WorkspaceError, RuntimeError):
    """Another process works on the same run.

    The message names its host and process id. Wait for it, or choose another ``out``.
    """
