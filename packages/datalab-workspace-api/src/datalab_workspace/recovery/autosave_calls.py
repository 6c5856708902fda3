"""The calls that begin and end the autosave of a workspace, which has one at most."""

from __future__ import annotations

import atexit
import errno
import os
import threading
import warnings
import weakref
from functools import cache
from importlib import import_module
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datalab_workspace.operations import files
from datalab_workspace.recovery.autosave import Autosave
from datalab_workspace.recovery.in_browser.offer import decline
from datalab_workspace.runtime import IN_BROWSER, is_installed

if TYPE_CHECKING:
    from datalab_workspace.session import Session

#: What saves the workspace of each session.
_running: weakref.WeakKeyDictionary[Session, Autosave] = weakref.WeakKeyDictionary()


def autosave(
    session: Session, path: str | os.PathLike[str] | None, every: Any
) -> Autosave:
    """See `Workspace.autosave`."""
    seconds = _seconds(every)
    if IN_BROWSER and path is None and session.project.path is None:
        return _start(session, None, seconds)
    from datalab_workspace.formats import registry

    target = files.target(session, path)
    if IN_BROWSER and target not in session.project.stamps and target.exists():
        # The page was reloaded, and this workspace does not have these objects yet.
        raise FileExistsError(
            errno.EEXIST,
            "the file has objects of an earlier session; load it first, or choose "
            "another path",
            str(target),
        )
    registry.format_to_write(target, expected=session.project.stamps.get(target))
    return _start(session, target, seconds)


def _seconds(every: Any) -> float:
    if not isinstance(every, Real):
        raise TypeError(
            f"expected a number of seconds for every, got {type(every).__name__}"
        )
    seconds = float(every)
    if not 0 < seconds <= threading.TIMEOUT_MAX:
        raise ValueError(f"every must be a positive number of seconds, not {every!r}")
    return seconds


def _start(session: Session, path: Path | None, every: float) -> Autosave:
    """Save a workspace from now on, and no longer as was chosen before."""
    before = _running.pop(session, None)
    if before is not None:
        before.stop(save=False)
    if IN_BROWSER:
        from datalab_workspace.recovery.in_browser.autosave import PageAutosave

        _running[session] = PageAutosave(session, path, every)
    else:
        _save_at_exit()
        _running[session] = Autosave(session, path, every)
    return _running[session]


def stop(session: Session) -> None:
    """Save a workspace a last time, and no longer by itself.

    In a browser, the user is not offered to have it saved again.
    """
    saving = _running.pop(session, None)
    if saving is not None:
        saving.stop()
    if IN_BROWSER:
        decline()


def is_saving(session: Session) -> bool:
    """Return whether a workspace is saved by itself."""
    saving = _running.get(session)
    return saving is not None and saving.active


@cache
def _save_at_exit() -> None:
    """Let every workspace be saved a last time when the process ends."""
    # First imported while the process ends, these would fail or crash it.
    import_module("concurrent.futures.thread")
    if is_installed("h5py"):
        import_module("datalab_workspace.formats.h5.writer")
    # A save uses a thread pool, which `atexit` handlers can no longer do.
    register = getattr(threading, "_register_atexit", atexit.register)
    register(_stop_all)


def _stop_all() -> None:
    for saving in list(_running.values()):
        try:
            saving.stop()
        except Exception as error:  # noqa: BLE001, PERF203  the others are saved, too
            warnings.warn(f"the last autosave failed: {error}", stacklevel=1)
