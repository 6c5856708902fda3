"""The sockets that xeus-python reads in Python's event loop.

ZeroMQ reports messages once, and xeus-python may then leave some of them unread: those
that arrive while it sends a message, and those behind a message that is not valid JSON,
such as a cell with half of a surrogate pair. So each report is followed by further
reads.

Upstream: docs/upstream/unreadable_requests.md
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# The module of the objects that xeus-python's C++ code exposes to Python.
NATIVE = "pybind11_builtins"
# The times of the further reads, in seconds after a report. Each of them continues
# behind one more message that is not valid JSON.
DELAYS = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)


class Reader:
    """A function that reads a socket, and reads it again after some time.

    Args:
        loop: The event loop that runs the kernel.
        read: xeus-python's function.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, read: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._read = read
        self._next: list[asyncio.TimerHandle] = []

    def __call__(self) -> None:
        """Read the socket now and after each of the delays."""
        for handle in self._next:
            handle.cancel()
        self._next = [self._loop.call_later(delay, self._read) for delay in DELAYS]
        self._read()


def keep_reading(loop: asyncio.AbstractEventLoop) -> None:
    """Let xeus-python read behind messages that are not valid JSON."""
    for file, handle in list(_handles(loop)):
        loop.add_reader(file, Reader(loop, handle._callback))  # noqa: SLF001


def readers() -> Iterator[tuple[Any, Callable[[], None]]]:
    """Yield each socket that xeus-python reads in the running loop, and its reader."""
    for file, handle in _handles(asyncio.get_running_loop()):
        yield file, handle._callback  # noqa: SLF001


def read_soon() -> None:
    """Read, in the loop's next step, the requests that ZeroMQ did not report."""
    loop = asyncio.get_running_loop()
    for _, handle in _handles(loop):
        loop.call_soon(handle._callback, context=handle._context)  # noqa: SLF001


def _handles(loop: asyncio.AbstractEventLoop) -> Iterator[tuple[Any, Any]]:
    selector = getattr(loop, "_selector", None)
    for key in [] if selector is None else list(selector.get_map().values()):
        handle = key.data[0]
        callback: Any = getattr(handle, "_callback", None)
        if isinstance(callback, Reader) or _is_native(callback):
            yield key.fileobj, handle


def _is_native(function: Any) -> bool:
    return type(getattr(function, "__self__", None)).__module__ == NATIVE
