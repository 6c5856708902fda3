"""Functions that are called once a second, all by one thread.

An idle process should wake up as rarely as possible, so those who have to look for
something regularly share the thread.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

INTERVAL = 1.0  # seconds

_functions: list[Callable[[], None]] = []


def call_every_second(function: Callable[[], None]) -> None:
    """Call a function about once a second, in a thread, until the process ends."""
    _functions.append(function)
    if len(_functions) == 1:
        threading.Thread(target=_run, daemon=True).start()


def _run() -> None:
    while True:
        time.sleep(INTERVAL)
        for function in _functions:
            function()
