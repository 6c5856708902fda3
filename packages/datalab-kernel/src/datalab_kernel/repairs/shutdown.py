"""The end of the kernel's process.

After xeus-python's loop has ended, some of its C++ objects outlive the Python
interpreter to which they refer. The process may then abort at the very end, for example
if the shutdown interrupted a cell or if widgets were used. The output streams are
destroyed even earlier, so an `atexit` handler that prints crashes the process.

This module ends the process before the interpreter is torn down. The teardown would
close the open HDF5 files, so this module closes them itself. Otherwise, HDF5 would lose
the data that it has not written yet.

The exit code is 0 after a shutdown request. After a signal, the process ends by that
signal, as every program does that cleans up first. That is also what the server sees of
a kernel on ipykernel, which the signal ends at once.

Upstream: https://github.com/jupyter-xeus/xeus-python/issues/464
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
import threading
from contextlib import suppress
from typing import Any, NoReturn

_cause: signal.Signals | None = None
_has_begun = False


def end_by(cause: signal.Signals) -> None:
    """Let the process end by a signal when it finishes."""
    global _cause
    _cause = cause
    recovery = sys.modules.get("datalab_workspace.recovery.start")
    if recovery is not None:  # the user has not asked for this end
        recovery.keep_at_end()


def has_begun() -> bool:
    """Return whether the process is finishing, and calls the user's handlers."""
    return _has_begun


def finish() -> NoReturn:
    """End the process as Python would, except for the teardown of the interpreter.

    It waits for threads, runs the `atexit` handlers, and closes what the user left
    open: IPython's own handler empties the notebook's namespace.
    """
    global _has_begun
    _has_begun = True
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001
    atexit._run_exitfuncs()  # noqa: SLF001
    for name in ("last_exc", "last_type", "last_value", "last_traceback"):
        vars(sys).pop(name, None)
    gc.collect()
    close_files()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with suppress(OSError):  # the server that reads it may have ended
                stream.flush()
    leave(_cause)


def leave(cause: signal.Signals | None) -> NoReturn:
    """End the process now, by a signal or with exit code 0."""
    if cause is None:
        os._exit(0)
    if threading.current_thread() is threading.main_thread():
        signal.signal(cause, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {cause})
        os.kill(os.getpid(), cause)
    # Other threads cannot change what a signal does, and the first process of a
    # container ignores a signal that it does not handle.
    os._exit(128 + cause)


def close_files() -> None:
    """Close all open HDF5 files; report those that fail on standard error."""
    h5py = sys.modules.get("h5py")
    if h5py is None:
        return
    for identity in h5py.h5f.get_obj_ids(h5py.h5f.OBJ_ALL, h5py.h5f.OBJ_FILE):
        if identity.valid:  # it may have been closed together with another
            _close(h5py.File(identity))


def _close(file: Any) -> None:
    try:
        file.close()
    except Exception as error:  # noqa: BLE001  # the others must be closed too
        if sys.__stderr__ is not None:
            sys.__stderr__.write(f"An HDF5 file was not closed: {error}\n")
