"""A watch on the parent process: the kernel ends if its Jupyter server is killed.

Without it, xeus-python's kernel would run forever and keep its memory.

Upstream: docs/upstream/parent.md
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from datalab_kernel.repairs import termination
from datalab_kernel.xeus import pulse

if TYPE_CHECKING:
    from xeus_python_shell.shell import XPythonShell

# The ID of the process that starts the kernel, set by jupyter_client. Shells of
# terminals and job schedulers put other processes in between.
PARENT = "JPY_PARENT_PID"


def install(_shell: XPythonShell) -> None:
    """End the kernel, as SIGTERM does, when the process that started it has ended.

    The kernel is not watched if it was started by hand or by a process other than the
    one that the environment names. On Windows it is not watched either, because there
    the parent's ID does not change when the parent ends.
    """
    parent = os.getppid()
    if os.name == "nt" or os.environ.get(PARENT) != str(parent):
        return

    def look() -> None:
        if os.getppid() != parent:
            termination.end(signal.SIGTERM)

    pulse.call_every_second(look)
