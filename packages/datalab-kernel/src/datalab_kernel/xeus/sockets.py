"""The sockets that xeus-python reads in Python's event loop.

ZeroMQ reports a message once, and sending a message can consume that report. A request
that arrives while another one is being answered would stay unread until the next
request arrives.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# The module of the objects that xeus-python's C++ code exposes to Python.
NATIVE = "pybind11_builtins"


def readers() -> Iterator[tuple[Any, Callable[[], None]]]:
    """Yield each socket that xeus-python reads in the running loop, and its reader."""
    for file, handle in _handles():
        yield file, handle._callback  # noqa: SLF001


def read_soon() -> None:
    """Read, in the loop's next step, the requests that ZeroMQ did not report."""
    loop = asyncio.get_running_loop()
    for _, handle in _handles():
        loop.call_soon(handle._callback, context=handle._context)  # noqa: SLF001


def _handles() -> Iterator[tuple[Any, Any]]:
    selector = getattr(asyncio.get_running_loop(), "_selector", None)
    for key in [] if selector is None else list(selector.get_map().values()):
        reader = key.data[0]
        callback: Any = getattr(reader, "_callback", None)
        if type(getattr(callback, "__self__", None)).__module__ == NATIVE:
            yield key.fileobj, reader
