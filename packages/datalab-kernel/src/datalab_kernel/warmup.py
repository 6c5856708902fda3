"""Import what a first cell is likely to need while the user still reads.

The kernel is ready before anything of this is imported. A thread then imports it, one
package after the other, each only once no cell runs. `DATALAB_KERNEL_WARMUP=0` leaves
it all to first use.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

SWITCH = "DATALAB_KERNEL_WARMUP"
# What the kernel still has to do to be ready takes less, in seconds.
DELAY = 0.2
# From what the others need to what is seldom the first to be used.
MODULES = (
    "numpy",
    "sigima",
    "sigima.proc.signal",
    "sigima.proc.image",
    "datalab_workspace.workspace",
    "datalab_workspace.objects",
    "datalab_kernel_core.plotter.plotter",
)

log = logging.getLogger(__name__)


def start(shell: InteractiveShell) -> None:
    """Begin soon, beside what `shell` does, unless the environment says no."""
    if os.environ.get(SWITCH, "").strip().lower() in {"0", "false", "no", "off"}:
        return
    idle, importing = threading.Event(), threading.RLock()
    idle.set()
    shell.events.register("pre_execute", idle.clear)
    shell.events.register("post_execute", idle.set)
    if hasattr(os, "register_at_fork"):
        # The child would wait for ever for a module that only the thread can finish.
        os.register_at_fork(
            before=importing.acquire,
            after_in_parent=importing.release,
            after_in_child=importing.release,
        )
    threading.Thread(target=_import_all, args=(idle, importing), daemon=True).start()


def _import_all(idle: threading.Event, importing: threading.RLock) -> None:
    if hasattr(signal, "pthread_sigmask"):
        # Threads that an import starts inherit this: an interrupt is for the cell.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    time.sleep(DELAY)
    for name in MODULES:
        idle.wait()
        with importing:
            try:
                import_module(name)
            except Exception:
                # The user meets the same error where the module is used, if ever.
                log.debug("warming up ended at %s", name, exc_info=True)
                return
