"""An orderly end, with exit code 0.

When xeus-python has ended its loop, some of its C++ objects outlive the Python
interpreter they refer to: after a cell that was interrupted by the shutdown, or
once widgets were used, the process aborts in its last moment. Its output streams
are gone even earlier, and an `atexit` handler that prints crashes it.

Without that teardown, HDF5 would not write what its open files still hold back.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading
from typing import Any, NoReturn


def finish() -> NoReturn:
    """End the process as Python would, up to the teardown of the interpreter.

    Threads are awaited, `atexit` handlers run, and what the user left open is
    closed: IPython's own handler empties the notebook's namespace.
    """
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001
    atexit._run_exitfuncs()  # noqa: SLF001
    for name in ("last_exc", "last_type", "last_value", "last_traceback"):
        vars(sys).pop(name, None)
    gc.collect()
    close_files()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(0)


def close_files() -> None:
    """Close every HDF5 file that is open, whoever holds it; say which failed."""
    h5py = sys.modules.get("h5py")
    if h5py is None:
        return
    for identity in h5py.h5f.get_obj_ids(h5py.h5f.OBJ_ALL, h5py.h5f.OBJ_FILE):
        if identity.valid:  # not closed together with another's
            _close(h5py.File(identity))


def _close(file: Any) -> None:
    try:
        file.close()
    except Exception as error:  # noqa: BLE001  # the others are to be closed too
        if sys.__stderr__ is not None:
            sys.__stderr__.write(f"An HDF5 file was not closed: {error}\n")
