"""A watch on the parent process: the kernel ends if its Jupyter server is killed.

Without it, xeus-python's kernel would run forever and keep its memory.

Upstream: docs/upstream/parent.md
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

# The ID of the process that starts the kernel, set by jupyter_client. Shells of
# terminals and job schedulers put other processes in between.
PARENT = "JPY_PARENT_PID"
INTERVAL = 1.0  # seconds between two checks
TIMEOUT = 10.0  # seconds in which files are closed


def install(_shell: XPythonShell) -> None:
    """End the kernel when the process that started it has ended.

    The kernel is not watched if it was started by hand or by a process other than the
    one that the environment names. On Windows it is not watched either, because there
    the parent's ID does not change when the parent ends.
    """
    parent = os.getppid()
    if os.name == "nt" or os.environ.get(PARENT) != str(parent):
        return
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(INTERVAL)
    # The running code may never end, and may hold a lock that closing a file needs.
    threading.Timer(TIMEOUT, os._exit, args=[1]).start()
    os.kill(os.getpid(), signal.SIGINT)
    shutdown.close_files()
    os._exit(1)
