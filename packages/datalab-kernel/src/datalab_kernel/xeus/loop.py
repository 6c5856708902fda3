"""Report the start of the event loop that runs the kernel."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def when_started(callback: Callable[[asyncio.AbstractEventLoop], None]) -> None:
    """Call a function once with the first event loop that runs.

    xeus-python creates its loop after the shell is complete, and has no hook for that
    moment. So `asyncio.new_event_loop` is replaced until a loop has started.
    """
    make_loop = asyncio.new_event_loop
    called = False

    def first(loop: asyncio.AbstractEventLoop) -> None:
        nonlocal called
        if not called:
            called = True
            callback(loop)
        if asyncio.new_event_loop is new_event_loop:
            asyncio.new_event_loop = make_loop

    def new_event_loop() -> asyncio.AbstractEventLoop:
        loop = make_loop()
        loop.call_soon(first, loop)
        return loop

    asyncio.new_event_loop = new_event_loop
