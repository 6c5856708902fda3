"""Start recovery for a workspace, and end it with the process."""

from __future__ import annotations

import atexit
import os
import warnings
import weakref
from typing import TYPE_CHECKING

from datalab_workspace.recovery.folder import root
from datalab_workspace.runtime import IN_BROWSER

if TYPE_CHECKING:
    from datalab_workspace.recovery.recorder import Recorder
    from datalab_workspace.workspace import Workspace

#: The recorders of this process, by the session that they follow.
_recorders: weakref.WeakKeyDictionary[object, Recorder] = weakref.WeakKeyDictionary()
_keep = False
_prepared = False


def start(workspace: Workspace, *, notebook: str = "") -> Recorder | None:
    """Record the changes of a workspace until the process ends.

    A kernel calls it for the workspace of its notebook. Scripts may call it, too. It
    does nothing in a browser, or if ``DATALAB_KERNEL_RECOVERY`` is 0.

    Args:
        workspace: The workspace.
        notebook: Path of the notebook.

    Returns:
        The recorder; None if recovery is off.

    Example:
        >>> import os
        >>> from datalab_workspace.recovery.start import start
        >>> os.environ["DATALAB_KERNEL_RECOVERY"] = "0"
        >>> start(workspace) is None
        True
    """
    global _prepared
    parent = root()
    if parent is None or IN_BROWSER:
        return None
    from datalab_workspace.recovery.recorder import Recorder

    session = workspace._session  # noqa: SLF001  of the same package
    if session not in _recorders:
        if not _prepared:
            atexit.register(end)
            if hasattr(os, "register_at_fork"):
                os.register_at_fork(after_in_child=_leave)
            _prepared = True
        _recorders[session] = Recorder(session, parent, notebook=notebook)
    return _recorders[session]


def keep_at_end() -> None:
    """Keep the recovery folders when the process ends, as after a crash.

    A kernel calls it if a signal ends it: the user has not asked for that end.
    """
    global _keep
    _keep = True


def end() -> None:
    """End recovery in this process; a clean end removes the folders."""
    for recorder in list(_recorders.values()):
        recorder.end(keep=_keep)
    _recorders.clear()


def warn() -> None:
    """Give the warnings of the recorders that the user has not been given yet."""
    for recorder in list(_recorders.values()):
        for message in recorder.messages():
            warnings.warn(message, stacklevel=2)


def _leave() -> None:
    for recorder in list(_recorders.values()):
        recorder.leave()
    _recorders.clear()
