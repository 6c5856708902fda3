"""A limit on how often a picture is drawn again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from weakref import WeakMethod

#: Seconds between the end of one drawing and the next one, at least.
INTERVAL = 0.1


class Pace:
    """A caller of one method: at most ten times a second, on one event loop.

    Matplotlib must not draw in two threads at once, and a change may come from any
    thread. A request from the thread of the loop is carried out at once if the last
    drawing is long enough ago: a loop in a cell may change an object for minutes, and
    the event loop cannot run in that time. Otherwise, one call waits; requests that
    arrive while it waits need no call of their own.

    Without an event loop, each request is carried out at once.

    Args:
        method: The method. Its object is not kept alive.
    """

    def __init__(self, method: Callable[[], object]) -> None:
        self._method = WeakMethod(method)
        self._loop = running_loop()
        self._free_at = 0.0
        self._handed_over = False
        self._running = False
        self._waiting: asyncio.TimerHandle | None = None

    def request(self) -> None:
        """Request a call, from any thread."""
        loop = self._loop
        if loop is None or loop is running_loop():
            self._now_or_soon()
        elif not self._handed_over and not loop.is_closed():
            self._handed_over = True
            loop.call_soon_threadsafe(self._take_over)

    def _take_over(self) -> None:
        self._handed_over = False
        self._now_or_soon()

    def _now_or_soon(self) -> None:
        left = self._free_at - time.monotonic()
        if self._loop is None:
            self._call()
        elif left <= 0 and not self._running:
            if self._waiting is not None:
                self._waiting.cancel()
            self._call()
        elif self._waiting is None:
            self._waiting = self._loop.call_later(max(left, 0), self._call)

    def _call(self) -> None:
        self._waiting = None
        method = self._method()
        if method is None:
            return
        began, self._running = time.monotonic(), True
        try:
            method()
        finally:
            ended, self._running = time.monotonic(), False
            # A drawing that takes long must leave time for the user's own code.
            self._free_at = ended + max(INTERVAL, ended - began)


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop that runs in this thread, None without one."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
