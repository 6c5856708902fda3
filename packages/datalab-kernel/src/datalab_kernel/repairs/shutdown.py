"""An orderly end, with exit code 0.

When xeus-python has ended its loop, some of its C++ objects outlive the Python
interpreter they refer to: after a cell that was interrupted by the shutdown, or
once widgets were used, the process aborts in its last moment. Its output streams
are gone even earlier, and an `atexit` handler that prints crashes it.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading
from typing import NoReturn


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
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(0)
