"""SIGINT before the kernel can handle it, and in place of it the event of Windows.

On Windows, Jupyter sends no signal. jupyter_client creates an event and passes the
number of its handle in the environment. xeus-python does not read the event.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

CAN_BLOCK = hasattr(signal, "pthread_sigmask")
EVENT = "JPY_INTERRUPT_EVENT"
_INFINITE = 0xFFFFFFFF


def block() -> None:
    """Block SIGINT in this thread, and in the threads and programs that it starts."""
    if CAN_BLOCK:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def listen(wake: Callable[[], None]) -> None:
    """Raise SIGINT whenever Jupyter sets its event; do nothing on other systems.

    Args:
        wake: A function that wakes the main thread if it waits in an event loop, so
            that Python calls the handler of the signal. It is called from a thread.
    """
    event = os.environ.get(EVENT, "")
    if sys.platform == "win32" and event.isdigit():
        thread = threading.Thread(target=_listen, args=(int(event), wake), daemon=True)
        thread.start()


if sys.platform == "win32":

    def _listen(event: int, wake: Callable[[], None]) -> None:
        import ctypes
        from ctypes import wintypes

        wait = ctypes.WinDLL("kernel32").WaitForSingleObject
        # The event resets itself once a wait has ended. A wait fails if the handle is
        # not valid here, as in a kernel that inherited the variable alone.
        while wait(wintypes.HANDLE(event), wintypes.DWORD(_INFINITE)) == 0:
            # This also ends a `time.sleep` in the main thread.
            signal.raise_signal(signal.SIGINT)
            wake()
