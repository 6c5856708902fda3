"""A kernel whose Jupyter server was killed ends too.

xeus-python's would stay for ever, with all its memory.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

from datalab_kernel.repairs import shutdown

if TYPE_CHECKING:
    from xeus_python_shell.shell import XPythonShell

# Which process to live with, as jupyter_client tells it; the shells of terminals
# and job schedulers put others in between.
PARENT = "JPY_PARENT_PID"
INTERVAL = 1.0  # between two looks, in seconds
PATIENCE = 10.0  # with the files that are to be closed


def install(_shell: XPythonShell) -> None:
    """End the kernel when the process that started it has ended.

    A kernel that was started by hand, or by another process than the one it was
    told of, is left alone; so is one on Windows, where parents are not replaced.
    """
    parent = os.getppid()
    if os.name == "nt" or os.environ.get(PARENT) != str(parent):
        return
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(INTERVAL)
    # Whatever runs may never end, and hold what closing the files needs.
    threading.Timer(PATIENCE, os._exit, args=[1]).start()
    os.kill(os.getpid(), signal.SIGINT)
    shutdown.close_files()
    os._exit(1)
